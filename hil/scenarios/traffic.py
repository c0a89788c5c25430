"""Years of ordinary life by seed, fed to a monitor without files: everything raised in it is a false raise.

Nobody is ever trapped here. People call, ride, hold doors, turn back, lean against the light curtain;
the car parks, re-levels and is inspected once a month; sensors are noisy and slowly get worse.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from agent.model import SECOND_US, Event, Severity, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings
from hil.scenarios.corpus import batches
from hil.scenarios.installations import Installation
from hil.scenarios.script import Script

DAY_S: Final = 86_400.0
FALSE_PRESENCE_A_DAY: Final = 3.0  # how often an infra-red sensor sees nobody at all
MOST_WEAR: Final = 3.0  # at the end of its years a sensor errs so many times as often
LINK_LOSSES_A_DAY: Final = 0.5
EXPECTED: Final = frozenset({"signal_lost"})  # a link was lost indeed


@dataclass(frozen=True)
class Building:
    """Who lives or works there: floors, rides on a day, and how they spread over its hours."""

    name: str
    floors: int
    rides_a_day: int
    hours: tuple[int, ...]


RESIDENTIAL = Building(
    "residential",
    18,
    220,
    (1, 1, 0, 0, 0, 1, 4, 9, 8, 4, 3, 4, 5, 4, 3, 3, 5, 9, 10, 8, 6, 5, 4, 2),
)
OFFICE = Building(
    "office",
    12,
    420,
    (0, 0, 0, 0, 0, 0, 1, 6, 14, 9, 4, 5, 12, 9, 5, 4, 5, 12, 8, 3, 1, 1, 0, 0),
)


@dataclass
class Tally:
    """What came of it: events by code and severity, and the raises nobody should have made."""

    days: int = 0
    rides: int = 0
    readings: int = 0
    said: Counter[str] = field(default_factory=Counter[str])
    false: list[tuple[float, Event]] = field(default_factory=list[tuple[float, Event]])

    def note(self, event: Event) -> None:
        """Count one event."""
        if event.transition is not Transition.RAISED:
            return
        self.said[event.code] += 1
        if event.code not in EXPECTED and event.severity is not Severity.INFO:
            self.false.append((event.at_us / SECOND_US, event))

    def false_of(self, severity: Severity) -> list[str]:
        """The false raises of one severity, as `code at day 12, 08:01:30`."""
        return [_when(at_s, e) for at_s, e in self.false if e.severity is severity]


class Traffic:
    """One elevator's life. The same seed gives the same life."""

    def __init__(self, on: Installation, building: Building, seed: int, days: int) -> None:
        self.script = Script(on)
        self.tally = Tally()
        self._building, self._days = building, days
        self._chance = random.Random(f"{seed} {on.name} {building.name}")
        self._monitor = Monitor(on.drivers, limits_of(MonitorSettings()))

    def live(self, days: int | None = None) -> Tally:
        """Live so many more days (all of them); may be called again and again."""
        for _ in range(self._days - self.tally.days if days is None else days):
            self._day(self.tally.days * DAY_S)
            self.tally.days += 1
        return self.tally

    def _day(self, start_s: float) -> None:
        for at_s in self._times(start_s):
            self._idle(at_s)
            self._something()
            self._feed()
        if self.tally.days % 30 == 29:
            self._inspection()
        self._idle(start_s + DAY_S)
        self._feed()

    def _times(self, start_s: float) -> list[float]:
        """When rides begin on one day, in order."""
        hours = self._chance.choices(
            range(24), self._building.hours, k=round(self._building.rides_a_day)
        )
        return sorted(start_s + 3600 * (hour + self._chance.random()) for hour in hours)

    def _feed(self) -> None:
        """Give the monitor what was said since the last time."""
        script, step = self.script, self._monitor.step
        for at_us, batch in batches(script.readings):
            for event in step(at_us, batch):
                self.tally.note(event)
        self.tally.readings += len(script.readings)
        script.readings.clear()

    # ------------------------------------------------------------ an hour of nothing

    def _idle(self, until_s: float) -> None:
        """The car stands at its landing; sensors err, links are lost, oil and ropes creep."""
        script = self.script
        for at_s, mishap in sorted(self._mishaps(until_s), key=lambda each: each[0]):
            script.now_s = max(script.now_s, round(at_s, 3))
            mishap()
        script.now_s = max(script.now_s, round(until_s, 3))

    def _mishaps(self, until_s: float) -> Iterator[tuple[float, Callable[[], None]]]:
        span_s = until_s - self.script.now_s - 60
        if span_s <= 0:
            return
        wear = 1 + (MOST_WEAR - 1) * self.tally.days / max(1, self._days)
        for a_day, mishap in (
            (FALSE_PRESENCE_A_DAY * wear, self._false_presence),
            (LINK_LOSSES_A_DAY, self._link_lost),
            (4.0, self._relevels),
            (1.0 * wear, self._zone_flickers),
        ):
            for _ in range(self._poisson(a_day * span_s / DAY_S)):
                yield self.script.now_s + self._chance.uniform(5, span_s), mishap

    def _poisson(self, mean: float) -> int:
        count, left = 0, self._chance.expovariate(1.0)
        while left < mean:
            count, left = count + 1, left + self._chance.expovariate(1.0)
        return count

    def _false_presence(self) -> None:
        self.script.says({"car.occupied": True}).wait(self._chance.uniform(0.5, 3))
        self.script.says({"car.occupied": False})

    def _link_lost(self) -> None:
        driver = self._chance.choice(list(self.script.on.drivers))
        self.script.driver_dies(driver).wait(self._chance.uniform(3, 50)).revives()

    def _relevels(self) -> None:
        """A small movement inside the zone, doors as they are."""
        self.script.says({"car.moving": True, "brake.released": True, "drive.command": True})
        self.script.says({"car.speed_mm_s": 20}).wait(self._chance.uniform(0.3, 1.5))
        self.script.says({"car.moving": False, "brake.released": False, "drive.command": False})
        self.script.says({"car.speed_mm_s": 0})

    def _zone_flickers(self) -> None:
        self.script.says({"car.door_zone": False}).wait(self._chance.uniform(0.05, 0.9))
        self.script.says({"car.door_zone": True})

    # ------------------------------------------------------------ people

    def _something(self) -> None:
        kind = self._chance.random()
        if kind < 0.03:
            self._changes_mind()
        else:
            self._ride(self._chance.randrange(self._building.floors))
        self.tally.rides += 1
        if kind > 0.97:
            self._parks()

    def _ride(self, start: int) -> None:
        """Somebody calls the car, gets in, goes somewhere; others may join on the way."""
        self._comes_to(start)
        aboard = self._boards(0)
        while aboard:
            self._go(self._elsewhere())
            self.script.opens()
            self._exchange()
            leaving = self._chance.random() < 0.7
            aboard = 0 if leaving else aboard
            if leaving:
                self.script.leave()
            if self._chance.random() < 0.15:
                aboard = self._boards(aboard, opened=True)
            else:
                self._close()

    def _changes_mind(self) -> None:
        """In and out again, or nobody comes at all."""
        self._comes_to(self._chance.randrange(self._building.floors))
        self.script.opens().wait(self._chance.uniform(2.2, 4))
        if self._chance.random() < 0.5:
            self.script.enter().wait(self._chance.uniform(1, 20)).leave()
        self.script.wait(self._chance.uniform(1, 4))
        self._close()

    def _comes_to(self, floor: int) -> None:
        self.script.says({"hall.call_pending": True}).wait(self._chance.uniform(0.3, 1.5))
        if floor != self.script.floor:
            self._go(floor, call=False)
        self.script.says({"hall.call_pending": False})

    def _boards(self, aboard: int, *, opened: bool = False) -> int:
        """People come in; gives how many are in the car when the doors have closed."""
        script = self.script
        if not opened:
            script.opens()
        script.wait(self._chance.uniform(0.5, 3))
        aboard += self._chance.choice((1, 1, 1, 2, 3, 6))
        script.enter(min(100, 8 * aboard)).wait(self._chance.uniform(0.5, 4))
        if self._chance.random() < 0.9:
            script.says({"car.call_registered": True})
        self._exchange()
        self._close()
        script.says({"car.call_registered": True})  # at the latest now somebody says where to
        return aboard

    def _exchange(self) -> None:
        """Doors stand open for a while; now and then somebody holds them or children play."""
        script, chance = self.script, self._chance
        script.wait(chance.uniform(2.2, 6))  # doors dwell at least that long
        if chance.random() < 0.02:
            script.wait(chance.uniform(20, 240))
        if chance.random() < 0.05:
            self._relevels()

    def _close(self) -> None:
        """Doors close, perhaps only at the second or third attempt."""
        script = self.script
        while self._chance.random() < 0.06:
            script.says({"door.front": "closing", "door.obstructed": True})
            script.wait(self._chance.uniform(0.4, 1.6))
            script.says({"door.obstructed": False}).opens().wait(self._chance.uniform(1, 4))
        script.closes()
        script.wait(self._chance.uniform(0.4, 2.0))

    def _elsewhere(self) -> int:
        floors = [n for n in range(self._building.floors) if n != self.script.floor]
        return (
            0 if self.script.floor and self._chance.random() < 0.4 else self._chance.choice(floors)
        )

    def _go(self, floor: int, *, call: bool = True) -> None:
        """One run; presence comes and goes meanwhile, the zone chatters at the landing."""
        script = self.script
        if call and self._chance.random() < 0.3:
            script.says({"car.occupied": False})
        script.runs_to(floor, call=call)
        if self._chance.random() < 0.1:
            self._zone_flickers()
        if call:
            script.says({"car.occupied": True})
        script.wait(self._chance.uniform(0.2, 0.8))

    def _parks(self) -> None:
        """The empty car goes to its parking landing and closes."""
        if self.script.floor:
            self.script.wait(self._chance.uniform(20, 60))
            self._go(0, call=False)

    def _inspection(self) -> None:
        """The monthly visit: slow travel on the car top, doors opened anywhere, then two test runs."""
        script = self.script
        script.wait(60).says({"car.mode": "inspection"}).wait(30)
        for _ in range(4):
            script.says({"car.moving": True, "car.speed_mm_s": 300, "brake.released": True})
            script.says({"drive.command": True}).wait(1).leaves_zone().wait(10)
            script.stops().wait(self._chance.uniform(5, 120))
        script.says({"car.moving": True, "car.speed_mm_s": 300, "brake.released": True})
        script.says({"drive.command": True}).wait(3).says({"car.door_zone": True}).wait(1).stops()
        script.wait(30).says({"car.mode": "normal"}).wait(20)
        for floor in (self._elsewhere(), self._elsewhere()):
            if floor != script.floor:
                self._go(floor, call=False)


def _when(at_s: float, event: Event) -> str:
    day, second = divmod(at_s, DAY_S)
    clock = f"{int(second // 3600):02}:{int(second % 3600 // 60):02}:{second % 60:06.3f}"
    name = event.code if event.instance is None else f"{event.code}/{event.instance}"
    return f"{name} on day {int(day) + 1} at {clock}"
