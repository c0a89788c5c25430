"""Whether the car stands, whether it stands outside the zone, and whether it has moved since people could leave it."""

from agent.monitor.delay import BREAK, IDLE, RUN, Delay, advance
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


def _stopped(
    gap: Delay, snapshot: Snapshot, limits: Limits
) -> tuple[Delay, bool | None, int | None]:
    """True while the car stands.

    Where `car.moving` is not fitted, or unknown for 5 s, motion is inferred from zone passages: inside the zone the car
    counts as standing, outside it as moving until the longest gap between two zones has passed. `gap` is that delay.
    """
    zone, moving = snapshot.values["car.door_zone"], snapshot.values["car.moving"]
    if zone is True:
        gap = IDLE
    else:
        pace = RUN if zone is False else BREAK
        gap = advance(gap, pace, snapshot.at_us, limits.trifle_us)
    if moving is not None:
        return gap, not moving, None
    if "car.moving" in snapshot.fitted:
        trusted_us = snapshot.since_us["car.moving"] + limits.moving_unknown_us
        if snapshot.at_us < trusted_us:
            return gap, None, trusted_us
    passed_us = gap.reached_at(limits.longest_zone_gap_us)
    if passed_us is None:
        return gap, zone, None
    if snapshot.at_us < passed_us:
        return gap, False, passed_us
    return gap, True, None


def _moved(moved: bool, snapshot: Snapshot, _: Limits) -> tuple[bool, bool, None]:  # noqa: FBT001
    """True once the car has moved since its doors were last open in the zone.

    It begins as True: a car that was never seen open at a landing and stands outside the zone must have got there.
    """
    if snapshot.values["stopped"] is False:
        moved = True
    elif snapshot.values["at_landing"] is True:
        moved = False
    return moved, moved, None


def _outside(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, int | None]:
    """True while the car stands outside the zone; None when that cannot be told."""
    stopped, zone = snapshot.values["stopped"], snapshot.values["car.door_zone"]
    if stopped is False:
        return None, False, REST
    if zone is True:
        return None, False, None
    return None, None if None in (stopped, zone) else True, None


STOPPED = Term("stopped", ("car.moving", "car.door_zone"), _stopped, IDLE, Delay, bool | None)
OUTSIDE = Term(
    "outside",
    ("stopped", "car.door_zone"),
    _outside,
    value_type=bool | None,
    wakes=("stopped",),
)
MOVED = Term(
    "moved",
    ("stopped", "at_landing"),
    _moved,
    memory=True,
    memory_type=bool,
    value_type=bool | None,
)
