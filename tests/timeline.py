"""A test's elevator: say what is read at which second, and see what the monitor says and when."""

from agent.model import SECOND_US, Quality, Reading, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings

SHORT = {
    "moving": "car.moving",
    "zone": "car.door_zone",
    "floor": "car.floor",
    "mode": "car.mode",
    "front": "door.front",
    "rear": "door.rear",
    "landing": "landing_doors.locked",
    "occupied": "car.occupied",
    "call": "car.call_registered",
    "load": "car.load_percent",
    "button": "alarm.button",
    "key": "alarm.end_key",
    "visit": "visit.active",
}
# The events these timelines are about; a full installation may have more to say at the same time.
CODES = (
    "trapped_passengers",
    "alarm_button",
    "stopped_outside_door_zone",
    "mode_changed",
    "signal_lost",
    "agent_fault",
)
LOST = Quality.NO_ANSWER
BAD = Quality.BAD


def us(seconds):
    return round(seconds * SECOND_US)


def second(at_us):
    """`15000000` → `"15"`: exact, and short to read."""
    return f"{at_us / SECOND_US:.6f}".rstrip("0").rstrip(".")


def reading(name, value, at_us):
    signal = SHORT.get(name, name)
    if isinstance(value, Quality):
        return Reading(signal, None, at_us, value)
    return Reading(signal, value, at_us)


class Timeline:
    """One elevator with the named signals wired (short names above), from one driver unless `drivers` says."""

    def __init__(self, *names, drivers=None, standing=(), start=0.0, polls_us=None, **settings):
        self.drivers = drivers or {"controller": [SHORT.get(name, name) for name in names]}
        self.limits = limits_of(MonitorSettings(**settings), polls_us)
        self.start_us = us(start)
        self.monitor = Monitor(self.drivers, self.limits, start_us=self.start_us, standing=standing)
        self.events = []

    def feed(self, at, /, **values):
        """One batch at a second; returns what was said up to it."""
        at_us = self.start_us + us(at)
        readings = [reading(name, value, at_us) for name, value in values.items()]
        events = [e for e in self.monitor.step(at_us, readings) if e.code in CODES]
        self.events += events
        return [said(event, self.start_us) for event in events]

    def until(self, at):
        """Only time moves on; returns what was said."""
        return self.feed(at)

    def toggle(self, at, name, values, times, every):
        """One signal alternates; returns the second after the last change."""
        for index in range(times):
            self.feed(at + index * every, **{name: values[index % len(values)]})
        return at + times * every

    @property
    def heard(self):
        """Everything said so far, as `"15 trapped_passengers raised"`."""
        return [said(event, self.start_us) for event in self.events]

    def of(self, code):
        """What was said so far with one code, as `"15 raised"`."""
        told = (said(e, self.start_us).split() for e in self.events if e.code == code)
        return [f"{at} {transition}" for at, _, transition in told]

    def term(self, name):
        return self.monitor.snapshot.values[SHORT.get(name, name)]

    def event(self, code, transition=Transition.RAISED):
        """The last such transition."""
        return [e for e in self.events if e.code == code and e.transition is transition][-1]


def said(event, start_us=0):
    what = event.code if event.instance is None else f"{event.code}/{event.instance}"
    return f"{second(event.at_us - start_us)} {what} {event.transition.value}"


FULL = ("moving", "zone", "front", "occupied", "call", "load", "button", "key", "mode", "floor")


def boarded(*names, **settings):
    """A car at a landing at 0 s, whose doors closed at 5 s with nobody seen yet."""
    car = Timeline(*(names or FULL), **settings)
    rest = {
        "moving": False,
        "zone": True,
        "front": "open",
        "occupied": False,
        "call": False,
        "load": 0,
        "button": False,
        "key": False,
        "mode": "normal",
        "floor": 1,
    }
    wired = {name: rest[name] for name in names or FULL if name in rest}
    car.feed(0, **wired)
    if "front" in wired:
        car.feed(5, front="closed")
    return car


def between_floors(*names, **settings):
    """The same car, standing outside the zone since 20 s."""
    car = boarded(*names, **settings)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    return car
