"""A story's elevator: verbs that write the readings a good installation would give, and labels for what is due.

Time is the story's own, in seconds from its beginning; every verb moves it on by what it takes. Only
signals that are wired are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from agent.model import SECOND_US, Quality, Reading, Value
from hil.scenarios.installations import Installation
from hil.scenarios.labels import Label, Labels, Silence

LEAVE_ZONE_S: Final = (
    1.0  # from the start of a run until the zone is left, and likewise before a stop
)
FLOOR_S: Final = 3.0  # from one landing to the next at speed
PASSAGE_S: Final = 0.4  # how long a passed zone is seen
DOOR_S: Final = 2.0  # one door movement
ZONE_GAP_S: Final = 20.0  # `longest_zone_gap_s`: what stands for motion where it is not fitted
NOT_CLOSED_IS_OPEN_S: Final = 10.0  # `not_closed_is_open_s`: what a contact knows of an open door
RATED_MM_S: Final = 1000

REST: Final[dict[str, Value]] = {
    "car.mode": "normal", "car.moving": False, "car.direction": "none", "car.floor": 0,
    "car.door_zone": True, "car.speed_mm_s": 0, "car.load_percent": 0, "car.overload": False,
    "car.call_registered": False, "hall.call_pending": False, "car.occupied": False,
    "door.front": "closed", "door.rear": "closed", "door.obstructed": False,
    "landing_doors.locked": True, "safety_chain.closed": True, "brake.released": False,
    "drive.command": False, "controller.fault": False, "controller.fault_code": 0,
    "position.lost": False, "run_time_limit.tripped": False, "ucm.tripped": False,
    "overspeed.tripped": False, "safety_gear.tripped": False, "overtravel.top": False,
    "overtravel.bottom": False, "power.mains": True, "power.battery_fault": False,
    "power.battery_percent": 100, "alarm.button": False, "alarm.end_key": False,
    "visit.active": False, "pit.water": False, "machine_room.door_open": False,
    "machine_room.temperature_c": 24.0, "intercom.car": True, "intercom.duty_room": True,
    "camera.car": True,
}  # fmt: skip


@dataclass
class Script:
    """One story on one installation, with an elevator at rest at the lowest landing, doors closed."""

    on: Installation
    now_s: float = 0.0
    readings: list[Reading] = field(default_factory=list[Reading])
    labels: Labels = field(default_factory=Labels)
    marks: dict[str, float] = field(default_factory=dict[str, float])
    floor: int = 0
    downtimes: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    _down_us: int | None = None
    _truth: dict[str, Value] = field(default_factory=dict[str, Value])
    _dead: set[str] = field(default_factory=set[str])
    _doors: tuple[str, ...] = ("door.front",)

    def __post_init__(self) -> None:
        """Everything wired says once how the elevator stands."""
        self.says({name: REST[name] for name in self.on.signals})

    # ------------------------------------------------------------ what is said

    def has(self, *signals: str) -> bool:
        """Whether all of these are wired."""
        return set(signals) <= set(self.on.signals)

    def says(self, values: Mapping[str, Value]) -> Self:
        """Signals read so from now on; dead and unfitted ones say nothing."""
        self._truth.update(values)
        for name, value in values.items():
            if name in self.on.signals and name not in self._dead:
                self.readings.append(Reading(name, self._shown(name, value), self.at_us()))
        return self

    def _shown(self, name: str, value: Value) -> Value:
        if name in {"door.front", "door.rear"} and value != "closed":
            if self.on.contact_doors:
                return "not_closed"
            return "open" if self.on.door_bit else value
        if name == "car.speed_mm_s":
            return int(value) // self.on.speed_step_mm_s * self.on.speed_step_mm_s
        return value

    def at_us(self, later_s: float = 0.0) -> int:
        """Now, in microseconds from the story's beginning."""
        return round((self.now_s + later_s) * SECOND_US)

    def truth(self, signal: str) -> Value:
        """How a signal stands, whether it is wired, alive or not."""
        return self._truth.get(signal, REST[signal])

    def wait(self, seconds: float) -> Self:
        """Time passes."""
        self.now_s = round(self.now_s + seconds, 6)
        return self

    def mark(self, name: str) -> Self:
        """Name this instant, for labels."""
        self.marks[name] = self.now_s
        return self

    def until(self, mark: str, seconds: float = 0.0) -> Self:
        """Time passes until so long after a mark, unless it is later already."""
        return self.wait(max(0.0, self.marks[mark] + seconds - self.now_s))

    def mode(self, mode: str) -> Self:
        """The controller changes its mode."""
        return self.says({"car.mode": mode})

    # ------------------------------------------------------------ sensors that fail

    def dies(self, *signals: str, quality: Quality = Quality.NO_ANSWER) -> Self:
        """These are unknown from now on, until they `revive`."""
        for name in signals:
            if name in self.on.signals and name not in self._dead:
                self._dead.add(name)
                self.readings.append(Reading(name, None, self.at_us(), quality))
        return self

    def driver_dies(self, driver: str) -> Self:
        """All of one driver's signals are unknown from now on."""
        return self.dies(*self.on.drivers.get(driver, ()))

    def loses(self, *signals: str) -> Self:
        """These are unknown from now on, and each of their drivers is said to have lost signals."""
        for driver, given in self.on.drivers.items():
            if set(given) & set(signals):
                self.expect("signal_lost", instance=driver)
        return self.dies(*signals)

    def chatters(self, signal: str, seconds: float, on_s: float, off_s: float) -> Self:
        """A contact goes to and fro about its resting place: so long away from it, so long back."""
        rest = REST[signal]
        assert isinstance(rest, bool)
        for _ in range(round(seconds / (on_s + off_s))):
            self.says({signal: not rest}).wait(on_s).says({signal: rest}).wait(off_s)
        return self

    # ------------------------------------------------------------ the agent itself

    def agent_stops(self) -> Self:
        """The agent is gone: nobody listens from now on."""
        self._down_us = self.at_us()
        return self

    def agent_starts(self) -> Self:
        """It is back: it has heard nothing meanwhile, and everything alive says how it stands."""
        assert self._down_us is not None
        self.downtimes.append((self._down_us, self.at_us()))
        down_us, self._down_us = self._down_us, None
        self.readings = [reading for reading in self.readings if reading.at_us <= down_us]
        return self.says({name: self.truth(name) for name in self.on.signals})

    def sticks(self, *signals: str) -> Self:
        """These go on saying what they said last, whatever happens."""
        self._dead.update(signals)
        return self

    def revives(self, *signals: str) -> Self:
        """These (none named: all that failed) say the truth again."""
        back = set(signals or self._dead)
        self._dead -= back
        return self.says({name: self.truth(name) for name in sorted(back)})

    # ------------------------------------------------------------ doors

    def opens(self, *doors: str) -> Self:
        """Doors run to open, where the car is; landing doors go with them inside the zone.

        Marks `doors open`: the instant from which they count as open, which a contact tells late.
        """
        self._doors = doors or self._doors
        began_s = self.mark("doors move").now_s
        self._all_doors("opening")
        if self.truth("car.door_zone"):
            self.says({"landing_doors.locked": False})
        self.wait(DOOR_S)
        self._all_doors("open")
        self.marks["doors open"] = began_s if self.on.door_bit else self.now_s
        if self.on.contact_doors:
            self.marks["doors open"] = began_s + NOT_CLOSED_IS_OPEN_S
        return self

    def closes(self, *doors: str) -> Self:
        """Doors run to closed. Marks `doors left`, when they are seen to leave `open`, and `doors shut`."""
        self._doors = doors or self._doors
        self.mark("doors left")
        self._all_doors("closing")
        self.wait(DOOR_S)
        self._all_doors("closed")
        if self.on.contact_doors or self.on.door_bit:
            self.mark("doors left")
        return self.mark("doors shut").says({"landing_doors.locked": True})

    def stand_open(self) -> Self:
        """Time passes until a contact, too, says that the doors are open, and people could leave."""
        return self.until("doors open", 2.5)

    def _all_doors(self, state: str) -> None:
        self.says(dict.fromkeys(self._doors, state))

    # ------------------------------------------------------------ people

    def enter(self, load_percent: int = 10) -> Self:
        """Somebody comes in: seen by presence and by the load."""
        return self.says({"car.occupied": True, "car.load_percent": load_percent})

    def leave(self) -> Self:
        """The car is empty."""
        return self.says({"car.occupied": False, "car.load_percent": 0})

    def moves_about(self, times: int = 3, still_s: float = 8.0, seen_s: float = 2.0) -> Self:
        """Somebody inside is lost and seen again by the presence sensor, as such sensors do."""
        for _ in range(times):
            self.says({"car.occupied": False}).wait(still_s)
            self.says({"car.occupied": True}).wait(seen_s)
        return self

    def press_alarm(self, seconds: float = 1.0) -> Self:
        """The alarm button is held so long."""
        return self.says({"alarm.button": True}).wait(seconds).says({"alarm.button": False})

    def turn_end_key(self) -> Self:
        """A competent person ends the alarm at the installation."""
        return self.says({"alarm.end_key": True}).wait(1).says({"alarm.end_key": False})

    # ------------------------------------------------------------ running

    def starts(self, direction: str = "up", *, call: bool = True) -> Self:
        """A run begins: brake, drive and motion at once, the zone left a second later."""
        if call:
            self.says({"car.call_registered": True})
        self.says({"car.direction": direction}).moves()
        return self.wait(LEAVE_ZONE_S).leaves_zone()

    def leaves_zone(self) -> Self:
        """The zone is left; where motion is not fitted, the car will count as stopped after the gap."""
        self.says({"car.door_zone": False})
        return self.mark("zone left")

    def passes(self, floors: int = 1) -> Self:
        """The car passes landings: each zone is seen for a moment."""
        step = 1 if self.truth("car.direction") == "up" else -1
        for _ in range(floors):
            self.wait(FLOOR_S - PASSAGE_S)
            self.floor += step
            self.says({"car.door_zone": True, "car.floor": self.floor})
            self.wait(PASSAGE_S).leaves_zone()
        return self

    def stops(self) -> Self:
        """The car stops where it is: motion, brake and drive at once. Marks `stopped`."""
        self.says({"car.moving": False, "car.speed_mm_s": 0, "brake.released": False})
        self.says({"drive.command": False})
        self.marks["stopped"] = self.now_s
        if not self.has("car.moving") and not self.truth("car.door_zone"):
            self.marks["stopped"] = self.marks["zone left"] + ZONE_GAP_S
        return self

    def arrives(self) -> Self:
        """A run ends at the next landing. Marks `run over`; zones alone tell so when the last one is reached."""
        self.wait(FLOOR_S - LEAVE_ZONE_S)
        self.floor += 1 if self.truth("car.direction") == "up" else -1
        self.says({"car.door_zone": True, "car.floor": self.floor}).mark("run over")
        self.mark("zone reached").wait(LEAVE_ZONE_S).stops()
        if self.has("car.moving"):
            self.mark("run over")
        return self.says({"car.call_registered": False, "car.direction": "none"})

    def runs_to(self, floor: int, *, call: bool = True) -> Self:
        """A whole run, doors closed, landing to landing."""
        between = abs(floor - self.floor) - 1
        self.starts("up" if floor > self.floor else "down", call=call)
        return self.passes(between).arrives()

    def two_runs(self) -> Self:
        """Two normal runs of the empty car, long enough for zones alone to tell."""
        away, back = self.floor + 2, self.floor
        return self.runs_to(away, call=False).wait(5).runs_to(back, call=False)

    def rides_to(self, floor: int) -> Self:
        """A ride with somebody in the car, from open doors to open doors."""
        self.opens().wait(2).enter().wait(2).closes().wait(1)
        self.runs_to(floor).wait(0.5).opens()
        return self.wait(1).leave().wait(3).closes()

    def stops_between(self) -> Self:
        """A run that ends between landings, where no door can be used."""
        return self.starts().wait(1.5).stops()

    def moves(self, speed_mm_s: int = RATED_MM_S) -> Self:
        """Motion, brake and drive, whatever the zone says."""
        self.says({"car.moving": True, "brake.released": True, "drive.command": True})
        return self.says({"car.speed_mm_s": speed_mm_s})

    def jerks(self, seconds: float) -> Self:
        """The drive tries and fails: so much motion, and the car stands where it was."""
        stopped_s = self.marks.get("stopped", self.now_s)
        self.moves(200).wait(seconds).stops()
        self.marks["stopped"] = stopped_s
        return self

    def creeps_to_landing(self) -> Self:
        """Slowly to the next zone, and a stop there."""
        return self.moves(150).wait(5).says({"car.door_zone": True}).wait(1).stops()

    def brought_home(self) -> Self:
        """The car is brought to the next landing by hand and opened there."""
        self.creeps_to_landing()
        self.says({"car.call_registered": False}).wait(1).opens().wait(2).leave()
        return self.until("doors open", 3)

    # ------------------------------------------------------------ labels

    def expect(
        self,
        code: str,
        after: str | None = None,
        seconds: float = 0.0,
        *,
        instance: str | None = None,
        severity: str | None = None,
        within_s: float = 0.5,
    ) -> Label:
        """Say that an event is raised so many seconds after a mark (none: after now).

        The label returned takes `.clears(after, seconds)` or `.stands()`. Without either nothing is said about its end.
        """
        at_s = (self.now_s if after is None else self.marks[after]) + seconds
        return self.labels.expect(Label(code, at_s, instance, severity, within_s))

    def expect_notice(self, code: str, after: str | None = None, seconds: float = 0.0) -> Self:
        """Say that a notice of this code is given so many seconds after a mark (none: after now)."""
        at_s = (self.now_s if after is None else self.marks[after]) + seconds
        self.labels.expect(Label(code, at_s, notice=True))
        return self

    def clears(self, label: Label, after: str | None = None, seconds: float = 0.0) -> Self:
        """Say when what was expected clears."""
        label.clears_s = (self.now_s if after is None else self.marks[after]) + seconds
        return self

    def shows(self, why: Silence, *codes: str) -> Self:
        """Say that the story is about these, which are not raised, or not as long as they are muted or unknown."""
        self.labels.silences.update((code, why) for code in codes)
        return self

    def allows(self, *codes: str) -> Self:
        """These may be raised as well; everything else that is not expected is forbidden."""
        self.labels.allowed.update(codes)
        return self
