"""开门故障: the car has brought somebody to a landing, and its doors do not open.

Behind a contact that knows no more, a door not closed has opened. Re-levelling, a door unknown and another mode for a
trifle only interrupt the wait. What happened while the doors were unknown for longer, in the dark, or before the agent
began cannot be told: it raises nothing and ends nothing.
"""

import msgspec

from agent.monitor.condition import NO, RESTING, UNKNOWN, Condition
from agent.monitor.delay import BREAK, HOLD, IDLE, RUN, Delay, Pace, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import OPEN


class Ride(msgspec.Struct, frozen=True):
    """`called`: a car call was registered under way. `waits`: the car has arrived with it; `wait`: for how long.

    `blind_us`: since when the doors are unknown or without mains; `unsure`: they were for too long.
    """

    called: bool = False
    arrivals: int = 0
    waits: bool = False
    wait: Delay = IDLE
    blind_us: int | None = None
    unsure: bool = False


_UNSEEN = Ride(unsure=True)


def _step(memory: Ride, snapshot: Snapshot, limits: Limits) -> tuple[Ride, Condition]:
    values, arrivals = snapshot.values, snapshot.values["arrivals"] or 0
    if values["stopped"] is False:
        return _moving(memory, snapshot, limits)
    if arrivals != memory.arrivals:
        memory = Ride(arrivals=arrivals, waits=memory.called)
    elif memory.called and values["stopped"]:
        memory = msgspec.structs.replace(memory, called=False)
    if not memory.waits and not memory.unsure:
        return memory, RESTING
    if _opened(snapshot):
        return Ride(arrivals=arrivals), NO
    return _waiting(memory, snapshot, limits)


def _moving(memory: Ride, snapshot: Snapshot, limits: Limits) -> tuple[Ride, Condition]:
    """Inside the zone the car re-levels, or begins a run: either way nobody has got out yet."""
    zone = snapshot.values["car.door_zone"]
    called = memory.called or snapshot.values["car.call_registered"] is True
    if zone is False or not (memory.waits or memory.unsure):
        on_its_way = not (memory.waits or memory.unsure) and memory.called == called
        return memory if on_its_way else Ride(called, memory.arrivals), RESTING
    wait = advance(memory.wait, HOLD if zone else BREAK, snapshot.at_us, limits.trifle_us)
    return msgspec.structs.replace(memory, called=called, wait=wait), UNKNOWN


def _waiting(memory: Ride, snapshot: Snapshot, limits: Limits) -> tuple[Ride, Condition]:
    values, at_us = snapshot.values, snapshot.at_us
    if values["doors"] is None or values["power.mains"] is False:
        blind_us = at_us if memory.blind_us is None else memory.blind_us
        return msgspec.structs.replace(memory, blind_us=blind_us), UNKNOWN
    if memory.blind_us is not None:
        unsure = memory.unsure or at_us - memory.blind_us >= limits.trifle_us
        memory = msgspec.structs.replace(memory, blind_us=None, unsure=unsure)
    wait = advance(memory.wait, _pace(snapshot), at_us, limits.trifle_us)
    memory = msgspec.structs.replace(memory, wait=wait)
    if values["car.mode"] not in ("normal", None):
        return _in_another_mode(memory, snapshot, limits)
    due_us = None if memory.unsure else wait.reached_at(limits.door_open_failure_us)
    if due_us is None:
        return memory, UNKNOWN
    if at_us < due_us:
        return memory, Condition(holds=None, due_us=due_us)
    return memory, Condition(holds=True, since_us=wait.began_us)


def _in_another_mode(memory: Ride, snapshot: Snapshot, limits: Limits) -> tuple[Ride, Condition]:
    """For longer than a trifle: whoever works there sees to the doors."""
    over_us = snapshot.since_us["car.mode"] + limits.trifle_us
    if snapshot.at_us < over_us:
        return memory, Condition(holds=None, due_us=over_us)
    return Ride(arrivals=memory.arrivals), NO


def _pace(snapshot: Snapshot) -> Pace:
    values = snapshot.values
    in_service = values["car.mode"] in ("normal", None)
    return RUN if in_service and _stands_in_zone(snapshot) else BREAK


def _stands_in_zone(snapshot: Snapshot) -> bool:
    return snapshot.values["stopped"] is True and snapshot.values["outside"] is False


def _opened(snapshot: Snapshot) -> bool:
    values = snapshot.values
    return values["doors"] == OPEN or "not_closed" in (values["door.front"], values["door.rear"])


DOOR_OPEN_FAILURE = Detector(
    "door_open_failure",
    (
        "stopped",
        "arrivals",
        "outside",
        "doors",
        "door.front",
        "door.rear",
        "car.call_registered",
        "car.mode",
        "car.door_zone",
        "power.mains",
    ),
    _step,
    memory=_UNSEEN,
    memory_type=Ride,
    wakes=("stopped", "arrivals", "car.call_registered"),
)
