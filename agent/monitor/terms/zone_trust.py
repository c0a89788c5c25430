"""Whether the door zone is believed: `zone.doubted`, and what rules see of it while it is not.

A zone sensor that has died says "outside" at every landing. It is found in two ways, both with the car known to stand
(`car.moving` false) and its doors open:

    zone false at one stop, a run, zone still false at the next stop        doubted as its doors get to open
    zone true, then false though nothing moved, for longer than a flicker   doubted

From then on `car.door_zone` is unknown to every rule, and what the sensor goes on saying stands beside it, as `zone.said`.
It is believed again when it changes while the car moves. In inspection, learning and rescue, doors are opened outside the
zone on purpose: what is seen there proves nothing.
"""

from collections.abc import Iterable

import msgspec

from agent.model import Quality, Reading
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, advance
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CAR_DOORS, OPEN
from agent.monitor.terms.speed import STILL
from agent.monitor.terms.stops import INSPECTION_MODES
from agent.monitor.terms.term import Term

ZONE, SAID, DOUBTED = "car.door_zone", "zone.said", "zone.doubted"
_UNLIKE_SERVICE = INSPECTION_MODES | {"rescue"}
_DRIVEN = ("drive.command", "brake.released")


class Trust(msgspec.Struct, frozen=True):
    """`doubted`: the term's value; None until the doors have once stood open in the zone.

    `first_us`: since when doors stood open with the zone false, at an earlier stop. `from_us`: since when the car has run
    after it, `ran`: it has, long enough. `gone`: how long the zone has been gone from under open doors. `blind`: it was
    unknown under them. While it is doubted, `said`: the sensor's last good word, `moving`: the car moved when it was last
    looked at.
    """

    doubted: bool | None = None
    first_us: int | None = None
    from_us: int | None = None
    ran: bool = False
    gone: Delay = IDLE
    blind: bool = False
    said: bool = False
    moving: bool = False


TRUSTED = Trust(doubted=False)


def set_beside(readings: Iterable[Reading]) -> list[Reading]:
    """The readings of a batch while the zone is doubted: only whether it is lost is said of the zone itself."""
    beside: list[Reading] = []
    for reading in readings:
        if reading.signal != ZONE:
            beside.append(reading)
            continue
        value = reading.value if reading.quality is Quality.GOOD else None
        beside.append(Reading(ZONE, None, reading.at_us, reading.quality))
        beside.append(Reading(SAID, value, reading.at_us))
    return beside


def _doubted(
    memory: Trust, snapshot: Snapshot, limits: Limits
) -> tuple[Trust, bool | None, int | None]:
    values = snapshot.values
    if memory is TRUSTED and values["car_door.astray"] is False:
        return TRUSTED, False, REST
    if memory.doubted:
        after = _changes(memory, snapshot)
        return after, after.doubted, None
    if values["car_door.astray"] is False and _idle(memory):
        return _agrees(memory, snapshot)
    if values["car.mode"] in _UNLIKE_SERVICE:
        return Trust(memory.doubted), memory.doubted, None
    return _watched(_unless_seen(memory, snapshot), snapshot, limits)


def _idle(memory: Trust) -> bool:
    return memory.first_us is None and memory.gone.began_us is None and not memory.blind


def _changes(memory: Trust, snapshot: Snapshot) -> Trust:
    """Only a change while the car moves, or in the instant it comes to a stand, tells that the sensor lives."""
    said, moving = snapshot.values[SAID], snapshot.values["car.moving"] is True
    said = memory.said if said is None else said
    if said != memory.said and (moving or memory.moving):
        return TRUSTED
    if said == memory.said and moving == memory.moving:
        return memory
    return Trust(doubted=True, said=said, moving=moving)


def _agrees(memory: Trust, snapshot: Snapshot) -> tuple[Trust, bool | None, None]:
    """After a start it takes doors open in the zone to know that nothing is wrong."""
    if memory.doubted is None and snapshot.values["doors"] != OPEN:
        return memory, None, None
    return TRUSTED, False, None


def _unless_seen(memory: Trust, snapshot: Snapshot) -> Trust:
    """A zone that has been true since the first stop, or unknown so that it may have been, begins anew."""
    false = snapshot.values[ZONE] is False
    if memory.first_us is None or (false and snapshot.since_us[ZONE] <= memory.first_us):
        return memory
    return msgspec.structs.replace(memory, first_us=None, from_us=None, ran=False)


def _watched(
    memory: Trust, snapshot: Snapshot, limits: Limits
) -> tuple[Trust, bool | None, int | None]:
    values, at_us = snapshot.values, snapshot.at_us
    astray, open_us = values["car_door.astray"], _open_us(snapshot, limits)
    is_open = open_us is not None and at_us >= open_us
    from_us, ran = _run(memory, snapshot, limits)
    blind = values["car_door.ajar"] is True and (astray is None or memory.blind)
    gone = _gone(memory, snapshot, limits, open_us, blind=blind) if is_open else IDLE
    due_us = gone.reached_at(limits.zone_gone_us) if is_open else open_us
    first_us = memory.first_us
    if is_open and astray is True:
        went = due_us is not None and at_us >= due_us and _nothing_moves(snapshot)
        if went or ran:
            return Trust(doubted=True), True, None
        first_us = at_us if first_us is None else first_us
    after = Trust(memory.doubted, first_us, from_us, ran, gone, blind)
    waiting = due_us is not None and at_us < due_us
    return after, memory.doubted, due_us if waiting else None


def _open_us(snapshot: Snapshot, limits: Limits) -> int | None:
    """From when on the doors of the standing car count as open; None while they do not.

    A contact tells late. With the landing doors unlocked, which the car does only at a landing, it takes no longer than
    people need to come and go.
    """
    values = snapshot.values
    if values["car.moving"] is not False:
        return None
    if values["doors"] == OPEN:
        return snapshot.since_us["doors"]
    by_contact = "not_closed" in (values["door.front"], values["door.rear"])
    if by_contact and values["landing_doors.locked"] is False:
        return snapshot.since_us["car_door.ajar"] + limits.not_closed_passable_us
    return None


def _run(memory: Trust, snapshot: Snapshot, limits: Limits) -> tuple[int | None, bool]:
    """The run after the first stop: since when it is under way, and whether it was one. Its doors are closed."""
    moving, at_us = snapshot.values["car.moving"], snapshot.at_us
    if memory.first_us is None or memory.ran:
        return None, memory.ran
    if moving is True and snapshot.values["car_door.ajar"] is not True:
        return at_us if memory.from_us is None else memory.from_us, False
    long = memory.from_us is not None and at_us - memory.from_us > limits.run_shortest_us
    return None, long and moving is False


def _gone(
    memory: Trust, snapshot: Snapshot, limits: Limits, open_us: int | None, *, blind: bool
) -> Delay:
    """It goes out after the car stood and its doors were open; one that was unknown meanwhile may have been out before."""
    before_us = max(open_us or 0, snapshot.since_us["car.moving"])
    if snapshot.values["car_door.astray"] is not True:
        pace = BREAK
    elif memory.gone.began_us is None and (blind or snapshot.since_us[ZONE] <= before_us):
        pace = RESTART
    else:
        pace = RUN
    return advance(memory.gone, pace, snapshot.at_us, limits.trifle_us)


def _nothing_moves(snapshot: Snapshot) -> bool:
    """Nothing says that the car could have moved out of the zone: it stands, braked and not driven, its speed 0."""
    values = snapshot.values
    if "car.speed_mm_s" in snapshot.fitted and values["speed"] != STILL:
        return False
    return all(values[name] is not True for name in _DRIVEN)


def _believed(
    was_doubted: bool,  # noqa: FBT001
    snapshot: Snapshot,
    _: Limits,
) -> tuple[bool, bool | None, None]:
    """The zone as rules see it. Readings come here by themselves while it is believed."""
    values = snapshot.values
    if values[DOUBTED]:
        return True, None, None
    zone: bool | None = values[SAID] if was_doubted else values[ZONE]
    return False, zone, None


def _said(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, None]:
    """What the sensor says while nobody believes it; forgotten afterwards, so that the next doubt begins with nothing."""
    values = snapshot.values
    return None, values[SAID] if values[DOUBTED] else None, None


ZONE_DOUBTED = Term(
    DOUBTED,
    (
        "doors",
        *CAR_DOORS,
        "car_door.astray",
        "landing_doors.locked",
        "car.moving",
        "speed",
        *_DRIVEN,
        "car.mode",
        SAID,
    ),
    _doubted,
    Trust(),
    Trust,
    bool | None,
    wakes=("car_door.astray",),
)
ZONE_BELIEVED = Term(
    ZONE, (DOUBTED,), _believed, memory=False, memory_type=bool, value_type=bool | None
)
ZONE_SAID = Term(SAID, (DOUBTED,), _said, value_type=bool | None)
