"""A recording as a screen: read twice, once through the monitor and once for what the signals did."""

import datetime as dt
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from agent.cli import screen as terminal
from agent.cli.event_line import event_line
from agent.cli.layout import age, clean
from agent.cli.texts import Words
from agent.model import SECOND_US, Event, Reading
from agent.recording import Header
from agent.replay import RecordingError, messages_of, replay_changes, replay_events
from agent.settings import Settings
from agent.waveform import ASCII, BLOCKS, Axis, Glyphs, Traces, row_of
from agent.waveform_pick import instant_of, signals_shown, stretch
from agent.waveform_screen import NARROWEST, USUAL, WIDEST, label_width, mark_of, screen
from agent.wiring import Wiring

_ROWS_USUAL = 14  # with times, marks and legend that fits a screen of 24 lines


class AskedWrongError(Exception):
    """What was asked for is not in the recording; the text says what is."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asked to see; None where they left it to us."""

    signals: str | None = None
    start: str | None = None
    end: str | None = None
    width: int | None = None


@dataclass
class Heard:
    """What the monitor said, and how far the recording went. `wrong`: it could not be understood to its end."""

    events: list[tuple[Event, bytes]] = field(default_factory=list[tuple[Event, bytes]])
    end_us: int = 0
    wrong: RecordingError | None = None


def heard(file: Path, settings: Settings, wiring: Wiring | None) -> Heard:
    """Run a recording through the monitor."""
    said, pairs = Heard(), list[tuple[Event, Header]]()
    try:
        said.end_us = _collect(replay_events(file, settings, wiring), pairs)
    except RecordingError as wrong:
        said.wrong = wrong
        said.end_us = max((event.at_us for event, _ in pairs), default=0)
    messages = messages_of(pairs, settings)
    said.events = [(event, message) for (event, _), message in zip(pairs, messages, strict=True)]
    return said


def _collect(
    replayed: Generator[tuple[Event, Header], None, int], into: list[tuple[Event, Header]]
) -> int:
    while True:
        try:
            into.append(next(replayed))
        except StopIteration as end:
            return int(end.value)


def view(file: Path, said: Heard, wish: Wish, words: Words) -> list[str]:
    """Draw the screen; raises RecordingError where not even the header can be read, and AskedWrongError."""
    drawn, marked = drawing(file, said, wish, words)
    return [*drawn, "", *event_lines(said.events, marked, wish.width, words)]


def drawing(file: Path, said: Heard, wish: Wish, words: Words) -> tuple[list[str], Sequence[Event]]:
    """Draw what the signals did, and name the events that are marked in it; raises like `view`."""
    header, changes = replay_changes(file)
    begin = header.wall.astimezone()
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    day_us = (begin - midnight) // dt.timedelta(microseconds=1)
    asked = _asked(wish.signals, header.signals, words)
    axis, label = _axis(said, wish, day_us, asked or header.signals, words)
    traces = _traced(changes, Traces(asked or header.signals, axis))
    shown = [event for event, _ in said.events if axis.from_us <= event.at_us <= axis.to_us]
    names, more = (asked, 0) if asked else signals_shown(shown, traces.changed, _ROWS_USUAL)
    glyphs = _glyphs()
    rows = [row_of(name, traces.columns(name), glyphs) for name in names]
    lines = _head(header, begin, axis, said.end_us, glyphs, words)
    drawn = screen(rows, shown, axis, day_us, label, glyphs, words)
    lines += [clean(line) for line in drawn]  # a card's number is any text
    if more:
        lines.append(words("replay.more", count=more))
    return lines, shown


def event_lines(
    events: Sequence[tuple[Event, bytes]],
    marked: Sequence[Event],
    width: int | None,
    words: Words,
) -> list[str]:
    """Every event as a line, with its mark where the drawing has one."""
    marks = {id(event): mark_of(index) for index, event in enumerate(marked)}
    room = (width or terminal.width()) - 2
    lines = [
        f"{marks.get(id(event), ' ')} {event_line(message, words, room)}"
        for event, message in events
    ]
    return lines or [words("replay.no_events")]


def _axis(
    said: Heard, wish: Wish, day_us: int, names: Sequence[str], words: Words
) -> tuple[Axis, int]:
    """The stretch to show in as many columns as there are, and how many the names take."""
    events = [event for event, _ in said.events]
    start_us, end_us = (_instant(each, day_us, words) for each in (wish.start, wish.end))
    from_us, to_us = stretch(events, said.end_us, start_us, end_us)
    usual = terminal.width() if terminal.is_terminal() else USUAL
    width = max(NARROWEST, min(wish.width or usual, WIDEST))
    label = label_width(names)
    return Axis(from_us, to_us, width - label), label


def _traced(changes: Iterable[tuple[int, list[Reading]]], traces: Traces) -> Traces:
    with suppress(RecordingError):  # the monitor met the same, and it is said at the end
        for at_us, readings in changes:
            if at_us > traces.axis.to_us:
                break
            traces.take(at_us, readings)
    return traces


def _asked(patterns: str | None, signals: Sequence[str], words: Words) -> list[str]:
    """The signals that were asked for, in that order."""
    names: dict[str, None] = {}
    for pattern in patterns.split(",") if patterns else ():
        found = [name for name in signals if fnmatchcase(name, pattern.strip())]
        if not found:
            there = ", ".join(signals)
            raise AskedWrongError(words("replay.no_signal", name=pattern.strip(), names=there))
        names |= dict.fromkeys(found)
    return list(names)


def _instant(text: str | None, day_us: int, words: Words) -> int | None:
    if text is None:
        return None
    instant_us = instant_of(text, day_us)
    if instant_us is None:
        raise AskedWrongError(words("replay.instant", value=text))
    return instant_us


def _glyphs() -> Glyphs:
    """Blocks where the terminal's encoding has them."""
    try:
        (BLOCKS.steps + BLOCKS.unknown + "".join(BLOCKS.arrows.values())).encode(
            sys.stdout.encoding or "ascii"
        )
    except UnicodeEncodeError:
        return ASCII
    return BLOCKS


def _head(
    header: Header, begin: dt.datetime, axis: Axis, end_us: int, glyphs: Glyphs, words: Words
) -> list[str]:
    first, last = (begin + dt.timedelta(microseconds=each) for each in (axis.from_us, axis.to_us))
    column_s = (axis.to_us - axis.from_us) / axis.columns / SECOND_US
    line = words(
        "replay.head",
        elevator=clean(header.elevator),
        day=f"{first:%Y-%m-%d}",
        first=f"{first:%H:%M:%S}",
        last=f"{last:%H:%M:%S}",
        dash=glyphs.dash,
        column=f"{column_s:.2g} s" if column_s < 100 else age(column_s),
    )
    is_part = axis.from_us > 0 or axis.to_us < end_us
    part = [words("replay.part", whole=age(end_us / SECOND_US))] if is_part else []
    return [line.strip(), *part]
