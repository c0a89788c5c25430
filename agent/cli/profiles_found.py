"""Which controller profiles there are, broken ones included, and one of them as JSON. Prints nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.drivers.profiles import (
    Profile,
    ProfileProblems,
    find_profile,
    load_profile,
    profile_names,
)
from agent.drivers.registers import Point
from agent.drivers.validity import Validity


@dataclass(frozen=True, slots=True)
class Found:
    """One profile's file: `profile`, or what is wrong with it; `hides` are files of the same name."""

    name: str
    file: Path
    hides: tuple[Path, ...]
    profile: Profile | None
    problems: tuple[str, ...] = ()


def found_profiles(folders: Sequence[Path]) -> list[Found]:
    """Find all profiles, by name."""
    return [each for name in profile_names(folders) if (each := found(name, folders)) is not None]


def found(name: str, folders: Sequence[Path]) -> Found | None:
    """Find one profile as the service would: the first folder that has it wins."""
    files = [path for folder in folders if (path := find_profile(name, [folder])) is not None]
    if not files:
        return None
    file = files[0]
    hides = tuple(other for other in files[1:] if not other.samefile(file))
    try:
        return Found(name, file, hides, load_profile(file))
    except ProfileProblems as wrong:
        return Found(name, file, hides, None, wrong.problems)


def brief(each: Found) -> dict[str, Any]:
    """Give one line of the list as JSON."""
    where = {"name": each.name, "file": str(each.file), "hides": [str(one) for one in each.hides]}
    if each.profile is None:
        return {**where, "valid": False, "problems": each.problems}
    profile = each.profile
    return {
        **where,
        "valid": True,
        "problems": [],
        "title": profile.title,
        "framing": profile.framing,
        "signals": [point.signal for point in profile.points],
        "verified": len(profile.verified),
        "uncertain": len(profile.uncertain),
    }


def whole(each: Found) -> dict[str, Any]:
    """Give all of one profile as JSON."""
    if each.profile is None:
        return brief(each)
    profile = each.profile
    return {
        **brief(each),
        "source": profile.source,
        "verified": profile.verified,
        "uncertain": profile.uncertain,
        "protocol": _protocol(profile),
        "valid_when": _valid_when(profile.limits.valid),
        "points": [point_of(point) for point in profile.points],
    }


def _protocol(profile: Profile) -> dict[str, Any]:
    limits = profile.limits
    readable = {
        table.value: [[span.start, span.stop - 1] for span in spans]
        for table, spans in limits.readable.items()
    }
    return {
        "readable": readable,
        "max_registers": limits.max_registers,
        "max_bits": limits.max_bits,
        "max_gap": limits.max_gap,
        "answer_max_ms": profile.answer_max_us // 1000,
        "pause_ms": profile.pause_us // 1000,
    }


def _valid_when(valid: Validity | None) -> dict[str, Any] | None:
    if valid is None:
        return None
    return {
        "table": valid.table.value,
        "address": valid.address,
        "equals": valid.equals,
        "otherwise": valid.otherwise,
    }


def point_of(point: Point) -> dict[str, Any]:
    """Give one point as JSON: `layout` and `meaning` are short texts."""
    return {
        "signal": point.signal,
        "table": point.table.value,
        "address": point.address,
        "layout": layout_of(point),
        "meaning": meaning_of(point),
        "every_ms": None if point.every_us is None else point.every_us // 1000,
        "source": point.source,
    }


def layout_of(point: Point) -> str:
    """Say which part of the register it takes."""
    if point.table.is_bits:
        return "bit"
    if point.any_of is not None:
        return f"any of {point.any_of} registers"
    if point.bits is not None:
        first, last = point.bits
        return f"bit {first}" if first == last else f"bits {first}-{last}"
    if point.type.width_bits == 8:
        return f"{point.type.value} {'high' if point.high_byte else 'low'} byte"
    if point.type.width_bits == 32:
        return f"{point.type.value} {'high' if point.high_word_first else 'low'} word first"
    return point.type.value


def meaning_of(point: Point) -> str:
    """Say what its number means: the values by number, or the arithmetic."""
    if point.values is not None:
        return ", ".join(f"{raw} = {_written(value)}" for raw, value in point.values.items())
    parts = ["inverted"] if point.invert else []
    parts += [f"from {point.negative_from} on negative"] if point.negative_from is not None else []
    parts += [f"÷ {point.divide}"] if point.divide != 1 else []
    parts += [f"× {point.scale:g}"] if point.scale != 1 else []
    parts += [f"+ {point.offset:g}"] if point.offset else []
    parts += [f"at least {point.least:g}"] if point.least is not None else []
    parts += [f"at most {point.most:g}"] if point.most is not None else []
    parts += [f"not {raw}" for raw in sorted(point.sentinels)]
    return ", ".join(parts)


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
