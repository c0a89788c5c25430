"""长时间开门: a car door stays fully open in ordinary service."""

from agent.monitor.detectors.held import held
from agent.monitor.snapshot import Snapshot


def _open(snapshot: Snapshot) -> bool | None:
    if snapshot.values["car.mode"] not in ("normal", None):
        return False
    is_open: bool | None = snapshot.values["car_door.open"]
    return is_open


DOOR_HELD_OPEN = held(
    "door_held_open", ("car_door.open",), _open, lambda limits: limits.door_held_open_us
)
