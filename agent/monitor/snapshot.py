"""What is known now: every signal and every term with its value, or None for unknown, and since when."""

from collections.abc import Iterable
from typing import Any

from agent.model import Fact, Quality

_GOOD = Quality.GOOD  # bound once for the hot path


class Snapshot:
    """The board the rules read. Only the monitor writes it.

    `values` maps a signal, or a term (a fact derived from signals, such as `doors`), to its value; None is unknown or
    not fitted. `since_us` says when that value began. `lost` are signals whose source said that it has no good value; a
    signal that never spoke is unknown but not lost. `last_known` holds value and beginning of what is unknown now.
    """

    __slots__ = ("at_us", "fitted", "last_known", "lost", "since_us", "values")

    def __init__(self, names: Iterable[str], fitted: Iterable[str], start_us: int) -> None:
        self.at_us = start_us
        self.fitted = frozenset(fitted)
        # Any: the table of signals and each term's own file give the type; rules compare with `is True`, `==`.
        self.values: dict[str, Any] = dict.fromkeys(names)
        self.since_us: dict[str, int] = dict.fromkeys(self.values, start_us)
        self.lost: set[str] = set()
        self.last_known: dict[str, tuple[Any, int]] = {}

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
        self.put(name, value)
        return True, requalified

    def put(self, name: str, value: Any) -> None:  # noqa: ANN401 - as in `values`
        """Give a signal or a term a new value; what it was stays as last known when it becomes unknown."""
        if value is None:
            self.last_known[name] = (self.values[name], self.since_us[name])
        self.values[name] = value
        self.since_us[name] = self.at_us

    def last(self, name: str) -> Any:  # noqa: ANN401 - as in `values`
        """The value, or while it is unknown the last that was known; None when there never was one."""
        value = self.values[name]
        return self.last_known.get(name, (None, 0))[0] if value is None else value

    def facts(
        self, names: Iterable[str], *, last_known: bool = False
    ) -> tuple[dict[str, Fact], tuple[str, ...]]:
        """Evidence: of the named signals that are fitted, the known ones as facts and the names of the unknown ones.

        With `last_known`, what an unknown one was before is a fact too, marked so.
        """
        known: dict[str, Fact] = {}
        unknown: list[str] = []
        for name in names:
            if name not in self.fitted:
                continue
            value = self.values[name]
            if value is not None:
                known[name] = Fact(value, self.since_us[name])
                continue
            unknown.append(name)
            if last_known and name in self.last_known:
                known[name] = Fact(*self.last_known[name], last_known=True)
        return known, tuple(unknown)
