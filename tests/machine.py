"""A test's elevator with every signal of the machine and its surroundings, for the detectors of the whole catalog."""

from typing_extensions import override

from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings
from tests.second import NAMES, Car
from tests.timeline import reading, us

MORE = {
    "speed": "car.speed_mm_s",
    "brake": "brake.released",
    "command": "drive.command",
    "hall": "hall.call_pending",
    "ucm": "ucm.tripped",
    "top": "overtravel.top",
    "bottom": "overtravel.bottom",
    "governor": "overspeed.tripped",
    "gear": "safety_gear.tripped",
    "limiter": "run_time_limit.tripped",
    "lost": "position.lost",
    "battery": "power.battery_percent",
    "battery_fault": "power.battery_fault",
    "temperature": "machine_room.temperature_c",
    "room": "machine_room.door_open",
    "water": "pit.water",
}
ALL = {**NAMES, **MORE}


class Machine(Car):
    """One elevator with the named signals (short names). `watching`: the codes that are heard, all when empty."""

    def __init__(self, *names, watching=(), rated=None, polls_us=None, drivers=None, **settings):
        wired = drivers or {"controller": names}
        self.drivers = {d: [ALL.get(n, n) for n in signals] for d, signals in wired.items()}
        self.intervals_us = None
        self.limits = limits_of(MonitorSettings(**settings), polls_us, rated_speed_mm_s=rated)
        self.monitor = Monitor(self.drivers, self.limits)
        self.watching, self.events = frozenset(watching), []

    @override
    def feed(self, at, /, **values):
        """One batch at a second; returns what was said up to it."""
        at_us = us(at)
        readings = [reading(ALL.get(n, n), value, at_us) for n, value in values.items()]
        events = self.monitor.step(at_us, readings)
        if self.watching:
            events = [event for event in events if event.code in self.watching]
        self.events += events
        return events

    def travel(self, at, seconds=10, /, **end):
        """A run from zone to zone with its doors closed; returns the second of its end."""
        self.feed(at, moving=True)
        self.feed(at + 1, zone=False)
        self.feed(at + seconds - 1, zone=True)
        self.feed(at + seconds, moving=False, **end)
        return at + seconds
