"""Lines of a screen, made of coloured parts; Chinese takes two columns a character. Pure but for the colours."""

from collections.abc import Iterable, Sequence

from agent.cli.layout import clean, columns, cut, pad
from agent.cli.screen import paint

Part = tuple[
    str, str
]  # text, and what it means: critical, major, minor, good, dim, bold or nothing
Line = Sequence[Part]


def fit(line: Line, width: int) -> Line:
    """Cut or fill a line to a width."""
    fitted: list[Part] = []
    left = width
    for text, kind in line:
        shown = cut(clean(text), left) if left > 0 else ""
        fitted.append((shown, kind))
        left -= columns(shown)
    return [*fitted, (" " * left, "")]


def cell(text: object, width: int, kind: str = "") -> Part:
    """Make a part of a fixed width."""
    return (pad(cut(clean(str(text)), width), width), kind)


def beside(left: Sequence[Line], left_width: int, right: Sequence[Line]) -> list[Line]:
    """Put two blocks next to each other."""
    rows = max(len(left), len(right))
    filled = [[*block, *[()] * (rows - len(block))] for block in (left, right)]
    return [[*fit(a, left_width), ("  ", ""), *b] for a, b in zip(*filled, strict=True)]


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
