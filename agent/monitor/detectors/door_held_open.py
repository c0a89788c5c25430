"""长时间开门: a car door stays fully open in ordinary service. Without mains no door closes: that time does not count."""

from agent.monitor.detectors.held import held
from agent.monitor.snapshot import Snapshot


def _open(snapshot: Snapshot) -> bool | None:
    if snapshot.values["car.mode"] not in ("normal", None):
        return False
    if snapshot.values["power.mains"] is False:
        return None
    is_open: bool | None = snapshot.values["car_door.open"]
    return is_open


DOOR_HELD_OPEN = held(
    "door_held_open",
    ("car_door.open", "power.mains"),
    _open,
    lambda limits: limits.door_held_open_us,
)
