"""`elevator-agent signals`: what every wired signal is right now."""

from pathlib import Path

import click
import msgspec

from agent.cli import screen
from agent.cli.ask import ask
from agent.cli.layout import age
from agent.cli.site import socket_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, read, verb


class Signal(msgspec.Struct):
    """One signal as the service knows it; `q` is `good` where nothing is said."""

    v: bool | int | float | str | None = None
    q: str = "good"
    age_ms: float | None = None
    driver: str | None = None


class Signals(msgspec.Struct):
    """The answer of the running service."""

    signals: dict[str, Signal]


def command(words: Words) -> click.Command:
    """Make the verb."""
    return verb("signals", words, _work)


def _work(words: Words, *, config: Path | None, as_json: bool) -> int:
    raw = ask(socket_of(config), "signals")
    answer = read(raw, Signals)
    if as_json:
        screen.show_lines([raw], live=True)
        return FINE
    header = [words(f"column.{name}") for name in ("signal", "value", "quality", "age", "driver")]
    screen.show_table(header, [_row(name, each) for name, each in sorted(answer.signals.items())])
    return FINE


def _row(name: str, signal: Signal) -> list[str]:
    seconds = None if signal.age_ms is None else signal.age_ms / 1000
    return [name, shown(signal.v), signal.q, age(seconds), signal.driver or ""]


def shown(value: object) -> str:
    """Write a signal's value; unknown is a dash."""
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
