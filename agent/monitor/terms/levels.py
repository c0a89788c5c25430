"""Numbers, as the one thing that rules ask of them: beyond a limit or not.

A number that plays about its limit is one crossing: it must come back by the signal's dead band, the change that is worth
telling (`agent/signals.py`).
"""

from collections.abc import Callable

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import ANY, HUGE, Band, Term
from agent.signals import SIGNALS

Said = tuple[Band, bool | None, None]


def _below(name: str, signal: str, limit_of: Callable[[Limits], float]) -> Term:
    """True from below the limit on."""

    def step(band: Band, snapshot: Snapshot, limits: Limits) -> Said:
        value, limit = snapshot.values[signal], limit_of(limits)
        if value is None:
            return band, None, None
        back = limit + SIGNALS[signal].dead_band
        low = value < (back if band == (-HUGE, back) else limit)
        return ((-HUGE, back) if low else (limit, HUGE)), bool(low), None

    return Term(name, (signal,), step, ANY, Band, bool | None, banded=True)


def _from(name: str, signal: str, limit_of: Callable[[Limits], float]) -> Term:
    """True from the limit on."""

    def step(band: Band, snapshot: Snapshot, limits: Limits) -> Said:
        value, limit = snapshot.values[signal], limit_of(limits)
        if value is None:
            return band, None, None
        back = limit - SIGNALS[signal].dead_band
        high = value >= (back if band == (back, HUGE) else limit)
        return ((back, HUGE) if high else (-HUGE, limit)), bool(high), None

    return Term(name, (signal,), step, ANY, Band, bool | None, banded=True)


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
