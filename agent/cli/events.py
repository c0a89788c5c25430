"""`elevator-agent events`: the journal's events, new ones as they happen, and one of them whole."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agent.cli import complete, screen
from agent.cli.ask import TIMEOUT_S, stream
from agent.cli.event_line import event_lines
from agent.cli.site import recordings_of, settings_of
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
        click.Argument(["seq"], required=False, type=click.IntRange(1), metavar="[SEQ]"),
        click.Option(["--follow", "-f"], is_flag=True, help=words("option.follow")),
        _since(words),
        click.Option(
            ["--severity"], type=severities, metavar="LEVEL", help=words("option.severity")
        ),
        click.Option(
            ["--code"], metavar="CODE", shell_complete=complete.codes, help=words("option.code")
        ),
        click.Option(["--limit"], type=limits, metavar="N", help=words("option.limit")),
        click.Option(["--waveform", "-w"], is_flag=True, help=words("option.waveform")),
    ]
    return verb("events", words, _work, params)


def _work(
    words: Words,
    *,
    seq: int | None,
    config: Path | None,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - the verb's options
) -> int:
    settings = settings_of(config)
    if seq is not None:
        from agent.cli.event_show import show_one

        together = [f"--{name}" for name, value in asked.items() if value and name != "waveform"]
        if together:
            raise click.UsageError(words("events.alone", options=", ".join(together)))
        return show_one(settings, seq, words, as_json=as_json)
    follow, waveform = bool(asked.pop("follow")), bool(asked.pop("waveform"))
    params = _question(asked)
    messages = stream(
        Path(settings.control.path),
        "events",
        {**params, "follow": True} if follow else params,
        None if follow else TIMEOUT_S,
    )
    folder = recordings_of(settings) if waveform else None
    screen.show_lines(messages if as_json else _lines(messages, folder, words), live=follow)
    if screen.is_terminal() and not as_json and not follow:
        screen.say(words("events.whole"))
    return FINE


def _question(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the service is asked for; the usual number of events where nobody said how many."""
    since = asked["since"]
    params = {"limit": asked["limit"] or (USUAL_LIMIT if since is None else LARGEST_LIMIT)}
    params |= {name: asked[name] for name in ("severity", "code") if asked[name] is not None}
    if since is not None:
        params["since_ms"] = max(0, _wall_ms() - int(since * 1000))
    return params


def _lines(messages: Iterable[bytes], folder: Path | None, words: Words) -> Iterator[bytes]:
    for message in messages:
        lines = event_lines(message, words, screen.width())
        if folder is not None:
            from agent.cli.event_show import small

            lines += small(message, folder, words)
        yield screen.encoded("\n".join(lines))


def _wall_ms() -> int:
    from agent.clock import Clock

    return Clock().now().wall_us // 1000
