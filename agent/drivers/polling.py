"""When to poll, and whether the link is up: the decisions of a polled driver. Pure.

Knows no protocol. A link is down only when nothing good came for a while, so that one lost answer
is not an event; it is up again with the first good answer.
"""

from dataclasses import dataclass
from typing import Final

from agent.model import SECOND_US

MISSES: Final = 3
REST_US: Final = 5 * SECOND_US


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


class Silences:
    """Which blocks of a device to ask, and in which order, when some stay silent.

    A poll begins behind the block that was silent last. One that stays silent though others are
    answered is left out for `REST_US`: it costs a whole time-out each time.
    """

    def __init__(self, count: int) -> None:
        self._first = 0
        self._misses = [0] * count
        self._rest_until_us = [0] * count
        self.met = False  # whether the poll under way, or the last one, met a silent block

    def order(self, now_us: int) -> list[int]:
        """Begin a poll: give its blocks, never none."""
        self.met = False
        turned = [*range(self._first, len(self._misses)), *range(self._first)]
        return [n for n in turned if self._rest_until_us[n] <= now_us] or turned

    def came(self, n: int) -> None:
        """Note that a block was answered."""
        self._misses[n] = 0

    def missed(self, n: int, now_us: int, *, others_answered: bool) -> None:
        """Note that a block was silent, in a poll in which others were answered or not."""
        self.met = True
        self._first = (n + 1) % len(self._misses)
        if others_answered:
            self._misses[n] += 1
            if self._misses[n] >= MISSES:
                self._rest_until_us[n] = now_us + REST_US


@dataclass(slots=True)
class Statistics:
    """What a technician asks about a link; counted since the agent started."""

    polls: int = 0
    timeouts: int = 0
    exceptions: int = 0
    malformed: int = 0
    connects: int = 0
    drops: int = 0
    round_trip_ms: float | None = None
