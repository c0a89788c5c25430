"""`elevator-agent run` as the list of verbs sees it; the real one starts without this package."""

import click

from agent.cli.texts import Words


def command(words: Words) -> click.Command:
    """Make the verb; it hands its arguments to the lean start."""
    return click.Command(
        "run",
        callback=_run,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        short_help=words("run.short"),
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )


def _run(arguments: tuple[str, ...]) -> int:
    from agent.__main__ import run

    return run(arguments)
