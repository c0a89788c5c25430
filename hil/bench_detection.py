"""How well events are detected, for `make bench`: the corpus of labelled stories against its targets."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from hil.measured import Figure, at_least, at_most, plain
from hil.scenarios.corpus import cases
from hil.scenarios.report import Score, scores, together

LATE_MOST_S = 0.5  # beyond the rule


def detection(_: Path) -> Iterator[Figure]:
    """Recall, false raises and lateness for each kind of installation."""
    yield plain("detection: labelled stories", len(cases()), "stories")
    for kind in dict.fromkeys(kind for kind, _ in _scores()):
        total = together(score for (where, _), score in _scores().items() if where == kind)
        yield at_least(f"detection, {kind}: recall", 100 * total.recall, "%", 100)
        yield at_most(f"detection, {kind}: raised though not expected", total.false, "events", 0)
        yield at_most(
            f"detection, {kind}: latest beyond its rule", total.latest_s, "s", LATE_MOST_S
        )


def by_code() -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    """The same for each event in each kind of installation."""
    found: dict[str, dict[str, Mapping[str, float]]] = {}
    for (kind, code), score in sorted(_scores().items()):
        found.setdefault(kind, {})[code] = {
            "expected": score.expected,
            "recall": score.recall,
            "false": score.false,
            "latest_s": round(score.latest_s, 6),
        }
    return found


@cache
def _scores() -> Mapping[tuple[str, str], Score]:
    return scores(cases())
