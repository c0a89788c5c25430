"""门区外停梯: the car stands outside the zone, in one stop or in all since the last landing, and nobody is seen in it.

Who may be in it is unknown when a presence source is unknown or none is fitted, and when the agent started with the car
already there: then it is critical, since somebody may be trapped unseen.
"""

import msgspec

from agent.model import Severity
from agent.monitor.condition import NO, RESTING, UNKNOWN, Condition
from agent.monitor.delay import Delay
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.presence import STUCK
from agent.monitor.terms.stops import standing_outside, tried_in_vain


class Watched(msgspec.Struct, frozen=True):
    """`arrived`: the car was seen in the zone or travelling since the start, so that its stop was watched.

    `moving_us`: since when it moves, until that is so: a jerk for a trifle brings nobody there.
    """

    arrived: bool = False
    moving_us: int | None = None


_ARRIVED = Watched(arrived=True)


def _step(memory: Watched, snapshot: Snapshot, limits: Limits) -> tuple[Watched, Condition]:
    memory = _watched(memory, snapshot, limits)
    under_way = memory.arrived and snapshot.values["outside"] is False
    if under_way and tried_in_vain(snapshot, limits.stopped_outside_us, limits) is None:
        return memory, RESTING
    return memory, _condition(snapshot, limits, watched=memory.arrived)


def _watched(memory: Watched, snapshot: Snapshot, limits: Limits) -> Watched:
    values, moving_us = snapshot.values, memory.moving_us
    if memory.arrived or values["car.door_zone"] is True:
        return _ARRIVED
    if moving_us is not None and snapshot.at_us - moving_us >= limits.trifle_us:
        return _ARRIVED
    if values["car.moving"] is not True:
        return Watched()
    return memory if moving_us is not None else Watched(moving_us=snapshot.at_us)


def _condition(snapshot: Snapshot, limits: Limits, *, watched: bool) -> Condition:
    """A delay that has not been reached says nothing while the car stands there.

    One that began anew, after a loss or in inspection, must not end what stands.
    """
    values = snapshot.values
    outside = values["outside"]
    if outside is None:
        return UNKNOWN
    if values["person"]:
        return NO
    if outside is False:
        tried = tried_in_vain(snapshot, limits.stopped_outside_us, limits)
        return NO if tried is None else _nobody_seen(tried, snapshot, limits, watched=watched)
    stop, due_us = standing_outside(snapshot, limits.stopped_outside_us, limits)
    if due_us is None:
        return UNKNOWN
    if snapshot.at_us < due_us:
        return Condition(holds=None, due_us=due_us)
    return _nobody_seen(stop, snapshot, limits, watched=watched)


def _nobody_seen(stop: Delay, snapshot: Snapshot, limits: Limits, *, watched: bool) -> Condition:
    sources = _presence_sources(snapshot, limits)
    if not watched or not sources or None in sources:
        return Condition(
            holds=True,
            since_us=stop.began_us,
            severity=Severity.CRITICAL,
            detail={"occupancy": "unknown"},
        )
    return Condition(holds=True, since_us=stop.began_us, detail={"occupancy": "nobody_seen"})


def _presence_sources(snapshot: Snapshot, limits: Limits) -> list[object]:
    """What each fitted presence source says; None is unknown."""
    names = ["car.occupied", "car.load_percent"]
    if limits.car_call_is_evidence:
        names.append("car.call_registered")
    values = snapshot.values
    said = [values[name] for name in names if name in snapshot.fitted]
    return [*said, None] if values["seen.presence"] == STUCK else said


STOPPED_OUTSIDE_DOOR_ZONE = Detector(
    "stopped_outside_door_zone",
    (
        "outside",
        "car.door_zone",
        "car.moving",
        "stop.outside",
        "stop.outside_in_all",
        "person",
        "seen.presence",
        "car.occupied",
        "car.load_percent",
        "car.call_registered",
    ),
    _step,
    memory=Watched(),
    memory_type=Watched,
    wakes=("outside",),
)
