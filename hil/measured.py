"""One measured figure beside its target, and how a sample is summed up. Knows nothing of what is measured."""

import math
from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """`met` is None where there is no target, or none for this machine."""

    what: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None


def at_most(what: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that should stay at or below a limit."""
    return Figure(what, round(value, 3), unit, f"≤ {limit:g}", value <= limit)


def at_least(what: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that should reach a limit."""
    return Figure(what, round(value, 3), unit, f"≥ {limit:g}", value >= limit)


def plain(what: str, value: float, unit: str) -> Figure:
    """A figure others are compared with."""
    return Figure(what, round(value, 3), unit)


def share(sample: Sequence[float], part: float) -> float:
    """The value that this part of a sample does not exceed."""
    ordered = sorted(sample)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
