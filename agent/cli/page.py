"""The page of `--help` in the reader's language: click has the words of its own in English alone."""

import click

from agent.cli.texts import Words


class Page(click.Command):
    """A command whose page says everything in `words`."""

    words: Words

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]
        """Say how it is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=self.words("page.usage"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # type: ignore[explicit-override]
        """List the options."""
        options = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        said = (option.get_help_record(ctx) for option in options)
        with formatter.section(self.words("page.options")):
            formatter.write_dl([each for each in said if each is not None])

    def get_help_option(self, ctx: click.Context) -> click.Option | None:  # type: ignore[explicit-override]
        """Explain `--help` itself."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = self.words("page.help")
        return option
