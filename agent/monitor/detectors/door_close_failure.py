"""关门故障: the doors have left `open` and do not get closed, or open again and again on their way.

    open ──▶ between ──▶ closed             all is well
    between for 60 s, short openings included      it holds ("not_closed")
    ten re-openings, never open for 10 s between   it holds ("reopened")

Closed for less than a trifle is one more try: a lock that does not make opens the doors again at once. A door behind a
contact that knows no more never leaves `open` but to `closed`. Time that nobody saw, or without mains, does not count.
"""

import msgspec
from msgspec.structs import replace

from agent.monitor.alarms import standing_term
from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, CLOSED, OPEN

_REOPENINGS = 10  # contract, 3.2
_STANDS = standing_term("door_close_failure")


class Closing(msgspec.Struct, frozen=True):
    """`state` since `state_us`. `left_us`: when the doors left `open`, None once they got closed or stayed open.

    `reopenings` in this stop, the first at `first_us`. `blind_us`: since when the doors are unknown or without mains.
    """

    state: str | None = None
    state_us: int = 0
    left_us: int | None = None
    reopenings: int = 0
    first_us: int | None = None
    arrivals: int = 0
    blind_us: int | None = None


def _step(memory: Closing, snapshot: Snapshot, limits: Limits) -> tuple[Closing, Condition]:
    values, at_us = snapshot.values, snapshot.at_us
    state, arrivals = _state(snapshot), values["arrivals"] or 0
    if values["car.mode"] not in ("normal", None):
        return Closing(arrivals=arrivals), NO
    if arrivals != memory.arrivals:
        memory = Closing(memory.state, memory.state_us, arrivals=arrivals, blind_us=memory.blind_us)
    if state is None:
        return _blind(memory, at_us), UNKNOWN
    if memory.blind_us is not None:
        memory = _seen_again(memory, memory.blind_us, at_us, limits)
    if state != memory.state:
        memory = _changed(memory, state, at_us, limits)
    return memory, _said(memory, at_us, limits, stands=values[_STANDS] is True)


def _blind(memory: Closing, at_us: int) -> Closing:
    return memory if memory.blind_us is not None else replace(memory, blind_us=at_us)


def _seen_again(memory: Closing, blind_us: int, at_us: int, limits: Limits) -> Closing:
    """After more than a trifle each time begins anew."""
    if at_us - blind_us < limits.trifle_us:
        return replace(memory, blind_us=None)
    left_us = None if memory.left_us is None else at_us
    return replace(memory, state_us=at_us, left_us=left_us, blind_us=None)


def _state(snapshot: Snapshot) -> str | None:
    values = snapshot.values
    if values["power.mains"] is False:
        return None
    if values["car_door.open"] is True:
        return OPEN
    ajar = values["car_door.ajar"]
    return None if ajar is None else BETWEEN if ajar else CLOSED


def _changed(memory: Closing, state: str, at_us: int, limits: Limits) -> Closing:
    lasted_us, was = at_us - memory.state_us, memory.state
    left_us, reopenings, first_us = memory.left_us, memory.reopenings, memory.first_us
    if _rested(memory, at_us, limits):
        left_us, reopenings, first_us = None, 0, None
    if left_us is None:
        left_us = at_us if was == OPEN else None
    elif was == CLOSED or (was == OPEN and lasted_us >= limits.door_back_open_us):
        left_us = at_us
    if state == OPEN and left_us is not None:
        reopenings, first_us = reopenings + 1, at_us if first_us is None else first_us
    return Closing(state, at_us, left_us, reopenings, first_us, memory.arrivals)


def _rested(memory: Closing, at_us: int, limits: Limits) -> bool:
    """Fully open for 10 s, or closed for longer than a trifle: what comes next has nothing to do with what was."""
    lasted_us = at_us - memory.state_us
    return (memory.state == OPEN and lasted_us >= limits.door_reopened_us) or (
        memory.state == CLOSED and lasted_us >= limits.trifle_us
    )


def _said(memory: Closing, at_us: int, limits: Limits, *, stands: bool) -> Condition:
    """While the doors are on their way it is not over, if it stands."""
    if memory.state == CLOSED and memory.reopenings < _REOPENINGS:
        return NO
    back_us = memory.state_us + limits.door_back_open_us
    back = memory.state == OPEN and at_us >= back_us
    if memory.left_us is None:
        waiting = stands and memory.state == OPEN and not back
        return Condition(holds=None, due_us=back_us) if waiting else NO if back else UNKNOWN
    due_us = _due_us(memory, at_us, limits)
    if memory.reopenings >= _REOPENINGS and not _rested(memory, at_us, limits):
        return _holds("reopened", memory.first_us, due_us)
    if memory.state == CLOSED or back:
        return NO
    if at_us >= memory.left_us + limits.door_close_failure_us:
        return _holds("not_closed", memory.left_us, due_us)
    return UNKNOWN if due_us is None else Condition(holds=None, due_us=due_us)


def _due_us(memory: Closing, at_us: int, limits: Limits) -> int | None:
    """When what is said may change although the doors do not."""
    if memory.state == CLOSED:
        rests_us = memory.state_us + limits.trifle_us
        return rests_us if memory.reopenings >= _REOPENINGS and rests_us > at_us else None
    fails_us = (memory.left_us or 0) + limits.door_close_failure_us
    if memory.state != OPEN:
        return fails_us if fails_us > at_us else None
    back_us, rests_us = limits.door_back_open_us, limits.door_reopened_us
    instants = (fails_us, memory.state_us + back_us, memory.state_us + rests_us)
    return min((each for each in instants if each > at_us), default=None)


def _holds(rule: str, since_us: int | None, due_us: int | None) -> Condition:
    return Condition(holds=True, since_us=since_us, due_us=due_us, detail={"rule": rule})


DOOR_CLOSE_FAILURE = Detector(
    "door_close_failure",
    ("car_door.open", "car_door.ajar", "arrivals", "car.mode", "power.mains"),
    _step,
    memory=Closing(),
    memory_type=Closing,
)
