"""What the speed means, so that rules are not asked at each of its changes."""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import ANY, HUGE, Band, Term

STILL, CREEPING, RUNNING, OVER = "still", "creeping", "running", "over"
_MOVES_MM_S = 50  # contract, section 3.2: from here on it is movement


def _speed(_: Band, snapshot: Snapshot, limits: Limits) -> tuple[Band, str | None, None]:
    """Standing still, creeping (below 50 mm/s), running, or above the overspeed limit where one is known."""
    speed_mm_s = snapshot.values["car.speed_mm_s"]
    if speed_mm_s is None:
        return ANY, None, None
    if speed_mm_s < _MOVES_MM_S:
        return ((1, _MOVES_MM_S), CREEPING, None) if speed_mm_s >= 1 else ((-HUGE, 1), STILL, None)
    over_mm_s = HUGE if limits.overspeed_mm_s is None else limits.overspeed_mm_s + 1
    if speed_mm_s < over_mm_s:
        return (_MOVES_MM_S, over_mm_s), RUNNING, None
    return (over_mm_s, HUGE), OVER, None


SPEED = Term("speed", ("car.speed_mm_s",), _speed, ANY, Band, str | None, banded=True)
