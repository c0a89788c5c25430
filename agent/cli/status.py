"""`elevator-agent status`: one screen of at most 24 lines and 80 columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

from agent.cli import screen
from agent.cli.ask import ask
from agent.cli.layout import age, clean, cut, pad
from agent.cli.link_reasons import link_reason
from agent.cli.site import socket_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, WARNING, read, verb

LINES = 24  # of which the last stays free for the prompt
WIDTH = 80
MOST_LINKS = 5
MOST_ALARMS = 8


class Elevator(msgspec.Struct):
    """Which one."""

    site: str = ""
    id: str = ""
    name: str = ""


class Counted(msgspec.Struct):
    """Of a driver's questions; None where it asks none."""

    round_trip_p95_ms: float | None = None


class Link(msgspec.Struct):
    """A driver's link; `since_s` is how long it has been so."""

    up: bool
    reason: str | None = None
    since_s: float | None = None
    statistics: Counted = msgspec.field(default_factory=Counted)


class Mqtt(msgspec.Struct):
    """The connection upstream."""

    connected: bool = False
    reason: str | None = None
    reason_zh: str | None = None
    unheard: int = 0
    set_aside: list[object] = []


class Owed(msgspec.Struct):
    """Events not yet acknowledged by the broker."""

    critical: int = 0
    rest: int = 0


class Outbox(msgspec.Struct):
    """The journal: `waiting` events could not be committed yet."""

    journal: str = ""
    head: int = 0
    owed: Owed = msgspec.field(default_factory=Owed)
    fault: str | None = None
    waiting: int = 0


class Acknowledged(msgspec.Struct):
    """Who has taken an alarm up."""

    by: str | None = None


class Alarm(msgspec.Struct):
    """One event that stands raised."""

    code: str
    severity: str
    instance: str | None = None
    title: dict[str, str] = {}
    age_s: float | None = None
    seq: int | None = None
    journaled: bool = True
    acknowledged: Acknowledged | None = None


class Clock(msgspec.Struct):
    """Whether wall time can be trusted; `anchor` dates what was told before it could."""

    synchronised: bool = False
    anchor: dict[str, int] | None = None


class Status(msgspec.Struct):
    """The answer of the running service."""

    elevator: Elevator
    state: str
    reason: str | None = None
    version: str = ""
    uptime_s: float | None = None
    boot_id: str = ""
    links: dict[str, Link] = {}
    mqtt: Mqtt = msgspec.field(default_factory=Mqtt)
    outbox: Outbox = msgspec.field(default_factory=Outbox)
    standing: list[Alarm] = []
    clock: Clock = msgspec.field(default_factory=Clock)


def command(words: Words) -> click.Command:
    """Make the verb."""
    return verb("status", words, _work)


def _work(words: Words, *, config: Path | None, as_json: bool) -> int:
    raw = ask(socket_of(config), "status")
    status = read(raw, Status)
    if as_json:
        screen.show_lines([raw], live=True)
    else:
        screen.show(*page(status, words))
    return code_of(status)


def code_of(status: Status) -> int:
    """Give the exit code: 1 while degraded, while something stands raised, and while nothing reaches the broker."""
    fine = status.state == "online" and status.mqtt.connected and not status.standing
    return FINE if fine else WARNING


def page(status: Status, words: Words) -> list[str]:
    """Give the screen's lines, what matters first."""
    lines = [
        *_head(status, words),
        "",
        *_alarms(status.standing, words),
        "",
        *_links(status.links, words),
        _mqtt(status.mqtt, words),
        *_outbox(status.outbox, words),
    ]
    assert len(lines) < LINES
    return lines


def urgent_first(standing: Sequence[Alarm]) -> list[Alarm]:
    """Order what stands raised by how urgent it is."""
    order = {"critical": 0, "major": 1, "minor": 2}
    return sorted(standing, key=lambda alarm: order.get(alarm.severity, 3))


def down_first(links: Mapping[str, Link]) -> list[tuple[str, Link]]:
    """Order links by whether they are down, then by name."""
    return sorted(links.items(), key=lambda item: (item[1].up, item[0]))


def mqtt_reason(mqtt: Mqtt, words: Words) -> str:
    """Say why there is no connection; empty where there is one."""
    return (mqtt.reason_zh if words.lang == "zh" else None) or mqtt.reason or ""


def _head(status: Status, words: Words) -> list[str]:
    who = status.elevator
    fine = status.state == "online"
    state = words.known("status", status.state)
    if status.reason:
        state += f" ({status.reason})"
    title = cut(clean(f"{who.site}/{who.id}  {who.name}".rstrip()), WIDTH // 2)
    clock = words(f"status.{_clock(status.clock)}")
    facts = words(
        "status.version",
        version=status.version,
        up=age(status.uptime_s),
        boot=status.boot_id[:8],
        clock=clock,
    )
    state = cut(clean(state), WIDTH - 4 - WIDTH // 2)
    return [
        f"{screen.paint(title, 'bold')}  {screen.paint(state, 'good' if fine else 'major')}",
        cut(clean(facts), WIDTH),
    ]


def _clock(clock: Clock) -> str:
    if not clock.synchronised:
        return "unsynchronised"
    return "synchronised" if clock.anchor is None else "corrected"


def _links(links: Mapping[str, Link], words: Words) -> list[str]:
    """One line a link, those that are down first."""
    order = down_first(links)
    lines = [_link(name, link, words) for name, link in order[:MOST_LINKS]]
    return lines + _more(len(order) - MOST_LINKS, words)


def _link(name: str, link: Link, words: Words) -> str:
    state = words("status.up" if link.up else "status.down")
    since = words("status.since", age=age(link.since_s)) if link.since_s is not None else ""
    line = f"{_label(words('status.links'))}{pad(cut(name, 20), 20)}  {state} {since}  {link_reason(link.reason, words)}"
    p95_ms = link.statistics.round_trip_p95_ms
    if link.up and p95_ms is not None:
        line += f"  {words('status.round_trip', ms=round(p95_ms))}"
    return screen.paint(cut(clean(line.rstrip()), WIDTH), "" if link.up else "major")


def _mqtt(mqtt: Mqtt, words: Words) -> str:
    state = words("status.connected" if mqtt.connected else "status.disconnected")
    notes = [
        words(key, count=count)
        for key, count in (
            ("status.set_aside", len(mqtt.set_aside)),
            ("status.unheard", mqtt.unheard),
        )
        if count
    ]
    told = "; ".join([*filter(None, [mqtt_reason(mqtt, words)]), *notes])
    line = f"{_label(words('status.mqtt'))}{state}  {told}".rstrip()
    fine = mqtt.connected and not mqtt.set_aside
    return screen.paint(cut(clean(line), WIDTH), "" if fine else "minor")


def _outbox(outbox: Outbox, words: Words) -> list[str]:
    owed = words(
        "status.owed",
        critical=outbox.owed.critical,
        rest=outbox.owed.rest,
        waiting=outbox.waiting,
        head=outbox.head,
        journal=outbox.journal[:8],
    )
    lines = [cut(clean(_label(words("status.outbox")) + owed), WIDTH)]
    if outbox.fault:
        fault = words("status.fault", fault=outbox.fault)
        lines.append(screen.paint(cut(clean(_label("") + fault), WIDTH), "major"))
    return lines


def _alarms(standing: Sequence[Alarm], words: Words) -> list[str]:
    if not standing:
        return [f"{words('status.standing')}: {words('status.nothing')}"]
    urgent = urgent_first(standing)
    lines = [f"{words('status.standing')}: {len(standing)}"]
    lines += [_alarm(alarm, words) for alarm in urgent[:MOST_ALARMS]]
    return lines + _more(len(urgent) - MOST_ALARMS, words)


def _alarm(alarm: Alarm, words: Words) -> str:
    title = alarm.title.get(words.lang) or alarm.code
    name = f"{title} [{alarm.instance}]" if alarm.instance else title
    number = f"#{alarm.seq}" if alarm.journaled else words("status.unjournaled")
    severity = pad(words.known("severity", alarm.severity), 8)
    line = f"  {severity}  {pad(cut(name, 38), 38)}  {age(alarm.age_s)}  {number}"
    if alarm.acknowledged is not None:
        line += f"  {words('status.acknowledged', by=alarm.acknowledged.by)}"
    return screen.paint(cut(clean(line), WIDTH), alarm.severity)


def _more(count: int, words: Words) -> list[str]:
    return [f"  {words('status.more', count=count)}"] if count > 0 else []


def _label(text: str) -> str:
    return pad(text, 8)
