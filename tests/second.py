"""A test's elevator with every signal of the second slice: what is read at which second, and what is said then."""

from agent.model import Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings
from tests.timeline import LOST, reading, second, us

NAMES = {
    "moving": "car.moving",
    "zone": "car.door_zone",
    "floor": "car.floor",
    "mode": "car.mode",
    "front": "door.front",
    "rear": "door.rear",
    "landing": "landing_doors.locked",
    "chain": "safety_chain.closed",
    "mains": "power.mains",
    "fault": "controller.fault",
    "code": "controller.fault_code",
    "occupied": "car.occupied",
    "call": "car.call_registered",
    "load": "car.load_percent",
    "button": "alarm.button",
    "key": "alarm.end_key",
    "visit": "visit.active",
}
# Parked at a landing with nobody in it, doors closed.
REST = {
    "moving": False,
    "zone": True,
    "floor": 1,
    "mode": "normal",
    "front": "closed",
    "rear": "closed",
    "landing": True,
    "chain": True,
    "mains": True,
    "fault": False,
    "code": 0,
    "occupied": False,
    "call": False,
    "load": 0,
    "button": False,
    "key": False,
    "visit": False,
}
CAR = tuple(name for name in REST if name != "rear")
BLIND = ("moving", "zone", "front")


class Car:
    """One elevator with the named signals, from one driver unless `drivers` says (short names there too)."""

    def __init__(
        self, *names, drivers=None, polls_us=None, intervals_us=None, standing=(), **settings
    ):
        drivers = drivers or {"controller": names or CAR}
        self.drivers = {d: [NAMES.get(n, n) for n in wired] for d, wired in drivers.items()}
        self.intervals_us = intervals_us
        self.limits = limits_of(MonitorSettings(**settings), polls_us)
        self.monitor = Monitor(
            self.drivers, self.limits, intervals_us=intervals_us, standing=standing
        )
        self.events = []

    def feed(self, at, /, **values):
        """One batch at a second; returns what was said up to it."""
        at_us = us(at)
        readings = [reading(NAMES.get(n, n), value, at_us) for n, value in values.items()]
        events = self.monitor.step(at_us, readings)
        self.events += events
        return [said(event) for event in events]

    def until(self, at):
        """Only time moves on; returns what was said."""
        return self.feed(at)

    def lose(self, at, *names):
        """These signals are unknown from a second on."""
        return self.feed(at, **dict.fromkeys(names, LOST))

    def of(self, code):
        """What was said of one code, as `"15 raised"`."""
        events = [event for event in self.events if event.code == code]
        return [f"{second(event.at_us)} {event.transition.value}" for event in events]

    def event(self, code, transition=Transition.RAISED):
        """The last such transition."""
        return [e for e in self.events if e.code == code and e.transition is transition][-1]

    def stands(self, code, instance=None):
        """Whether it is raised now."""
        name = f"standing.{code}" if instance is None else f"standing.{code}/{instance}"
        return self.monitor.snapshot.values[name]

    def term(self, name):
        return self.monitor.snapshot.values[NAMES.get(name, name)]

    def again(self):
        """The same car with its memory encoded and decoded."""
        twin = Monitor(self.drivers, self.limits, intervals_us=self.intervals_us)
        twin.decode(self.monitor.encode())
        self.monitor = twin
        return self


def said(event):
    what = event.code if event.instance is None else f"{event.code}/{event.instance}"
    return f"{second(event.at_us)} {what} {event.transition.value}"


def parked(*names, **settings):
    """A car that stands at a landing, doors closed and nobody in it, since 0 s."""
    car = Car(*names, **settings)
    wired = {name for signals in car.drivers.values() for name in signals}
    car.feed(0, **{name: value for name, value in REST.items() if NAMES[name] in wired})
    return car


def under_way(*names, at=10, **settings):
    """The same car, moving since 10 s and outside the zone since 11 s."""
    car = parked(*names, **settings)
    car.feed(at, moving=True)
    car.feed(at + 1, zone=False)
    return car


def run(car, at, seconds=10, /, **end):
    """A run from landing to landing; returns the second of its end."""
    car.feed(at, moving=True)
    car.feed(at + 1, zone=False)
    car.feed(at + seconds - 1, zone=True)
    car.feed(at + seconds, moving=False, **end)
    return at + seconds
