"""传感器信号矛盾: what two sensors say cannot both be true, or the door zone is dead. One event each pair.

The pairs: motion and speed; a car door that stands open at a landing while all landing doors are said to be locked. A
contact that knows only `not_closed` contradicts no lock: the door may be a finger's breadth open. A direction shown at a
standstill is the next one, and the brake has an event of its own (`brake_contradiction`). Why a zone is doubted is its
term's business.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import msgspec

from agent.monitor.capabilities import is_fitted
from agent.monitor.catalog import CATALOG
from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.delay import IDLE, Delay
from agent.monitor.detectors.detector import Detector
from agent.monitor.detectors.held import Holds, held
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CAR_DOORS
from agent.monitor.terms.speed import CREEPING, STILL
from agent.monitor.truth import every, is_not

_CODE = "sensor_contradiction"
_MOVING, _SPEED, _LOCKED, _ZONE = (
    "car.moving", "car.speed_mm_s", "landing_doors.locked", "car.door_zone",
)  # fmt: skip


def sensor_contradiction(fitted: AbstractSet[str]) -> list[Detector]:
    """A detector for each pair whose signals are both fitted; the instance names them."""
    doors = tuple(door for door in CAR_DOORS if door in fitted)
    each = (
        _pair((_MOVING, _SPEED), (_MOVING, "speed"), _motion_against_speed),
        _pair((*doors, _LOCKED), ("car_door.open", *doors, _LOCKED, "outside"), _open_but_locked),
        Detector(_CODE, ("zone.doubted",), _zone_doubted, instance=_ZONE),
    )
    parts = CATALOG[_CODE].parts
    return [rule for part, rule in zip(parts, each, strict=True) if is_fitted(part, fitted)]


def _motion_against_speed(snapshot: Snapshot) -> bool | None:
    """Moving with speed 0, or standing with a speed that is movement. Creeping agrees with both."""
    moving: bool | None = snapshot.values[_MOVING]
    speed: str | None = snapshot.values["speed"]
    if moving is None or speed is None:
        return None
    return speed != CREEPING and moving == (speed == STILL)


def _open_but_locked(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    is_open, locked = values["car_door.open"], values[_LOCKED]
    if is_open is False or locked is False:
        return False
    wide = "open" in (values["door.front"], values["door.rear"]) if is_open else None
    return every(wide, locked, is_not(values["outside"]))


def _pair(signals: tuple[str, ...], reads: tuple[str, ...], contradict: Holds) -> Detector:
    rule = held(_CODE, reads, contradict, lambda limits: limits.sensor_contradiction_us)

    def step(memory: Delay, snapshot: Snapshot, limits: Limits) -> tuple[Delay, Condition]:
        if memory is IDLE and contradict(snapshot) is False:
            return IDLE, NO
        memory, condition = rule.step(memory, snapshot, limits)
        if condition.holds:
            condition = msgspec.structs.replace(condition, evidence=signals)
        return memory, condition

    return replace(rule, step=step, instance="+".join(signals))


def _zone_doubted(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, Condition]:
    """Unknown until the zone has been seen to be right, so that a restart ends nothing."""
    doubted: bool | None = snapshot.values["zone.doubted"]
    if not doubted:
        return None, UNKNOWN if doubted is None else NO
    since_us = snapshot.since_us["zone.doubted"]
    return None, Condition(holds=True, since_us=since_us, evidence=(_ZONE, _MOVING, *CAR_DOORS))
