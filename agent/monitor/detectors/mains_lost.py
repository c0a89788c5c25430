"""主电源断电: the mains contact has dropped for 1 s. It says whether a person was evidenced in the car then."""

import msgspec

from agent.monitor.catalog import PERSON_SOURCES
from agent.monitor.condition import Condition
from agent.monitor.delay import IDLE, Delay
from agent.monitor.detectors.detector import Detector
from agent.monitor.detectors.held import held
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.truth import is_not

_LOST = held(
    "mains_lost",
    ("power.mains",),
    lambda snapshot: is_not(snapshot.values["power.mains"]),
    lambda limits: limits.mains_lost_us,
)


def _step(memory: Delay, snapshot: Snapshot, limits: Limits) -> tuple[Delay, Condition]:
    memory, condition = _LOST.step(memory, snapshot, limits)
    if condition.holds is True:
        condition = msgspec.structs.replace(condition, detail={"person_by": _person_by(snapshot)})
    return memory, condition


def _person_by(snapshot: Snapshot) -> list[str] | None:
    """By what a person is evidenced; None where nothing is wired that could."""
    if snapshot.fitted.isdisjoint(PERSON_SOURCES):
        return None
    return list(snapshot.values["person"] or ())


MAINS_LOST = Detector("mains_lost", _LOST.reads, _step, memory=IDLE, memory_type=Delay)
