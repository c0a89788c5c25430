"""How well events are detected, over the corpus: recall, false raises and lateness, by code and installation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hil.scenarios.corpus import Case, judge


@dataclass
class Score:
    """One code on one kind of installation. `late_s` holds one figure a raise, beyond its rule."""

    expected: int = 0
    raised: int = 0
    false: int = 0
    late_s: list[float] = field(default_factory=list[float])

    @property
    def recall(self) -> float:
        """Which part of what was expected was raised; 1 where nothing was."""
        return self.raised / self.expected if self.expected else 1.0

    @property
    def latest_s(self) -> float:
        """The longest time beyond a rule; 0 where nothing was raised."""
        return max(self.late_s, default=0.0)


def together(scores: Iterable[Score]) -> Score:
    """Several scores as one."""
    total = Score()
    for score in scores:
        total.expected += score.expected
        total.raised += score.raised
        total.false += score.false
        total.late_s += score.late_s
    return total


def scores(cases: Sequence[Case]) -> dict[tuple[str, str], Score]:
    """Play all cases; give the scores by (installation, code)."""
    found: dict[tuple[str, str], Score] = {}
    for case in cases:
        kind, verdict = case.installation.name, judge(case)
        for outcome in verdict.outcomes:
            score = found.setdefault((kind, outcome.label.code), Score())
            score.expected += 1
            if outcome.late_s is not None:
                score.raised += 1
                score.late_s.append(outcome.late_s)
        for event in verdict.false:
            found.setdefault((kind, event.code), Score()).false += 1
    return found


def table(found: dict[tuple[str, str], Score]) -> list[str]:
    """One line a score, for people."""
    head = f"{'installation':<12} {'event':<28} {'expected':>8} {'recall':>7} {'false':>6} {'latest':>8}"
    rows = [
        f"{kind:<12} {code:<28} {score.expected:>8} {score.recall:>7.0%} {score.false:>6}"
        f" {score.latest_s:>7.3f}s"
        for (kind, code), score in sorted(found.items())
    ]
    return [head, *rows]
