"""The words every part shares: instants, readings, events. Frozen, and without any I/O.

Times are whole microseconds. `uptime_us` is the machine's monotonic clock and decides everything; `wall_us` (since
1970, UTC) only labels. Two instants of one boot are compared by `uptime_us`, never by `wall_us`.
"""

import enum
from collections.abc import Mapping

import msgspec

Value = bool | int | float | str
SECOND_US = 1_000_000


class Quality(enum.Enum):
    """What a reading is worth: `bad` came but is implausible, `no_answer` did not come in time."""

    GOOD = "good"
    BAD = "bad"
    NO_ANSWER = "no_answer"


class Severity(enum.Enum):
    """How urgent an event is; `rank` orders them."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 3 for critical."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Transition(enum.Enum):
    """What happened to an event."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    NOTICE = "notice"


class Lane(enum.Enum):
    """The two queues upstream; an alarm never waits behind the rest."""

    CRITICAL = "critical"
    REST = "rest"


class Instant(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of both clocks, shared by a whole batch.

    `uptime_us`: monotonic, since the machine started. `wall_us`: UTC as believed then. `synchronised`: whether the
    system clock had been set from a time source.
    """

    uptime_us: int
    wall_us: int
    synchronised: bool

    def wall_at(self, uptime_us: int) -> int:
        """Wall time, as believed now, of another instant of the same boot."""
        return self.wall_us + uptime_us - self.uptime_us


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One signal's value at one instant. `value` is None unless `quality` is good (or bad, for its record)."""

    signal: str
    value: Value | None
    at_us: int
    quality: Quality = Quality.GOOD


class Point(msgspec.Struct, frozen=True):
    """A signal as it stands: its value (None for unknown), quality, and when its last good reading came, if ever."""

    value: Value | None
    quality: Quality
    at_us: int | None


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """A signal as evidence: its value and since when it has had it (`uptime_us`); None is unknown.

    `last_known` marks a value that was good once and is unknown now.
    """

    v: Value | None
    since_us: int | None = None
    last_known: bool = False


Detail = bool | int | float | str | list[str] | dict[str, int] | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One transition, as the monitor or the agent itself decided it; the journal gives it its sequence.

    `at_us` is the instant of the transition and `since_us` when its condition began (both `uptime_us`). `evidence` are
    the signals that decided, `unknown` those that could not be asked. `detail` holds what only this code says
    (`occupancy`, `filtered`, `from`, `to`, `reason`, …) and stands beside the others in the message.
    """

    code: str
    transition: Transition
    severity: Severity
    at_us: int
    instance: str | None = None
    since_us: int | None = None
    evidence: Mapping[str, Fact] = msgspec.field(default_factory=dict[str, Fact])
    unknown: tuple[str, ...] = ()
    detail: Mapping[str, Detail] = msgspec.field(default_factory=dict[str, Detail])
    mode: str | None = None
    visit: bool = False
    drill: bool = False
    stop_recommended: bool = False

    @property
    def key(self) -> tuple[str, str | None]:
        """What can stand only once: the code and, where there are several, which of them."""
        return (self.code, self.instance)

    @property
    def lane(self) -> Lane:
        """All transitions of an event raised as critical travel together; a clear keeps its raise's severity."""
        return Lane.CRITICAL if self.severity is Severity.CRITICAL else Lane.REST


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A committed line of the journal. Never rewritten: it holds the clock as it was known then.

    `raised_seq` is the sequence of the raise this transition belongs to (its own for a raise), None for a plain notice.
    `duration_ms` is set on a clear where both ends are known on one trustworthy scale. `anchor_us` is not part of the line:
    where its clock was not synchronised, the wall time of its boot's uptime 0, once that became known.
    """

    seq: int
    journal: str
    raised_seq: int | None
    event: Event
    boot_id: str
    wall_us: int
    synchronised: bool
    duration_ms: int | None = None
    anchor_us: int | None = None

    @property
    def is_dated(self) -> bool:
        """Whether it is known when it happened."""
        return self.synchronised or self.anchor_us is not None

    @property
    def told_us(self) -> int:
        """Its wall time as best known now."""
        return self.wall_us if self.anchor_us is None else self.anchor_us + self.event.at_us
