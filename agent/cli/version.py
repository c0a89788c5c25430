"""`elevator-agent version`."""

import platform

import click

from agent import __version__
from agent.cli import screen
from agent.cli.texts import Words
from agent.cli.verb import FINE, verb


def command(words: Words) -> click.Command:
    """Make the verb."""
    return verb("version", words, _work, config=False)


def _work(_words: Words, *, as_json: bool) -> int:
    python = platform.python_version()
    if as_json:
        screen.show_json({"version": __version__, "python": python})
    else:
        screen.show(f"elevator-agent {__version__} (Python {python})")
    return FINE
