"""Time that runs faster for one process: its event loop, the agent's clock and the broker library's keepalive alike.

What waits, waits shorter; what works takes its time. So hours of outages pass in minutes, while a machine that is slow is
not taken for one that is late by its own fault more than `pace` times.
"""

import asyncio
import selectors
import time

from paho.mqtt import client as paho_client
from typing_extensions import override

from agent import clock

EPOCH_NS = (
    1_795_000_000_000_000_000  # wall time at monotonic zero: the same in every life of one round
)


class _Hasty(selectors.DefaultSelector):
    def __init__(self, pace: float) -> None:
        super().__init__()
        self._pace = pace

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout if timeout is None else timeout / self._pace)


class HastyLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds are `pace` times shorter."""

    def __init__(self, pace: float) -> None:
        super().__init__(_Hasty(pace))
        self._pace = pace

    @override
    def time(self) -> float:
        return time.monotonic() * self._pace


class HastyTime:
    """What the agent's clock reads instead of the module `time`."""

    def __init__(self, pace: float) -> None:
        self._pace = pace

    def monotonic_ns(self) -> int:
        """Monotonic, and the same scale in all processes of one pace."""
        return round(time.monotonic_ns() * self._pace)

    def time_ns(self) -> int:
        """Wall time, which keeps step with it."""
        return EPOCH_NS + self.monotonic_ns()


def hasten(pace: float) -> None:
    """Let this process's agent live by such a clock; its loop has to be a HastyLoop."""
    hasty = HastyTime(pace)
    setattr(clock, "time", hasty)  # noqa: B010 - in this process only
    setattr(paho_client, "time_func", lambda: hasty.monotonic_ns() / 1e9)  # noqa: B010


def real_s(uptime_us: int, pace: float) -> float:
    """The monotonic second at which a hasty clock showed this."""
    return uptime_us / 1e6 / pace
