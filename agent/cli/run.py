"""`elevator-agent run` as the list of verbs sees it; the real one starts without this package."""

import functools

import click

from agent.cli.texts import Words
from agent.cli.verb import lang_option


def command(words: Words) -> click.Command:
    """Make the verb; it hands its arguments to the lean start, and names them for Tab."""
    file = click.Path()
    return click.Command(
        "run",
        callback=functools.partial(_run, words.lang),
        params=[
            click.Option(["--config"], type=file),
            click.Option(["--record"], type=file),
            click.Option(["--help", "-h", "wants_help"], is_flag=True),
            lang_option(words),
            click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED),
        ],
        short_help=words("run.short"),
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )


def _run(
    lang: str,
    *,
    config: str | None,
    record: str | None,
    wants_help: bool,
    arguments: tuple[str, ...],
) -> int:
    from agent.__main__ import run

    given = (("--config", config), ("--record", record), ("--lang", lang))
    options = [part for name, value in given if value is not None for part in (name, value)]
    return run([*options, *(["--help"] if wants_help else []), *arguments])
