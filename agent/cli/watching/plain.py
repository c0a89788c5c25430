"""Where there is no terminal to draw on: a line for each change, or a JSON object; or everything once."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.cli import screen
from agent.cli.layout import clean
from agent.cli.parts import Line
from agent.cli.status import LINES, WIDTH, code_of
from agent.cli.texts import Words
from agent.cli.verb import read
from agent.cli.watching.car import Trail
from agent.cli.watching.changes import changes, said
from agent.cli.watching.facts import Seen, Watch
from agent.cli.watching.looker import Looker
from agent.cli.watching.pages import fault_text, once
from agent.clock import Clock
from agent.model import Instant
from agent.uplink.messages import iso


def show_once(raw: bytes, words: Words, *, as_json: bool) -> int:
    """Show one answer, and end as `status` does."""
    answer = read(raw, Watch)
    if as_json:
        screen.show_lines([raw], live=True)
    else:
        trail = Trail().after(Seen(at=Clock().now(), answer=answer))
        size = (min(screen.width(), WIDTH), LINES - 1)
        screen.show(*(_printed(line) for line in once(answer, trail, words, size)))
    return code_of(answer.status)


def _printed(line: Line) -> str:
    return "".join(screen.paint(clean(text), kind) for text, kind in line).rstrip()


def follow(path: Path, words: Words, *, as_json: bool) -> None:
    """Print changes until Ctrl-C."""
    looker = Looker(path, Clock())
    screen.show_lines(_lines(looker, words, as_json=as_json), live=True)


def _lines(looker: Looker, words: Words, *, as_json: bool) -> Iterator[bytes]:
    known: Watch | None = None
    fault = ""
    for seen in looker.each():
        if seen.fault is not None:
            if fault != seen.fault.key:
                stopped = {"kind": "service", "running": False, "reason": seen.fault.reason}
                text = fault_text(seen.fault, words)
                yield _line(seen.at, stopped, text, as_json=as_json)
            known, fault = None, seen.fault.key
        elif seen.answer is not None:
            for change in changes(known, seen.answer):
                yield _line(seen.at, change, said(change, words), as_json=as_json)
            known, fault = seen.answer, ""


def _line(at: Instant, change: Mapping[str, Any], text: str, *, as_json: bool) -> bytes:
    if as_json:
        return msgspec.json.encode({"at": iso(at.wall_us), **change})
    when = dt.datetime.fromtimestamp(at.wall_us / 1e6).astimezone()
    flat = clean(" ".join(text.split()))
    return screen.encoded(f"{when:%H:%M:%S}  {flat}")
