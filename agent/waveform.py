"""Signals over time as one row of characters each. Pure: values in, text out; knows no terminal and no file.

A column is a stretch of time. Within it a signal may have had several values, of which the row shows what a person must not
miss: that a contact went both ways, the highest number, otherwise the last value.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from agent.model import Quality, Reading, Value
from agent.signals import DOOR_STATES, Kind, signal_for

_COLUMN_MOST = 8  # values remembered of one column; beside them the last and the highest stay


class Axis(msgspec.Struct, frozen=True):
    """A stretch of a recording's time, from `from_us` to `to_us`, in so many columns."""

    from_us: int
    to_us: int
    columns: int

    def column(self, at_us: int) -> int:
        """Where an instant of the stretch stands; its end belongs to the last column."""
        span_us = max(1, self.to_us - self.from_us)
        return min((at_us - self.from_us) * self.columns // span_us, self.columns - 1)


class Glyphs(msgspec.Struct, frozen=True):
    """The characters of a row. `steps` are a number's, from the lowest to the highest."""

    low: str
    high: str
    both: str
    unknown: str
    steps: str
    arrows: Mapping[str, str]
    dash: str = "-"


_DOORS = {"opening": "/", "closing": "\\", "stopped": "s", "fault": "!", "not_closed": "n"}
BLOCKS = Glyphs(
    low="▁", high="█", both="▄", unknown="·", steps="▁▂▃▄▅▆▇█",
    arrows={"none": "-", "up": "↑", "down": "↓"}, dash="–",
)  # fmt: skip
ASCII = Glyphs(
    low="_", high="#", both="|", unknown="?", steps="_.:-=+*#",
    arrows={"none": "-", "up": "^", "down": "v"},
)  # fmt: skip


class Row(msgspec.Struct, frozen=True):
    """A signal's row, and what its characters mean: the ends of a scale, or letter and word."""

    signal: str
    text: str
    scale: tuple[Value, Value] | None = None
    letters: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


Column = list[Value | None]


class Traces:
    """What signals did along an axis; None is unknown. Changes come in rising time, also those before the axis."""

    def __init__(self, signals: Iterable[str], axis: Axis) -> None:
        self.axis = axis
        self._held: dict[str, Value | None] = dict.fromkeys(signals)
        self._columns: dict[str, list[Column]] = {name: [] for name in self._held}
        self.changed: dict[str, int] = dict.fromkeys(self._held, 0)

    def take(self, at_us: int, readings: Iterable[Reading]) -> None:
        """Follow one batch."""
        if at_us > self.axis.to_us:
            return
        for reading in readings:
            if reading.signal in self._held:
                self._change(at_us, reading)

    def columns(self, signal: str) -> list[Column]:
        """Each column's values, in the order in which they came."""
        self._fill(signal, self.axis.columns)
        return self._columns[signal]

    def _change(self, at_us: int, reading: Reading) -> None:
        name = reading.signal
        value = reading.value if reading.quality is Quality.GOOD else None
        if at_us >= self.axis.from_us:
            self._fill(name, self.axis.column(at_us) + 1)
            if at_us == self.axis.from_us:  # what stands at the beginning has not changed
                self._columns[name][-1].clear()
            elif value != self._held[name]:
                self.changed[name] += 1
            _note(self._columns[name][-1], value)
        self._held[name] = value

    def _fill(self, name: str, columns: int) -> None:
        """The value held goes on up to a column."""
        done = self._columns[name]
        done.extend([self._held[name]] for _ in range(columns - len(done)))


def _note(column: Column, value: Value | None) -> None:
    if value in column:
        column.remove(value)
    elif len(column) >= _COLUMN_MOST:
        numbers = [each for each in column if isinstance(each, (int, float))]
        highest = max(numbers, default=None)
        column.remove(next(each for each in column if each is None or each != highest))
    column.append(value)


def row_of(signal: str, columns: Sequence[Column], glyphs: Glyphs) -> Row:
    """Draw one signal."""
    known = signal_for(signal)
    assert known is not None, signal
    match known.kind:
        case Kind.BOOL:
            return Row(signal, "".join(_two(each, {False}, {True}, {}, glyphs) for each in columns))
        case Kind.INT | Kind.FLOAT:
            return _numbers(signal, columns, glyphs)
        case Kind.TEXT:
            return Row(signal, _labels(columns, glyphs))
        case _:
            return _enumeration(signal, columns, glyphs)


def _enumeration(signal: str, columns: Sequence[Column], glyphs: Glyphs) -> Row:
    if signal.startswith("door."):
        text = (_two(each, {"closed"}, {"open"}, _DOORS, glyphs) for each in columns)
        used = {state for each in columns for state in each if state in DOOR_STATES}
        return Row(signal, "".join(text), letters={g: n for n, g in _DOORS.items() if n in used})
    values = dict.fromkeys(str(v) for each in columns for v in each if v is not None)
    letters = glyphs.arrows if signal == "car.direction" else _letters(values)
    text = (glyphs.unknown if each[-1] is None else letters[str(each[-1])] for each in columns)
    return Row(signal, "".join(text), letters={letters[name]: name for name in values})


def _two(
    column: Column,
    low: set[Value],
    high: set[Value],
    others: Mapping[str, str],
    glyphs: Glyphs,
) -> str:
    """One column of what has two ends, and maybe something in between."""
    seen, last = {each for each in column if each is not None}, column[-1]
    if seen & low and seen & high:
        return glyphs.both
    if last is None:
        return glyphs.unknown
    if last in low:
        return glyphs.low
    return glyphs.high if last in high else others[str(last)]


def _numbers(signal: str, columns: Sequence[Column], glyphs: Glyphs) -> Row:
    tops = [
        max((each for each in column if isinstance(each, (int, float))), default=None)
        for column in columns
    ]
    known = [each for each in tops if each is not None]
    if not known:
        return Row(signal, glyphs.unknown * len(columns))
    least, most = min(known), max(known)
    span, steps = (most - least) or 1, len(glyphs.steps) - 1
    text = (
        glyphs.unknown if top is None else glyphs.steps[round((top - least) / span * steps)]
        for top in tops
    )
    return Row(signal, "".join(text), scale=(least, most))


def _labels(columns: Sequence[Column], glyphs: Glyphs) -> str:
    """A text stands where it begins, as far as there is room before the next one."""
    text, before = "", object()
    rest = ""
    for column in columns:
        value = column[-1]
        if value != before:
            rest = "" if value is None else f"{value} "
        before = value
        text += glyphs.unknown if value is None else (rest[:1] or " ")
        rest = rest[1:]
    return text


def _letters(values: Iterable[str]) -> dict[str, str]:
    """A letter for each word: its own first that is still free, else a number."""
    letters: dict[str, str] = {}
    for word in values:
        free = [each for each in word.upper() + "0123456789" if each.isalnum()]
        letters[word] = next(each for each in free if each not in letters.values())
    return letters
