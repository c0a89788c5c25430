"""Numbers that change slowly, as the one thing that rules ask: beyond a limit or not.

A number that plays about its limit is one crossing: it must come back by the signal's dead band, the change that is worth
telling (`agent/signals.py`).
"""

from collections.abc import Callable

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term
from agent.signals import SIGNALS

LimitOf = Callable[[Limits], float]


def _below(name: str, signal: str, limit_of: LimitOf) -> Term:
    """True from below the limit on."""
    band = SIGNALS[signal].dead_band

    def step(
        low: bool,  # noqa: FBT001
        snapshot: Snapshot,
        limits: Limits,
    ) -> tuple[bool, bool | None, None]:
        value = snapshot.values[signal]
        if value is None:
            return low, None, None
        now = bool(value < limit_of(limits) + (band if low else 0))
        return now, now, None

    return Term(name, (signal,), step, memory=False, memory_type=bool, value_type=bool | None)


def _from(name: str, signal: str, limit_of: LimitOf) -> Term:
    """True from the limit on."""
    band = SIGNALS[signal].dead_band

    def step(
        high: bool,  # noqa: FBT001
        snapshot: Snapshot,
        limits: Limits,
    ) -> tuple[bool, bool | None, None]:
        value = snapshot.values[signal]
        if value is None:
            return high, None, None
        now = bool(value >= limit_of(limits) - (band if high else 0))
        return now, now, None

    return Term(name, (signal,), step, memory=False, memory_type=bool, value_type=bool | None)


BATTERY_LOW = _below(
    "level.battery_low", "power.battery_percent", lambda limits: limits.battery_low_percent
)
ROOM_HOT = _from(
    "level.machine_room_hot", "machine_room.temperature_c", lambda limits: limits.machine_room_hot_c
)
DISK_LOW = _below(
    "level.disk_low", "host.disk_free_percent", lambda limits: limits.disk_low_percent
)
HOST_HOT = _from("level.host_hot", "host.temperature_c", lambda limits: limits.host_hot_c)
