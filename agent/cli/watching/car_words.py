"""The car in words, beside the picture. Pure. Nothing is said of what is not wired; unknown is said aloud."""

from collections.abc import Mapping, Sequence

from agent.cli.parts import Line, Part, cell
from agent.cli.signals import Signal
from agent.cli.texts import Words
from agent.cli.watching.car import DOORS, Trail, known, whole

LABEL = 8
_BAD = "major"
# What a signal's value is called, and what that means; None is unknown.
_Said = Mapping[object, tuple[str, str]]
_ZONE: _Said = {
    True: ("watch.in_zone", ""),
    False: ("watch.outside", _BAD),
    None: ("watch.zone_unknown", _BAD),
}
_MOVING: _Said = {
    True: ("watch.moving", ""),
    False: ("watch.stopped", ""),
    None: ("watch.moving_unknown", _BAD),
}
_OCCUPIED: _Said = {
    True: ("watch.occupied", "bold"),
    False: ("watch.nobody", ""),
    None: ("watch.occupied_unknown", _BAD),
}
_ALARM: _Said = {
    True: ("watch.alarm", "critical"),
    None: ("watch.alarm_unknown", _BAD),
}
_CALL: _Said = {True: ("watch.call", "")}
_LOCKED: _Said = {False: ("watch.unlocked", "critical")}
_VISIT: _Said = {True: ("watch.visit", "bold")}


def car(signals: Mapping[str, Signal], trail: Trail, words: Words) -> list[Line]:
    """Give a line each for place and movement, doors, who is inside, and mode."""
    rows = (
        ("watch.car", [*_landing(signals, trail, words), *_motion(signals, words)]),
        ("watch.doors", _doors(signals, words)),
        ("watch.inside", _inside(signals, words)),
        ("watch.mode", _mode(signals, words)),
    )
    return [labelled(words(label), parts, words) for label, parts in rows if parts]


def labelled(label: str, parts: Sequence[Part], words: Words) -> Line:
    """Set parts behind a label, with commas between."""
    line: list[Part] = [cell(label, LABEL, "dim")]
    for number, part in enumerate(parts):
        line += [(words("watch.comma") if number else "", ""), part]
    return line


def _said(signals: Mapping[str, Signal], name: str, said: _Said, words: Words) -> list[Part]:
    """Say what a table says of a signal's value; nothing where it is not wired."""
    found = said.get(known(signals, name)) if name in signals else None
    return [] if found is None else [(words(found[0]), found[1])]


def _landing(signals: Mapping[str, Signal], trail: Trail, words: Words) -> list[Part]:
    if "car.floor" not in signals:
        return []
    floor, label = whole(signals, "car.floor"), known(signals, "car.floor_label")
    if floor is not None and label is not None:
        return [(words("watch.landing_label", floor=floor, label=label), "bold")]
    if floor is not None:
        return [(words("watch.landing", floor=floor), "bold")]
    if trail.floor is not None:
        return [(words("watch.last", floor=trail.floor), _BAD)]
    return [(words("watch.lost"), _BAD)]


def _motion(signals: Mapping[str, Signal], words: Words) -> list[Part]:
    parts = _said(signals, "car.door_zone", _ZONE, words)
    way = known(signals, "car.direction")
    if way in ("up", "down") and known(signals, "car.moving") is not False:
        parts.append((words(f"watch.moving_{way}"), ""))
    else:
        parts += _said(signals, "car.moving", _MOVING, words)
    if speed := known(signals, "car.speed_mm_s"):
        parts.append((words("watch.speed", value=speed), ""))
    return parts


def _doors(signals: Mapping[str, Signal], words: Words) -> list[Part]:
    parts: list[Part] = []
    for name in (name for name in DOORS if name in signals):
        state = known(signals, name)
        kind = _BAD if state in (None, "fault") else ""
        named = words.known("watch.state", "unknown" if state is None else str(state))
        parts.append((words(f"watch.{name}", state=named), kind))
    return parts + _said(signals, "landing_doors.locked", _LOCKED, words)


def _inside(signals: Mapping[str, Signal], words: Words) -> list[Part]:
    parts = _said(signals, "alarm.button", _ALARM, words)
    parts += _said(signals, "car.occupied", _OCCUPIED, words)
    if "car.load_percent" in signals:
        load = known(signals, "car.load_percent")
        unknown = (words("watch.load_unknown"), _BAD)
        parts.append(unknown if load is None else (words("watch.load", value=load), ""))
    return parts + _said(signals, "car.call_registered", _CALL, words)


def _mode(signals: Mapping[str, Signal], words: Words) -> list[Part]:
    parts: list[Part] = []
    if "car.mode" in signals:
        mode = known(signals, "car.mode")
        named = words.known("watch.mode", "unknown" if mode is None else str(mode))
        parts.append((named, _BAD if mode is None else "" if mode == "normal" else "bold"))
    return parts + _said(signals, "visit.active", _VISIT, words)
