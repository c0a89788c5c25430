"""The page of `--help` in the reader's language: click has the words of its own in English alone."""

from collections.abc import Sequence
from typing import ClassVar

import click

from agent.cli.layout import wrapped
from agent.cli.texts import Words


class Aside(click.Option):
    """An option that only goes with certain others; a page lists it where one of those stands before `--help`."""

    goes_with: ClassVar[Sequence[str]] = ()

    def is_wanted(self, ctx: click.Context) -> bool:
        """Whether one of the others was given."""
        return any(ctx.params.get(name) for name in self.goes_with)


class Page(click.Command):
    """A command whose page says everything in `words`."""

    words: Words

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]
        """Say how it is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=self.words("page.usage"))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]  # noqa: ARG002
        """Say what it does; Chinese lines break as well, and count two columns a letter."""
        for paragraph in (self.help or "").split("\n\n"):
            text = " ".join(paragraph.split())
            lines = wrapped(text, max(20, formatter.width - 2), "  ")
            formatter.write_paragraph()
            formatter.write("".join(f"{line}\n" for line in lines))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]
        """List the options."""
        options = (
            each
            for each in self.get_params(ctx)
            if isinstance(each, click.Option)
            and (not isinstance(each, Aside) or each.is_wanted(ctx))
        )
        said = (option.get_help_record(ctx) for option in options)
        with formatter.section(self.words("page.options")):
            formatter.write_dl([each for each in said if each is not None])

    def get_help_option(self, ctx: click.Context) -> click.Option | None:  # type: ignore[explicit-override]
        """Explain `--help` itself."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = self.words("page.help")
        return option
