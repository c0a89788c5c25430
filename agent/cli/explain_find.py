"""Which event a person means: our code or title, or a platform's number. Prints nothing."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.monitor.catalog import CATALOG, ENTRIES
from agent.platforms import Code, Platform


@dataclass(frozen=True)
class Found:
    """`codes` of events to explain; `rows` are what a platform says of the number that was asked for."""

    codes: tuple[str, ...] = ()
    rows: tuple[tuple[Platform, Code], ...] = ()
    near: tuple[str, ...] = field(default=())


def find(text: str, platforms: Mapping[str, Platform], chosen: str | None) -> Found:
    """Find what a person means; nothing but `near` where it cannot be told.

    With a `chosen` platform a number is its own; otherwise that of every platform that has it.
    """
    code = _code(text)
    if code is not None:
        return Found((code,))
    asked = platforms.values() if chosen is None else [platforms[chosen]]
    rows = tuple((p, row) for p in asked for row in p.codes if _is_mark(row, text))
    if rows:
        events = (row.event for _, row in rows if row.event is not None)
        return Found(tuple(dict.fromkeys(events)), rows)
    return Found(near=_near(text))


def is_number(text: str) -> bool:
    """Whether a platform's number was meant."""
    return text.strip().isascii() and text.strip().isdigit()


def meanings(rows: Sequence[tuple[Platform, Code]]) -> dict[str, set[str | None]]:
    """What each platform's rows are about, by the platform's name."""
    told: dict[str, set[str | None]] = {}
    for platform, row in rows:
        told.setdefault(platform.name, set()).add(row.event)
    return told


def _code(text: str) -> str | None:
    code = text.strip().lower().replace("-", "_").replace(" ", "_")
    if code in CATALOG:
        return code
    wanted = text.strip().casefold()
    return next((e.code for e in ENTRIES if wanted in (e.en.casefold(), e.zh)), None)


def _is_mark(row: Code, text: str) -> bool:
    wanted = text.strip()
    if isinstance(row.mark, int):
        return is_number(wanted) and len(wanted) <= 9 and int(wanted) == row.mark
    return wanted.casefold() == row.mark.casefold()


def _near(text: str) -> tuple[str, ...]:
    """The codes most like it, by their code or either title; at most three."""
    wanted = text.strip()[:64].lower()
    names = {entry.code: entry.code for entry in ENTRIES}
    names |= {entry.en.lower(): entry.code for entry in ENTRIES}
    names |= {entry.zh: entry.code for entry in ENTRIES}
    close = difflib.get_close_matches(wanted.replace("-", "_"), names, n=3, cutoff=0.55)
    inside = [code for name, code in names.items() if len(wanted) > 1 and wanted in name]
    return tuple(dict.fromkeys([*(names[name] for name in close), *inside]))[:3]
