"""Which events can be detected with the wired signals, which only in part, and what is missing for the rest."""

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from agent.monitor.catalog import ENTRIES, Entry, Part


class Capability(msgspec.Struct, frozen=True):
    """One event on one installation. `missing`: for each way that is not possible, the signals any of which it lacks."""

    code: str
    state: Literal["full", "partial", "none"]
    missing: tuple[str, ...]
    note_en: str
    note_zh: str


def capabilities(signals: Collection[str]) -> list[Capability]:
    """A capability for each event that watches the elevator, in the catalog's order."""
    return [_capability(entry, signals) for entry in ENTRIES if not entry.agent]


def is_possible(entry: Entry, signals: Collection[str]) -> bool:
    """Whether an event can be detected at all; one that cannot is never raised."""
    return any(is_fitted(part, signals) for part in entry.parts)


def is_fitted(part: Part, signals: Collection[str]) -> bool:
    """Whether an installation has what one way to detect an event needs."""
    return not _lacking(part, signals)


def _capability(entry: Entry, signals: Collection[str]) -> Capability:
    lacking = {part: _lacking(part, signals) for part in entry.parts}
    impossible = [part for part in entry.parts if lacking[part]]
    if not impossible:
        return Capability(entry.code, "full", (), "", "")
    missing = _unique(name for part in impossible for group in lacking[part] for name in group)
    state: Literal["partial", "none"] = "none" if len(impossible) == len(entry.parts) else "partial"
    return Capability(
        entry.code,
        state,
        missing,
        "cannot tell: " + "; ".join(part.en for part in impossible),
        "无法判断:" + "；".join(part.zh for part in impossible),
    )


def _lacking(part: Part, signals: Collection[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(group for group in part.needs if not _has(group, signals))


def _has(group: tuple[str, ...], signals: Collection[str]) -> bool:
    if group == ("<driver>",):
        return bool(signals)
    return any(_fitted(name, signals) for name in group)


def _fitted(name: str, signals: Collection[str]) -> bool:
    if name.endswith(".*"):
        return any(signal.startswith(name[:-1]) for signal in signals)
    return name in signals


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
