"""轿厢意外移动: the car moves with its doors not closed although nothing tells it to.

A zone signal that goes out under a car known to stand still is a sensor's fault (`sensor_contradiction`), and doors that
are opened where the car has stopped are `doors_open_outside_zone`: here the car leaves the zone with its doors not closed.
"""

from agent.monitor.detectors.held import Way, either_held, reported
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.speed import OVER, RUNNING, STILL
from agent.monitor.truth import every, is_not


def _fast(snapshot: Snapshot) -> bool | None:
    speed = snapshot.values["speed"]
    return _untold(snapshot, None if speed is None else speed in (RUNNING, OVER))


def _gone(snapshot: Snapshot) -> bool | None:
    return _untold(snapshot, _left_zone(snapshot))


def _untold(snapshot: Snapshot, moves: bool | None) -> bool | None:  # noqa: FBT001
    """It moves so with its doors not closed, and nothing tells it to."""
    values = snapshot.values
    if moves is False or values["car_door.ajar"] is False:
        return False
    told = "drive.command" if "drive.command" in snapshot.fitted else "car.moving"
    return every(values["car_door.ajar"], is_not(values[told]), moves)


def _left_zone(snapshot: Snapshot) -> bool | None:
    """The zone went out after the doors were no longer closed, and no speed says that the car stands still."""
    astray: bool | None = snapshot.values["car_door.astray"]
    if astray is not True:
        return astray
    return every(snapshot.values["car_door.carried"], snapshot.values["speed"] != STILL)


UNINTENDED_MOVEMENT = either_held(
    "unintended_movement",
    (
        "ucm.tripped",
        "car_door.ajar",
        "car_door.astray",
        "car_door.carried",
        "drive.command",
        "car.moving",
        "speed",
    ),
    reported("ucm.tripped"),
    Way(
        "doors_not_closed",
        _fast,
        lambda limits: limits.unintended_speed_us,
        unless=("car_door.ajar", False),
    ),
    Way(
        "doors_not_closed",
        _gone,
        lambda limits: limits.unintended_movement_us,
        unless=("car_door.ajar", False),
    ),
)
