"""Doors where no landing is: 开门走梯, a car door open outside the zone, a landing door unlocked without the car."""

from agent.monitor.detectors.held import held
from agent.monitor.snapshot import Snapshot
from agent.monitor.truth import either, every, is_not


def _moved_with_doors_open(snapshot: Snapshot) -> bool | None:
    """Moving outside the zone with a car door not closed. Motion that was fitted and is lost is no evidence."""
    values = snapshot.values
    if values["car_door.astray"] is False:
        return False
    if values["car.moving"] is None and "car.moving" in snapshot.fitted:
        return every(None, values["car_door.astray"])
    return every(is_not(values["stopped"]), values["car_door.astray"])


def _doors_open_outside_zone(snapshot: Snapshot) -> bool | None:
    """A car door open while the car stands outside the zone; in rescue operation people are let out so."""
    if snapshot.values["car.mode"] == "rescue":
        return False
    return every(snapshot.values["outside"], snapshot.values["car_door.open"])


def _landing_door_unlocked(snapshot: Snapshot) -> bool | None:
    """A landing door unlocked while the car is outside the zone or moving.

    Movement inside the zone pauses it (contract, 3.1): levelling, with the door of that landing opening, is ordinary.
    """
    values = snapshot.values
    if values["landing_doors.locked"] is True:
        return False
    moving, zone = is_not(values["stopped"]), values["car.door_zone"]
    if zone is True and moving is True:
        moving = None
    return every(is_not(values["landing_doors.locked"]), either(is_not(zone), moving))


MOVED_WITH_DOORS_OPEN = held(
    "moved_with_doors_open",
    ("stopped", "car.moving", "car_door.astray"),
    _moved_with_doors_open,
    lambda limits: limits.moved_with_doors_open_us,
    unless=("car_door.astray", False),
)
DOORS_OPEN_OUTSIDE_ZONE = held(
    "doors_open_outside_zone",
    ("outside", "car_door.open", "car.mode"),
    _doors_open_outside_zone,
    lambda limits: limits.doors_open_outside_us,
    unless=("car_door.open", False),
)
LANDING_DOOR_UNLOCKED = held(
    "landing_door_unlocked",
    ("landing_doors.locked", "car.door_zone", "stopped"),
    _landing_door_unlocked,
    lambda limits: limits.landing_door_unlocked_us,
    unless=("landing_doors.locked", True),
)
