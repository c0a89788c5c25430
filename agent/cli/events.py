"""`elevator-agent events`: the journal's events, and new ones as they happen."""

from pathlib import Path
from typing import Any

import click

from agent.cli import complete, screen
from agent.cli.ask import TIMEOUT_S, stream
from agent.cli.event_line import event_line
from agent.cli.site import socket_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, verb
from agent.model import Severity

USUAL_LIMIT = 50
LARGEST_LIMIT = 10_000
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_S = 100 * 365 * 86400


def seconds_of(duration: str) -> float | None:
    """Read `90s`, `30m`, `2h` or `7d` as seconds; None for anything else."""
    number, unit = duration[:-1], duration[-1:]
    if unit in _SECONDS and number.isascii() and number.isdigit() and len(number) < 10:
        return min(int(number) * _SECONDS[unit], _LONGEST_S)
    return None


def _since(words: Words) -> click.Option:
    def read(_ctx: click.Context, _option: click.Parameter, value: str | None) -> float | None:
        seconds = None if value is None else seconds_of(value)
        if value is not None and seconds is None:
            raise click.BadParameter(words("error.duration", value=value))
        return seconds

    return click.Option(["--since"], metavar="2h", callback=read, help=words("option.since"))


def command(words: Words) -> click.Command:
    """Make the verb."""
    severities = click.Choice([severity.value for severity in Severity])
    limits = click.IntRange(1, LARGEST_LIMIT)
    params: list[click.Parameter] = [
        click.Option(["--follow", "-f"], is_flag=True, help=words("option.follow")),
        _since(words),
        click.Option(["--severity"], type=severities, help=words("option.severity")),
        click.Option(
            ["--code"], metavar="CODE", shell_complete=complete.codes, help=words("option.code")
        ),
        click.Option(["--limit"], type=limits, metavar="N", help=words("option.limit")),
    ]
    return verb("events", words, _work, params)


def _work(  # noqa: PLR0913 - the verb's options
    words: Words,
    *,
    follow: bool,
    since: float | None,
    severity: str | None,
    code: str | None,
    limit: int | None,
    config: Path | None,
    as_json: bool,
) -> int:
    usual = USUAL_LIMIT if since is None else LARGEST_LIMIT
    params: dict[str, Any] = {"limit": limit or usual, "severity": severity, "code": code}
    if since is not None:
        params["since_ms"] = max(0, _wall_ms() - int(since * 1000))
    params = {name: value for name, value in params.items() if value is not None}
    messages = stream(
        socket_of(config),
        "events",
        {**params, "follow": True} if follow else params,
        None if follow else TIMEOUT_S,
    )
    lines = messages if as_json else (screen.encoded(event_line(each, words)) for each in messages)
    screen.show_lines(lines, live=follow)
    return FINE


def _wall_ms() -> int:
    from agent.clock import Clock

    return Clock().now().wall_us // 1000
