"""Evidence of a person from a call inside the car, the alarm button, and the load.

Each stands, once seen, until the doors have been open 2 s (a new `boarding`); a source that fails does not end it.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import OPEN
from agent.monitor.terms.term import Term


class Seen(msgspec.Struct, frozen=True):
    """Whether the source has given evidence in this `boarding`."""

    boarding: int = 0
    seen: bool = False


def _call(memory: Seen, snapshot: Snapshot, limits: Limits) -> tuple[Seen, bool, None]:
    boarding = snapshot.values["boarding"] or 0
    pending = snapshot.values["car.call_registered"] is True and limits.car_call_is_evidence
    seen = _counts(boarding) and (pending or (memory.seen and memory.boarding == boarding))
    if seen == memory.seen and boarding == memory.boarding:
        return memory, seen, None
    return Seen(boarding, seen), seen, None


class Pressed(msgspec.Struct, frozen=True):
    """The alarm button as evidence; `pressed_us` is when the present press began, None while released."""

    boarding: int = 0
    seen: bool = False
    pressed_us: int | None = None


def _button(
    memory: Pressed, snapshot: Snapshot, limits: Limits
) -> tuple[Pressed, bool, int | None]:
    """Pressed while the doors were not open, and held no longer than 10 min: longer is a stuck button."""
    boarding, at_us = snapshot.values["boarding"] or 0, snapshot.at_us
    pressed = snapshot.values["alarm.button"]
    if pressed is not True and memory.pressed_us is None and not memory.seen:
        return memory, False, None
    pressed_us = memory.pressed_us
    if pressed is True and pressed_us is None:
        pressed_us = at_us
    elif pressed is False:
        pressed_us = None
    stuck_us = None
    if pressed is True and pressed_us is not None:
        stuck_us = pressed_us + limits.button_stuck_us
    stuck = stuck_us is not None and at_us >= stuck_us
    now = pressed is True and snapshot.values["doors"] != OPEN
    kept = memory.seen and memory.boarding == boarding
    seen = _counts(boarding) and (now or kept) and not stuck
    due_us = stuck_us if seen and not stuck else None
    return Pressed(boarding, seen, pressed_us), seen, due_us


class Load(msgspec.Struct, frozen=True):
    """Load as evidence. `lows` are (percent, until when it was so): rising percent, the last 24 h."""

    boarding: int = 0
    seen: bool = False
    load: int | None = None
    lows: tuple[tuple[int, int], ...] = ()


def _load(memory: Load, snapshot: Snapshot, limits: Limits) -> tuple[Load, bool, None]:
    """At least 5 % of rated load above the lowest of the last 24 h."""
    boarding, at_us = snapshot.values["boarding"] or 0, snapshot.at_us
    load = snapshot.values["car.load_percent"]
    lows = memory.lows
    if load is None and memory.load is None and not memory.seen and not lows:
        return memory, False, None
    oldest_us = at_us - limits.load_memory_us
    if lows and lows[0][1] <= oldest_us:
        lows = tuple(low for low in lows if low[1] > oldest_us)
    if memory.load is not None and load != memory.load:
        lows = (*(low for low in lows if low[0] < memory.load), (memory.load, at_us))
    lowest = min((low[0] for low in lows), default=load)
    now = load is not None and lowest is not None and load - lowest >= limits.load_step_percent
    seen = _counts(boarding) and (now or (memory.seen and memory.boarding == boarding))
    return Load(boarding, seen, load, lows), seen, None


def _counts(boarding: int) -> bool:
    return not boarding & 1


CALL = Term("seen.call", ("car.call_registered", "boarding"), _call, Seen(), Seen, bool | None)
BUTTON = Term(
    "seen.button", ("alarm.button", "doors", "boarding"), _button, Pressed(), Pressed, bool | None
)
LOAD = Term("seen.load", ("car.load_percent", "boarding"), _load, Load(), Load, bool | None)
