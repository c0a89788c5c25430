"""A token bucket for the lane that may hold a backlog, so that a fleet does not bury its broker after an outage. Pure.

The window alone paces a long link, and a broker that answers at once needs no protection: there is no pace then. An
acknowledgement that takes longer than a second means that broker or link is buried. The rate is then set to half of what
gets through, never below 10 a second, and doubles with each second of prompt answers until it does not matter any more.
"""

from collections import deque

from agent.model import SECOND_US

SLOW_US = SECOND_US
LEAST_PER_S = 10.0
FREE_PER_S = 5_000.0  # as fast as it goes
BURST = 16  # a full window


class Pace:
    """Rows leave when `ready`; each is answered in the order it was sent."""

    def __init__(self) -> None:
        self.per_s = FREE_PER_S
        self._tokens = float(BURST)
        self._filled_us = self._changed_us = 0
        self._sent_us: deque[int] = deque()

    @property
    def is_free(self) -> bool:
        """Whether there is no pace now."""
        return self.per_s >= FREE_PER_S

    def ready(self, now_us: int) -> bool:
        """Whether a row may leave."""
        if self.is_free:
            return True
        fresh = (now_us - self._filled_us) * self.per_s / SECOND_US
        self._tokens, self._filled_us = min(float(BURST), self._tokens + fresh), now_us
        return self._tokens >= 1

    def sent(self, now_us: int) -> None:
        """A row left."""
        self._sent_us.append(now_us)
        if not self.is_free:
            self._tokens -= 1

    def answered(self, now_us: int) -> None:
        """The broker answered the oldest row under way."""
        waiting = len(self._sent_us)
        took_us = now_us - self._sent_us.popleft()
        if now_us - self._changed_us < SECOND_US:
            return
        if took_us > SLOW_US:
            through = waiting * SECOND_US / took_us
            self.per_s = max(LEAST_PER_S, min(self.per_s, through) / 2)
            self._tokens, self._filled_us = 0.0, now_us
        elif not self.is_free:
            self.per_s = min(FREE_PER_S, 2 * self.per_s)
        self._changed_us = now_us

    def lost(self) -> None:
        """The connection is gone; the pace stays, since everybody else comes back as well."""
        self._sent_us.clear()

    @property
    def due_us(self) -> int | None:
        """When the next row may leave, None where it may now."""
        if self.is_free or self._tokens >= 1:
            return None
        return self._filled_us + round((1 - self._tokens) * SECOND_US / self.per_s) + 1
