"""The simulated elevator's controller: answers calls, runs the car, works the doors, stops.

A small collective control with advance opening. It sees calls, contacts and its own timers, not
people.
"""

import enum
from dataclasses import dataclass, field

from hil.car import Car
from hil.door import Door
from hil.faults import RETRY_EVERY_S, RETRY_M_S, RETRY_S, Faults

START_S = 0.6  # doors closed to first motion
DWELL_S = 3.0  # doors fully open
AFTER_CROSSING_S = 1.5  # the last person through the door to closing
NUDGE_AFTER_S = 20.0  # doors held open by the light curtain
ADVANCE_M_S = 0.3  # below it the doors may begin to open inside the zone
CORRECTION_M_S = 0.3  # a run without a known landing, and the rescue
DOOR_FAULT_S = 10.0  # doors that did not open
NEVER_S = -1e9
DOOR_FAULT, DRIVE_FAULT, CHAIN_FAULT = 48, 39, 41  # this controller's own fault numbers


class Phase(enum.Enum):
    """What the controller is about."""

    PARKED = "parked"
    STARTING = "starting"
    RUNNING = "running"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    HALTED = "halted"


@dataclass(slots=True)
class Calls:
    """Landings called, from inside and from the landings."""

    car: set[int] = field(default_factory=set)
    hall: set[int] = field(default_factory=set)

    def at(self, floor: int) -> bool:
        """Whether anybody wants the car here."""
        return floor in self.car or floor in self.hall

    def answer(self, floor: int) -> None:
        """Forget the calls of a landing the car has come to."""
        self.car.discard(floor)
        self.hall.discard(floor)

    def clear(self) -> None:
        """Forget all."""
        self.car.clear()
        self.hall.clear()


@dataclass(slots=True)
class Controller:
    """Owns the car and its doors. `doors` are by name, `front` and perhaps `rear`."""

    car: Car
    doors: dict[str, Door]
    faults: Faults
    calls: Calls = field(default_factory=Calls)
    mode: str = "normal"
    phase: Phase = Phase.PARKED
    since_s: float = 0.0
    target: int = 0
    going_up: bool = True
    correcting: bool = False
    crossed_s: float = NEVER_S
    full: bool = False
    runs: int = 0
    unopened: bool = False

    @property
    def rescuing(self) -> bool:
        """Whether people are being brought out by hand."""
        return self.mode == "rescue"

    @property
    def halted(self) -> bool:
        """Whether the car may not run now."""
        return not self.rescuing and (self.faults.stop_car or self.mode == "inspection")

    @property
    def door(self) -> Door:
        """The door that serves the landing the car is at or goes to."""
        at = self.target if self.phase is Phase.RUNNING else self.car.floor
        rear = at in self.car.shaft.rear_floors
        return self.doors["rear" if rear else "front"]

    @property
    def fault_code(self) -> int:
        """Its own fault number, 0 for none."""
        if "chain_open" in self.faults:
            return CHAIN_FAULT
        if "stuck" in self.faults or "drive_retries" in self.faults:
            return DRIVE_FAULT
        jammed = any(door.state == "fault" for door in self.doors.values())
        return DOOR_FAULT if jammed or self.unopened else 0

    @property
    def shut(self) -> bool:
        """Whether every car door is closed."""
        return all(door.closed for door in self.doors.values())

    def begin_rescue(self, now_s: float) -> None:
        """Bring the car to the nearest landing by hand and open the doors."""
        self.mode = "rescue"
        self.target = self.car.floor
        self._enter(Phase.RUNNING, now_s)

    def end_rescue(self) -> None:
        """Return to normal operation with no call left."""
        self.mode = "normal"
        self.calls.clear()

    def step(self, now_s: float, dt_s: float) -> None:
        """Decide and act for one time step; the doors move after the car."""
        match self.phase:
            case Phase.PARKED:
                self._parked(now_s)
            case Phase.STARTING:
                self._starting(now_s)
            case Phase.RUNNING:
                self._running(now_s, dt_s)
            case Phase.OPENING:
                self._opening(now_s)
            case Phase.OPEN:
                self._open(now_s)
            case Phase.CLOSING:
                self._closing(now_s)
            case Phase.HALTED:
                self._halted(now_s, dt_s)
        for door in self.doors.values():
            door.step(dt_s)

    def _parked(self, now_s: float) -> None:
        if self.halted or not self.shut:
            return
        floor = self._next_stop()
        if floor == self.car.floor:
            self._enter(Phase.OPENING, now_s)
        elif floor is not None:
            self.target = floor
            self._enter(Phase.STARTING, now_s)

    def _starting(self, now_s: float) -> None:
        if self.halted:
            self._enter(Phase.PARKED, now_s)
        elif now_s - self.since_s >= START_S:
            self.runs += 1
            self._enter(Phase.RUNNING, now_s)

    def _running(self, now_s: float, dt_s: float) -> None:
        if self.halted:
            self.car.brake(dt_s)
            self._enter(Phase.HALTED, now_s)
            return
        slow = self.rescuing or self.correcting
        if not slow:
            self._retarget()
        shaft = self.car.shaft
        limit_m_s = CORRECTION_M_S if slow else shaft.rated_speed_m_s
        level = self.car.drive_to(shaft.level_m(self.target), dt_s, limit_m_s)
        if level:
            self.correcting = False
            self._enter(Phase.OPENING, now_s)
        elif self._may_advance():
            self.door.open()

    def _opening(self, now_s: float) -> None:
        self.calls.answer(self.car.floor)
        self.door.open()
        self.unopened = now_s - self.since_s > DOOR_FAULT_S
        if self.door.state == "open":
            self._enter(Phase.OPEN, now_s)

    def _open(self, now_s: float) -> None:
        self.calls.answer(self.car.floor)
        if self.rescuing or self.mode == "inspection":
            return
        close_at_s = max(self.since_s + DWELL_S, self.crossed_s + AFTER_CROSSING_S)
        nudging = self.door.beam
        if nudging:
            close_at_s = max(close_at_s, self.since_s + NUDGE_AFTER_S)
        if now_s >= close_at_s:
            self.door.close(nudging=nudging)
            self._enter(Phase.CLOSING, now_s)

    def _closing(self, now_s: float) -> None:
        if self.door.closed:
            self._enter(Phase.PARKED, now_s)
        elif self.door.wants_open or (self.calls.at(self.car.floor) and not self.door.nudging):
            self._enter(Phase.OPENING, now_s)

    def _halted(self, now_s: float, dt_s: float) -> None:
        stands = not self.car.moving or self.car.commanded
        if not stands:
            self.car.brake(dt_s)
        elif not self.halted and (self.shut or self.car.in_zone):
            self.target = self.car.floor
            self.correcting = True
            self._enter(Phase.RUNNING, now_s)
        elif "drive_retries" in self.faults:
            self._retry(now_s - self.since_s, dt_s)
        else:
            self.car.stand()

    def _retry(self, halted_s: float, dt_s: float) -> None:
        attempt, into_s = divmod(halted_s, RETRY_EVERY_S)
        if attempt >= 1 and into_s < RETRY_S:
            self.car.creep(RETRY_M_S if attempt % 2 else -RETRY_M_S, dt_s)
        else:
            self.car.stand()

    def _may_advance(self) -> bool:
        to_go_m = abs(self.car.position_m - self.car.shaft.level_m(self.target))
        return (
            self.car.in_zone
            and self.car.floor == self.target
            and abs(self.car.velocity_m_s) <= ADVANCE_M_S
            and to_go_m <= self.car.braking_m + 0.01
        )

    def _retarget(self) -> None:
        """Stop earlier for a call on the way, while the car can still slow down for it."""
        sign = 1 if self.car.velocity_m_s >= 0 else -1
        first = self.car.position_m + sign * (self.car.braking_m + 0.1)
        for floor in self._wanted():
            height_m = self.car.shaft.level_m(floor)
            ahead = (height_m - first) * sign > 0
            nearer = (self.car.shaft.level_m(self.target) - height_m) * sign > 0
            if ahead and nearer and self.car.moving:
                self.target = floor

    def _wanted(self) -> set[int]:
        return self.calls.car if self.full else self.calls.car | self.calls.hall

    def _next_stop(self) -> int | None:
        """Go on in the same direction while anybody there wants the car, else turn."""
        here = self.car.floor
        wanted = self._wanted() or self.calls.hall
        if not wanted or here in wanted:
            return here if wanted else None
        above = [floor for floor in wanted if floor > here]
        below = [floor for floor in wanted if floor < here]
        self.going_up = bool(above) and (self.going_up or not below)
        return min(above) if self.going_up else max(below)

    def _enter(self, phase: Phase, now_s: float) -> None:
        self.phase = phase
        self.since_s = now_s
        self.unopened = False
