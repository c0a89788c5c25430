"""A screen as letters in cells, and the least a terminal has to be sent to show the next one. Pure.

A screen of 80×24 is 1,920 letters; over a line of 9600 baud that is two seconds. What changes in half a second is some ten.
"""

from collections.abc import Iterator, Mapping, Sequence

from agent.cli.layout import columns
from agent.cli.parts import Line, fit

Cell = tuple[str, str]  # letter and meaning; the second cell of a wide letter is empty
Row = tuple[Cell, ...]
BLANK: Cell = (" ", "")
_NEAR = 4  # so many cells written again cost less than jumping over them


def rows_of(lines: Sequence[Line], width: int, height: int) -> list[Row]:
    """Lay lines into cells; what does not fit is left out."""
    filled = [*lines[:height], *[()] * (height - len(lines))]
    return [_row(fit(line, width)) for line in filled]


def _row(line: Line) -> Row:
    cells: list[Cell] = []
    for text, kind in line:
        for letter in text:
            match columns(letter):
                case 0 if cells:  # it belongs to the letter before
                    cells[-1] = (cells[-1][0] + letter, cells[-1][1])
                case 2:
                    cells += [(letter, kind), ("", kind)]
                case _:
                    cells.append((letter, kind if letter != " " else ""))
    return tuple(cells)


def patch(before: Sequence[Row], after: Sequence[Row], colours: Mapping[str, str]) -> str:
    """Write what turns one screen into the next of the same size; it ends without a colour."""
    pen = _Pen(colours)
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        for start, end in _spans(old, new):
            pen.write(number, start, new[start:end], blank_after=_blank(new, end))
    return pen.text()


def _blank(row: Row, start: int) -> bool:
    return all(cell == BLANK for cell in row[start:])


def _spans(old: Row, new: Row) -> Iterator[tuple[int, int]]:
    """Give the stretches that differ, in whole letters; near ones are one."""
    start = end = -1
    for column, (one, other) in enumerate(zip(old, new, strict=True)):
        if one == other:
            continue
        if start >= 0 and column - end > _NEAR:
            yield _whole(new, start, end)
            start = -1
        start, end = (column if start < 0 else start), column + 1
    if start >= 0:
        yield _whole(new, start, end)


def _whole(row: Row, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch so that it cuts no wide letter."""
    while start > 0 and not row[start][0]:
        start -= 1
    while end < len(row) and not row[end][0]:
        end += 1
    return start, end


class _Pen:
    """Moves, changes its colour and writes; only what is needed."""

    def __init__(self, colours: Mapping[str, str]) -> None:
        self._colours = colours
        self._written: list[str] = []
        self._place = (-1, -1)
        self._colour = ""

    def write(self, row: int, column: int, cells: Row, *, blank_after: bool) -> None:
        """Write a stretch; where only blanks follow, the rest of the line is wiped instead."""
        kept = len(cells)
        while blank_after and kept and cells[kept - 1] == BLANK:
            kept -= 1
        self._move(row, column)
        for letter, kind in cells[:kept]:
            if letter != " ":  # a blank looks the same in every colour
                self._paint(kind)
            self._written.append(letter)
        self._place = (row, column + kept)
        if kept < len(cells):
            self._written.append("\x1b[K")

    def text(self) -> str:
        """Everything written."""
        self._paint("")
        return "".join(self._written)

    def _move(self, row: int, column: int) -> None:
        at_row, at_column = self._place
        if (row, column) == self._place:
            return
        ahead = row == at_row and column > at_column
        self._written.append(
            f"\x1b[{column - at_column}C" if ahead else f"\x1b[{row + 1};{column + 1}H"
        )

    def _paint(self, kind: str) -> None:
        colour = self._colours.get(kind, "")
        if colour != self._colour:
            reset = "0;" if colour and self._colour else ""
            self._written.append(f"\x1b[{reset}{colour}m")
            self._colour = colour
