"""The whole screen of the demonstration as one text; Chinese takes two columns a character. Pure but for the colours."""

from collections.abc import Iterable, Sequence

from agent.cli.layout import columns
from agent.cli.parts import Line, Part, fit
from agent.cli.screen import paint


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines, at blanks where there are any."""
    lines, line = [], ""
    for letter in text:
        if columns(line + letter) > width:
            head, blank, tail = line.rpartition(" ")
            lines.append(head if blank else line)
            line = tail if blank else ""
        line += letter
    return [*lines, line]


def page(lines: Sequence[Line], last: Line, width: int, height: int) -> str:
    """Write a whole screen; when it is too low, the last line stays."""
    rows = [*lines[: max(0, height - 1)], last]
    return "\x1b[H" + "\x1b[K\n".join(_row(row, width) for row in rows) + "\x1b[J"


def _row(line: Line, width: int) -> str:
    # The last column stays free: some terminals begin a new line after it.
    return "".join(paint(text, kind) for text, kind in _trimmed(fit(line, width - 1)))


def _trimmed(line: Line) -> Iterable[Part]:
    return [part for part in line if part[0]]
