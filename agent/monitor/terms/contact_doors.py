"""Closings of a door whose contact knows no more than closed and not closed.

Such a contact cannot tell a door that stands open from one that is half-way, and most stops are over
before `not_closed` counts as open. A door that it called not closed in the zone for as long as people
need to come and go, and then closed, has been open: its closing is a full one, and evidence of a
person is counted anew from it. Shorter spells are taken for chatter or a door that tried in vain.

Who is shut in and forces the doors apart must not put the alarm off. Nobody can pass outside the zone, or
with the landing door locked all the while. Where a person was evidenced in the shut car before, and the
call or the load is still there after it, or the doors have moved so twice in this stop, nobody has been
seen to leave, and the door must have been not closed for as long as counts as open.
"""

import msgspec

from agent.monitor.delay import Delay
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

_LOCK, _ZONE = "landing_doors.locked", "car.door_zone"
_MOST_IN_A_STOP = 2  # our choice: somebody gets out, somebody keeps the door for another


class Spell(msgspec.Struct, frozen=True):
    """`since_us`: since when a door has not been closed. `count`: closings after a long spell in the zone.

    `ajar`: as it was last. A spell begins with a door that was closed. `unlocked`: the landing door was, or may have
    been, unlocked in it. `person`: somebody was evidenced when it began, and the `load` was so. `closed_us`: the last
    closing that was counted; `doubtful`: how many in this stop were that did not show whether somebody got out.
    """

    since_us: int | None = None
    count: int = 0
    ajar: bool | None = None
    unlocked: bool = False
    person: bool = False
    load: int | None = None
    closed_us: int | None = None
    doubtful: int = 0


def _closings(memory: Spell, snapshot: Snapshot, limits: Limits) -> tuple[Spell, int, int]:
    values = snapshot.values
    ajar = values["car_door.ajar"]
    if memory.since_us is not None and not memory.unlocked and values[_LOCK] is not True:
        memory = msgspec.structs.replace(memory, unlocked=True)
    if ajar == memory.ajar:
        return memory, memory.count, REST
    if ajar and memory.since_us is None:
        if "not_closed" in (values["door.front"], values["door.rear"]):
            memory = _begun(memory, snapshot)
    elif ajar is False and memory.since_us is not None:
        memory = _closed(memory, memory.since_us, snapshot, limits)
    memory = msgspec.structs.replace(memory, ajar=ajar)
    return memory, memory.count, REST


def _begun(memory: Spell, snapshot: Snapshot) -> Spell:
    values = snapshot.values
    person = bool(values["person"])
    return Spell(
        snapshot.at_us,
        memory.count,
        unlocked=values[_LOCK] is not True,
        person=person,
        load=values["car.load_percent"] if values["seen.load"] else None,
        closed_us=memory.closed_us,
        doubtful=memory.doubtful if person and _same_stop(memory, snapshot) else 0,
    )


def _same_stop(memory: Spell, snapshot: Snapshot) -> bool:
    """The stop's delay still counts from the last counted closing.

    Where nothing but zones tells of motion, a zone that was left may have been another landing's, however soon.
    """
    values = snapshot.values
    stop: Delay | None = values["stop.shut"]
    if memory.closed_us is None or stop is None or stop.began_us != memory.closed_us:
        return False
    return values["car.moving"] is not None or snapshot.since_us[_ZONE] <= memory.closed_us


def _closed(memory: Spell, since_us: int, snapshot: Snapshot, limits: Limits) -> Spell:
    passable_us = _passable_us(since_us, snapshot) if memory.unlocked else 0
    long = passable_us >= limits.not_closed_is_open_us
    doubtful = memory.doubtful + (memory.person and not long)
    passed = passable_us >= limits.not_closed_passable_us and doubtful <= _MOST_IN_A_STOP
    if not long and (not passed or _still_there(memory, snapshot, limits)):
        return Spell(count=memory.count, closed_us=memory.closed_us, doubtful=memory.doubtful)
    return Spell(count=memory.count + 1, closed_us=snapshot.at_us, doubtful=0 if long else doubtful)


def _passable_us(since_us: int, snapshot: Snapshot) -> int:
    """How long the door has not been closed in the zone, as the zone stands now, or was last known; 0 outside it."""
    values = snapshot.values
    if values[_ZONE] is False:
        return 0
    if values[_ZONE] is None and snapshot.last(_ZONE) is False and not values["zone.doubted"]:
        return 0
    return snapshot.at_us - max(since_us, snapshot.since_us[_ZONE])


def _still_there(memory: Spell, snapshot: Snapshot, limits: Limits) -> bool:
    """A person was evidenced before the doors moved, and what shows it has outlasted that.

    Presence has not: a sensor goes on for a while after somebody has left.
    """
    if not memory.person:
        return False
    values = snapshot.values
    load = values["car.load_percent"]
    called = limits.car_call_is_evidence and values["car.call_registered"] is True
    return called or (memory.load is not None and load is not None and load >= memory.load)


CONTACT_CLOSINGS = Term(
    "contact_doors.closings",
    ("car_door.ajar", _LOCK),
    _closings,
    Spell(),
    Spell,
    int | None,
    wakes=("car_door.ajar", _LOCK),
)
