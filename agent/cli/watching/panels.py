"""The blocks beside the picture: what stands raised, what is owed upstream, links, signals. Pure."""

from collections.abc import Mapping, Sequence

from agent.cli.layout import age, columns
from agent.cli.link_reasons import link_reason
from agent.cli.parts import Line, Part, cell
from agent.cli.signals import Signal, shown
from agent.cli.status import Alarm, Link, Status, down_first, mqtt_reason, urgent_first
from agent.cli.texts import Words
from agent.cli.watching.car_words import LABEL, labelled
from agent.signals import signal_for

_SEVERITY, _AGE = 9, 8
_NARROW = 30  # columns; below it an alarm is its title alone
_LONGEST_NAME, _VALUE, _QUALITY = 30, 12, 10
_LINK = 16  # of a driver's name, at most
_DRIVER = 12  # at least; where there is less room the driver is not named
_FRESH_S, _STEP_S = 2, 5  # of ages: seconds that tick cost a slow line more than they tell
_STEPS_UNTIL_S = 120


def coarse_age(seconds: float | None, words: Words) -> str:
    """Write how old something is in one unit and in steps, so that it does not change at every look."""
    if seconds is None or seconds >= _STEPS_UNTIL_S:
        return " ".join(age(seconds).split()[:2])
    if seconds < _FRESH_S:
        return words("watch.fresh")
    return age(seconds if seconds < _STEP_S else seconds // _STEP_S * _STEP_S)


def listed(lines: Sequence[Line], room: int, words: Words) -> list[Line]:
    """Give as many lines as there is room for; the last says how many are missing."""
    if len(lines) <= room or room <= 0:
        return list(lines[: max(0, room)])
    more = words("status.more", count=len(lines) - room + 1)
    return [*lines[: room - 1], [(f"  {more}", "dim")]]


def raised_head(standing: Sequence[Alarm], words: Words) -> Line:
    """Count what stands raised."""
    critical = sum(alarm.severity == "critical" for alarm in standing)
    part: Part = (words("watch.none"), "good")
    if critical:
        part = (words("watch.critical", count=len(standing), critical=critical), "critical")
    elif standing:
        part = (str(len(standing)), "major")
    return labelled(words("watch.raised"), [part], words)


def raised(standing: Sequence[Alarm], width: int, words: Words) -> list[Line]:
    """List what stands raised, the most urgent first; where there is no room for more, only what it is called."""
    urgent = urgent_first(standing)
    if width < _NARROW:
        return [[(_title(alarm, words), alarm.severity)] for alarm in urgent]
    behind = [_behind(alarm, words) for alarm in urgent]
    room = width - _SEVERITY - max((columns(age + taken) for age, taken in behind), default=0)
    return [
        [
            cell(words.known("severity", alarm.severity), _SEVERITY, alarm.severity),
            cell(_title(alarm, words), max(8, room), alarm.severity),
            (age, ""),
            (taken, "good"),
        ]
        for alarm, (age, taken) in zip(urgent, behind, strict=True)
    ]


def _title(alarm: Alarm, words: Words) -> str:
    title = alarm.title.get(words.lang) or alarm.code
    return f"{title} [{alarm.instance}]" if alarm.instance else title


def _behind(alarm: Alarm, words: Words) -> tuple[str, str]:
    """How old it is, and whether somebody took it up."""
    taken = "" if alarm.acknowledged is None else f" {words('watch.acknowledged')}"
    return f" {coarse_age(alarm.age_s, words)}", taken


def upstream(status: Status, words: Words) -> list[Line]:
    """Say how the broker is reached and what it has not acknowledged."""
    mqtt, outbox = status.mqtt, status.outbox
    state: list[Part] = [(words("status.connected"), "")]
    if not mqtt.connected:
        state = [(words("status.disconnected"), "major"), (mqtt_reason(mqtt, words), "")]
    owed = outbox.owed
    counts = words("watch.owed_counts", critical=owed.critical, rest=owed.rest)
    parts: list[Part] = [(counts, "major" if owed.critical else "")]
    if outbox.waiting:
        parts.append((words("watch.not_on_disk", waiting=outbox.waiting), "major"))
    lines = [labelled(words("status.mqtt"), [part for part in state if part[0]], words)]
    lines.append(labelled(words("watch.owed"), parts, words))
    if outbox.fault:
        lines.append([(words("status.fault", fault=outbox.fault), "major")])
    return lines


def links(found: Mapping[str, Link], words: Words) -> list[Line]:
    """List the drivers' links, those that are down first."""
    label, lines = words("watch.links"), list[Line]()
    widest = min(_LINK, max((columns(name) for name in found), default=0))
    for name, link in down_first(found):
        lines.append([cell(label, LABEL, "dim"), cell(name, widest), *_link(link, words)])
        label = ""
    return lines


def _link(link: Link, words: Words) -> list[Part]:
    if not link.up:
        since = coarse_age(link.since_s, words)
        return [
            (f" {words('status.down')} {since} {link_reason(link.reason, words)}".rstrip(), "major")
        ]
    return [(f" {words('status.up')}", "good")]


def signals_head(words: Words, width: int) -> Line:
    """Name the columns of the signals."""
    return [
        cell(words("column.signal"), _name_width(width), "dim"),
        cell(words("column.value"), _VALUE, "dim"),
        cell(words("column.quality"), _QUALITY, "dim"),
        (words("column.age"), "dim"),
    ]


def signals(found: Mapping[str, Signal], words: Words, width: int) -> list[Line]:
    """List signals by name: value, quality, age, and where there is room the driver."""
    return [_signal(name, found[name], words, width) for name in sorted(found)]


def failing_first(found: Mapping[str, Signal], words: Words, width: int) -> list[Line]:
    """List signals where there is no room for all: those that cannot be trusted first."""
    names = sorted(found, key=lambda name: (found[name].q == "good", name))
    return [_signal(name, found[name], words, width) for name in names]


def _signal(name: str, signal: Signal, words: Words, width: int) -> Line:
    good, name_width = signal.q == "good", _name_width(width)
    seconds = None if signal.age_ms is None else signal.age_ms / 1000
    line = [
        cell(_name(name, words), name_width - 1),
        (" ", ""),
        cell(shown(signal.v), _VALUE - 1, "bold" if good else "major"),
        (" ", ""),
        cell(words.known("watch.quality", signal.q), _QUALITY, "good" if good else "major"),
        cell(coarse_age(seconds, words), _AGE, "dim"),
    ]
    room = width - name_width - _VALUE - _QUALITY - _AGE
    return [*line, cell(signal.driver or "", room, "dim")] if room >= _DRIVER else line


def _name_width(width: int) -> int:
    return min(_LONGEST_NAME, width - _VALUE - _QUALITY - _AGE)


def _name(name: str, words: Words) -> str:
    """Call a signal as the configuration does, in Chinese as people do."""
    row = signal_for(name)
    return row.zh if words.lang == "zh" and row is not None else name
