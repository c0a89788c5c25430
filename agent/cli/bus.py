"""`elevator-agent bus`: the options of the verb."""

from pathlib import Path
from typing import Any

import click

from agent.cli.texts import Words
from agent.cli.verb import verb
from agent.frames_view import Filter


class Addresses(click.ParamType[tuple[int, int]]):
    """Addresses: `0x0010-0x00FF`, `16-255`, or one alone."""

    name = "A-B"

    def convert(  # type: ignore[explicit-override]
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read the first and the last."""
        if isinstance(value, tuple):  # click converts what is converted
            return value
        first, _, last = value.partition("-")
        try:
            pair = int(first, 0), int(last or first, 0)
        except ValueError:
            pair = (1, 0)
        if not 0 <= pair[0] <= pair[1] <= 0xFFFF:
            self.fail(f"{value!r}: 0x0000-0xFFFF", param, ctx)
        return pair


def command(words: Words) -> click.Command:
    """Make the verb."""
    return verb("bus", words, _work, _listening(words))


def _listening(words: Words) -> list[click.Parameter]:
    def option(*names: str, **more: Any) -> click.Option:  # noqa: ANN401 - click's own keywords
        return click.Option(names, help=words(f"option.bus.{names[-1].strip('-')}"), **more)

    return [
        option("--driver", metavar="NAME"),
        option("--device", type=click.IntRange(0, 255), metavar="N"),
        option("--function", type=click.IntRange(0, 255), metavar="N"),
        option("--address", type=Addresses(), metavar="A[-B]"),
        option("--errors", is_flag=True),
        option("--kept", is_flag=True),
        option("--full", is_flag=True),
        option("--limit", type=click.IntRange(1), metavar="N"),
    ]


def _work(words: Words, *, config: Path | None, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - one function a mode takes them apart
    from agent.cli.bus_listen import Wish, listen

    chosen = Filter(
        driver=options["driver"],
        device=options["device"],
        function=options["function"],
        addresses=options["address"],
        errors=options["errors"],
    )
    wish = Wish(
        chosen=chosen,
        kept=options["kept"],
        full=options["full"],
        limit=options["limit"],
        as_json=as_json,
    )
    return listen(words, config, wish)
