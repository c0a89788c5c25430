"""The people: they arrive by chance, call, board one by one, ride and leave; no machinery."""

import random
from dataclasses import dataclass, field

from hil.shaft import Shaft

CROSSING_S = 1.0  # one person through the door
ENTRANCE_SHARE = 0.5  # of all trips begin or end at the entrance, landing 0


@dataclass(frozen=True, slots=True)
class Rider:
    """One person with a way to go."""

    origin: int
    destination: int
    weight_kg: float


@dataclass(slots=True)
class Riders:
    """Everybody in the building; `interval_s` is the mean time between arrivals, None for no one."""

    shaft: Shaft
    chance: random.Random
    interval_s: float | None
    waiting: list[Rider] = field(default_factory=list)
    aboard: list[Rider] = field(default_factory=list)
    next_arrival_s: float = field(init=False)
    next_crossing_s: float = 0.0

    def __post_init__(self) -> None:
        self.next_arrival_s = self._after(0.0)

    @property
    def load_kg(self) -> float:
        """What stands on the car's floor."""
        return sum(rider.weight_kg for rider in self.aboard)

    def arrive(self, now_s: float) -> int | None:
        """Let the next person arrive when due; the landing where a call is now pressed, or None."""
        if now_s < self.next_arrival_s:
            return None
        self.next_arrival_s = self._after(now_s)
        origin, destination = self._trip()
        self.add(origin, destination)
        return origin

    def add(self, origin: int, destination: int | None = None) -> None:
        """Put a person at a landing; without a destination they choose one."""
        if destination is None:
            destination = self._other_than(origin)
        self.waiting.append(Rider(origin, destination, self.chance.uniform(45.0, 95.0)))

    def cross(self, now_s: float, floor: int, *, everybody_out: bool) -> Rider | None:
        """Let one person through the open door, out before in; None when nobody moves."""
        if now_s < self.next_crossing_s:
            return None
        rider = self._leave(floor, everybody_out=everybody_out)
        if rider is None and not everybody_out:
            rider = self._board(floor)
        if rider is not None:
            self.next_crossing_s = now_s + CROSSING_S
        return rider

    def _leave(self, floor: int, *, everybody_out: bool) -> Rider | None:
        for rider in self.aboard:
            if everybody_out or rider.destination == floor:
                self.aboard.remove(rider)
                return rider
        return None

    def _board(self, floor: int) -> Rider | None:
        for rider in self.waiting:
            fits = self.load_kg + rider.weight_kg <= self.shaft.rated_load_kg
            if rider.origin == floor and fits:
                self.waiting.remove(rider)
                self.aboard.append(rider)
                return rider
        return None

    def _trip(self) -> tuple[int, int]:
        if self.chance.random() < ENTRANCE_SHARE:
            upper = self.chance.randrange(1, self.shaft.floors)
            return (0, upper) if self.chance.random() < 0.5 else (upper, 0)
        origin = self.chance.randrange(self.shaft.floors)
        return origin, self._other_than(origin)

    def _other_than(self, floor: int) -> int:
        other = self.chance.randrange(self.shaft.floors - 1)
        return other + 1 if other >= floor else other

    def _after(self, now_s: float) -> float:
        if self.interval_s is None:
            return float("inf")
        return now_s + self.chance.expovariate(1 / self.interval_s)
