"""Evidence of a person from the presence sensor, which is noisy.

Latched 25 s: enough for a stop outside the zone. For a stop in the zone it takes three separate readings, or 10 s in all,
within 120 s, from 10 s after the doors' last full closing on; then it stands until the doors have been open 2 s. A source
that stays true through 20 door-open periods is stuck and counts as unknown.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import OPEN
from agent.monitor.terms.term import Term

NONE, LATCHED, STANDING, STUCK = "none", "latched", "standing", "stuck"


class Presence(msgspec.Struct, frozen=True):
    """What was seen in this `boarding`.

    `closed_us`: the last full closing; where no doors can be seen, the beginning of the `boarding`. `seen_us`: the last
    instant of presence after it. `readings`: (from, to) of presence that counts for a stop in the zone, the last one
    open (to is None) while present. `openings`: door-open periods since presence was last false. `was`: the sensor's
    last good word.
    """

    boarding: int = -2
    closed_us: int = 0
    seen_us: int | None = None
    readings: tuple[tuple[int, int | None], ...] = ()
    standing: bool = False
    openings: int = 0
    was: bool | None = None


def _step(memory: Presence, snapshot: Snapshot, limits: Limits) -> tuple[Presence, str, int | None]:
    at_us = snapshot.at_us
    boarding, occupied = snapshot.values["boarding"] or 0, snapshot.values["car.occupied"]
    fresh = boarding != memory.boarding
    if memory.standing and not fresh:
        return _still_standing(memory, occupied), STANDING, None
    if occupied is False and memory.seen_us is None and not memory.readings:
        return _nobody(memory, boarding, _closed_us(memory, snapshot, fresh=fresh)), NONE, None
    openings = _openings(memory, occupied, snapshot, boarding)
    stuck = openings >= limits.presence_stuck_openings
    present = None if stuck else occupied
    closed_us = _closed_us(memory, snapshot, fresh=fresh)
    closing = closed_us != memory.closed_us
    settled_us = closed_us + limits.presence_settle_us
    was = memory.was if present is None else present
    if boarding & 1:  # people come and go: what is seen says nothing yet
        after = Presence(boarding, closed_us, openings=openings, was=was)
        return after, STUCK if stuck else NONE, None
    oldest_us = max(settled_us, at_us - limits.presence_window_us)
    readings = () if fresh or closing else _resumed(memory, present, at_us, oldest_us)
    readings = _readings(readings, present, at_us, oldest_us)
    seen_us = _seen(memory, present, at_us, limits, anew=fresh or closing)
    standing = present is True and _enough(readings, at_us, settled_us, limits)
    after = Presence(boarding, closed_us, seen_us, readings, standing, openings, was)
    value, due_us = _value(after, at_us, limits)
    if stuck and value == NONE:
        value = STUCK
    return after, value, due_us


def _nobody(memory: Presence, boarding: int, closed_us: int) -> Presence:
    """An empty car in which nobody was seen either."""
    if boarding == memory.boarding and closed_us == memory.closed_us and memory.was is False:
        return memory
    return Presence(boarding, closed_us, was=False)


def _still_standing(memory: Presence, occupied: bool | None) -> Presence:  # noqa: FBT001
    """Until people can come and go, only whether the sensor is stuck is still of interest."""
    if occupied is None or occupied == memory.was:
        return memory
    openings = 0 if occupied is False else memory.openings
    return msgspec.structs.replace(memory, was=occupied, openings=openings)


def _closed_us(memory: Presence, snapshot: Snapshot, *, fresh: bool) -> int:
    if fresh and snapshot.values["doors"] is None:
        return snapshot.at_us
    closed_us: int | None = snapshot.values["doors.closed_us"]
    return memory.closed_us if closed_us is None else max(closed_us, memory.closed_us)


def _openings(
    memory: Presence,
    occupied: bool | None,  # noqa: FBT001
    snapshot: Snapshot,
    boarding: int,
) -> int:
    """Door-open periods that ended while presence stayed true; a false reading starts over.

    Only doors open so long that `boarding` went on count: a chattering contact says nothing of the sensor.
    """
    if occupied is not True:
        return memory.openings if occupied is None else 0
    over = snapshot.values["doors"] not in (OPEN, None)
    ended = memory.boarding & 1 and not boarding & 1 and over
    return memory.openings + 1 if ended else memory.openings


def _seen(
    memory: Presence,
    present: bool | None,  # noqa: FBT001
    at_us: int,
    limits: Limits,
    *,
    anew: bool,
) -> int | None:
    """The last instant of presence, None once it has faded; a sensor that fails is taken at its last word."""
    if present is True:
        return at_us
    if anew or memory.seen_us is None:
        return None
    if memory.was is True:
        return at_us
    return None if at_us >= memory.seen_us + limits.presence_latch_us else memory.seen_us


def _resumed(
    memory: Presence,
    present: bool | None,  # noqa: FBT001
    at_us: int,
    oldest_us: int,
) -> tuple[tuple[int, int | None], ...]:
    """The readings so far. One that only a failing sensor interrupted goes on, without the time it was not seen.

    Unless that was so long ago that it no longer counts.
    """
    readings = memory.readings
    if present is not True or memory.was is not True or not readings:
        return readings
    from_us, to_us = readings[-1]
    if to_us is None or to_us <= oldest_us:
        return readings
    return (*readings[:-1], (from_us + at_us - to_us, None))


def _readings(
    readings: tuple[tuple[int, int | None], ...],
    present: bool | None,  # noqa: FBT001
    at_us: int,
    oldest_us: int,
) -> tuple[tuple[int, int | None], ...]:
    """The readings that may still count: those not over before the doors had settled or the window began."""
    running = bool(readings) and readings[-1][1] is None
    if present is True:
        return readings if running else (*readings, (at_us, None))
    if running:
        readings = (*readings[:-1], (readings[-1][0], at_us))
    if not readings:
        return readings
    return tuple(r for r in readings if r[1] is not None and r[1] > oldest_us)


def _enough(
    readings: tuple[tuple[int, int | None], ...],
    at_us: int,
    settled_us: int,
    limits: Limits,
) -> bool:
    if at_us < settled_us:
        return False
    if len(readings) >= limits.presence_readings:
        oldest_us = at_us - limits.presence_window_us
        if sum(1 for r in readings if r[0] >= oldest_us) >= limits.presence_readings:
            return True
    return _total_us(readings, at_us, settled_us, limits) >= limits.presence_total_us


def _total_us(
    readings: tuple[tuple[int, int | None], ...], at_us: int, settled_us: int, limits: Limits
) -> int:
    """Presence in all, within the window and since the doors had settled."""
    oldest_us = max(settled_us, at_us - limits.presence_window_us)
    total_us = 0
    for from_us, to_us in readings:
        until_us = at_us if to_us is None else to_us
        if until_us > oldest_us:
            total_us += until_us - (max(oldest_us, from_us))
    return total_us


def _value(memory: Presence, at_us: int, limits: Limits) -> tuple[str, int | None]:
    if memory.standing:
        return STANDING, None
    due_us = _standing_due_us(memory, at_us, limits)
    if memory.seen_us is None:
        return NONE, due_us
    if memory.was is not False:
        return LATCHED, due_us
    fades_us = memory.seen_us + limits.presence_latch_us
    return (LATCHED, fades_us) if at_us < fades_us else (NONE, due_us)


def _standing_due_us(memory: Presence, at_us: int, limits: Limits) -> int | None:
    """When presence that simply goes on is enough; None where the window will never hold so much of it.

    While the window's beginning passes over an earlier reading, as much is lost as is gained.
    """
    if not memory.readings or memory.readings[-1][1] is not None:
        return None
    settled_us, window_us = memory.closed_us + limits.presence_settle_us, limits.presence_window_us
    total_us = _total_us(memory.readings, at_us, settled_us, limits)
    due_us = max(at_us, settled_us) + limits.presence_total_us - total_us
    for from_us, to_us in memory.readings[:-1]:
        assert to_us is not None, "only the last reading is open"
        lost_us = max(max(from_us, settled_us) + window_us, at_us)
        if lost_us >= due_us:
            return due_us
        due_us += max(0, to_us + window_us - lost_us)
    full_us = max(max(memory.readings[-1][0], settled_us) + window_us, at_us)
    return due_us if due_us <= full_us else None


PRESENCE = Term(
    "seen.presence",
    ("car.occupied", "boarding", "doors.closed_us"),
    _step,
    Presence(),
    Presence,
    str | None,
)
