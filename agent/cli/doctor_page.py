"""The findings as lines for a person at 80 columns, and as the document that `--json` prints. Pure but for colour."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent.cli import screen
from agent.cli.layout import clean, columns, cut, pad, wrapped
from agent.cli.texts import Words
from agent.config_problem import Say
from agent.doctor.examine import by_gravity
from agent.doctor.finding import Finding, Verdict
from agent.doctor.table import CHECKS

WIDTH = 80
_INDENT = "    "
_MARK = 8  # columns of the verdict
_COLOUR = {
    Verdict.FAILED: "critical",
    Verdict.WARNING: "minor",
    Verdict.UNKNOWN: "dim",
    Verdict.FINE: "good",
}
_TITLES = {check.id: check.title for check in CHECKS}


def page(found: Sequence[Finding], seconds: float, words: Words) -> list[str]:
    """Give the screen's lines: what is to be done first, each fine check on one line, then the sum."""
    lines: list[str] = []
    for finding in by_gravity(found):
        if finding.verdict in {Verdict.FAILED, Verdict.WARNING}:
            lines += [*_long(finding, words), ""]
        else:
            lines += _short(finding, words)
    counts = Counter(finding.verdict for finding in found)
    told = {verdict.value: counts[verdict] for verdict in Verdict}
    return [*lines, "", words("doctor.summary", seconds=seconds, **told)]


def _long(finding: Finding, words: Words) -> list[str]:
    lines = _head(finding, words)
    lines += _wrapped(finding.measured, words)
    lines += _wrapped(finding.meaning, words)
    if finding.step is not None:
        label = words("doctor.next")
        step = Say(label + finding.step.en, label + finding.step.zh)
        lines += [screen.paint(line, "bold") for line in _wrapped(step, words)]
    return lines


def _head(finding: Finding, words: Words) -> list[str]:
    return _marked(finding, f"  [{finding.check}: {finding.cause}]", words)


def _marked(finding: Finding, rest: str, words: Words) -> list[str]:
    """Verdict, title and subject. A terminal's line ends at its edge; a file or another program gets the whole of it."""
    mark = pad(words(f"doctor.{finding.verdict}"), _MARK)
    title = _TITLES[finding.check].in_(words.lang)
    subject = f" {finding.subject}" if finding.subject else ""
    text, room = clean(f"{title}{subject}{rest}"), WIDTH - _MARK
    first, *more = [cut(text, room)] if screen.is_terminal() else _broken(text, room)
    return [
        screen.paint(mark, _COLOUR[finding.verdict]) + first,
        *(" " * _MARK + each for each in more),
    ]


def _wrapped(say: Say, words: Words) -> list[str]:
    text = clean(" ".join(say.in_(words.lang).split()))
    room = WIDTH - len(_INDENT)
    lines = wrapped(text, room, "") if screen.is_terminal() else _broken(text, room)
    return [_INDENT + cut(line, room) for line in lines if line.strip()]


def _broken(text: str, room: int) -> list[str]:
    """Lines of at most so many columns without leaving out anything: what is longer than a line goes on in the next."""
    lines = [""]
    for line in wrapped(text, room, ""):
        lines.append("")
        for letter in line:
            if columns(lines[-1] + letter) > room:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]


def _short(finding: Finding, words: Words) -> list[str]:
    """One line on a terminal; what is unknown says below it what it means, for that is the point of it."""
    lines = _marked(finding, f"  {finding.measured.in_(words.lang)}", words)
    if finding.verdict is Verdict.UNKNOWN:
        step = finding.step
        lines += _wrapped(finding.meaning, words)
        lines += (
            []
            if step is None
            else _wrapped(
                Say(f"{words('doctor.next')}{step.en}", f"{words('doctor.next')}{step.zh}"), words
            )
        )
    return lines


def document(found: Sequence[Finding], file: str, *, running: bool, took_ms: int) -> dict[str, Any]:
    """Give the findings as `--json` prints them; stable."""
    counts = Counter(finding.verdict for finding in found)
    return {
        "doctor": 1,
        "file": file,
        "service": running,
        "took_ms": took_ms,
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "findings": [
            {
                "check": finding.check,
                "subject": finding.subject,
                "verdict": finding.verdict.value,
                "cause": finding.cause,
                "measured": _both(finding.measured),
                "meaning": _both(finding.meaning),
                "next": None if finding.step is None else _both(finding.step),
            }
            for finding in by_gravity(found)
        ],
    }


def _both(say: Say) -> dict[str, str]:
    return {"en": say.en, "zh": say.zh}
