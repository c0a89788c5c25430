"""An event message as the service sends it, as far as the command line reads it. Pure."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from agent.cli.texts import Words
from agent.model import SECOND_US, Event, Fact, Severity, Transition


class Message(msgspec.Struct):
    """One event; raises MsgspecError where it is none."""

    time: dt.datetime
    data: dict[str, Any]
    sequence: str | None = None

    @property
    def seq(self) -> int | None:
        """Its number in the journal."""
        return int(self.sequence) if self.sequence and self.sequence.isdecimal() else None

    @property
    def raised_seq(self) -> int | None:
        """The number of the raise it belongs to."""
        seq = self.data.get("raised_seq")
        return seq if isinstance(seq, int) else None

    def title(self, words: Words) -> str:
        """What it is called, and of which of several it speaks."""
        title = self.data.get("title")
        named = title.get(words.lang) if isinstance(title, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        text = str(named or self.data.get("code"))  # pyright: ignore[reportUnknownArgumentType]
        return f"{text} [{self.data['instance']}]" if self.data.get("instance") else text

    def believed(self) -> dt.datetime:
        """When it happened by the clock of that moment, which a recording goes by as well."""
        said = self.data.get("believed_time")
        return self.time if said is None else msgspec.convert(said, dt.datetime)


def decoded(raw: bytes) -> Message:
    """Understand a message; raises MsgspecError."""
    return _messages.decode(raw)


def as_of(message: Message, begin: dt.datetime) -> Event:
    """The event in the time of a recording that begins at `begin`; raises ValueError for words nobody knows."""
    data = message.data
    at_us = round((message.believed() - begin).total_seconds() * SECOND_US)
    evidence: Mapping[str, Any] = data.get("evidence") or {}
    return Event(
        code=str(data.get("code")),
        transition=Transition(str(data.get("transition"))),
        severity=Severity(str(data.get("severity"))),
        at_us=at_us,
        instance=data.get("instance"),
        evidence={name: Fact(fact.get("v")) for name, fact in evidence.items()},
        unknown=tuple(data.get("unknown") or ()),
    )


_messages = msgspec.json.Decoder(Message)
