"""`elevator-agent bus`: the options of the verb."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import click

from agent.cli import complete
from agent.cli.number import Number
from agent.cli.page import Aside
from agent.cli.texts import Words
from agent.cli.verb import verb
from agent.drivers.registers import Table
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


def _tables(_ctx: click.Context, _option: click.Parameter, value: str) -> tuple[Table, ...]:
    names = {table.value: table for table in Table}
    chosen = value.split(",")
    if not set(chosen) <= names.keys():
        raise click.BadParameter(", ".join(names))
    return tuple(names[each] for each in dict.fromkeys(chosen))


def command(words: Words) -> click.Command:
    """Make the verb."""
    return verb("bus", words, _work, _options(words))


class _OfLearning(Aside):
    goes_with: ClassVar[Sequence[str]] = ("learn", "scan")


def _options(words: Words) -> list[click.Parameter]:
    def option(*names: str, **more: Any) -> click.Option:  # noqa: ANN401 - click's own keywords
        return click.Option(names, help=words(f"option.bus.{names[0].strip('-')}"), **more)

    def aside(*names: str, **more: Any) -> click.Option:  # noqa: ANN401 - click's own keywords
        return _OfLearning(names, help=words(f"option.bus.{names[0].strip('-')}"), **more)

    return [
        option("--driver", metavar="NAME", shell_complete=complete.drivers),
        option("--device", type=click.IntRange(0, 255), metavar="N"),
        option("--function", type=click.IntRange(0, 255), metavar="N"),
        option("--address", type=Addresses(), metavar="A[-B]"),
        option("--errors", is_flag=True),
        option("--kept", is_flag=True),
        option("--full", is_flag=True),
        option("--limit", type=click.IntRange(1), metavar="N"),
        option("--learn", is_flag=True, is_eager=True),
        option("--scan", is_flag=True, is_eager=True),
        aside("--url", metavar="URL"),
        aside("--device-id", type=click.IntRange(0, 247), metavar="N"),
        aside("--range", "addresses", type=Addresses(), default=(0, 0xFF), metavar="A-B"),
        aside("--tables", default="holding,input", callback=_tables, metavar="T,T"),
        aside("--pause-ms", type=click.IntRange(20, 10_000), default=100, metavar="MS"),
        aside("--timeout-ms", type=click.IntRange(20, 10_000), default=500, metavar="MS"),
        aside("--seconds", type=Number(0), metavar="S"),
        aside("--mark", "marks", multiple=True, metavar="TEXT"),
        aside("--write-profile", type=click.Path(path_type=Path), metavar="F"),
        aside("--yes", is_flag=True),
    ]


def _work(words: Words, *, config: Path | None, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - one function a mode takes them apart
    if options["learn"] and options["scan"]:
        raise click.UsageError(words("bus.one_mode"))
    if options["learn"] or options["scan"]:
        return _look(words, config, options, as_json=as_json)
    if options["url"] is not None:
        raise click.UsageError(words("bus.one_mode"))
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


def _look(words: Words, config: Path | None, options: Mapping[str, Any], *, as_json: bool) -> int:
    from agent.cli.bus_looking import Looking

    if options["url"] is None:
        raise click.UsageError(words("bus.needs_url"))
    looking = Looking(
        url=options["url"],
        timeout_ms=options["timeout_ms"],
        pause_ms=options["pause_ms"],
        yes=options["yes"],
    )
    if options["scan"]:
        from agent.cli.bus_scan import scan_line

        return scan_line(words, config, looking, options["device_id"], as_json=as_json)
    from agent.cli.bus_learn import Learning, learn
    from agent.drivers.learn_survey import Survey

    if options["device_id"] is None:
        raise click.UsageError(words("bus.needs_device"))
    first, last = options["addresses"]
    learning = Learning(
        looking=looking,
        device_id=options["device_id"],
        survey=Survey(options["tables"], range(first, last + 1)),
        seconds=options["seconds"],
        marks=options["marks"],
        write=options["write_profile"],
    )
    return learn(words, config, learning, as_json=as_json)
