"""安全回路断开: open while moving outside the zone, or while the car stands with all doors closed and mains present.

Where the chain is tapped (before or after the door contacts) is the profile's to say; with all doors closed both must be
closed.
"""

import msgspec

from agent.monitor.condition import Condition
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.detectors.held import reached
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CLOSED
from agent.monitor.terms.stops import INSPECTION_MODES
from agent.monitor.truth import every, is_not


class Open(msgspec.Struct, frozen=True):
    """How long the chain has been open under way, and while standing."""

    moving: Delay = IDLE
    standing: Delay = IDLE


def _step(memory: Open, snapshot: Snapshot, limits: Limits) -> tuple[Open, Condition]:
    moving, standing = _moving(snapshot), _standing(snapshot)
    muted = snapshot.values["car.mode"] in INSPECTION_MODES
    after = Open(
        _advanced(memory.moving, moving, snapshot, limits, muted=muted),
        _advanced(memory.standing, standing, snapshot, limits, muted=muted),
    )
    first = reached(
        after.moving,
        limits.safety_chain_moving_us,
        snapshot.at_us,
        over=moving is False,
    )
    second = reached(
        after.standing,
        limits.safety_chain_standing_us,
        snapshot.at_us,
        over=standing is False,
    )
    return after, _either(first, second)


def _moving(snapshot: Snapshot) -> bool | None:
    """The chain is open under way. Without mains the chain drops too, which is another story."""
    values = snapshot.values
    if values["power.mains"] is False:
        return False
    return every(
        is_not(values["safety_chain.closed"]),
        is_not(values["stopped"]),
        is_not(values["car.door_zone"]),
    )


def _standing(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    if values["car.mode"] == "out_of_service":
        return False
    mains = values["power.mains"] if "power.mains" in snapshot.fitted else True
    doors = values["doors"]
    closed = None if doors is None else doors == CLOSED
    return every(is_not(values["safety_chain.closed"]), values["stopped"], closed, mains)


def _advanced(
    delay: Delay,
    holds: bool | None,  # noqa: FBT001
    snapshot: Snapshot,
    limits: Limits,
    *,
    muted: bool,
) -> Delay:
    pace = RESTART if muted else RUN if holds is True else BREAK
    return advance(delay, pace, snapshot.at_us, limits.trifle_us)


def _either(first: Condition, second: Condition) -> Condition:
    """Either rule raises; the event ends when both are known not to hold."""
    for each in (first, second):
        if each.holds is True:
            return each
    dues = [each.due_us for each in (first, second) if each.due_us is not None]
    holds = None if None in (first.holds, second.holds) else False
    return Condition(holds=holds, due_us=min(dues, default=None))


SAFETY_CHAIN_OPEN = Detector(
    "safety_chain_open",
    (
        "safety_chain.closed",
        "stopped",
        "car.door_zone",
        "doors",
        "power.mains",
        "car.mode",
    ),
    _step,
    memory=Open(),
    memory_type=Open,
)
