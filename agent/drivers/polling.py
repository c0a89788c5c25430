"""When to poll, whether the link is up, and what is counted of it. Pure.

Knows no protocol. A link is down only when nothing good came for a while, so that one lost answer
is not an event; it is up again with the first good answer.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WINDOW: Final = 256  # answers whose times are kept


@dataclass(slots=True)
class Grid:
    """A steady grid of instants: no drift, and no burst after a lag."""

    due_us: int

    def after(self, now_us: int, interval_us: int) -> int:
        """Step to the next instant of the grid that is not before `now_us`, and give it."""
        late_us = max(0, now_us - self.due_us - interval_us)
        self.due_us += interval_us * (1 + -(-late_us // interval_us))
        return self.due_us


@dataclass(slots=True)
class Freshness:
    """Whether something that should come regularly still does.

    `limit_us` is how long it may stay away since `last_us`, when it last came or was first awaited.
    `is_lost` is None until there is a first verdict.
    """

    limit_us: int
    last_us: int = 0
    is_lost: bool | None = None

    def came(self, now_us: int) -> bool:
        """Note that it came; True if that is news: the first time, or back from being lost."""
        news = self.is_lost is not False
        self.is_lost = False
        self.last_us = now_us
        return news

    def missed(self, now_us: int) -> bool:
        """Note that it did not come; True if it is lost from now on."""
        if self.is_lost or now_us - self.last_us < self.limit_us:
            return False
        self.is_lost = True
        return True


class Statistics:
    """What a technician asks about a link; counted since the agent started.

    `polls`: how often the device was looked at. `answered`: questions with a proper answer;
    `timeouts`: with none in time; `exceptions`: refused by the device; `malformed`: answered with
    damaged bytes (checksum, length) or by somebody else. `connects`, `drops`: of the connection.
    """

    __slots__ = (
        "answered", "connects", "drops", "exceptions", "malformed", "polls", "round_trips_us",
        "timeouts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.polls = self.answered = self.timeouts = self.exceptions = self.malformed = 0
        self.connects = self.drops = 0
        self.round_trips_us: deque[int] = deque(maxlen=WINDOW)

    def answered_in(self, round_trip_us: int) -> None:
        """Count one proper answer that took so long."""
        self.answered += 1
        self.round_trips_us.append(round_trip_us)

    @property
    def round_trip_ms(self) -> float | None:
        """How long the last answer took; None before the first."""
        return self.round_trips_us[-1] / 1000 if self.round_trips_us else None

    def facts(self) -> dict[str, int | float | None]:
        """Give all counts, and how long half and 95 % of the last `WINDOW` answers took at most, in ms."""
        ordered = sorted(self.round_trips_us)
        return {
            "polls": self.polls,
            "answered": self.answered,
            "timeouts": self.timeouts,
            "exceptions": self.exceptions,
            "malformed": self.malformed,
            "connects": self.connects,
            "drops": self.drops,
            "round_trip_p50_ms": _share_ms(ordered, 50),
            "round_trip_p95_ms": _share_ms(ordered, 95),
        }


def _share_ms(ordered_us: Sequence[int], percent: int) -> float | None:
    """Give the least of ordered numbers that so many percent of them do not exceed, as ms."""
    if not ordered_us:
        return None
    return ordered_us[-(-len(ordered_us) * percent // 100) - 1] / 1000
