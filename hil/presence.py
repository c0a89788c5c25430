"""A passive infrared sensor in the car: sees motion, not people, and sometimes neither.

It loses those who stand still, and now and then sees somebody in an empty car.
"""

import random
from dataclasses import dataclass, field

HOLD_S = 2.0  # the sensor's own pulse length
STIR_MEAN_S = 6.0  # a standing person is seen for about so long,
STILL_MEAN_S = 8.0  # then unseen for about so long,
STILL_MOST_S = 20.0  # and never stands stiller than this
BLIP_MEAN_S = 1800.0  # false pulses of an empty car


@dataclass(slots=True)
class Presence:
    """`value` is what the sensor says; `due_s` when it may next change by itself."""

    chance: random.Random
    value: bool = False
    due_s: float = field(init=False)
    _people: bool = False

    def __post_init__(self) -> None:
        self.due_s = self.chance.expovariate(1 / BLIP_MEAN_S)

    def step(self, now_s: float, *, people: bool, stirring: bool) -> None:
        """Look into the car: whether people are in it and whether they move about."""
        if people and stirring:
            self.value = True
            self.due_s = now_s + HOLD_S + self.chance.expovariate(1 / STIR_MEAN_S)
        elif self._people and not people:
            self.due_s = now_s + (HOLD_S if self.value else self._gap_s(people=False))
        elif now_s >= self.due_s:
            self.value = not self.value
            self.due_s = now_s + (self._pulse_s(people) if self.value else self._gap_s(people))
        self._people = people

    def _pulse_s(self, people: bool) -> float:
        return HOLD_S + (self.chance.expovariate(1 / STIR_MEAN_S) if people else 0.0)

    def _gap_s(self, people: bool) -> float:
        if people:
            return min(STILL_MOST_S, self.chance.expovariate(1 / STILL_MEAN_S))
        return self.chance.expovariate(1 / BLIP_MEAN_S)
