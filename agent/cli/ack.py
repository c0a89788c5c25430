"""`elevator-agent ack`: somebody at the elevator takes up an alarm that stands."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from agent.cli import complete, screen
from agent.cli.ask import ask
from agent.cli.layout import clean
from agent.cli.site import socket_of
from agent.cli.status import Alarm, Status
from agent.cli.texts import Words
from agent.cli.verb import FINE, WARNING, read, verb

BY_MOST = 64  # characters, as the service takes them


class Acknowledged(msgspec.Struct):
    """Who, when, and its sequence once the journal has it."""

    at: str
    by: str
    seq: int | None = None


class Taken(msgspec.Struct):
    """The service's answer."""

    code: str
    acknowledged: Acknowledged
    instance: str | None = None
    already: bool = False


def command(words: Words) -> click.Command:
    """Make the verb."""
    params: list[click.Parameter] = [
        click.Argument(["what"], metavar="SEQ|CODE", shell_complete=complete.standing),
        click.Option(["--by"], metavar="NAME", help=words("option.ack.by")),
    ]
    return verb("ack", words, _work, params)


def _work(words: Words, *, what: str, by: str | None, config: Path | None, as_json: bool) -> int:
    path = socket_of(config)
    standing = read(ask(path, "status"), Status).standing
    found = meant(what, standing)
    if len(found) != 1:
        key = "ack.several" if found else "ack.not_standing"
        named = ", ".join(_name(alarm) for alarm in found or standing) or words("ack.nothing")
        screen.say(words(key, what=clean(what), stands=named))
        return WARNING
    params: dict[str, Any] = {"by": _by(by, words), "code": found[0].code}
    if found[0].instance is not None:
        params["instance"] = found[0].instance
    raw = ask(path, "ack", params)
    taken = read(raw, Taken)
    if as_json:
        screen.show_lines([raw], live=True)
    else:
        screen.show(_told(taken, words))
    return FINE


def meant(what: str, standing: Sequence[Alarm]) -> list[Alarm]:
    """Find which of the standing alarms are named: by sequence, by `code`, or by `code/instance`."""
    if what.isascii() and what.isdigit():
        return [alarm for alarm in standing if alarm.seq == int(what)]
    code, _, instance = what.partition("/")
    return [
        alarm
        for alarm in standing
        if alarm.code == code and (not instance or alarm.instance == instance)
    ]


def _by(by: str | None, words: Words) -> str:
    if by is None:
        if not sys.stdin.isatty():
            raise click.UsageError(words("ack.by_whom"))
        by = str(click.prompt(words("ack.who"), err=True))
    name = by.strip()
    if not name or len(name) > BY_MOST or not name.isprintable():
        raise click.UsageError(words("ack.no_name", by=by[: BY_MOST + 1]))
    return name


def _told(taken: Taken, words: Words) -> str:
    done, what = taken.acknowledged, taken.code
    if taken.instance is not None:
        what = f"{what}/{taken.instance}"
    if taken.already:
        return words("ack.already", what=what, by=clean(done.by), at=done.at)
    key = "ack.waiting" if done.seq is None else "ack.done"
    return words(key, what=what, by=clean(done.by), seq=done.seq)


def _name(alarm: Alarm) -> str:
    name = alarm.code if alarm.instance is None else f"{alarm.code}/{alarm.instance}"
    return name if alarm.seq is None else f"{name} ({alarm.seq})"
