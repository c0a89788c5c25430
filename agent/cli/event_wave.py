"""What the signals did around an event, drawn from the recording that was kept of it; or why nothing can be drawn."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from agent.cli.event_message import Message, as_of
from agent.cli.replay_view import AskedWrongError, Heard, Wish, drawing, event_lines
from agent.cli.texts import Words
from agent.flight_names import PART
from agent.model import SECOND_US
from agent.recording import Header
from agent.replay import RecordingError, replay_changes

_BEFORE_S, _AFTER_S = 45, 60
_FEW = 3  # signals below a line of the list


def waveform(
    folder: Path,
    raise_: Message,
    told: Sequence[tuple[Message, bytes]],
    words: Words,
    width: int | None,
) -> tuple[str, list[str]]:
    """Draw the recording that a raise names around that raise, with the marks of all that is `told`.

    Before it what there is to say of it, above all why there is none.
    """
    try:
        file = _file(folder, raise_)
        header, heard = _heard(file, told)
        wish, fits = _around(header, raise_, heard, width)
        drawn, marked = drawing(file, heard, wish, words)
    except _NoWaveError as wrong:
        return words(wrong.key, **wrong.facts), []
    except RecordingError as wrong:
        facts = {"path": wrong.file, "reason": wrong.found.in_(words.lang)}
        return words("event.unreadable", **facts), []
    lines = [*drawn, "", *event_lines(heard.events, marked, width, words)]
    return "" if fits else words("event.elsewhen"), lines


def small_waveform(
    folder: Path, raise_: Message, raw: bytes, words: Words, width: int | None
) -> list[str]:
    """Draw only what decided, in a few rows; nothing where there is nothing to draw."""
    with suppress(_NoWaveError, RecordingError, AskedWrongError):
        file = _file(folder, raise_)
        header, heard = _heard(file, [(raise_, raw)])
        wish, fits = _around(header, raise_, heard, width)
        evidence = [name for name in raise_.data.get("evidence") or () if name in header.signals]
        few = replace(wish, signals=",".join(evidence[:_FEW]) or None)
        return drawing(file, heard, few, words)[0] if fits else []
    return []


class _NoWaveError(Exception):
    """There is nothing to draw; `key` names the text that says why."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(key)
        self.key, self.facts = key, facts


def _file(folder: Path, raise_: Message) -> Path:
    name = raise_.data.get("recording")
    if not name:
        raise _NoWaveError("event.no_recording")
    path = folder / Path(str(name)).name
    try:
        path.open("rb").close()
    except FileNotFoundError:
        written = path.with_name(path.name + PART).exists()
        raise _NoWaveError("event.not_whole" if written else "event.not_here", path=path) from None
    except OSError as wrong:
        raise _NoWaveError("event.unreadable", path=path, reason=wrong.strerror) from wrong
    return path


def _heard(file: Path, told: Sequence[tuple[Message, bytes]]) -> tuple[Header, Heard]:
    """What the journal says, in the recording's own time; a recording that breaks off goes as far as it goes."""
    header, changes = replay_changes(file)
    heard = Heard()
    with suppress(RecordingError):
        for at_us, _ in changes:
            heard.end_us = at_us
    for message, raw in told:
        with suppress(ValueError):  # of a service that knows more words
            heard.events.append((as_of(message, header.wall), raw))
    return header, heard


def _around(header: Header, raise_: Message, heard: Heard, width: int | None) -> tuple[Wish, bool]:
    """The stretch to show, and whether the event lies within the recording at all."""
    at_s = (raise_.believed() - header.wall) / dt.timedelta(seconds=1)
    if not 0 <= at_s <= heard.end_us / SECOND_US:
        return Wish(width=width), False
    start_s, end_s = max(0.0, at_s - _BEFORE_S), at_s + _AFTER_S
    return Wish(start=f"{start_s:.3f}s", end=f"{end_s:.3f}s", width=width), True
