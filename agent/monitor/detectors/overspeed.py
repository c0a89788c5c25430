"""超速: the governor or the safety gear has tripped, or the car is faster than its rated speed allows."""

from agent.monitor.detectors.held import Way, either_held, reported
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.speed import OVER


def _too_fast(snapshot: Snapshot) -> bool | None:
    speed = snapshot.values["speed"]
    return None if speed is None else speed == OVER


def _safety_gear(snapshot: Snapshot) -> bool | None:
    tripped: bool | None = snapshot.values["safety_gear.tripped"]
    return tripped


OVERSPEED = either_held(
    "overspeed",
    ("overspeed.tripped", "safety_gear.tripped", "speed"),
    reported("overspeed.tripped"),
    Way("safety_gear", _safety_gear),
    Way("too_fast", _too_fast, lambda limits: limits.overspeed_us),
)
