"""The simulated elevator as one whole: car, doors, people, sensors and faults, moved on by `advance`.

Time is an argument and counted in ticks: the same seed and the same deeds at the same times give
the same ride, however the way there is divided. It knows no socket and no clock. What people may do
to it is in hil/deeds.py.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from agent.model import Value
from hil.car import Car
from hil.controller import Controller, Phase
from hil.door import Door
from hil.faults import Faults
from hil.presence import Presence
from hil.riders import Riders
from hil.shaft import Shaft
from hil.truth import signals_of

TICKS_PER_S = 50
TICK_S = 1 / TICKS_PER_S
BATTERY_S = 3600.0  # full to empty without mains
BEFORE_CLOSING_S = 3.0  # after the last rescued person has left
BETWEEN_LANDINGS_M = 0.6  # an entrapment stops the car at least so far from a landing
HAND_SHARE = 0.03  # of all door closings meet a hand
HAND_AT = 0.6  # of the door's width still open then
PRESS_AGAIN_TICKS = 5 * TICKS_PER_S  # people whose call was forgotten
AT_A_LANDING = {Phase.OPENING, Phase.OPEN, Phase.CLOSING}


@dataclass(slots=True)
class Buttons:
    """Until when each is pressed, and a hand is in the door, in simulated seconds."""

    alarm_s: float = 0.0
    end_key_s: float = 0.0
    hand_s: float = 0.0


class World:
    """One elevator. `interval_s` is the mean time between people arriving, None for no one."""

    def __init__(
        self, *, seed: int = 0, shaft: Shaft | None = None, interval_s: float | None = 60.0
    ) -> None:
        self.shaft = shaft or Shaft()
        self.faults = Faults()
        names = ("front", "rear") if self.shaft.rear_floors else ("front",)
        self.doors = {name: Door() for name in names}
        self.controller = Controller(Car(self.shaft), self.doors, self.faults)
        self.riders = Riders(self.shaft, random.Random(f"{seed} riders"), interval_s)
        self.presence = Presence(random.Random(f"{seed} presence"))
        self.buttons = Buttons()
        self.battery = 100.0
        self.entrapping = ""  # where people are to be trapped next: between, landing
        self._hands = random.Random(f"{seed} hands")
        self._tick = 0

    @property
    def now_s(self) -> float:
        """Simulated seconds since the beginning."""
        return self._tick * TICK_S

    @property
    def car(self) -> Car:
        """The car."""
        return self.controller.car

    def advance(self, to_s: float) -> None:
        """Move on to an instant, in whole ticks; the past is left alone."""
        last = math.floor(to_s * TICKS_PER_S + 1e-6)
        while self._tick < last:
            if self._quiet():
                self._tick = max(self._tick, min(last - 1, self._next_due_tick() - 2))
            self._tick += 1
            self._step()

    def step(self, dt_s: float) -> None:
        """Move on by a time, in whole ticks."""
        self.advance(self.now_s + dt_s)

    def signals(self) -> dict[str, Value]:
        """Tell what the installation's sensors say now, by the contract's names."""
        return {**signals_of(self), **self.faults.frozen}

    def state(self) -> Mapping[str, object]:
        """Tell the truth behind the signals too, for tests and people."""
        return {
            "t": round(self.now_s, 3),
            "phase": self.controller.phase.value,
            "position_m": round(self.car.position_m, 4),
            "target": self.controller.target,
            "aboard": len(self.riders.aboard),
            "waiting": len(self.riders.waiting),
            "car_calls": sorted(self.controller.calls.car),
            "hall_calls": sorted(self.controller.calls.hall),
            "faults": sorted(self.faults.names),
            "frozen": dict(self.faults.frozen),
            "entrapping": self.entrapping,
            "signals": self.signals(),
        }

    def faults_changed(self) -> None:
        """Tell the parts what is broken about them now."""
        mains = "mains_lost" not in self.faults
        for door in self.doors.values():
            door.dead = "doors_dead" in self.faults or "door_forced" in self.faults
            door.jammed = "door_jam" in self.faults
            door.powered = mains or self.controller.rescuing
        if not mains:
            self.controller.calls.clear()

    def press(self, floor: int, *, inside: bool) -> None:
        """Press a call button; without mains nothing happens."""
        if "mains_lost" not in self.faults:
            calls = self.controller.calls
            (calls.car if inside else calls.hall).add(floor)

    def _step(self) -> None:
        now_s = self.now_s
        self._people_call(now_s)
        self._spring_entrapment()
        self._work_doors_by_hand(now_s)
        before = self.controller.phase
        self.controller.step(now_s, TICK_S)
        self._people_cross(now_s)
        if before is not Phase.CLOSING and self.controller.phase is Phase.CLOSING:
            self._maybe_put_a_hand_between(now_s)
        self._finish_rescue(now_s)
        self._work_battery()
        stirring = now_s - self.controller.crossed_s < 1.0
        self.presence.step(now_s, people=bool(self.riders.aboard), stirring=stirring)

    def _people_call(self, now_s: float) -> None:
        called = self.riders.arrive(now_s)
        if called is not None:
            self.press(called, inside=False)
        if self._tick % PRESS_AGAIN_TICKS == 0:
            for rider in self.riders.aboard:
                self.press(rider.destination, inside=True)
            for rider in self.riders.waiting:
                if not (self.controller.phase in AT_A_LANDING and rider.origin == self.car.floor):
                    self.press(rider.origin, inside=False)

    def _people_cross(self, now_s: float) -> None:
        controller = self.controller
        may = controller.phase in {Phase.OPEN, Phase.HALTED} and self.car.in_zone
        if not may or controller.door.state != "open":
            return
        rider = self.riders.cross(now_s, self.car.floor, everybody_out=controller.rescuing)
        if rider is None:
            return
        controller.crossed_s = now_s
        if rider in self.riders.aboard:
            self.press(rider.destination, inside=True)
        controller.full = self.riders.load_kg > 0.85 * self.shaft.rated_load_kg

    def _spring_entrapment(self) -> None:
        controller = self.controller
        runs = controller.phase is Phase.RUNNING and not controller.correcting
        if not (self.entrapping and self.riders.aboard and runs):
            return
        if self.entrapping == "landing":
            self.faults.names.add("doors_dead")
        elif self.shaft.off_level_m(self.car.brake_stop_m) >= BETWEEN_LANDINGS_M:
            self.faults.names.add("stuck")
        else:
            return
        self.entrapping = ""
        self.faults_changed()

    def _work_doors_by_hand(self, now_s: float) -> None:
        for door in self.doors.values():
            hand = now_s < self.buttons.hand_s and 0.0 < door.open_part <= HAND_AT
            door.beam = "beam_blocked" in self.faults or hand
        if "door_forced" in self.faults and not self.car.moving:
            self.doors["front"].force(1.0)

    def _maybe_put_a_hand_between(self, now_s: float) -> None:
        if self._hands.random() < HAND_SHARE:
            self.buttons.hand_s = now_s + 1.5

    def _finish_rescue(self, now_s: float) -> None:
        controller = self.controller
        if not controller.rescuing or self.riders.aboard or controller.phase is not Phase.OPEN:
            return
        if now_s >= max(controller.crossed_s, controller.since_s) + BEFORE_CLOSING_S:
            controller.end_rescue()
            self.faults_changed()

    def _work_battery(self) -> None:
        change = TICK_S * 100.0 / BATTERY_S
        lost = "mains_lost" in self.faults
        self.battery = min(100.0, max(0.0, self.battery + (-change if lost else change)))

    def _quiet(self) -> bool:
        """Whether nothing at all happens until somebody comes or a sensor blinks."""
        calls = self.controller.calls
        return (
            self.controller.phase is Phase.PARKED
            and not (calls.car or calls.hall)
            and not (self.faults.any or self.entrapping)
            and not (self.riders.waiting or self.riders.aboard)
            and self.battery >= 100.0
            and self.controller.shut
        )

    def _next_due_tick(self) -> int:
        due_s = min(self.riders.next_arrival_s, self.presence.due_s)
        return math.floor(due_s * TICKS_PER_S)
