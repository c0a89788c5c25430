"""`elevator-agent watch`: the car, live."""

import os
import sys
from pathlib import Path

import click

from agent.cli import screen
from agent.cli.ask import ask
from agent.cli.site import socket_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, verb


def command(words: Words) -> click.Command:
    """Make the verb."""
    params: list[click.Parameter] = [
        click.Option(["--once"], is_flag=True, help=words("option.watch.once"))
    ]
    return verb("watch", words, _work, params)


def _work(words: Words, *, once: bool, config: Path | None, as_json: bool) -> int:
    path = socket_of(config)
    if once:
        from agent.cli.watching.plain import show_once

        return show_once(ask(path, "watch"), words, as_json=as_json)
    if as_json or not _can_be_drawn_on():
        from agent.cli.watching.plain import follow

        follow(path, words, as_json=as_json)
    else:
        from agent.cli.watching.show import watch

        watch(path, words)
    return FINE


def _can_be_drawn_on() -> bool:
    """Whether there is a person with a screen: both ends a terminal that knows more than lines."""
    knows_more = os.environ.get("TERM", "dumb") != "dumb"
    return screen.is_terminal() and sys.stdin.isatty() and knows_more
