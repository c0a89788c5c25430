"""Which events can be detected with the wired signals, which only in part, and what is missing for the rest."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from agent.monitor.catalog import ENTRIES, Entry, Part
from agent.monitor.limitations import LIMITATIONS, SWITCHED_OFF, Limitation, Site, site_of, words_of
from agent.settings import Settings

State = Literal["full", "partial", "none"]


class Capability(msgspec.Struct, frozen=True):
    """One event on one installation.

    `missing`: for each way that is not possible, the signals any of which it lacks. The notes say in words what cannot be
    told, what is told less well, and which setting is missing.
    """

    code: str
    state: State
    missing: tuple[str, ...]
    note_en: str
    note_zh: str


def capabilities(
    signals: Collection[str], settings: Settings | None = None, *, contact_doors: bool = False
) -> list[Capability]:
    """A capability for each event that watches the elevator, in the catalog's order.

    Without `settings` the limits are the defaults, and what has no default is not configured. `contact_doors`: a profile
    tells of a door no more than a contact would.
    """
    site = site_of(settings, signals, contact_doors=contact_doors)
    return [capability(entry, site) for entry in ENTRIES if not entry.agent]


def is_possible(entry: Entry, signals: Collection[str]) -> bool:
    """Whether an event can be detected at all; one that cannot is never raised."""
    return any(is_fitted(part, signals) for part in entry.parts)


def is_fitted(part: Part, signals: Collection[str]) -> bool:
    """Whether an installation has what one way to detect an event needs."""
    return not lacking(part, signals)


def is_usable(part: Part, site: Site) -> bool:
    """Whether it also has the setting that this way needs."""
    return is_fitted(part, site.signals) and not is_unset(part, site)


def capability(entry: Entry, site: Site) -> Capability:
    """What is possible of one event."""
    off = _applying(SWITCHED_OFF, entry, site)
    if off:
        return _said(entry, "none", (), off, site)
    impossible = [part for part in entry.parts if not is_usable(part, site)]
    missing = _unique(
        name for part in impossible for group in lacking(part, site.signals) for name in group
    )
    if entry.parts and len(impossible) == len(entry.parts):
        return _said(entry, "none", missing, [], site, impossible)
    limited = _applying(LIMITATIONS, entry, site)
    partial = bool(impossible) or any(each.partial for each in limited)
    return _said(entry, "partial" if partial else "full", missing, limited, site, impossible)


def lacking(part: Part, signals: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The groups of which a way has no signal."""
    return tuple(group for group in part.needs if not _has(group, signals))


def is_unset(part: Part, site: Site) -> bool:
    """Whether the setting that a way needs is not configured."""
    return part.setting == "elevator.rated_speed_mm_s" and site.rated_speed_mm_s is None


def _said(
    entry: Entry,
    state: State,
    missing: tuple[str, ...],
    limited: Sequence[Limitation],
    site: Site,
    impossible: Sequence[Part] = (),
) -> Capability:
    words = words_of(site)
    en = [each.en.format(**words) for each in limited]
    zh = [each.zh.format(**words) for each in limited]
    unwired = [part for part in impossible if not is_fitted(part, site.signals)]
    if unwired:
        en.insert(0, "cannot tell: " + "; ".join(part.en for part in unwired))
        zh.insert(0, "无法判断：" + "；".join(part.zh for part in unwired))
    for part in impossible:
        if is_unset(part, site):
            en.append(f"not configured: {part.setting}")
            zh.append(f"未配置：{part.setting}")
    return Capability(entry.code, state, missing, ". ".join(en), "。".join(zh))


def _applying(table: Sequence[Limitation], entry: Entry, site: Site) -> list[Limitation]:
    return [each for each in table if entry.code in each.codes and each.applies(site)]


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
