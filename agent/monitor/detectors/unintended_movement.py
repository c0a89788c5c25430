"""轿厢意外移动: the car moves with its doors not closed although nothing tells it to.

A zone signal that goes out under a car known to stand still is a sensor's fault (`sensor_contradiction`), and doors that
are opened where the car has stopped are `doors_open_outside_zone`: here the car leaves the zone with its doors not closed.
"""

from agent.monitor.detectors.held import Way, either_held, reported
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.speed import OVER, RUNNING, STILL
from agent.monitor.truth import either, every, is_not


def _moved(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    if values["car_door.ajar"] is False:
        return False
    moves = either(_fast(snapshot), _left_zone(snapshot))
    if moves is False:
        return False
    told = "drive.command" if "drive.command" in snapshot.fitted else "car.moving"
    return every(values["car_door.ajar"], is_not(values[told]), moves)


def _fast(snapshot: Snapshot) -> bool | None:
    if "car.speed_mm_s" not in snapshot.fitted:
        return False
    speed = snapshot.values["speed"]
    return None if speed is None else speed in (RUNNING, OVER)


def _left_zone(snapshot: Snapshot) -> bool | None:
    """The zone went out after the doors were no longer closed, and no speed says that the car stands still."""
    astray = snapshot.values["car_door.astray"]
    if astray is not True or "car.door_zone" not in snapshot.fitted:
        return astray if "car.door_zone" in snapshot.fitted else False
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
        _moved,
        lambda limits: limits.unintended_movement_us,
        unless=("car_door.ajar", False),
    ),
)
