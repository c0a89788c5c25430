"""How long the car has stood: outside the zone, and anywhere with its doors not open. The values are `Delay`s."""

import msgspec

from agent.monitor.delay import BREAK, HOLD, IDLE, RESTART, RUN, Delay, Pace, advance
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, CLOSED
from agent.monitor.terms.term import Term

# Detectors of the machine do not raise in these modes, and their delays begin anew afterwards (contract, 3.3).
INSPECTION_MODES = frozenset({"inspection", "learning"})


class Stop(msgspec.Struct, frozen=True):
    """A delay, the landing at which it began, and the turns of the end key seen so far."""

    delay: Delay = IDLE
    floor: int | None = None
    key: int = 0


def _outside(memory: Stop, snapshot: Snapshot, limits: Limits) -> tuple[Stop, Delay, None]:
    """Standing outside the zone. Reaching a zone under way is another stop; a retry of the drive is not."""
    outside = snapshot.values["outside"]
    if snapshot.values["car.mode"] in INSPECTION_MODES:
        pace = RESTART
    elif outside is True:
        if _zone_reached(memory, snapshot):
            memory = Stop(IDLE, None, memory.key)
        pace = RUN
    else:
        pace = BREAK
    return _advanced(memory, pace, snapshot, limits)


def _zone_reached(memory: Stop, snapshot: Snapshot) -> bool:
    """Since the break began the car has moved and has left a zone: it stands elsewhere than before."""
    broken_us = memory.delay.broken_us
    if broken_us is None:
        return False
    since_us = snapshot.since_us
    return since_us["stopped"] > broken_us and since_us["car.door_zone"] > broken_us


def _shut(memory: Stop, snapshot: Snapshot, limits: Limits) -> tuple[Stop, Delay, None]:
    """Standing with doors not open, wherever. Movement inside the zone (levelling) only pauses it.

    Doors open so long that people could leave are no trifle: whoever is in the car afterwards has only just been shut in.
    """
    values = snapshot.values
    stopped, zone = values["stopped"], values["car.door_zone"]
    if stopped is False and memory.delay.broken_us is not None and _goes_on(memory, snapshot):
        return memory, memory.delay, None
    shut = values["doors"] in (CLOSED, BETWEEN)
    people_can_pass = bool((values["boarding"] or 0) & 1)
    if values["car.mode"] in INSPECTION_MODES or people_can_pass:
        pace = RESTART
    elif stopped is True and shut:
        if _elsewhere(memory, snapshot):
            memory = Stop(IDLE, None, memory.key)
        pace = RUN
    elif stopped is False and shut and zone is True:
        pace = HOLD
    else:
        pace = BREAK
    return _advanced(memory, pace, snapshot, limits)


def _goes_on(memory: Stop, snapshot: Snapshot) -> bool:
    """Nothing begins the delay anew: neither the end key nor inspection."""
    values = snapshot.values
    return (values["end_key"] or 0) == memory.key and values["car.mode"] not in INSPECTION_MODES


def _elsewhere(memory: Stop, snapshot: Snapshot) -> bool:
    """The car stands again after a break, in the zone of another landing than where the delay began."""
    if memory.delay.broken_us is None or snapshot.values["car.door_zone"] is not True:
        return False
    floor = snapshot.values["car.floor"]
    return None not in (floor, memory.floor) and floor != memory.floor


def _advanced(
    memory: Stop, pace: Pace, snapshot: Snapshot, limits: Limits
) -> tuple[Stop, Delay, None]:
    """The delay goes on; a turn of the end key says that nobody is trapped, so that it begins anew."""
    key = snapshot.values["end_key"] or 0
    before = memory.delay if key == memory.key else IDLE
    delay = advance(before, pace, snapshot.at_us, limits.trifle_us)
    if delay is memory.delay and key == memory.key:
        return memory, delay, None
    began = delay.began_us != memory.delay.began_us
    floor = snapshot.values["car.floor"] if began else memory.floor
    return Stop(delay, floor, key), delay, None


STOP_OUTSIDE = Term(
    "stop.outside",
    ("outside", "car.mode", "end_key"),
    _outside,
    Stop(),
    Stop,
    Delay | None,
)
STOP_SHUT = Term(
    "stop.shut",
    ("stopped", "car.door_zone", "doors", "boarding", "car.mode", "end_key"),
    _shut,
    Stop(),
    Stop,
    Delay | None,
)
