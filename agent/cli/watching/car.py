"""The car as the signals tell it, and what the view remembers of it to draw it. Pure.

What is unknown stays unknown: it is drawn as a question mark, never as its last value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.cli.signals import Signal
from agent.cli.watching.facts import Seen

ABOVE, BELOW = 1, -1
DOORS = ("door.front", "door.rear")
_FEWEST_FLOORS = 2


@dataclass(frozen=True, slots=True)
class Trail:
    """What was seen since the view began: the car's last landing and way, how high it came, what landings are called."""

    floor: int | None = None
    side: int = ABOVE
    top: int = _FEWEST_FLOORS - 1
    labels: Mapping[int, str] = field(default_factory=dict[int, str])

    def after(self, seen: Seen) -> "Trail":
        """Go on with one more look."""
        if seen.answer is None:
            return self
        signals = seen.answer.signals
        floor = whole(signals, "car.floor")
        if floor is None:
            return replace(self, side=_side(signals, self.side))
        label = known(signals, "car.floor_label")
        labels = self.labels if label is None else {**self.labels, floor: str(label)}
        return Trail(floor, _side(signals, self.side), max(self.top, floor), labels)


def _side(signals: Mapping[str, Signal], before: int) -> int:
    """On which side of its landing a car that is not at one is: where it was last heading."""
    return {"up": ABOVE, "down": BELOW}.get(str(known(signals, "car.direction")), before)


def known(signals: Mapping[str, Signal], name: str) -> bool | int | float | str | None:
    """Give a signal's value; None where it is not wired or unknown."""
    signal = signals.get(name)
    return signal.v if signal is not None and signal.q == "good" else None


def whole(signals: Mapping[str, Signal], name: str) -> int | None:
    """Give a whole number, else None."""
    value = known(signals, name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def half_floors(signals: Mapping[str, Signal], trail: Trail, top: int) -> int | None:
    """How high to draw the car, in half floors: even at a landing, odd between two; None where it was never known.

    `top` is the highest landing. Without a zone signal the car is drawn at its landing, without a landing signal
    at the lowest.
    """
    floor = whole(signals, "car.floor") if "car.floor" in signals else 0
    floor = trail.floor if floor is None else floor
    if floor is None:
        return None
    if known(signals, "car.door_zone") is not False:
        return 2 * floor
    beyond = floor + trail.side not in range(top + 1)
    return 2 * floor + (-trail.side if beyond else trail.side)
