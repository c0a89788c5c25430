"""`elevator-agent record`: recordings by hand in the running service, and the list of all there are."""

import datetime as dt
import functools
from pathlib import Path
from typing import Literal

import click
import msgspec

from agent.cli import screen
from agent.cli.ask import ask
from agent.cli.layout import age
from agent.cli.number import Number
from agent.cli.site import socket_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, read, verb

_MB = 1024 * 1024


class Tape(msgspec.Struct):
    """One recording under way, or just finished."""

    name: str
    directory: str
    kind: str
    code: str
    to: dt.datetime
    whole: bool

    @property
    def path(self) -> str:
        """Where its file is, or will be."""
        return f"{self.directory}/{self.name}"


class File(msgspec.Struct):
    """One that is whole."""

    name: str
    kind: str
    code: str
    bytes: int


class Shelf(msgspec.Struct):
    """The answer to `list`."""

    directory: str
    remembered_s: float
    total_bytes: int
    bytes_max: int
    under_way: list[Tape]
    recordings: list[File]
    older: int = 0


def command(words: Words) -> click.Command:
    """Make the verb."""
    minutes = Number(0, 1440, min_open=True)
    return verb(
        "record",
        words,
        _work,
        [
            click.Argument(["action"], type=click.Choice(["start", "stop", "save", "list"])),
            click.Option(
                ["--minutes"], type=minutes, metavar="N", help=words("option.record.minutes")
            ),
        ],
    )


def _work(
    words: Words,
    *,
    action: Literal["start", "stop", "save", "list"],
    minutes: float | None,
    config: Path | None,
    as_json: bool,
) -> int:
    if minutes is not None and action in ("stop", "list"):
        raise click.UsageError(words("record.no_minutes"))
    asked = {"action": action} if minutes is None else {"action": action, "minutes": minutes}
    raw = ask(socket_of(config), "record", asked)
    if action == "list":
        draw = functools.partial(_show, read(raw, Shelf), words)
    else:
        draw = functools.partial(_tell, read(raw, Tape), words)
    if as_json:
        screen.show_lines([raw], live=True)
    else:
        draw()
    return FINE


def _tell(tape: Tape, words: Words) -> None:
    key = "record.written" if tape.whole else "record.started"
    screen.show(words(key, path=tape.path, to=_local(tape.to)))


def _show(shelf: Shelf, words: Words) -> None:
    if shelf.under_way or shelf.recordings:
        header = [words(f"column.{name}") for name in ("recording", "why", "size")]
        rows = [_under_way(tape, words) for tape in shelf.under_way]
        rows += [_row(file, words) for file in shelf.recordings]
        screen.show_table(header, rows)
    else:
        screen.show(words("record.none", directory=shelf.directory))
    if shelf.older:
        screen.show(words("record.older", count=shelf.older))
    facts = {
        "directory": shelf.directory,
        "count": len(shelf.recordings) + shelf.older,
        "mb": f"{shelf.total_bytes / _MB:.1f}",
        "most": shelf.bytes_max // _MB,
        "remembered": age(shelf.remembered_s),
    }
    screen.say(words("record.in", **facts))


def _under_way(tape: Tape, words: Words) -> list[str]:
    return [tape.name, _why(tape.kind, words), words("record.under_way", to=_local(tape.to))]


def _row(file: File, words: Words) -> list[str]:
    return [file.name, _why(file.kind, words), f"{file.bytes / 1024:.1f} KB"]


def _why(kind: str, words: Words) -> str:
    return words("record.manual") if kind == "manual" else words.known("severity", kind)


def _local(instant: dt.datetime) -> str:
    return f"{instant.astimezone():%H:%M:%S}"
