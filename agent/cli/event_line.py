"""One event message as one line for a person: when, how urgent, what happened, what decided it.

A time that was told by a clock that was not set has a question mark, one that was put right later a tilde.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from agent.cli import screen
from agent.cli.layout import clean, cut, pad
from agent.cli.signals import shown
from agent.cli.texts import Words

_DETAILS = (
    "from",
    "to",
    "reason",
    "occupancy",
    "filtered",
    "by",
    "recording",
)  # what a line has room for


_DOUBTS = {"unsynchronised": "?", "corrected": "~"}  # beside the time


class _Message(msgspec.Struct):
    time: dt.datetime
    data: dict[str, Any]


def event_line(message: bytes, words: Words, width: int | None = None) -> str:
    """Write an event message as a line, in local time, as wide as the screen or as told; raises MsgspecError."""
    text, severity = event_text(message, words)
    return screen.paint(cut(clean(text), width or screen.width()), severity)


def event_text(message: bytes, words: Words) -> tuple[str, str]:
    """Write an event message in full, and give its severity; raises MsgspecError."""
    event = _messages.decode(message)
    data = event.data
    severity, clock = str(data.get("severity")), str(data.get("clock"))
    parts = [
        f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}{_DOUBTS.get(clock, '')}",
        pad(words.known("severity", severity), 8),
        pad(words.known("transition", str(data.get("transition"))), 12),
        _title(data, words),
        *_facts(data),
        *([words(f"time.{clock}")] if clock in _DOUBTS else []),
    ]
    return "  ".join(parts), severity


def _title(data: Mapping[str, Any], words: Words) -> str:
    title = data.get("title")
    named = title.get(words.lang) if isinstance(title, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    text = str(named or data.get("code"))  # pyright: ignore[reportUnknownArgumentType]
    return f"{text} [{data['instance']}]" if data.get("instance") else text


def _facts(data: Mapping[str, Any]) -> list[str]:
    """List the deciding signals, what was unknown, and the details a line has room for."""
    evidence: Mapping[str, Any] = data.get("evidence") or {}
    facts = [f"{name}={shown(fact.get('v'))}" for name, fact in evidence.items()]
    facts += [f"{name}=?" for name in data.get("unknown") or ()]
    return facts + [
        f"{name}={shown(data[name])}" for name in _DETAILS if data.get(name) is not None
    ]


_messages = msgspec.json.Decoder(_Message)
