"""Evidence of a person from a call inside the car, the alarm button, and the load.

Each stands, once seen, until the doors have been open 2 s (a new `boarding`); a source that fails does not end it. A call or
a load that was seen only while the doors closed must still be there when they have.
"""

from itertools import pairwise

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, OPEN
from agent.monitor.terms.term import Term

_MOST_LOWS = 64


class Seen(msgspec.Struct, frozen=True):
    """Whether the source has given evidence in this `boarding`; `shut`: with the doors not on the move.

    `closed_us`: the last full closing.
    """

    boarding: int = 0
    seen: bool = False
    shut: bool = False
    closed_us: int | None = None


NEVER = Seen()


def _seen(memory: Seen, now: bool | None, snapshot: Snapshot) -> Seen:  # noqa: FBT001
    """What a source's word makes of what it has said before; None: it is unknown."""
    values = snapshot.values
    boarding, closed_us = values["boarding"] or 0, values["doors.closed_us"]
    if not _counts(boarding):
        return Seen(boarding, closed_us=closed_us)
    before = memory if memory.boarding == boarding else NEVER
    gone = now is False and not before.shut and closed_us != memory.closed_us
    seen = now is True or (before.seen and not gone)
    shut = before.shut or (now is True and values["doors"] not in (OPEN, BETWEEN))
    after = Seen(boarding, seen, shut, closed_us)
    return memory if after == memory else after


def _call(memory: Seen, snapshot: Snapshot, limits: Limits) -> tuple[Seen, bool, int | None]:
    registered = snapshot.values["car.call_registered"]
    if not limits.car_call_is_evidence or (registered is not True and not memory.seen):
        return memory, False, REST
    after = _seen(memory, registered, snapshot)
    return after, after.seen, None


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
        return memory, False, REST
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

    seen: Seen = NEVER
    load: int | None = None
    lows: tuple[tuple[int, int], ...] = ()


def _load(memory: Load, snapshot: Snapshot, limits: Limits) -> tuple[Load, bool, int | None]:
    """At least 5 % of rated load above the lowest of the last 24 h."""
    at_us, load, lows = snapshot.at_us, snapshot.values["car.load_percent"], memory.lows
    if load is None and memory.load is None and not memory.seen.seen and not lows:
        return memory, False, REST
    oldest_us = at_us - limits.load_memory_us
    if lows and lows[0][1] <= oldest_us:
        lows = tuple(low for low in lows if low[1] > oldest_us)
    if memory.load is not None and load != memory.load:
        lows = _few((*(low for low in lows if low[0] < memory.load), (memory.load, at_us)))
    lowest = lows[0][0] if lows else load
    now = None
    if load is not None and lowest is not None:
        now = load - lowest >= limits.load_step_percent
    seen = _seen(memory.seen, now, snapshot)
    return Load(seen, load, lows), seen.seen, None


def _few(lows: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """At most 64: beyond, the two that are closest become one, the lower until the later.

    Of 65 within 0 to 127 %, two are at most 1 % apart, so that evidence is merely seen that much sooner.
    """
    if len(lows) <= _MOST_LOWS:
        return lows
    gaps = [high[0] - low[0] for low, high in pairwise(lows)]
    at = gaps.index(min(gaps))
    return (*lows[:at], (lows[at][0], lows[at + 1][1]), *lows[at + 2 :])


def _counts(boarding: int) -> bool:
    return not boarding & 1


_DOORS = ("boarding", "doors", "doors.closed_us")
CALL = Term(
    "seen.call",
    ("car.call_registered", *_DOORS),
    _call,
    NEVER,
    Seen,
    bool | None,
    wakes=("car.call_registered",),
)
BUTTON = Term(
    "seen.button",
    ("alarm.button", "doors", "boarding"),
    _button,
    Pressed(),
    Pressed,
    bool | None,
    wakes=("alarm.button",),
)
LOAD = Term(
    "seen.load",
    ("car.load_percent", *_DOORS),
    _load,
    Load(),
    Load,
    bool | None,
    wakes=("car.load_percent",),
)
