"""`elevator-agent bus`: the frames of the running service as they pass, each taken apart."""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from agent.cli import screen
from agent.cli.ask import stream
from agent.cli.bus_line import bus_line, bus_lines
from agent.cli.site import folders_of, settings_of
from agent.cli.texts import Words
from agent.cli.verb import FINE
from agent.drivers.line_framing import framing_for
from agent.drivers.profiles import ProfileProblems, find_profile, load_profile
from agent.drivers.registers import Point
from agent.frames_view import Filter, Seen, View
from agent.settings import DriverSettings, ModbusSettings, SerialSettings


class Message(msgspec.Struct, omit_defaults=True):
    """What the service tells of a frame, or that it `missed` some for us."""

    at: dt.datetime | None = None
    driver: str = ""
    way: Literal["out", "in"] = "in"
    hex: str = ""
    note: str = ""
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How frames are shown: which, those kept first, with every byte, at most `limit`, as JSON."""

    chosen: Filter
    kept: bool
    full: bool
    limit: int | None
    as_json: bool


def listen(words: Words, config: Path | None, wish: Wish) -> int:
    """Show frames until Ctrl-C, or until as many as wished were shown."""
    settings = settings_of(config)
    view = View(
        {each.name: framing for each in settings.drivers if (framing := framing_for(each))},
        {each.name: points_of(each, folders_of(config)) for each in settings.drivers},
    )
    params: dict[str, Any] = {"kept": wish.kept}
    if wish.chosen.driver is not None:
        params["driver"] = wish.chosen.driver
    messages = stream(Path(settings.control.path), "bus", params, None)
    frames = itertools.islice(_chosen(messages, view, wish.chosen), wish.limit)
    lines = (
        _json(message, seen)
        if wish.as_json
        else screen.encoded(_text(message, seen, words, full=wish.full))
        for message, seen in frames
    )
    screen.show_lines(lines, live=True)
    return FINE


def points_of(driver: DriverSettings, folders: Sequence[Path]) -> Sequence[Point]:
    """Read a driver's profile; without one, frames are shown without names of signals."""
    if not isinstance(driver, (ModbusSettings, SerialSettings)):
        return ()
    path = find_profile(driver.profile, folders)
    try:
        return () if path is None else load_profile(path).points
    except ProfileProblems:
        return ()


def _chosen(
    messages: Iterator[bytes], view: View, chosen: Filter
) -> Iterator[tuple[Message, Seen | None]]:
    """Yield the frames that fit, and every word of frames that were missed."""
    for raw in messages:
        message = _messages.decode(raw)
        if message.missed:
            yield message, None
            continue
        data = bytes.fromhex(message.hex)
        seen = view.see(message.driver, message.way, data, message.note)
        if chosen.fits(seen):
            yield message, seen


def _text(message: Message, seen: Seen | None, words: Words, *, full: bool) -> str:
    if seen is None or message.at is None:
        return screen.paint(words("bus.missed", count=message.missed), "minor")
    text = (
        bus_lines(seen, message.at, words)
        if full
        else bus_line(seen, message.at, words, screen.width())
    )
    return screen.paint(text, "major" if seen.is_bad else "")


def _json(message: Message, seen: Seen | None) -> bytes:
    if seen is None:
        return msgspec.json.encode({"missed": message.missed})
    said = seen.said
    signals: Mapping[str, object] = dict(seen.signals)
    return msgspec.json.encode(
        {
            "at": message.at,
            "driver": seen.driver,
            "way": seen.way,
            "hex": message.hex,
            "note": seen.note,
            "framing": said.framing,
            "device": said.device,
            "function": said.function,
            "address": said.address,
            "count": said.count,
            "values": said.values,
            "exception": said.exception,
            "wrong": said.wrong,
            "signals": signals,
        }
    )


_messages = msgspec.json.Decoder(Message)
