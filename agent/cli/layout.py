"""Text on a screen of so many columns: Chinese takes two a character; foreign text obeys nobody."""

import unicodedata
from collections.abc import Sequence

_NEVER_FIRST = "，。、；：？！）》”…"  # on a line


def clean(text: str) -> str:
    """Replace what a terminal would obey instead of show."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def columns(text: str) -> int:
    """Count the columns a text takes."""
    return sum(_columns(letter) for letter in text)


def cut(text: str, width: int) -> str:
    """Shorten a text to a width, with an ellipsis when something is missing."""
    if columns(text) <= width:
        return text
    kept, used = "", 0
    for letter in text:
        used += _columns(letter)
        if used > width - 1:
            break
        kept += letter
    return kept + "…"


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """Break a text into lines of at most `width` columns and an indent; Chinese breaks anywhere."""
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if line and columns(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += word
    return [indent + each for each in (*lines, line.rstrip())]


def folded(text: str, width: int) -> list[str]:
    """Break every line that is wider than `width`; what follows keeps the line's indent."""
    lines: list[str] = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        fits = columns(line) <= width
        lines += [line] if fits else wrapped(line.lstrip(), width - len(indent), indent)
    return lines


def pad(text: str, width: int) -> str:
    """Fill a text with blanks up to a width."""
    return text + " " * (width - columns(text))


def aligned(rows: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Set rows of cells below each other."""
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        gap.join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def age(seconds: float | None) -> str:
    """Write a span of time in two units at most: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def _words(text: str) -> list[str]:
    """Cut a text where a line may end: behind blanks and behind wide letters."""
    words = [""]
    for letter in text:
        if letter in _NEVER_FIRST and len(words) > 1 and not words[-1]:
            words.pop()  # it stays with what it closes
        words[-1] += letter
        if letter == " " or _columns(letter) == 2:
            words.append("")
    return words


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
