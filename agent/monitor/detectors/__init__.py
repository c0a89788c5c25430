"""One file a rule. Detectors do not know each other; what they share are terms."""

from collections.abc import Mapping

from agent.monitor.detectors.alarm_button import ALARM_BUTTON
from agent.monitor.detectors.battery import BATTERY_FAULT, BATTERY_LOW
from agent.monitor.detectors.brake_contradiction import BRAKE_CONTRADICTION
from agent.monitor.detectors.controller_fault import CONTROLLER_FAULT
from agent.monitor.detectors.detector import Detector
from agent.monitor.detectors.door_close_failure import DOOR_CLOSE_FAILURE
from agent.monitor.detectors.door_cycling import DOOR_CYCLING
from agent.monitor.detectors.door_held_open import DOOR_HELD_OPEN
from agent.monitor.detectors.door_open_failure import DOOR_OPEN_FAILURE
from agent.monitor.detectors.doors_outside_zone import (
    DOORS_OPEN_OUTSIDE_ZONE,
    LANDING_DOOR_UNLOCKED,
    MOVED_WITH_DOORS_OPEN,
)
from agent.monitor.detectors.entrapment_possible import ENTRAPMENT_POSSIBLE
from agent.monitor.detectors.host import DISK_LOW, HOST_HOT, HOST_UNDERVOLTAGE
from agent.monitor.detectors.mains_lost import MAINS_LOST
from agent.monitor.detectors.mode_changed import MODE_CHANGED
from agent.monitor.detectors.overspeed import OVERSPEED
from agent.monitor.detectors.overtravel import OVERTRAVEL_BOTTOM, OVERTRAVEL_TOP
from agent.monitor.detectors.position_lost import POSITION_LOST
from agent.monitor.detectors.run_time_limit import RUN_TIME_LIMIT
from agent.monitor.detectors.safety_chain_open import SAFETY_CHAIN_OPEN
from agent.monitor.detectors.sensor_contradiction import sensor_contradiction
from agent.monitor.detectors.signal_lost import signal_lost
from agent.monitor.detectors.silent import camera_silent, intercom_silent
from agent.monitor.detectors.start_failure import START_FAILURE
from agent.monitor.detectors.stopped_outside_door_zone import STOPPED_OUTSIDE_DOOR_ZONE
from agent.monitor.detectors.surroundings import (
    MACHINE_ROOM_DOOR_OPEN,
    MACHINE_ROOM_HOT,
    PIT_WATER,
)
from agent.monitor.detectors.trapped_passengers import TRAPPED_PASSENGERS
from agent.monitor.detectors.unintended_movement import UNINTENDED_MOVEMENT

DETECTORS: tuple[Detector, ...] = (
    TRAPPED_PASSENGERS,
    ENTRAPMENT_POSSIBLE,
    ALARM_BUTTON,
    STOPPED_OUTSIDE_DOOR_ZONE,
    UNINTENDED_MOVEMENT,
    MOVED_WITH_DOORS_OPEN,
    DOORS_OPEN_OUTSIDE_ZONE,
    LANDING_DOOR_UNLOCKED,
    OVERTRAVEL_TOP,
    OVERTRAVEL_BOTTOM,
    OVERSPEED,
    BRAKE_CONTRADICTION,
    SAFETY_CHAIN_OPEN,
    DOOR_CLOSE_FAILURE,
    DOOR_HELD_OPEN,
    DOOR_OPEN_FAILURE,
    DOOR_CYCLING,
    RUN_TIME_LIMIT,
    POSITION_LOST,
    START_FAILURE,
    CONTROLLER_FAULT,
    MAINS_LOST,
    BATTERY_LOW,
    BATTERY_FAULT,
    MODE_CHANGED,
    MACHINE_ROOM_HOT,
    MACHINE_ROOM_DOOR_OPEN,
    PIT_WATER,
    DISK_LOW,
    HOST_UNDERVOLTAGE,
    HOST_HOT,
)


def detectors_for(
    drivers: Mapping[str, tuple[str, ...]], intervals_us: Mapping[str, int]
) -> tuple[Detector, ...]:
    """All detectors of an installation.

    `drivers` maps each driver to the signals it gives, `intervals_us` each probed signal to how often it is asked.
    """
    signals = tuple(sorted(signal for wired in drivers.values() for signal in wired))
    return (
        *DETECTORS,
        *intercom_silent(signals, intervals_us),
        *camera_silent(signals, intervals_us),
        *(signal_lost(name, drivers[name]) for name in sorted(drivers)),
        *sensor_contradiction(frozenset(signals)),
    )


__all__ = ["DETECTORS", "Detector", "detectors_for"]
