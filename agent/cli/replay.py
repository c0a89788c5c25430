"""`elevator-agent replay FILE`: a recording through the same monitor; needs no service."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agent.cli import screen
from agent.cli.site import folders_of, recordings_of, settings_and_platform, settings_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, USAGE, verb
from agent.config_problem import ConfigProblems
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.cli.replay_view import Wish
    from agent.recording import RecordingError
    from agent.wiring import Wiring


def command(words: Words) -> click.Command:
    """Make the verb."""

    def option(name: str, *declared: str, **more: Any) -> click.Option:  # noqa: ANN401 - click's own keywords
        return click.Option([f"--{name}", *declared], help=words(f"option.replay.{name}"), **more)

    return verb(
        "replay",
        words,
        _work,
        [
            click.Argument(["file"], type=click.Path(path_type=Path)),
            option("signals", metavar="A,B"),
            option("from", "start", metavar="T"),
            option("to", "end", metavar="T"),
            option("width", type=click.IntRange(40, 400), metavar="N"),
            option("recording", metavar="NAME"),
        ],
    )


def _work(
    words: Words,
    *,
    file: Path,
    recording: str | None,
    config: Path | None,
    as_json: bool,
    **wishes: str | int | None,
) -> int:
    """A recording alone, or one of a support archive with the configuration it was made under."""
    from agent.bundle.archive import is_bundle

    file = _found(file, config)
    if not is_bundle(file):
        return _replay(words, file, config, as_json, wishes)
    from agent.bundle.archive import NotABundleError, unpacked
    from agent.cli.bundle_open import chosen, usable

    try:
        name = chosen(file, recording, words)
        if name is None:
            return USAGE
        with unpacked(file, name) as (one, made_under):
            return _replay(words, one, config or usable(made_under, words), as_json, wishes)
    except NotABundleError as wrong:
        screen.say(str(wrong))
        return USAGE


def _found(file: Path, config: Path | None) -> Path:
    """A bare name that is not here may be one of this installation's recordings."""
    if file.name != str(file) or file.exists():
        return file
    try:
        kept = recordings_of(settings_of(config)) / file
        return kept if kept.exists() else file
    except (ConfigProblems, OSError):  # said when the file is read
        return file


def _replay(
    words: Words,
    file: Path,
    config: Path | None,
    as_json: bool,  # noqa: FBT001 - the verb's option
    wishes: Mapping[str, str | int | None],
) -> int:
    from agent.cli.replay_view import AskedWrongError, Wish
    from agent.replay import RecordingError, replay_file

    settings, platform = settings_and_platform(config)
    wiring = _wiring(settings, config)
    try:
        if as_json:
            screen.show_lines(replay_file(file, settings, wiring, platform), live=False)
            return FINE
        wish = Wish(**wishes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        return _draw(file, settings, wiring, wish, words)
    except RecordingError as wrong:
        return _say_wrong(wrong, words)
    except AskedWrongError as wrong:
        screen.say(str(wrong))
        return USAGE


def _draw(
    file: Path, settings: Settings, wiring: "Wiring | None", wish: "Wish", words: Words
) -> int:
    """What can be read of a recording is shown, whatever is wrong with the rest."""
    from agent.cli.replay_view import heard, view

    said = heard(file, settings, wiring)
    lines = view(file, said, wish, words)
    screen.show_lines((screen.encoded(line) for line in lines), live=False)
    return FINE if said.wrong is None else _say_wrong(said.wrong, words)


def _say_wrong(wrong: "RecordingError", words: Words) -> int:
    key = "error.recording_line" if wrong.line else "error.recording"
    found, allowed = (each.in_(words.lang) for each in (wrong.found, wrong.allowed))
    screen.say(words(key, file=wrong.file, line=wrong.line, found=found, allowed=allowed))
    return USAGE


def _wiring(settings: Settings, config: Path | None) -> "Wiring | None":
    """Tell which driver gives which signal, where this machine has the profiles for it."""
    from agent.drivers.profiles import ProfileProblems
    from agent.wiring import wiring_of

    try:
        return wiring_of(settings, folders_of(config))
    except ProfileProblems:
        return None
