"""困人: a person is evidenced and the car does not let them out (contract, 3.2; precedents: elevator-facts 1.6).

(a) The car has moved since its doors were last open in the zone and has stood outside the zone, whatever the doors do, in
one stop or in all since the last landing; (b) it has stood with doors not open, whatever the zone signal says. A zone that a
parked car loses for a trifle is no stop outside it: the evidence that counts at a landing goes on to decide (b).
"""

import msgspec

from agent.model import SECOND_US, Detail
from agent.monitor.condition import NO, RESTING, Condition
from agent.monitor.delay import Delay
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CLOSED
from agent.monitor.terms.person import at_landing
from agent.monitor.terms.stops import standing_outside

# A call, a load or a presence that comes with the doors' movement is somebody getting in. A parked car has long stood for
# 90 s by then, and a hasty passenger or a contact that never counts as open would be an entrapment before the car can start.
_BOARDING_US = 15 * SECOND_US
_WITH_BOARDING = frozenset({"car_call", "load", "presence", "presence_latched"})


class Came(msgspec.Struct, frozen=True):
    """`at_us`: when a person was first evidenced, None while nobody is. `boarding`: as the doors moved."""

    at_us: int | None = None
    boarding: bool = False


NOBODY = Came()


def _step(memory: Came, snapshot: Snapshot, limits: Limits) -> tuple[Came, Condition]:
    by: tuple[str, ...] = snapshot.values["person"] or ()
    if not by:
        return NOBODY, RESTING
    came = memory if memory.at_us is not None else Came(snapshot.at_us, _doors_moved(snapshot))
    values, off_level_us = snapshot.values, None
    shut: Delay | None = values["stop.shut"]
    outside = values["outside"] is True and values["moved"] is True
    if not outside and (shut is None or shut.running_us is None):
        return came, NO
    if outside:
        off_level, off_level_us = _off_level(snapshot, limits)
        if off_level_us is not None and snapshot.at_us >= off_level_us:
            return came, _holds("outside_zone", off_level, by)
    away_us = snapshot.since_us["outside"] + limits.trifle_us if outside else None
    away = away_us is not None and snapshot.at_us >= away_us
    counted = by if away or _lost_outside(snapshot) else at_landing(by, values["car.mode"])
    shut = shut if counted else None
    shut_us = _boarded(_reached(shut, limits.trapped_at_level_us), came, counted)
    if shut_us is not None and snapshot.at_us >= shut_us:
        return came, _holds("doors_not_open", shut, counted)
    due_us = _earlier(_earlier(off_level_us, shut_us), None if away else away_us)
    return came, NO if due_us is None else Condition(holds=False, due_us=due_us)


def _lost_outside(snapshot: Snapshot) -> bool:
    """The zone is unknown, and its last word was that the car is outside: that is no stop in the zone."""
    values = snapshot.values
    lost = values["outside"] is None and values["car.door_zone"] is None
    return lost and snapshot.last("car.door_zone") is False and not values["zone.doubted"]


def _doors_moved(snapshot: Snapshot) -> bool:
    """The doors are not closed, or have not been for long."""
    closed_us = snapshot.since_us["doors"]
    return snapshot.values["doors"] != CLOSED or snapshot.at_us - closed_us < _BOARDING_US


def _boarded(due_us: int | None, came: Came, by: tuple[str, ...]) -> int | None:
    """Who has just got in is given the time to leave, once: later movements of the doors do not prolong it."""
    if (
        due_us is None
        or came.at_us is None
        or not came.boarding
        or not _WITH_BOARDING.issuperset(by)
    ):
        return due_us
    return max(due_us, came.at_us + _BOARDING_US)


def _reached(delay: Delay | None, limit_us: int) -> int | None:
    return None if delay is None else delay.reached_at(limit_us)


def _off_level(snapshot: Snapshot, limits: Limits) -> tuple[Delay, int | None]:
    """Without mains an evacuation device may still bring the car to a landing: rule (a) waits for it."""
    delay, due_us = standing_outside(snapshot, limits.trapped_off_level_us, limits)
    if due_us is None or snapshot.values["power.mains"] is not False:
        return delay, due_us
    return delay, max(due_us, snapshot.since_us["power.mains"] + limits.ard_hold_us)


def _earlier(one_us: int | None, other_us: int | None) -> int | None:
    if one_us is None or other_us is None:
        return other_us if one_us is None else one_us
    return min(one_us, other_us)


def _holds(rule: str, delay: Delay | None, by: tuple[str, ...]) -> Condition:
    detail: dict[str, Detail] = {"rule": rule, "person_by": list(by)}
    return Condition(holds=True, since_us=None if delay is None else delay.began_us, detail=detail)


TRAPPED_PASSENGERS = Detector(
    "trapped_passengers",
    (
        "person",
        "outside",
        "moved",
        "stop.outside",
        "stop.outside_in_all",
        "stop.shut",
        "car.mode",
        "power.mains",
    ),
    _step,
    memory=NOBODY,
    memory_type=Came,
    wakes=("person",),
)
