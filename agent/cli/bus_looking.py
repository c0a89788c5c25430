"""What must be right before anybody looks around on a line: a url, a line nobody holds, and a yes."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from agent.cli import screen
from agent.cli.bus_held import holder_of
from agent.cli.texts import Words
from agent.drivers.address import address_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Where to look and how: the wait for an answer and the pause between requests, in milliseconds."""

    url: str
    timeout_ms: int
    pause_ms: int
    yes: bool


def may_begin(words: Words, config: Path | None, looking: Looking) -> bool:
    """Check the url, that the service is not on the line, and that the warning was understood."""
    try:
        address_of(looking.url)
    except ValueError as wrong:
        screen.say(str(wrong))
        return False
    holder = holder_of(looking.url, config)
    if holder is not None:
        screen.say(words("bus.learn.held", driver=holder))
        return False
    screen.say(words("bus.learn.warning"))
    if looking.yes:
        return True
    if sys.stdin.isatty() and click.confirm(words("bus.learn.sure"), err=True):
        return True
    screen.say(words("bus.learn.unsure"))
    return False
