"""`elevator-agent events SEQ`: one event of the running service's journal, and what its signals did."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.cli import screen
from agent.cli.ask import stream
from agent.cli.event_message import Message, decoded
from agent.cli.texts import Words
from agent.cli.verb import FINE, WARNING
from agent.settings import Settings

_FIRST, _MOST = 1, 10_000
_LATER_MOST = 200  # events of the same code that are looked through for what became of one

Told = tuple[Message, bytes]


def show_one(settings: Settings, seq: int, words: Words, *, as_json: bool) -> int:
    """Show it; 1 where the journal has none of that number."""
    path = Path(settings.control.path)
    found = _event(path, seq)
    if found is None:
        screen.say(words("events.none", seq=seq))
        return WARNING
    raw = found[1]
    if as_json:
        screen.show_lines([raw], live=True)
        return FINE
    raise_ = _raise(path, found)
    later = list(_later(path, raise_ or found))
    lines = _page(found, later, words)
    lines += ["", *_waveform(settings, raise_ or found, later, words)]
    screen.show_lines((screen.encoded(line) for line in lines), live=False)
    return FINE


def small(raw: bytes, folder: Path, words: Words) -> list[str]:
    """What the signals of one event of the list did, in a few rows; nothing where none was recorded."""
    message = decoded(raw)
    if not message.data.get("recording"):
        return []
    from agent.cli.event_wave import small_waveform

    return small_waveform(folder, message, raw, words, _width())


def _event(path: Path, seq: int) -> Told | None:
    """Fetch one event by its number."""
    params = {"limit": _MOST} if seq == _FIRST else {"after": seq - 1, "limit": 1}
    found = next(_told(path, params), None)
    return found if found is not None and found[0].seq == seq else None


def _raise(path: Path, found: Told) -> Told | None:
    """The raise that an event belongs to, where that is another one and still kept."""
    raised_seq = found[0].raised_seq
    if raised_seq is None or raised_seq == found[0].seq:
        return found
    return _event(path, raised_seq)


def _later(path: Path, raise_: Told) -> Iterator[Told]:
    """What became of a raise: acknowledgements, and the clear."""
    message = raise_[0]
    if message.seq is None or message.raised_seq != message.seq:
        return
    params = {"after": message.seq, "limit": _LATER_MOST, "code": message.data.get("code")}
    for told in _told(path, params):
        if told[0].raised_seq == message.seq:
            yield told
            if told[0].data.get("transition") == "cleared":
                return


def _told(path: Path, params: dict[str, Any]) -> Iterator[Told]:
    for raw in stream(path, "events", params):
        yield decoded(raw), raw


def _page(found: Told, later: Sequence[Told], words: Words) -> list[str]:
    from agent.cli.event_page import page

    return page(found[0], [message for message, _ in later], words, screen.width())


def _waveform(settings: Settings, raise_: Told, later: Sequence[Told], words: Words) -> list[str]:
    from agent.cli.event_wave import waveform
    from agent.cli.layout import folded
    from agent.cli.site import recordings_of

    said, drawn = waveform(recordings_of(settings), raise_[0], [raise_, *later], words, _width())
    return [*folded(said, screen.width()), *drawn]


def _width() -> int | None:
    """The terminal's columns; None lets the drawing choose."""
    return screen.width() if screen.is_terminal() else None
