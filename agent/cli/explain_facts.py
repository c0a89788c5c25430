"""All that is known of an event on this installation, as `explain --json` prints it. Prints nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.cli.explain_here import Here
from agent.event_numbers import Number, When
from agent.event_texts import EventTexts, limits_of_text
from agent.monitor.capabilities import Capability, capability, is_unset, lacking
from agent.monitor.catalog import Entry, Part
from agent.naming import GB24476
from agent.platforms import Code, Platform


@dataclass(frozen=True)
class Numbering:
    """One number of an event in one vocabulary; `when` the situation, `row` the platform's own words."""

    vocabulary: str
    number: Number | None
    when: When
    row: Code | None = None
    configured: bool = False


@dataclass(frozen=True)
class Way:
    """One way to detect an event here. `wired` None: there is no configuration to tell."""

    part: Part
    wired: bool | None
    missing: tuple[str, ...]
    unset: str


def numbers(entry: Entry, platforms: Sequence[Platform], here: Here) -> list[Numbering]:
    """Its numbers everywhere, one that it has not as None."""
    gb = [Numbering("gb24476", n.number, n.when) for n in GB24476 if n.event == entry.code]
    found = gb or [Numbering("gb24476", None, {})]
    found.append(Numbering("bacnet", entry.bacnet, {}))
    for each in platforms:
        mine = each.name == here.platform
        rows = [row for row in each.codes if row.event == entry.code]
        found += [Numbering(each.name, row.mark, row.when, row, mine) for row in rows]
        if not rows:
            found.append(Numbering(each.name, None, {}, None, mine))
    return found


def ways(entry: Entry, here: Here) -> list[Way]:
    """How it can be detected, and what of that is wired here."""
    return [_way(part, here) for part in entry.parts]


def _way(part: Part, here: Here) -> Way:
    if here.site is None:
        return Way(part, None, (), "")
    missing = tuple(name for group in lacking(part, here.site.signals) for name in group)
    unset = part.setting if is_unset(part, here.site) else ""
    return Way(part, not missing and not unset, missing, unset)


def detection(entry: Entry, here: Here) -> Capability | None:
    """Whether it can be detected here; None for what concerns the agent itself, and without a configuration."""
    return None if entry.agent or here.site is None else capability(entry, here.site)


def brief(entry: Entry, here: Here) -> dict[str, Any]:
    """One line of the list."""
    possible = detection(entry, here)
    return {
        "code": entry.code,
        "severity": entry.severity.value,
        "title": {"en": entry.en, "zh": entry.zh},
        "stop_recommended": entry.stop_recommended,
        "state": None if possible is None else possible.state,
    }


def whole(entry: Entry, here: Here, platforms: Sequence[Platform]) -> dict[str, Any]:
    """One event with everything."""
    en, zh = EventTexts("en", here.limits), EventTexts("zh", here.limits)
    possible = detection(entry, here)
    return {
        **brief(entry, here),
        "means": _both(en.means(entry.code), zh.means(entry.code)),
        "holds": _both(en.holds(entry.code), zh.holds(entry.code)),
        "limits": {key: here.limits[key] for key in limits_of_text(entry.code)},
        "causes": _both(en.causes(entry.code), zh.causes(entry.code)),
        "checks": _both(en.checks(entry.code), zh.checks(entry.code)),
        "ends": _both(en.ends(entry), zh.ends(entry)),
        "muted": None if entry.agent else _both(en.muted(entry), zh.muted(entry)),
        "ways": [_way_facts(way) for way in ways(entry, here)],
        "missing": None if possible is None else possible.missing,
        "note": None if possible is None else _both(possible.note_en, possible.note_zh),
        "codes": [_number_facts(each) for each in numbers(entry, platforms, here)],
    }


def row_facts(platform: Platform, row: Code) -> dict[str, Any]:
    """One row of a platform."""
    return {
        "platform": platform.name,
        "number": row.mark,
        "meaning": _both(row.en, row.zh),
        "event": row.event,
        "when": row.when,
        "source": row.source,
    }


def _way_facts(way: Way) -> Mapping[str, Any]:
    return {
        "en": way.part.en,
        "zh": way.part.zh,
        "needs": way.part.needs,
        "wired": way.wired,
        "missing": way.missing,
        "setting": way.part.setting,
    }


def _number_facts(each: Numbering) -> Mapping[str, Any]:
    return {
        "vocabulary": each.vocabulary,
        "number": each.number,
        "when": each.when,
        "configured": each.configured,
    }


def _both(en: object, zh: object) -> dict[str, object]:
    return {"en": en, "zh": zh}
