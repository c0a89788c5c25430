"""`elevator-agent bundle`: one file with what somebody else needs to help."""

from functools import partial
from pathlib import Path

import click
import msgspec

from agent.cli import screen
from agent.cli.layout import clean, cut
from agent.cli.texts import Words
from agent.cli.verb import FINE, USAGE, WARNING, verb
from agent.config import config_path

USUAL_DAYS = 7
_MB = 1_000_000
_REASON_MOST = 300  # columns; the archive has the whole of it


def command(words: Words) -> click.Command:
    """Make the verb."""
    days = click.IntRange(1, 3660)
    params: list[click.Parameter] = [
        click.Option(
            ["--out"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help=words("option.bundle.out"),
        ),
        click.Option(
            ["--days"], type=days, default=USUAL_DAYS, metavar="N", help=words("option.bundle.days")
        ),
    ]
    return verb("bundle", words, _work, params)


def _work(words: Words, *, out: Path | None, days: int, config: Path | None, as_json: bool) -> int:
    from agent.bundle.make import file_name, make
    from agent.clock import Clock

    wall_us = Clock().now().wall_us
    settings_file = config_path(config)
    path = out or Path(file_name(settings_file, wall_us))
    try:
        manifest = make(
            path,
            settings_file,
            days=days,
            wall_us=wall_us,
            lang=words.lang,
            tell=partial(_tell, words),
        )
    except OSError as wrong:
        screen.say(words("bundle.unwritable", path=path, reason=wrong.strerror or wrong))
        return USAGE
    size = path.stat().st_size
    if as_json:
        told = {"file": str(path), "bytes": size, **msgspec.to_builtins(manifest)}
        screen.show_json(told)
    else:
        members = len(manifest.members)
        screen.show(words("bundle.made", path=path, members=members, size=size / _MB))
    return WARNING if manifest.missing else FINE


def _tell(words: Words, name: str, reason: str | None) -> None:
    if reason is None:
        screen.say(words("bundle.had", name=name))
    else:
        screen.say(
            words(
                "bundle.missing",
                name=name,
                reason=cut(clean(" ".join(reason.split())), _REASON_MOST),
            )
        )
