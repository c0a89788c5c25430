"""The command line's list of verbs. Each verb's file is loaded when it is used."""

import importlib
import os
import sys
from collections.abc import Sequence

import click

from agent import __version__
from agent.cli import screen
from agent.cli.page import Page
from agent.cli.texts import Words, words_for
from agent.cli.verb import FINE, INTERRUPTED, USAGE, WARNING, lang_option

VERBS = (
    "run", "check", "doctor", "status", "watch", "signals", "events", "ack", "outbox", "bus", "replay", "record", "bundle",
    "profiles", "explain", "completion", "version",
)  # fmt: skip


class _Verbs(Page, click.Group):
    """A group that knows its verbs by name and loads only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # type: ignore[explicit-override]  # noqa: ARG002
        """Name all verbs, in the order of a day's work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # type: ignore[explicit-override]  # noqa: ARG002
        """Load one verb."""
        if cmd_name not in VERBS:
            return None
        made: click.Command = importlib.import_module(f"agent.cli.{cmd_name}").command(self.words)
        return made

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]
        """List the options, then the verbs."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]  # noqa: ARG002
        """List the verbs without loading them."""
        with formatter.section(self.words("group.verbs")):
            formatter.write_dl([(name, self.words(f"{name}.short")) for name in VERBS])


def main(arguments: Sequence[str]) -> int:
    """Do one verb and return the exit code."""
    screen.prepare()
    words = words_for(arguments, os.environ)
    try:
        return _done(arguments, words)
    except BrokenPipeError:  # nobody reads the help to its end
        screen.forget_output()
        return FINE
    except OSError as wrong:  # a verb tells its own by itself
        screen.say(words("error.output", reason=wrong.strerror or wrong))
        screen.forget_output()
        return WARNING


def _done(arguments: Sequence[str], words: Words) -> int:
    group = _group(words)
    try:
        code = group.main(list(arguments), prog_name="elevator-agent", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as wrong:
        from agent.cli.wrong import told

        screen.say(told(wrong, words))
        return USAGE
    return code if isinstance(code, int) else 0


def _group(words: Words) -> click.Group:
    group = _Verbs(
        params=[
            lang_option(words),
            click.Option(
                ["--version"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_version,
                help=words("option.version"),
            ),
        ],
        help=words("group.help"),
        options_metavar=words("page.some_options"),
        subcommand_metavar=words("page.some_verb"),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    group.words = words
    return group


def _version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's shape
    if value:
        screen.show(f"elevator-agent {__version__}")
        ctx.exit()
