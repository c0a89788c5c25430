"""What is wired: the kinds of installation a story is told on. Tables for facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_CONTROLLER = (
    "car.mode", "car.moving", "car.direction", "car.floor", "car.door_zone", "car.speed_mm_s",
    "car.load_percent", "car.call_registered", "hall.call_pending", "door.front", "door.obstructed",
    "brake.released", "drive.command", "controller.fault", "controller.fault_code",
    "position.lost", "run_time_limit.tripped", "ucm.tripped", "overspeed.tripped",
)  # fmt: skip
_SAFETY_CONTACTS = (
    "alarm.button", "alarm.end_key", "landing_doors.locked", "safety_chain.closed", "power.mains",
    "power.battery_fault", "power.battery_percent", "overtravel.top", "overtravel.bottom",
    "safety_gear.tripped", "car.occupied", "pit.water", "machine_room.door_open",
    "machine_room.temperature_c", "visit.active",
)  # fmt: skip
_RETROFIT_CONTACTS = (
    "car.door_zone", "door.front", "car.occupied", "alarm.button", "alarm.end_key", "power.mains",
)  # fmt: skip
_BOX = (
    "car.direction", "car.moving", "car.door_zone", "door.front", "car.occupied", "car.floor",
    "car.speed_mm_s",
)  # fmt: skip
_BOX_CONTACTS = (
    "alarm.button", "alarm.end_key", "safety_chain.closed", "car.call_registered", "power.mains",
)  # fmt: skip


@dataclass(frozen=True)
class Installation:
    """One way an elevator is wired: `drivers` gives each driver's signals.

    `contact_doors`: a contact tells closed from not closed, nothing more. `door_bit`: likewise, but whatever is not
    closed is told as open. `speed_step_mm_s`: the speed comes in such steps.
    """

    name: str
    drivers: Mapping[str, tuple[str, ...]]
    contact_doors: bool = False
    door_bit: bool = False
    speed_step_mm_s: int = 1

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """Every wired signal."""
        return tuple(signal for signals in self.drivers.values() for signal in signals)


FULL = Installation(
    "full",
    {
        "controller": _CONTROLLER,
        "contacts": _SAFETY_CONTACTS,
        "car-intercom": ("intercom.car",),
        "duty-room": ("intercom.duty_room",),
        "car-camera": ("camera.car",),
    },
)
TWO_DOORS = Installation(
    "two-doors",
    {"controller": (*_CONTROLLER, "door.rear"), "contacts": _SAFETY_CONTACTS},
)
DRIVE = Installation(
    "drive",
    {
        "drive": ("car.moving", "car.speed_mm_s", "controller.fault", "controller.fault_code"),
        "contacts": (*_RETROFIT_CONTACTS, "safety_chain.closed", "landing_doors.locked"),
    },
    contact_doors=True,
)
CONTACTS = Installation("contacts", {"contacts": _RETROFIT_CONTACTS}, contact_doors=True)
# The box of `config/controllers/car-top-sensor.toml`, with the contacts of the bench (`hil/README.md`).
CAR_TOP_BOX = Installation(
    "car-top-box",
    {"box": _BOX, "contacts": _BOX_CONTACTS},
    door_bit=True,
    speed_step_mm_s=100,
)

KINDS = (FULL, DRIVE, CONTACTS)
EVERYWHERE = (*KINDS, CAR_TOP_BOX)
WITH_MOTION = (FULL, DRIVE, CAR_TOP_BOX)
