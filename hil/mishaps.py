"""Faults by chance: from a seed, at random times, each with an end. Acts on the world from outside."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from hil import deeds
from hil.deeds import Refused
from hil.world import World

End = Callable[[World], None]


def _entrap(world: World) -> None:
    deeds.entrap(world)


def _entrap_at_landing(world: World) -> None:
    deeds.entrap(world, "landing")


def _named(name: str) -> Callable[[World], None]:
    return lambda world: deeds.fault(world, name)


# What happens, how it ends, and how long it lasts at least and at most, in seconds.
MISHAPS: tuple[tuple[Callable[[World], None], End, float, float], ...] = (
    (_entrap, deeds.release, 300.0, 1800.0),
    (_entrap_at_landing, deeds.release, 300.0, 1800.0),
    (_named("drive_retries"), deeds.release, 60.0, 900.0),
    (_named("chain_open"), deeds.clear_faults, 1.0, 60.0),
    (_named("mains_lost"), deeds.clear_faults, 10.0, 600.0),
    (_named("door_jam"), deeds.clear_faults, 20.0, 300.0),
    (_named("beam_blocked"), deeds.clear_faults, 20.0, 300.0),
)


@dataclass(slots=True)
class Mishaps:
    """Breaks something every `interval_s` on average and mends it; never two at a time."""

    chance: random.Random
    interval_s: float
    due_s: float = field(init=False)
    _end: End | None = None

    def __post_init__(self) -> None:
        self.due_s = self.chance.expovariate(1 / self.interval_s)

    def advance(self, world: World, to_s: float) -> None:
        """Move the world on, with all mishaps on the way at their exact times."""
        while self.due_s <= to_s:
            world.advance(self.due_s)
            self._act(world)
        world.advance(to_s)

    def _act(self, world: World) -> None:
        if self._end is not None:
            self._end(world)
            self._end = None
            self.due_s += self.chance.expovariate(1 / self.interval_s)
            return
        begin, end, least_s, most_s = self.chance.choice(MISHAPS)
        self.due_s += self.chance.uniform(least_s, most_s)
        try:
            begin(world)
        except Refused:
            return  # somebody else has stopped the car already: nothing more to break
        self._end = end
