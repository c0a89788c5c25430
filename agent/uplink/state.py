"""When the `state` topic is worth a message: on change, not too often, and once a minute anyway. Pure."""

from collections.abc import Callable, Mapping

from agent.model import SECOND_US, Point, Value
from agent.signals import signal_for

EVERY_US = 60 * SECOND_US
EXPIRY_S = 180


def worth_sending(sent: Mapping[str, Point], now: Mapping[str, Point]) -> bool:
    """Whether the points differ by more than the dead band of each from those sent last."""
    return sent.keys() != now.keys() or any(
        _differs(name, sent[name], point) for name, point in now.items()
    )


def _differs(name: str, before: Point, after: Point) -> bool:
    if before.quality is not after.quality:
        return True
    return before.value != after.value and not _within_band(name, before.value, after.value)


def _within_band(name: str, before: Value | None, after: Value | None) -> bool:
    row = signal_for(name)
    if row is None or row.dead_band == 0 or isinstance(before, str) or isinstance(after, str):
        return False
    return before is not None and after is not None and abs(after - before) < row.dead_band


class StatePace:
    """When to look again. Between two messages at least `interval_us` pass, and at most a minute."""

    def __init__(self, interval_us: int) -> None:
        self._interval_us = interval_us
        self._sent: Mapping[str, Point] = {}
        self._sent_us: int | None = None
        self._touched = False

    def touched(self) -> None:
        """Some signal changed."""
        self._touched = True

    def sent(self, points: Mapping[str, Point], now_us: int) -> None:
        """These points were published."""
        self._sent, self._sent_us, self._touched = dict(points), now_us, False

    @property
    def due_us(self) -> int:
        """When `wanted` has to be asked next."""
        if self._sent_us is None:
            return 0
        return self._sent_us + (self._interval_us if self._touched else EVERY_US)

    def wanted(self, points: Callable[[], Mapping[str, Point]], now_us: int) -> bool:
        """Whether to publish now. Forgets a change that was too small to be worth it."""
        if self._sent_us is None or now_us >= self._sent_us + EVERY_US:
            return True
        if not self._touched or now_us < self.due_us:
            return False
        self._touched = False
        return worth_sending(self._sent, points())
