"""What is known of a running demonstration at one moment, gathered from three sides; nothing here asks anybody.

The elevator tells the truth about the car, the agent what it sees, believes and owes, and an independent subscriber
what the broker has delivered.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TRAPPED = "trapped_passengers"
BUTTON = "alarm_button"
INTERCOM = "intercom_silent"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event message of the agent. `wall_s` is when it happened, `since_s` when its condition began."""

    seq: int
    code: str
    transition: str
    severity: str
    instance: str | None
    titles: Mapping[str, str]
    wall_s: float
    since_s: float | None

    @property
    def what(self) -> tuple[str, str]:
        """Code and transition."""
        return (self.code, self.transition)

    @classmethod
    def of(cls, message: bytes) -> "Entry":
        """Read a journaled event's message; ValueError for anything else."""
        said: dict[str, Any] = json.loads(message)
        data = said["data"]
        since = data["since"]
        return cls(
            seq=int(said["sequence"]),
            code=data["code"],
            transition=data["transition"],
            severity=data["severity"],
            instance=data["instance"],
            titles=data["title"],
            wall_s=datetime.fromisoformat(said["time"]).timestamp(),
            since_s=None if since is None else datetime.fromisoformat(since).timestamp(),
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as the subscriber got it: when first, and how often."""

    entry: Entry
    wall_s: float
    times: int = 1

    @property
    def late_s(self) -> float:
        """From the event to its first arrival."""
        return max(0.0, self.wall_s - self.entry.wall_s)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the subscriber has: events by sequence, what stands on the alarm topics, the agent's status."""

    events: Mapping[int, Delivery]
    alarms: frozenset[str]
    status: str | None

    def got(self, code: str, transition: str) -> Delivery | None:
        """Find the first delivery of a transition."""
        return next((d for d in self.events.values() if d.entry.what == (code, transition)), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """One look. `status` is the agent's answer, None while it does not answer; `signals` likewise empty."""

    at_s: float
    broker_on: bool
    modbus_on: bool
    elevator: Mapping[str, Any]
    status: Mapping[str, Any] | None
    signals: Mapping[str, Mapping[str, Any]]
    journal: Mapping[int, Entry]
    seen: Seen

    @property
    def car(self) -> Mapping[str, Any]:
        """The car's true signals."""
        signals: Mapping[str, Any] = self.elevator["signals"]
        return signals

    @property
    def standing(self) -> Mapping[str, Mapping[str, Any]]:
        """What the agent says stands raised, by code."""
        return {each["code"]: each for each in (self.status or {}).get("standing", ())}

    @property
    def connected(self) -> bool:
        """Whether the agent has its broker."""
        return bool(self.status and self.status["mqtt"]["connected"])

    @property
    def head(self) -> int:
        """The journal's last sequence number, as far as known."""
        return max(self.journal, default=0)

    @property
    def missing(self) -> tuple[int, ...]:
        """Sequence numbers journaled and not delivered yet."""
        return tuple(seq for seq in range(1, self.head + 1) if seq not in self.seen.events)

    def journaled(self, code: str, transition: str) -> Entry | None:
        """Find the first such transition in the journal."""
        return next((e for e in self.journal.values() if e.what == (code, transition)), None)
