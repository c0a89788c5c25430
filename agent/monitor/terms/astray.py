"""A car door not closed where no landing is, and whether the car has left a landing with it."""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term
from agent.monitor.truth import every, is_not


def _astray(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, int | None]:
    ajar = snapshot.values["car_door.ajar"]
    if ajar is False:
        return None, False, REST
    return None, every(ajar, is_not(snapshot.values["car.door_zone"])), None


class Carried(msgspec.Struct, frozen=True):
    """`left`: the door has not been closed since it was seen so in a zone; None when that was not seen.

    `broken_us`: since when it is closed or unknown; `closed`: it was seen closed since.
    """

    left: bool | None = None
    broken_us: int | None = None
    closed: bool = False


_IN_ZONE, _NOT_SEEN = Carried(left=True), Carried()


def _carried(
    memory: Carried, snapshot: Snapshot, limits: Limits
) -> tuple[Carried, bool | None, None]:
    """The order of door and zone, as it was when the zone went: a door lost for a trifle does not turn it round."""
    ajar, astray = snapshot.values["car_door.ajar"], snapshot.values["car_door.astray"]
    if ajar is not True:
        memory = _broken(memory, snapshot.at_us, closed=ajar is False)
    elif astray is False:
        memory = _IN_ZONE
    elif memory.broken_us is not None:
        memory = _again(memory, memory.broken_us, snapshot.at_us, limits)
    return memory, memory.left, None


def _broken(memory: Carried, at_us: int, *, closed: bool) -> Carried:
    if memory.broken_us is not None and memory.closed >= closed:
        return memory
    broken_us = at_us if memory.broken_us is None else memory.broken_us
    return Carried(memory.left, broken_us, closed)


def _again(memory: Carried, broken_us: int, at_us: int, limits: Limits) -> Carried:
    """Not closed again, outside the zone. After a break it has been opened there, or it cannot be told."""
    if at_us - broken_us < limits.trifle_us:
        return Carried(memory.left)
    return Carried(left=False) if memory.closed else _NOT_SEEN


CAR_DOOR_ASTRAY = Term(
    "car_door.astray",
    ("car_door.ajar", "car.door_zone"),
    _astray,
    value_type=bool | None,
    wakes=("car_door.ajar",),
)
CAR_DOOR_CARRIED = Term(
    "car_door.carried",
    ("car_door.ajar", "car_door.astray"),
    _carried,
    _NOT_SEEN,
    Carried,
    bool | None,
)
