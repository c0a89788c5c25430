"""What the speed means, so that rules are not asked at each of its changes."""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

STILL, CREEPING, RUNNING, OVER = "still", "creeping", "running", "over"
_MOVES_MM_S = 50  # contract, section 3.2: from here on it is movement

Said = tuple[None, str | None, None]
_UNKNOWN: Said = (None, None, None)
_STILL: Said = (None, STILL, None)
_CREEPING: Said = (None, CREEPING, None)
_RUNNING: Said = (None, RUNNING, None)
_OVER: Said = (None, OVER, None)


def _speed(_: None, snapshot: Snapshot, limits: Limits) -> Said:
    """Standing still, creeping (below 50 mm/s), running, or above the overspeed limit where one is known."""
    speed_mm_s = snapshot.values["car.speed_mm_s"]
    if speed_mm_s is None:
        return _UNKNOWN
    if speed_mm_s >= _MOVES_MM_S:
        most_mm_s = limits.overspeed_mm_s
        return _OVER if most_mm_s is not None and speed_mm_s > most_mm_s else _RUNNING
    return _CREEPING if speed_mm_s else _STILL


SPEED = Term("speed", ("car.speed_mm_s",), _speed, value_type=str | None)
