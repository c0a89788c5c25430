"""Runs in a row after which the floor and the zones contradict each other.

The value is their count, None before the first run that says anything. A run is one movement from zone to zone, longer
than 3 s, in mode `normal`, with everything known throughout. It contradicts when the car left the zone and its floor is
the same, or when it did not and the floor is another. The floor is taken at the beginnings of two movements, so that a
display that is late has had the whole stop to follow. A movement that ends outside the zone, and one inside it, says
nothing.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


class Course(msgspec.Struct, frozen=True):
    """`count`: contradictions in a row. `floor`: where the last movement began, None when that movement says nothing.

    `from_us`: when the movement under way began, None while standing. `left`: it, or the last one, left the zone.
    `lost`: what the zone was when it was lost last, and since when, so that a loss under way shows.
    """

    count: int | None = None
    floor: int | None = None
    from_us: int | None = None
    left: bool = False
    lost: tuple[bool | None, int] | None = None


def _step(memory: Course, snapshot: Snapshot, limits: Limits) -> tuple[Course, int | None, None]:
    if "car.floor" not in snapshot.fitted:
        return memory, None, None
    stopped = snapshot.values["stopped"]
    if stopped is None:
        after = Course(memory.count)
    elif stopped is False:
        after = _begun(memory, snapshot) if memory.from_us is None else memory
    else:
        after = memory if memory.from_us is None else _ended(memory, snapshot, limits)
    return after, after.count, None


def _begun(memory: Course, snapshot: Snapshot) -> Course:
    """A movement begins: what the one before it did to the floor is known by now."""
    values, floor = snapshot.values, snapshot.values["car.floor"]
    count = memory.count
    if None not in (floor, memory.floor):
        if memory.left != (floor != memory.floor):
            count = (count or 0) + 1
        elif memory.left:
            count = 0
    just_left = snapshot.since_us["car.door_zone"] == snapshot.at_us
    zone = values["car.door_zone"] is True or (values["car.door_zone"] is False and just_left)
    counts = zone and values["car.mode"] in ("normal", None)
    return Course(count, floor if counts else None, snapshot.at_us, just_left, _lost(snapshot))


def _ended(memory: Course, snapshot: Snapshot, limits: Limits) -> Course:
    """It has ended in the zone, long enough after its beginning, and neither the zone nor the mode was lost under way."""
    values = snapshot.values
    from_us = memory.from_us or 0
    left = memory.left or snapshot.since_us["car.door_zone"] > from_us
    whole = (
        values["car.door_zone"] is True
        and snapshot.at_us - from_us > limits.run_shortest_us
        and _lost(snapshot) == memory.lost
        and values["car.mode"] in ("normal", None)
    )
    return Course(memory.count, memory.floor if whole else None, None, left)


def _lost(snapshot: Snapshot) -> tuple[bool | None, int] | None:
    return snapshot.last_known.get("car.door_zone")


MISCOUNTS = Term("miscounts", ("stopped",), _step, Course(), Course, int | None)
