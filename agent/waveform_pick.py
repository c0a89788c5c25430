"""Which part of a recording is worth seeing, and which signals. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from agent.model import SECOND_US, Event, Transition

WHOLE_MOST_US = 600 * SECOND_US  # a longer recording is shown around its gravest event
_BEFORE_US, _AFTER_US, _CLEARED_US = 45 * SECOND_US, 60 * SECOND_US, 10 * SECOND_US
_SHORTEST_US = SECOND_US
_DAY_S = 86_400
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,6})?))?")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhd]?)")
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": _DAY_S}


def instant_of(text: str, day_us: int) -> int | None:
    """Read an instant of a recording: `75`, `75s`, `2m` from its beginning, or a time of day, `16:00:35`.

    `day_us` is the time of day at which it begins. None for anything else.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return round(float(span[1]) * _UNITS_S[span[2]] * SECOND_US)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    hours, minutes, seconds = int(clock[1]), int(clock[2]), float(clock[3] or 0)
    if hours > 23 or minutes > 59 or seconds >= 60:
        return None
    asked_us = (hours * 3600 + minutes * 60) * SECOND_US + round(seconds * SECOND_US)
    return (asked_us - day_us) % (_DAY_S * SECOND_US)


def stretch(
    events: Sequence[Event], end_us: int, from_us: int | None, to_us: int | None
) -> tuple[int, int]:
    """From when to when to show: as asked, else all of it, else around the gravest event."""
    start, end = 0, end_us
    if from_us is None and to_us is None and end_us > WHOLE_MOST_US and events:
        start, end = _around(events)
    start = start if from_us is None else min(from_us, end_us)
    end = min(end if to_us is None else to_us, end_us)
    return max(0, start), max(end, start + _SHORTEST_US)


def _around(events: Sequence[Event]) -> tuple[int, int]:
    raises = [each for each in events if each.transition is Transition.RAISED] or events
    gravest = max(raises, key=lambda each: each.severity.rank)  # the first of them
    since_us = gravest.at_us if gravest.since_us is None else gravest.since_us
    ends = (
        each.at_us
        for each in events
        if each.key == gravest.key
        and each.transition is Transition.CLEARED
        and each.at_us >= gravest.at_us
    )
    over_us = next(ends, gravest.at_us)
    until_us = max(gravest.at_us + _AFTER_US, over_us + _CLEARED_US)
    start_us = since_us - _BEFORE_US
    return start_us, min(until_us, start_us + WHOLE_MOST_US)


def signals_shown(
    events: Iterable[Event], changed: Mapping[str, int], most: int
) -> tuple[list[str], int]:
    """Choose at most so many signals: what decided the gravest events, then what changed; and how many that leaves out."""
    names: dict[str, None] = {}
    for event in sorted(events, key=lambda each: -each.severity.rank):
        names |= dict.fromkeys([*event.evidence, *event.unknown])
    known = [name for name in names if name in changed]
    known += [name for name, times in changed.items() if times and name not in names]
    chosen = known or list(changed)
    return chosen[:most], max(0, len(chosen) - most)
