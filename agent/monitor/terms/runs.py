"""Normal runs (contract, section 3.1): in mode `normal`, zone to zone, longer than 3 s. The value is their count.

Where the zone is missing or unknown at an end of the run, the movement alone counts, unless the floor is known and is the
same as before: a retry of a stuck car is not a run, nor is one that never leaves its zone. Nor is one in which motion was
unknown for longer than a trifle, or one that a car door did not begin and pass between the zones closed.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


class Run(msgspec.Struct, frozen=True):
    """`from_us`, `floor`: when and where the run under way began, None while standing. `normal`: it still may count.

    `unknown_us`: since when motion is unknown. Where motion is inferred, a zone just reached at `arrived_us` may only be
    passed: the run then goes on, and is `counted` once. `left_us`: when a zone was left last.
    """

    count: int = 0
    from_us: int | None = None
    floor: int | None = None
    normal: bool = False
    unknown_us: int | None = None
    arrived_us: int | None = None
    counted: bool = False
    left_us: int = 0


def _step(memory: Run, snapshot: Snapshot, limits: Limits) -> tuple[Run, int, None]:
    stopped = snapshot.values["stopped"]
    if stopped is None:
        after = memory if memory.unknown_us is not None else _unknown(memory, snapshot.at_us)
        return after, after.count, None
    seen = _seen(memory, snapshot.at_us, limits)
    if stopped is False:
        if memory.arrived_us is not None:
            memory = _left_again(memory, snapshot.at_us, limits)
        after = _under_way(memory, snapshot, seen=seen)
    elif memory.from_us is not None and memory.arrived_us is None:
        counts = seen and not memory.counted and _counts(memory, snapshot, limits)
        after = _ended(memory, snapshot, counts=counts)
    elif memory.arrived_us is not None:
        after = memory
    else:
        after = memory if memory.unknown_us is None else Run(memory.count)
    return after, after.count, None


def _ended(memory: Run, snapshot: Snapshot, *, counts: bool) -> Run:
    """The run is over; where nothing but zones tells of motion, only if the zone is not soon left again."""
    count = memory.count + counts
    if snapshot.values["car.moving"] is not None:
        return Run(count)
    return msgspec.structs.replace(
        memory, count=count, counted=memory.counted or counts, arrived_us=snapshot.at_us
    )


def _left_again(memory: Run, at_us: int, limits: Limits) -> Run:
    """The zone was only passed; unless the way there took no longer than that: then its contact flickers."""
    assert memory.arrived_us is not None
    stood_us = at_us - memory.arrived_us
    if stood_us >= limits.trifle_us or stood_us > memory.arrived_us - memory.left_us:
        return Run(memory.count)
    return msgspec.structs.replace(memory, arrived_us=None, left_us=at_us)


def _unknown(memory: Run, at_us: int) -> Run:
    return msgspec.structs.replace(memory, unknown_us=at_us)


def _seen(memory: Run, at_us: int, limits: Limits) -> bool:
    """Motion was known until now but for trifles, so that a run cannot have ended, or begun, unseen."""
    return memory.unknown_us is None or at_us - memory.unknown_us < limits.trifle_us


def _under_way(memory: Run, snapshot: Snapshot, *, seen: bool) -> Run:
    values = snapshot.values
    shut = values["car_door.ajar"] is not True
    normal = seen and values["car.mode"] in ("normal", None)
    if memory.from_us is None:
        normal = normal and shut
        left_zone = values["car.door_zone"] is not False or _just_left(snapshot)
        at_us, floor = snapshot.at_us, values["car.floor"]
        return Run(memory.count, at_us, floor, normal and left_zone, left_us=at_us)
    normal = normal and memory.normal and (shut or values["car.door_zone"] is True)
    if normal == memory.normal and memory.unknown_us is None:
        return memory
    return msgspec.structs.replace(memory, normal=normal, unknown_us=None)


def _just_left(snapshot: Snapshot) -> bool:
    """Leaving the zone and beginning to move came in one batch (a slow poll, or inferred motion)."""
    return snapshot.since_us["car.door_zone"] == snapshot.at_us


def _counts(memory: Run, snapshot: Snapshot, limits: Limits) -> bool:
    values = snapshot.values
    zone, floor = values["car.door_zone"], values["car.floor"]
    if memory.from_us is None or not memory.normal or zone is False:
        return False
    if snapshot.at_us - memory.from_us <= limits.run_shortest_us:
        return False
    unknown = None in (floor, memory.floor)
    if zone is True and snapshot.since_us["car.door_zone"] < memory.from_us:
        return not unknown and floor != memory.floor
    return zone is True or unknown or floor != memory.floor


RUNS = Term(
    "runs",
    ("stopped", "car.mode", "car_door.ajar", "car_door.astray"),
    _step,
    Run(),
    Run,
    int | None,
)
