"""安全回路断开: open while moving outside the zone, or while the car stands with all doors closed and mains present.

Where the chain is tapped (before or after the door contacts) is the profile's to say; with all doors closed both must be
closed.
"""

from agent.monitor.detectors.held import Way, either_held
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CLOSED
from agent.monitor.truth import every, is_not

_CLOSED = ("safety_chain.closed", True)


def _moving(snapshot: Snapshot) -> bool | None:
    """The chain is open under way. Without mains the chain drops too, which is another story."""
    values = snapshot.values
    if values["safety_chain.closed"] is True or values["power.mains"] is False:
        return False
    return every(
        is_not(values["safety_chain.closed"]),
        is_not(values["stopped"]),
        is_not(values["car.door_zone"]),
    )


def _standing(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    if values["safety_chain.closed"] is True or values["car.mode"] == "out_of_service":
        return False
    mains = values["power.mains"] if "power.mains" in snapshot.fitted else True
    doors = values["doors"]
    closed = None if doors is None else doors == CLOSED
    return every(is_not(values["safety_chain.closed"]), values["stopped"], closed, mains)


SAFETY_CHAIN_OPEN = either_held(
    "safety_chain_open",
    ("safety_chain.closed", "stopped", "car.door_zone", "doors", "power.mains"),
    Way("under_way", _moving, lambda limits: limits.safety_chain_moving_us, _CLOSED),
    Way("standing", _standing, lambda limits: limits.safety_chain_standing_us, _CLOSED),
)
