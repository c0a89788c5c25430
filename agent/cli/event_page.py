"""One event whole, as a page: what it says of itself, and what became of it. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from agent.cli import screen
from agent.cli.event_line import when
from agent.cli.event_message import Message
from agent.cli.layout import age, clean, columns, cut, pad, wrapped
from agent.cli.signals import shown
from agent.cli.texts import Words

_LABEL = 14
# What every event has, which is said otherwise, or which only machines want.
_SAID = frozenset({
    "acknowledged", "believed_time", "boot_id", "clock", "code", "codes", "drill", "duration_ms", "evidence", "historical",
    "instance", "journal", "lane", "mode", "raised_seq", "recording", "replayed", "rescue_code", "rule", "severity", "since",
    "stop_recommended", "title", "transition", "unknown", "uptime_ms", "visit",
})  # fmt: skip
_NOTES = {"visit": "event.visit", "drill": "event.drill", "stop_recommended": "event.stop"}

Fact = tuple[str, str]  # label and what it says


def page(event: Message, later: Sequence[Message], words: Words, width: int) -> list[str]:
    """Write an event; `later` are the acknowledgements and the clear that belong to it."""
    data = event.data
    severity = str(data.get("severity"))
    title = f"{'-' if event.seq is None else event.seq}  {event.title(words)}  ({data.get('code')})"
    facts = [*_evidence(data, words), *_details(data, words), *_after(event, later, words)]
    lines = [line for label, text in facts for line in _line(label, text, width)]
    return [screen.paint(cut(clean(title), width), severity), *_times(event, words, width), *lines]


def _times(event: Message, words: Words, width: int) -> list[str]:
    data = event.data
    said = [
        words.known("severity", str(data.get("severity"))),
        words.known("transition", str(data.get("transition"))),
        when(event),
    ]
    if data.get("since"):
        said.append(words("event.since", time=_clock(data["since"])))
    return [cut(clean("  ".join(said)), width)]


def _evidence(data: Mapping[str, Any], words: Words) -> list[Fact]:
    evidence: Mapping[str, Mapping[str, Any]] = data.get("evidence") or {}
    names = max((columns(name) for name in evidence), default=0)
    values = max((columns(shown(fact.get("v"))) for fact in evidence.values()), default=0)
    facts: list[Fact] = []
    for name, fact in evidence.items():
        text = f"{pad(name, names)}  {pad(shown(fact.get('v')), values)}"
        if fact.get("since"):
            text += "  " + words("event.since", time=_clock(fact["since"]))
        if fact.get("last_known"):
            text += "  " + words("event.last_known")
        facts.append(("" if facts else words("event.evidence"), text))
    unknown = ", ".join(data.get("unknown") or ())
    return [*facts, *([(words("event.unknown"), unknown)] if unknown else [])]


def _details(data: Mapping[str, Any], words: Words) -> list[Fact]:
    facts: list[Fact] = []
    if data.get("rule"):
        facts.append((words("event.rule"), str(data["rule"])))
    if data.get("mode"):
        facts.append((words("event.mode"), words.known("watch.mode", str(data["mode"]))))
    notes = [words(key) for name, key in _NOTES.items() if data.get(name) is True]
    if notes:
        facts.append((words("event.notes"), ", ".join(notes)))
    beside = [(name, value) for name, value in data.items() if name not in _SAID]
    return facts + [(name, _value(value)) for name, value in beside if value is not None]


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(shown(each) for each in cast("list[object]", value))
    if isinstance(value, (bool, int, float, str)):
        return shown(value)
    return msgspec.json.encode(value).decode()


def _after(event: Message, later: Sequence[Message], words: Words) -> list[Fact]:
    data = event.data
    facts: list[Fact] = []
    if data.get("transition") == "raised":
        facts = [_followed(each, words) for each in later]
        if not facts:
            facts.append((words("event.acknowledged"), words("event.nobody")))
    elif event.raised_seq is not None:
        facts.append((words("event.raise"), str(event.raised_seq)))
    if data.get("duration_ms") is not None:
        facts.append((words("event.duration"), age(data["duration_ms"] / 1000)))
    if data.get("recording"):
        facts.append((words("event.recording"), str(data["recording"])))
    return facts


def _followed(event: Message, words: Words) -> Fact:
    transition, by = str(event.data.get("transition")), event.data.get("by")
    key = "event.ended" if by is None else "event.by"
    return words.known("event", transition), words(key, time=when(event), by=by, seq=event.seq)


def _clock(text: object) -> str:
    """An instant of the message in local time."""
    try:
        return f"{msgspec.convert(text, dt.datetime).astimezone():%Y-%m-%d %H:%M:%S}"
    except msgspec.ValidationError:
        return str(text)


def _line(label: str, text: str, width: int) -> list[str]:
    label = clean(label)
    room = max(_LABEL, columns(label) + 2)
    rows = (
        wrapped(clean(text), max(1, width - room), "")
        if width - room < columns(text)
        else [clean(text)]
    )
    return [cut(pad(label if not n else "", room) + row, width) for n, row in enumerate(rows)]
