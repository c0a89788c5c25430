"""How long the car has stood: outside the zone, there in all, and anywhere with its doors not open.

The values are `Delay`s.
"""

import msgspec

from agent.monitor.delay import BREAK, HOLD, IDLE, RESTART, RUN, Delay, Pace, advance
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, CLOSED
from agent.monitor.terms.term import Term

# Detectors of the machine do not raise in these modes, and their delays begin anew afterwards (contract, 3.3).
INSPECTION_MODES = frozenset({"inspection", "learning"})


class Stop(msgspec.Struct, frozen=True):
    """A delay, the landing at which it began, and the `turns` seen so far: of the end key, of a contact's full closings.

    Where motion is inferred, a zone just reached may only be passed: `arrived_us` is when it was reached,
    `under_way` the delay as it stood while the car was between zones, to go on with if it is left soon. `stood`: the delay
    as it would be had the car not moved and the contact flickered; None where no zone was passed.
    """

    delay: Delay = IDLE
    floor: int | None = None
    turns: int = 0
    arrived_us: int | None = None
    under_way: Delay = IDLE
    moved: bool = False
    stood: Delay | None = None


def _outside(memory: Stop, snapshot: Snapshot, limits: Limits) -> tuple[Stop, Delay, None]:
    """Standing outside the zone. Reaching a zone under way is another stop; a retry of the drive is not.

    Inspection is a break like any other: one that lasts makes the delay begin anew, a relay that chatters does not.
    """
    outside = snapshot.values["outside"]
    if outside is True and snapshot.values["car.mode"] not in INSPECTION_MODES:
        if _zone_reached(memory, snapshot):
            memory = Stop(IDLE, None, memory.turns)
        elif memory.moved:
            memory = msgspec.structs.replace(memory, moved=False)
        return _advanced(memory, RUN, snapshot, limits)
    if outside is False and not memory.moved and memory.delay.began_us is not None:
        memory = msgspec.structs.replace(memory, moved=True)
    return _advanced(memory, BREAK, snapshot, limits)


def _zone_reached(memory: Stop, snapshot: Snapshot) -> bool:
    """Since the break began the car has moved and has left a zone: it stands elsewhere than before.

    Signals that were lost and came back as they were have not moved it.
    """
    broken_us = memory.delay.broken_us
    if broken_us is None or not memory.moved:
        return False
    since_us = snapshot.since_us
    return since_us["stopped"] > broken_us and since_us["car.door_zone"] > broken_us


def _in_all(memory: Stop, snapshot: Snapshot, limits: Limits) -> tuple[Stop, Delay, None]:
    """Standing outside the zone in all since a landing was last reached: a drive that tries in vain only pauses it.

    A zone that was true or unknown meanwhile may have been a landing.
    """
    began_us = memory.delay.began_us
    if snapshot.values["car.mode"] in INSPECTION_MODES:
        pace = BREAK
    elif snapshot.values["outside"] is not True:
        pace = HOLD
    else:
        pace = RUN
        if began_us is not None and not _between_landings(began_us, snapshot):
            memory = Stop(IDLE, None, memory.turns)
    return _advanced(memory, pace, snapshot, limits)


def _between_landings(since_us: int, snapshot: Snapshot) -> bool:
    """The zone has been known, and false, all the time."""
    false = snapshot.values["car.door_zone"] is False
    return false and snapshot.since_us["car.door_zone"] <= since_us


def standing_outside(snapshot: Snapshot, limit_us: int, limits: Limits) -> tuple[Delay, int | None]:
    """Of this stop outside the zone and all since the last landing, what is too long first, and when it is.

    A stop has its own limit. In all it takes as long as a stop with doors not open, so that one that is
    interrupted as often as you like is seen at last.
    """
    stop: Delay = snapshot.values["stop.outside"] or IDLE
    in_all: Delay = snapshot.values["stop.outside_in_all"] or IDLE
    stop_us = stop.reached_at(limit_us)
    in_all_us = in_all.reached_at(max(limit_us, limits.trapped_at_level_us))
    if in_all_us is None or (stop_us is not None and stop_us <= in_all_us):
        return stop, stop_us
    return in_all, in_all_us


def tried_in_vain(snapshot: Snapshot, limit_us: int, limits: Limits) -> Delay | None:
    """While the car moves between landings: what it has stood there in all, in several stops, if that is too long."""
    stop: Delay = snapshot.values["stop.outside"] or IDLE
    in_all: Delay = snapshot.values["stop.outside_in_all"] or IDLE
    if in_all.began_us is None or in_all.began_us == stop.began_us:
        return None
    too_long = in_all.elapsed_us >= max(limit_us, limits.trapped_at_level_us)
    return in_all if too_long and _between_landings(in_all.began_us, snapshot) else None


def _shut(memory: Stop, snapshot: Snapshot, limits: Limits) -> tuple[Stop, Delay, int | None]:
    """Standing with doors not open, wherever. Movement inside the zone (levelling) only pauses it.

    Doors open so long that people could leave are no trifle: whoever is in the car afterwards has only just been shut in.
    """
    values = snapshot.values
    stopped, zone = values["stopped"], values["car.door_zone"]
    if stopped is False and memory.delay.broken_us is not None and _goes_on(memory, snapshot):
        return memory, memory.delay, REST
    shut = values["doors"] in (CLOSED, BETWEEN)
    people_can_pass = bool((values["boarding"] or 0) & 1)
    if people_can_pass:
        pace = RESTART
    elif values["car.mode"] in INSPECTION_MODES:
        pace = BREAK
    elif stopped is True and shut:
        if _elsewhere(memory, snapshot):
            memory = Stop(IDLE, None, memory.turns)
        memory = _inferred(_flickered(memory, snapshot, limits), snapshot)
        memory = _arriving(memory, snapshot)
        pace = RUN
    elif _only_passed(memory, snapshot, limits):
        return _passing(memory, snapshot, limits)
    elif stopped is False and shut and zone is True:
        pace = HOLD
    else:
        pace = BREAK
    if memory.stood is not None:
        memory = _still_stood(memory, memory.stood, pace, snapshot, limits)
    return _advanced(memory, pace, snapshot, limits)


def _still_stood(
    memory: Stop, stood: Delay, pace: Pace, snapshot: Snapshot, limits: Limits
) -> Stop:
    """What begins any delay anew, or an interruption that is no trifle, has ended what began with a flicker."""
    after = advance(stood, pace, snapshot.at_us, limits.trifle_us)
    if _turns(snapshot) != memory.turns or after.began_us != stood.began_us:
        return msgspec.structs.replace(memory, stood=None)
    return memory if after is stood else msgspec.structs.replace(memory, stood=after)


def _inferred(memory: Stop, snapshot: Snapshot) -> Stop:
    """Motion was lost in mid-stop and is now inferred: the car has stood, and the delay gone on, all the time."""
    delay, since_us = memory.delay, snapshot.since_us
    lost_us = since_us["car.moving"]
    if snapshot.values["car.moving"] is not None or "car.moving" not in snapshot.fitted:
        return memory
    if delay.broken_us != lost_us or since_us["car.door_zone"] > lost_us:
        return memory
    if since_us["doors"] > lost_us:
        return memory
    elapsed_us = delay.elapsed_us + snapshot.at_us - lost_us
    return msgspec.structs.replace(
        memory, delay=Delay(delay.began_us, elapsed_us, snapshot.at_us, None)
    )


def _flickered(memory: Stop, snapshot: Snapshot, limits: Limits) -> Stop:
    """The zone is soon back at a landing that was not only passed: its contact flickers, and did so before."""
    broken_us = memory.delay.broken_us
    if memory.stood is None or memory.arrived_us is None or broken_us is None:
        return memory
    if snapshot.at_us - broken_us >= limits.trifle_us:
        return memory
    return msgspec.structs.replace(memory, delay=memory.stood)


def _arriving(memory: Stop, snapshot: Snapshot) -> Stop:
    """A zone is reached after a break, and nothing but zones tells of motion: remember how it stood under way."""
    broken = memory.delay.broken_us is not None and snapshot.values["car.door_zone"] is True
    if not broken or snapshot.values["car.moving"] is not None:
        return memory
    return msgspec.structs.replace(memory, arrived_us=snapshot.at_us, under_way=memory.delay)


def _only_passed(memory: Stop, snapshot: Snapshot, limits: Limits) -> bool:
    """The zone is left so soon after it was reached that the car has only passed it: sooner than the way there took.

    Between two landings a car is longer than in the zone of one; a contact that flickers is mostly there.
    """
    arrived_us, left_us = memory.arrived_us, memory.under_way.broken_us
    if arrived_us is None or left_us is None or snapshot.values["car.door_zone"] is not False:
        return False
    return snapshot.at_us - arrived_us < min(limits.trifle_us, arrived_us - left_us + 1)


def _passing(memory: Stop, snapshot: Snapshot, limits: Limits) -> tuple[Stop, Delay, None]:
    """The run goes on. No run passes zones for so long: then it is the contact that flickers, and the car has stood.

    A slow car takes longer from zone to zone, and at most so long past them all.
    """
    delay, at_us = memory.under_way, snapshot.at_us
    stood = advance(memory.stood or memory.delay, BREAK, at_us, limits.trifle_us)
    assert delay.broken_us is not None
    under_way_us = at_us - delay.broken_us
    elapsed_us = delay.elapsed_us + under_way_us
    fast = memory.stood is not None  # no longer than a trifle from the last zone to this one
    if under_way_us >= (limits.travel_longest_us if fast else limits.travel_slowest_us):
        delay = stood = Delay(delay.began_us, elapsed_us, at_us, None)
    memory = Stop(delay, memory.floor, memory.turns, stood=stood)
    return memory, delay, None


def _goes_on(memory: Stop, snapshot: Snapshot) -> bool:
    """Nothing begins the delay anew: neither the end key nor inspection."""
    values = snapshot.values
    return _turns(snapshot) == memory.turns and values["car.mode"] not in INSPECTION_MODES


def _elsewhere(memory: Stop, snapshot: Snapshot) -> bool:
    """The car stands again after a break, in the zone of another landing than where the delay began."""
    if memory.delay.broken_us is None or snapshot.values["car.door_zone"] is not True:
        return False
    floor = snapshot.values["car.floor"]
    return None not in (floor, memory.floor) and floor != memory.floor


def _advanced(
    memory: Stop, pace: Pace, snapshot: Snapshot, limits: Limits
) -> tuple[Stop, Delay, None]:
    """The delay goes on. It begins anew with a turn of the end key, which says that nobody is trapped.

    Likewise with a full closing that only a contact told of: until then people could leave.
    """
    turns = _turns(snapshot)
    before = memory.delay if turns == memory.turns else IDLE
    delay = advance(before, pace, snapshot.at_us, limits.trifle_us)
    if delay is memory.delay and turns == memory.turns:
        return memory, delay, None
    began = delay.began_us != memory.delay.began_us
    floor = snapshot.values["car.floor"] if began else memory.floor
    after = msgspec.structs.replace(memory, delay=delay, floor=floor, turns=turns)
    return after, delay, None


def _turns(snapshot: Snapshot) -> int:
    values = snapshot.values
    return (values["end_key"] or 0) + (values["contact_doors.closings"] or 0)


STOP_OUTSIDE = Term(
    "stop.outside",
    ("outside", "car.mode", "end_key", "contact_doors.closings"),
    _outside,
    Stop(),
    Stop,
    Delay | None,
)
STOP_OUTSIDE_IN_ALL = Term(
    "stop.outside_in_all",
    ("outside", "car.mode", "end_key", "contact_doors.closings"),
    _in_all,
    Stop(),
    Stop,
    Delay | None,
)
_AT_REST = ("stopped", "doors", "boarding", "car.mode", "end_key", "contact_doors.closings")
STOP_SHUT = Term(
    "stop.shut",
    ("car.door_zone", *_AT_REST),
    _shut,
    Stop(),
    Stop,
    Delay | None,
    wakes=_AT_REST,
)
