"""One event message as lines for a person: when, how urgent, what happened, what decided it.

A time that was told by a clock that was not set has a question mark, one that was put right later a tilde.
"""

from collections.abc import Mapping
from typing import Any

from agent.cli import screen
from agent.cli.event_message import Message, decoded
from agent.cli.layout import clean, columns, cut, pad, wrapped
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
_SEQ = 5  # columns of a number; a larger one takes more


_DOUBTS = {"unsynchronised": "?", "corrected": "~"}  # beside the time


def event_line(message: bytes, words: Words, width: int | None = None) -> str:
    """Write an event message as a line, in local time, as wide as the screen or as told; raises MsgspecError."""
    text, severity = event_text(message, words)
    return screen.paint(cut(clean(text), width or screen.width()), severity)


def event_lines(message: bytes, words: Words, width: int) -> list[str]:
    """Write an event message whole, with its number: on one line, else with what decided it below; raises MsgspecError."""
    event = decoded(message)
    number = f"{'-' if event.seq is None else event.seq:>{_SEQ}}  "
    head = number + "  ".join([*_head(event, words), event.title(words)])
    code, facts = str(event.data.get("code")), [*_facts(event.data), *_doubt(event, words)]
    severity = str(event.data.get("severity"))
    whole = clean("  ".join([head, code, *facts]))
    if columns(whole) <= width:
        return [screen.paint(whole, severity)]
    indent = " " * columns(number)
    below = wrapped(clean("  ".join([code, *facts])), max(1, width - len(indent)), "")
    lines = [cut(indent + each.lstrip(), width) for each in below]
    return [screen.paint(cut(clean(head), width), severity), *lines]


def event_text(message: bytes, words: Words) -> tuple[str, str]:
    """Write an event message in full, and give its severity; raises MsgspecError."""
    event = decoded(message)
    parts = [*_head(event, words), event.title(words), *_facts(event.data), *_doubt(event, words)]
    return "  ".join(parts), str(event.data.get("severity"))


def when(event: Message) -> str:
    """When it happened, in local time, with a sign of doubt."""
    doubt = _DOUBTS.get(str(event.data.get("clock")), "")
    return f"{event.time.astimezone():%Y-%m-%d %H:%M:%S}{doubt}"


def _head(event: Message, words: Words) -> list[str]:
    return [
        when(event),
        pad(words.known("severity", str(event.data.get("severity"))), 8),
        pad(words.known("transition", str(event.data.get("transition"))), 12),
    ]


def _doubt(event: Message, words: Words) -> list[str]:
    clock = str(event.data.get("clock"))
    return [words(f"time.{clock}")] if clock in _DOUBTS else []


def _facts(data: Mapping[str, Any]) -> list[str]:
    """List the deciding signals, what was unknown, and the details a line has room for."""
    evidence: Mapping[str, Any] = data.get("evidence") or {}
    facts = [f"{name}={shown(fact.get('v'))}" for name, fact in evidence.items()]
    facts += [f"{name}=?" for name in data.get("unknown") or ()]
    return facts + [
        f"{name}={shown(data[name])}" for name in _DETAILS if data.get(name) is not None
    ]
