"""`elevator-agent replay FILE`: a recording through the same monitor; needs no service."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli import screen
from agent.cli.event_line import event_line
from agent.cli.site import folders_of, settings_and_platform
from agent.cli.texts import Words
from agent.cli.verb import FINE, USAGE, verb
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.wiring import Wiring


def command(words: Words) -> click.Command:
    """Make the verb."""
    file = click.Argument(["file"], type=click.Path(path_type=Path))
    return verb("replay", words, _work, [file])


def _work(words: Words, *, file: Path, config: Path | None, as_json: bool) -> int:
    from agent.replay import RecordingError, replay_file

    settings, platform = settings_and_platform(config)
    messages = replay_file(file, settings, _wiring(settings, config), platform)
    try:
        screen.show_lines(messages if as_json else _lines(messages, words), live=False)
    except RecordingError as wrong:
        facts = {"file": wrong.file, "line": wrong.line, "found": wrong.found}
        screen.say(words("error.recording", **facts, allowed=wrong.allowed))
        return USAGE
    return FINE


def _wiring(settings: Settings, config: Path | None) -> "Wiring | None":
    """Tell which driver gives which signal, where this machine has the profiles for it."""
    from agent.drivers.profiles import ProfileProblems
    from agent.wiring import wiring_of

    try:
        return wiring_of(settings, folders_of(config))
    except ProfileProblems:
        return None


def _lines(messages: Iterator[bytes], words: Words) -> Iterator[bytes]:
    return (screen.encoded(event_line(message, words)) for message in messages)
