"""反复开关门: a door opens and closes again and again in one stop. It ends when the car has gone elsewhere.

Until a first arrival is seen, what stood before a restart may still be so.
"""

import msgspec

from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.stops import INSPECTION_MODES

_TRANSITIONS = 20  # contract, 3.2
_WIDE = frozenset({"open", "not_closed"})


class Cycling(msgspec.Struct, frozen=True):
    """`count`: transitions since the arrival, the first at `since_us`. `wide`: a door was open last."""

    count: int = 0
    since_us: int | None = None
    wide: bool | None = None
    arrivals: int = 0


def _step(memory: Cycling, snapshot: Snapshot, _: Limits) -> tuple[Cycling, Condition]:
    arrivals, wide = snapshot.values["arrivals"] or 0, _wide(snapshot)
    if arrivals != memory.arrivals or snapshot.values["car.mode"] in INSPECTION_MODES:
        memory = Cycling(0, None, wide, arrivals)
    elif wide is not None and wide != memory.wide:
        counts = memory.wide is not None
        since_us = snapshot.at_us if counts and memory.since_us is None else memory.since_us
        memory = Cycling(memory.count + counts, since_us, wide, arrivals)
    if memory.count >= _TRANSITIONS:
        return memory, Condition(
            holds=True, since_us=memory.since_us, detail={"transitions": _TRANSITIONS}
        )
    if wide is None or not arrivals:
        return memory, UNKNOWN
    return memory, NO


def _wide(snapshot: Snapshot) -> bool | None:
    """A door open, by a contact that knows no more: not closed."""
    front, rear = snapshot.values["door.front"], snapshot.values["door.rear"]
    if front is None and rear is None:
        return None
    return front in _WIDE or rear in _WIDE


DOOR_CYCLING = Detector(
    "door_cycling",
    ("door.front", "door.rear", "arrivals", "car.mode"),
    _step,
    memory=Cycling(),
    memory_type=Cycling,
)
