"""The picture: the shaft from the front, two rows a floor, and the car where it is. Pure.

Doors are drawn as their leaves: `||` closed, `|      |` open, `|<>|` opening, `|><|` closing, `|??|` unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.cli.layout import columns, cut
from agent.cli.parts import Line, Part
from agent.cli.signals import Signal
from agent.cli.watching.car import DOORS, Trail, half_floors, known

WIDTH = 22
LOWEST_HEIGHT = 7  # rows; below it there is no picture
_LABEL = 3
_INSIDE = 12
_ROOF, _FLOOR = f".{'-' * (_INSIDE - 2)}.", f"'{'-' * (_INSIDE - 2)}'"
_LEAVES = {
    "closed": "   ||   ",
    "open": "|      |",
    "opening": "  |<>|  ",
    "closing": "  |><|  ",
    "stopped": "  |  |  ",
    "not_closed": "  |..|  ",
    "fault": "  |!!|  ",
}
_UNKNOWN_LEAVES = "  |??|  "
_NO_DOOR = "        "
_ARROWS = {"up": "^^", "down": "vv"}


@dataclass(frozen=True, slots=True)
class _Window:
    """Which rows are drawn, in half floors: even at a landing, odd between two; the car reaches one to each side."""

    at: int | None
    lowest: int
    highest: int
    top: int
    top_is_known: bool

    def goes_on(self, level: int) -> bool:
        """Whether there are, or may be, landings beyond this row."""
        more_above = self.highest <= self.top or not self.top_is_known
        return (level == self.lowest > -1) or (level == self.highest and more_above)


def shaft(
    signals: Mapping[str, Signal], trail: Trail, height: int, floors: int | None, kind: str
) -> list[Line]:
    """Draw as much of the shaft as there are rows, around the car, whose colour means `kind`.

    `floors` is how many landings there are; None draws as many as the car was seen at.
    """
    top = max((floors or 0) - 1, trail.top)
    window = _window(
        half_floors(signals, trail, top), 2 * top, height, known_top=floors is not None
    )
    numbered = "car.floor" in signals
    lines: list[Line] = []
    for level in range(window.highest, window.lowest - 1, -1):
        label = _label(level, window, trail) if numbered else ""
        sill = "=" if level % 2 == 0 and 0 <= level <= window.top else " "
        inside, beside = _inside(level, window.at, signals, kind)
        lines.append([(f"{label} {sill}|", "dim"), inside, (f"|{sill}", "dim"), beside])
    return lines


def _window(at: int | None, top: int, height: int, *, known_top: bool) -> _Window:
    """Take the whole shaft, else a part that moves by pages, so that little is drawn anew."""
    lowest = -1
    if top + 3 > height:
        page = (height - 5) // 2 * 2  # even: the landings of a page stay in their rows
        lowest = max(-1, min((at or 0) // page * page - 3, top + 2 - height))
    return _Window(at, lowest, min(top + 1, lowest + height - 1), top, known_top)


def _label(level: int, window: _Window, trail: Trail) -> str:
    text = ""
    if 0 <= level <= window.top and level % 2 == 0:
        text = cut(trail.labels.get(level // 2, str(level // 2)), _LABEL)
    elif window.goes_on(level):
        text = ":"
    return " " * (_LABEL - columns(text)) + text


def _inside(
    level: int, at: int | None, signals: Mapping[str, Signal], kind: str
) -> tuple[Part, Part]:
    """Draw what a row of the shaft holds: nothing, or roof, cabin or floor of the car; and what stands beside it."""
    nothing: Part = ("", "")
    if at is None or abs(level - at) > 1:
        return (" " * _INSIDE, ""), nothing
    if level != at:
        return (_ROOF if level > at else _FLOOR, kind), nothing
    cabin = f"|{_person(signals)}{_leaves(signals)}{_alarm(signals)}|"
    return (cabin, kind), (_way(signals), kind)


def _person(signals: Mapping[str, Signal]) -> str:
    """Show whether somebody is in the car."""
    if "car.occupied" not in signals:
        return " "
    occupied = known(signals, "car.occupied")
    return "?" if occupied is None else "o" if occupied else " "


def _alarm(signals: Mapping[str, Signal]) -> str:
    """Show the alarm button while it is pressed."""
    return "*" if known(signals, "alarm.button") is True else " "


def _leaves(signals: Mapping[str, Signal]) -> str:
    """Draw the door; of two, one that is not closed."""
    fitted = [name for name in DOORS if name in signals]
    if not fitted:
        return _NO_DOOR
    states = [str(known(signals, name)) for name in fitted]
    state = next((state for state in states if state != "closed"), "closed")
    return _LEAVES.get(state, _UNKNOWN_LEAVES)


def _way(signals: Mapping[str, Signal]) -> str:
    """Show where it moves, or that nobody knows where it is."""
    if "car.floor" in signals and known(signals, "car.floor") is None:
        return "??"
    if known(signals, "car.moving") is False:
        return ""
    return _ARROWS.get(str(known(signals, "car.direction")), "")
