"""开门故障: the car has brought somebody to a landing, and its doors do not open.

Behind a contact that knows no more, a door not closed has opened. What happened while the doors were unknown for longer
than a trifle cannot be told: it raises nothing and ends nothing.
"""

import msgspec

from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import OPEN


class Ride(msgspec.Struct, frozen=True):
    """`called`: a car call was registered under way. `arrived_us`: with it; None when nobody waits for the doors.

    `blind_us`: since when the doors are unknown; `unsure`: they were for too long.
    """

    called: bool = False
    arrivals: int = 0
    arrived_us: int | None = None
    blind_us: int | None = None
    unsure: bool = False


def _step(memory: Ride, snapshot: Snapshot, limits: Limits) -> tuple[Ride, Condition]:
    values, arrivals = snapshot.values, snapshot.values["arrivals"] or 0
    if values["stopped"] is False:
        called = values["car.call_registered"] is True
        going = memory.arrived_us is None and not memory.unsure
        return (memory if going and memory.called >= called else Ride(called, arrivals)), NO
    if arrivals != memory.arrivals:
        arrived_us = snapshot.at_us if memory.called else None
        memory = Ride(arrivals=arrivals, arrived_us=arrived_us)
    if memory.arrived_us is None and not memory.unsure:
        return memory, NO
    if _opened(snapshot) or values["car.mode"] not in ("normal", None):
        return Ride(arrivals=arrivals), NO
    return _waiting(memory, snapshot, limits)


def _waiting(memory: Ride, snapshot: Snapshot, limits: Limits) -> tuple[Ride, Condition]:
    values, at_us = snapshot.values, snapshot.at_us
    if values["doors"] is None:
        blind_us = at_us if memory.blind_us is None else memory.blind_us
        return msgspec.structs.replace(memory, blind_us=blind_us), UNKNOWN
    if memory.blind_us is not None:
        unsure = memory.unsure or at_us - memory.blind_us >= limits.trifle_us
        memory = msgspec.structs.replace(memory, blind_us=None, unsure=unsure)
    if memory.unsure or memory.arrived_us is None or not _stands_in_zone(snapshot):
        return memory, UNKNOWN
    due_us = memory.arrived_us + limits.door_open_failure_us
    if at_us < due_us:
        return memory, Condition(holds=None, due_us=due_us)
    return memory, Condition(holds=True, since_us=memory.arrived_us)


def _stands_in_zone(snapshot: Snapshot) -> bool:
    return snapshot.values["stopped"] is True and snapshot.values["outside"] is False


def _opened(snapshot: Snapshot) -> bool:
    values = snapshot.values
    return values["doors"] == OPEN or "not_closed" in (values["door.front"], values["door.rear"])


DOOR_OPEN_FAILURE = Detector(
    "door_open_failure",
    ("stopped", "arrivals", "outside", "doors", "car_door.ajar", "car.call_registered", "car.mode"),
    _step,
    memory=Ride(),
    memory_type=Ride,
)
