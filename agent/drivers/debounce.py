"""When a contact's level counts: after it has stood still for long enough. Pure, one input each.

Becoming true and becoming false have a time each: an alarm shall be quick, its end may be slow.

A contact that never comes to rest must not hide an alarm: after a second of uninterrupted chatter
the level it held for most of that second counts, a tie as true, and a new second begins.
"""

from dataclasses import dataclass
from typing import Final

from agent.model import SECOND_US

CHATTER_US: Final = SECOND_US


@dataclass(slots=True)
class Debouncer:
    """One input. True counts after `press_us`, false after `release_us`.

    `level` is the level that counts, None until the first one has stood.
    """

    press_us: int
    release_us: int
    level: bool | None = None
    _seen: bool | None = None
    _seen_since_us: int = 0
    _sampled_us: int = 0
    _restless_since_us: int | None = None
    _true_us: int = 0  # how long it was true since it became restless

    @property
    def unstable(self) -> bool:
        """Whether it must be sampled again soon."""
        return self.level is None or self._restless_since_us is not None

    @property
    def due_us(self) -> int:
        """When the level seen last will have stood for long enough."""
        return self._seen_since_us + self._limit_us(self._seen)

    def _limit_us(self, level: bool | None) -> int:  # noqa: FBT001 - a level is a bool
        return self.press_us if level else self.release_us

    def sample(self, seen: bool, at_us: int) -> bool | None:  # noqa: FBT001 - a level is a bool
        """Take a sample; the new level if another one counts from now on, else None."""
        if self._restless_since_us is not None and self._seen:
            self._true_us += at_us - self._sampled_us
        self._sampled_us = at_us
        if seen is not self._seen:
            self._seen, self._seen_since_us = seen, at_us
        if seen is self.level and self._restless_since_us is None:
            return None
        if self._restless_since_us is None:
            self._restless_since_us, self._true_us = at_us, 0
        return self._count(at_us)

    def _count(self, at_us: int) -> bool | None:
        assert self._restless_since_us is not None
        counted = self._seen
        restless_us = at_us - self._restless_since_us
        mostly = 2 * self._true_us >= restless_us
        if at_us >= self.due_us:
            self._restless_since_us = None
        elif restless_us >= CHATTER_US and restless_us > self._limit_us(mostly):
            counted = mostly
            self._restless_since_us, self._true_us = at_us, 0
        else:
            return None
        if counted is self.level:
            return None
        self.level = counted
        return counted
