"""楼层位置丢失: the controller says so, or the floors it counts contradict the zones that pass, run after run."""

from agent.monitor.detectors.held import Way, either_held, reported
from agent.monitor.snapshot import Snapshot

_RUNS = 3  # in a row; one may be a sensor's slip


def _miscounted(snapshot: Snapshot) -> bool | None:
    """Fewer runs do not yet make it so, nor do they end what stood before a restart."""
    count: int | None = snapshot.values["miscounts"]
    if count is None or 0 < count < _RUNS:
        return None
    return count >= _RUNS


POSITION_LOST = either_held(
    "position_lost",
    ("position.lost", "miscounts"),
    reported("position.lost"),
    Way("floors_contradict_zones", _miscounted),
)
