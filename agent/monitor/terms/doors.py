"""Doors open, closed, or between (contract, section 3.1).

Open: any fitted car door `open`, or `not_closed` for 10 s, and the landing doors, where fitted, not locked. Closed: every
fitted car door `closed`. Between is everything else that is known. A dead second door does not block a rule: it is left
out as long as another one answers.
"""

import msgspec

from agent.monitor.delay import BREAK, IDLE, RUN, Delay, advance
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

OPEN, CLOSED, BETWEEN = "open", "closed", "between"
CAR_DOORS = ("door.front", "door.rear")


def _car_door_open(
    ajar: Delay, snapshot: Snapshot, limits: Limits
) -> tuple[Delay, bool | None, int | None]:
    """Any car door open. `ajar`: how long a contact that knows no more has said that its door is not closed."""
    front, rear = snapshot.values["door.front"], snapshot.values["door.rear"]
    if front is None and rear is None:
        return advance(ajar, BREAK, snapshot.at_us, limits.trifle_us), None, None
    if front == "open" or rear == "open":
        return IDLE, True, None
    doubt_us = _doubt_until_us(snapshot, limits)
    if doubt_us is not None:
        return advance(ajar, BREAK, snapshot.at_us, limits.trifle_us), None, doubt_us
    if "not_closed" not in (front, rear):
        if ajar is not IDLE and _lost_ajar(snapshot):
            ajar = advance(ajar, BREAK, snapshot.at_us, limits.trifle_us)
            return ajar, False, None
        return IDLE, False, None
    ajar = advance(ajar, RUN, snapshot.at_us, limits.trifle_us)
    due_us = ajar.reached_at(limits.not_closed_is_open_us)
    waiting = due_us is not None and snapshot.at_us < due_us
    return ajar, not waiting, due_us if waiting else None


def _doubt_until_us(snapshot: Snapshot, limits: Limits) -> int | None:
    """Until when a door that was lost while it was open, or may have been, is not left out; None where there is none."""
    if not snapshot.lost:
        return None
    lost_us = [
        snapshot.since_us[door]
        for door in CAR_DOORS
        if door in snapshot.lost and snapshot.last(door) in ("open", "not_closed")
    ]
    until_us = max(lost_us, default=0) + limits.trifle_us
    return until_us if lost_us and snapshot.at_us < until_us else None


def _lost_ajar(snapshot: Snapshot) -> bool:
    """A contact was lost while its door was not closed: one that is soon back goes on counting."""
    return any(
        snapshot.values[door] is None and snapshot.last(door) == "not_closed" for door in CAR_DOORS
    )


def _car_door_ajar(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, None]:
    """Any car door not closed."""
    front, rear = snapshot.values["door.front"], snapshot.values["door.rear"]
    if front is None and rear is None:
        return None, None, None
    return None, not (front in ("closed", None) and rear in ("closed", None)), None


def _doors(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, str | None, None]:
    values = snapshot.values
    if values["car_door.open"] is True:
        return None, _passable(snapshot), None
    ajar = values["car_door.ajar"]
    if ajar is None or values["car_door.open"] is None:
        return None, None, None
    return None, BETWEEN if ajar else CLOSED, None


def _passable(snapshot: Snapshot) -> str | None:
    """A car door stands open; with the landing door locked nobody can pass, and unknown is unknown."""
    if "landing_doors.locked" not in snapshot.fitted:
        return OPEN
    locked = snapshot.values["landing_doors.locked"]
    if locked is None:
        return None
    return BETWEEN if locked else OPEN


class Closing(msgspec.Struct, frozen=True):
    """`ajar`: the doors have been open since they were last closed, so that their next closing is a full one."""

    ajar: bool = True
    closed_us: int | None = None
    closings: int = 0


def _closed_us(memory: Closing, snapshot: Snapshot, _: Limits) -> tuple[Closing, int | None, None]:
    """The instant of the last full closing: from open to closed, however it went on in between.

    `closings` counts those that only a contact told of.
    """
    doors, closings = snapshot.values["doors"], snapshot.values["contact_doors.closings"] or 0
    if doors == OPEN and not memory.ajar:
        memory = Closing(ajar=True, closed_us=memory.closed_us, closings=closings)
    elif doors == CLOSED and (memory.ajar or closings != memory.closings):
        memory = Closing(ajar=False, closed_us=snapshot.at_us, closings=closings)
    return memory, memory.closed_us, None


CAR_DOOR_OPEN = Term("car_door.open", CAR_DOORS, _car_door_open, IDLE, Delay, bool | None)
CAR_DOOR_AJAR = Term("car_door.ajar", CAR_DOORS, _car_door_ajar, value_type=bool | None)
DOORS = Term(
    "doors",
    ("car_door.open", "car_door.ajar", "landing_doors.locked"),
    _doors,
    value_type=str | None,
)
CLOSED_US = Term(
    "doors.closed_us",
    ("doors", "contact_doors.closings"),
    _closed_us,
    Closing(),
    Closing,
    int | None,
)
