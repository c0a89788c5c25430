"""制动器状态矛盾: the brake and the motion of the car cannot both be as they are said to be.

Only reported motion counts; what is inferred from zones says nothing about the brake. In rescue operation the brake is
opened by hand.
"""

from agent.monitor.detectors.held import Way, either_held
from agent.monitor.snapshot import Snapshot
from agent.monitor.truth import every, is_not


def _moving_braked(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    if values["car.mode"] == "rescue":
        return False
    return every(values["car.moving"], is_not(values["brake.released"]))


def _standing_released(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    if values["car.mode"] == "rescue":
        return False
    return every(is_not(values["car.moving"]), values["brake.released"])


BRAKE_CONTRADICTION = either_held(
    "brake_contradiction",
    ("brake.released", "car.moving"),
    Way("moving_not_released", _moving_braked, lambda limits: limits.brake_moving_us),
    Way("released_standing", _standing_released, lambda limits: limits.brake_standing_us),
)
