"""What is known now: every signal and every term with its value, or None for unknown, and since when."""

from collections.abc import Iterable
from typing import Any

from agent.model import Fact, Quality

_GOOD = Quality.GOOD  # bound once for the hot path


class Snapshot:
    """The board the rules read. Only the monitor writes it.

    `values` maps a signal, or a term (a fact derived from signals, such as `doors`), to its value; None is unknown or
    not fitted. `since_us` says when that value began. `lost` are signals whose source said that it has no good value; a
    signal that never spoke is unknown but not lost. `fitted` are the wired signals.
    """

    __slots__ = ("at_us", "fitted", "lost", "since_us", "values")

    def __init__(self, names: Iterable[str], fitted: Iterable[str], start_us: int) -> None:
        self.at_us = start_us
        self.fitted = frozenset(fitted)
        # Any: the table of signals and each term's own file give the type; rules compare with `is True`, `==`.
        self.values: dict[str, Any] = dict.fromkeys(names)
        self.since_us: dict[str, int] = dict.fromkeys(self.values, start_us)
        self.lost: set[str] = set()

    def set_signal(self, name: str, value: object, quality: Quality) -> tuple[bool, bool]:
        """Take over one reading; says whether the value changed and whether the quality did."""
        if quality is _GOOD:
            requalified = bool(self.lost) and name in self.lost
            if requalified:
                self.lost.discard(name)
        else:
            value = None
            requalified = name not in self.lost
            if requalified:
                self.lost.add(name)
        if self.values[name] == value:
            return False, requalified
        self.values[name] = value
        self.since_us[name] = self.at_us
        return True, requalified

    def facts(self, names: Iterable[str]) -> tuple[dict[str, Fact], tuple[str, ...]]:
        """Evidence: of the named signals that are fitted, the known ones as facts and the names of the unknown ones."""
        known: dict[str, Fact] = {}
        unknown: list[str] = []
        for name in names:
            if name not in self.fitted:
                continue
            value = self.values[name]
            if value is None:
                unknown.append(name)
            else:
                known[name] = Fact(value, self.since_us[name])
        return known, tuple(unknown)
