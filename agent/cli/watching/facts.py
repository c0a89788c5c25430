"""What a live view knows at one instant: the service's answer, or why there is none."""

from dataclasses import dataclass

import msgspec

from agent.cli.signals import Signal
from agent.cli.status import Status
from agent.model import Instant


class Watch(msgspec.Struct):
    """The answer of the running service; `floors` is how many landings there are, where that is configured."""

    status: Status
    signals: dict[str, Signal]
    floors: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Nobody answers: the key of the text that says so, and what it names."""

    key: str
    path: str
    reason: str
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look. Without an answer there is a fault, and nothing older is shown in its place.

    `events` are the journal's newest messages, oldest first; empty until somebody wants to see them.
    """

    at: Instant
    answer: Watch | None = None
    fault: Fault | None = None
    events: tuple[bytes, ...] = ()
