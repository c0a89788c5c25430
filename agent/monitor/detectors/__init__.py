"""One file a rule. Detectors do not know each other; what they share are terms."""

from collections.abc import Mapping

from agent.monitor.detectors.alarm_button import ALARM_BUTTON
from agent.monitor.detectors.detector import Detector
from agent.monitor.detectors.mode_changed import MODE_CHANGED
from agent.monitor.detectors.signal_lost import signal_lost
from agent.monitor.detectors.stopped_outside_door_zone import STOPPED_OUTSIDE_DOOR_ZONE
from agent.monitor.detectors.trapped_passengers import TRAPPED_PASSENGERS

DETECTORS: tuple[Detector, ...] = (
    TRAPPED_PASSENGERS,
    ALARM_BUTTON,
    STOPPED_OUTSIDE_DOOR_ZONE,
    MODE_CHANGED,
)


def detectors_for(drivers: Mapping[str, tuple[str, ...]]) -> tuple[Detector, ...]:
    """All detectors of an installation; `drivers` maps each driver to the signals it gives."""
    return (*DETECTORS, *(signal_lost(name, drivers[name]) for name in sorted(drivers)))


__all__ = ["DETECTORS", "Detector", "detectors_for"]
