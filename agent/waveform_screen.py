"""A stretch of a recording as a screen of text: times, the events' marks, a row a signal, what the signs mean. Pure."""

from collections.abc import Callable, Sequence

from agent.model import SECOND_US, Event
from agent.waveform import Axis, Glyphs, Row

NARROWEST, USUAL, WIDEST = 40, 80, 400
MARKS = "123456789abcdefghijklmnopqrstuvwxyz"
_MANY = "*"  # an event beyond those there are marks for
_LABEL_MOST = 22
_TICK_APART = 10  # columns; a time of day takes eight
_MARK_LINES = 4
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_DAY_S = 86_400

Say = Callable[..., str]


def label_width(signals: Sequence[str]) -> int:
    """Columns that the names take, with the blank behind them."""
    return min(max((len(name) for name in signals), default=0), _LABEL_MOST) + 1


def screen(  # noqa: PLR0913, PLR0917 - what is drawn, and with what
    rows: Sequence[Row],
    events: Sequence[Event],
    axis: Axis,
    day_us: int,
    label: int,
    glyphs: Glyphs,
    say: Say,
) -> list[str]:
    """Put everything together; `day_us` is the time of day at the recording's t = 0, `label` the names' columns."""
    times, ticks = _times(axis, day_us)
    marks = [_line("", each, label) for each in _marks(events, axis)]
    body = [_line(_cut(row.signal, label - 1), row.text, label) for row in rows]
    return [
        _line("", times, label),
        _line("", ticks, label),
        *marks,
        *body,
        *_legend(rows, glyphs, say),
    ]


def mark_of(index: int) -> str:
    """The mark of an event by its place in the list."""
    return MARKS[index] if index < len(MARKS) else _MANY


def _line(label: str, text: str, width: int) -> str:
    return f"{label:<{width}}{text}".rstrip()


def _cut(name: str, width: int) -> str:
    """A long name keeps its end, which tells it from its neighbours."""
    return name if len(name) <= width else "~" + name[-(width - 1) :]


def _times(axis: Axis, day_us: int) -> tuple[str, str]:
    """Times of day at round instants, and a stroke below each."""
    times, ticks = [" "] * (axis.columns + 10), [" "] * axis.columns
    step_us = _step_s(axis) * SECOND_US
    first_us = -(-(axis.from_us + day_us) // step_us) * step_us - day_us
    free = 0
    for at_us in range(first_us, axis.to_us + 1, step_us):
        column = axis.column(at_us)
        text = _clock(day_us + at_us)
        if column < free or column + len(text) > axis.columns:
            continue
        times[column : column + len(text)] = text
        ticks[column] = "|"
        free = column + len(text) + 1
    return "".join(times).rstrip(), "".join(ticks).rstrip()


def _step_s(axis: Axis) -> int:
    span_s = (axis.to_us - axis.from_us) / SECOND_US
    least_s = span_s * _TICK_APART / axis.columns
    days = int(least_s // _DAY_S) + 1
    return next((step for step in _STEPS_S if step >= least_s), days * _DAY_S)


def _clock(day_us: int) -> str:
    seconds = day_us // SECOND_US % _DAY_S
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _marks(events: Sequence[Event], axis: Axis) -> list[str]:
    """Each event's mark at its instant; those of one column stand below each other, as far as there is room."""
    lines: list[dict[int, str]] = []
    for index, event in enumerate(events):
        column = axis.column(event.at_us)
        line = next((each for each in lines if column not in each), None)
        if line is None and len(lines) < _MARK_LINES:
            lines.append(line := {})
        if line is not None:
            line[column] = mark_of(index)
    return ["".join(line.get(c, " ") for c in range(axis.columns)).rstrip() for line in lines]


def _legend(rows: Sequence[Row], glyphs: Glyphs, say: Say) -> list[str]:
    """What the characters mean, as far as they occur."""
    drawn = "".join(row.text for row in rows if row.scale is None and not _is_lettered(row))
    meanings = [(glyphs.low, "low"), (glyphs.high, "high"), (glyphs.both, "both")]
    common = [f"{sign} {say(f'wave.{word}')}" for sign, word in meanings if sign in drawn]
    doors = {sign: word for row in rows if row.signal.startswith("door.") for sign, word in row.letters.items()}  # fmt: skip
    common += [f"{sign} {say(f'wave.{word}')}" for sign, word in doors.items()]
    if any(glyphs.unknown in row.text for row in rows):
        common.append(f"{glyphs.unknown} {say('wave.unknown')}")
    lines = ["  ".join(common)] if common else []
    for row in rows:
        if row.scale is not None:
            least, most = row.scale
            low, high = glyphs.steps[0], glyphs.steps[-1]
            ends = f"{low} {least:g}" if least == most else f"{low} {least:g}  {high} {most:g}"
            lines.append(f"{row.signal}: {ends}")
        elif _is_lettered(row):
            lines.append(
                f"{row.signal}: "
                + "  ".join(f"{sign} {word}" for sign, word in row.letters.items())
            )
    return lines


def _is_lettered(row: Row) -> bool:
    return bool(row.letters) and not row.signal.startswith("door.")
