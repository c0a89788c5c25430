"""使用状况: what the elevator did in the hour that is over, as one notice; the last part comes at a clean stop.

Hours are counted on the monotonic clock from the monitor's start. `runs` are normal runs, `door_cycles` full closings (a
contact that knows no more: after a spell in which people could pass), `moving_s` the time in which the car did not stand,
`unknown_s` the time in which its motion or its doors, where fitted, could not be told: the other figures may lack as much.
What is not fitted is null.
"""

from collections.abc import Callable, Iterable

import msgspec

from agent.model import SECOND_US, Detail
from agent.monitor.condition import Condition
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot

ENDING = "ending"  # the monitor's own word on the board: the instant at which an orderly run ends
_HOUR_US = 3600 * SECOND_US
_MOTION = ("car.moving", "car.door_zone")
_DOORS = ("door.front", "door.rear")
READS = ("stopped", "doors.closed_us", ENDING)
READS_LOSS = _DOORS


class Usage(msgspec.Struct, frozen=True):
    """The present hour since `from_us` (None before the first look), counted up to `at_us`.

    `moving`, `unknown`: how it has been since then. `runs`: their count at the beginning; `closed_us`: the full closing seen
    last.
    """

    from_us: int | None = None
    at_us: int = 0
    moving: bool = False
    unknown: bool = False
    moving_us: int = 0
    unknown_us: int = 0
    cycles: int = 0
    runs: int = 0
    closed_us: int | None = None


Say = Callable[[Condition, Snapshot, Limits], None]
Step = Callable[[Usage, Snapshot, Limits], tuple[Usage, None, int]]


def stepping(say: Say) -> Step:
    """Make the step, which gives the memory and when the hour is over, and has what is told then said by `say`.

    Every start and stop of the car passes there, between landings where no motion is fitted: nothing is done twice.
    """

    def step(memory: Usage, snapshot: Snapshot, limits: Limits) -> tuple[Usage, None, int]:
        from_us = memory.from_us
        if from_us is None:
            return _begun(snapshot), None, snapshot.at_us + _HOUR_US
        after, due_us = _counted(memory, snapshot), from_us + _HOUR_US
        ends = snapshot.values[ENDING] is not None
        if snapshot.at_us < due_us and not ends:
            return after, None, due_us
        say(_said(after, snapshot, reason="stopped" if ends else "hourly"), snapshot, limits)
        return _begun(snapshot), None, snapshot.at_us + _HOUR_US

    return step


def _said(memory: Usage, snapshot: Snapshot, *, reason: str) -> Condition:
    return Condition(
        holds=False,
        notice=True,
        since_us=memory.from_us,
        detail=_told(memory, snapshot, reason=reason),
    )


def _begun(snapshot: Snapshot) -> Usage:
    """A new hour, with nothing in it yet."""
    values = snapshot.values
    return Usage(
        from_us=snapshot.at_us,
        at_us=snapshot.at_us,
        moving=values["stopped"] is False,
        unknown=_unknown(snapshot),
        runs=values["runs"] or 0,
        closed_us=values["doors.closed_us"],
    )


def _counted(memory: Usage, snapshot: Snapshot) -> Usage:
    """The hour up to now. A car first seen with its doors closed has not closed them."""
    values, passed_us = snapshot.values, snapshot.at_us - memory.at_us
    stopped, closed_us = values["stopped"], values["doors.closed_us"]
    closed = closed_us != memory.closed_us and memory.closed_us is not None
    return Usage(
        memory.from_us,
        snapshot.at_us,
        stopped is False,
        (stopped is None or values["car_door.ajar"] is None) and _unknown(snapshot),
        memory.moving_us + passed_us if memory.moving else memory.moving_us,
        memory.unknown_us + passed_us if memory.unknown else memory.unknown_us,
        memory.cycles + closed if closed else memory.cycles,
        memory.runs,
        closed_us,
    )


def _unknown(snapshot: Snapshot) -> bool:
    values = snapshot.values
    return (values["stopped"] is None and _fitted(_MOTION, snapshot)) or (
        values["car_door.ajar"] is None and _fitted(_DOORS, snapshot)
    )


def _fitted(signals: Iterable[str], snapshot: Snapshot) -> bool:
    return not snapshot.fitted.isdisjoint(signals)


def _told(hour: Usage, snapshot: Snapshot, *, reason: str) -> dict[str, Detail]:
    assert hour.from_us is not None
    motion, doors = _fitted(_MOTION, snapshot), _fitted(_DOORS, snapshot)
    return {
        "reason": reason,
        "period_s": _s(hour.at_us - hour.from_us),
        "runs": (snapshot.values["runs"] or 0) - hour.runs if motion else None,
        "door_cycles": hour.cycles if doors else None,
        "moving_s": _s(hour.moving_us) if motion else None,
        "unknown_s": _s(hour.unknown_us) if motion or doors else None,
    }


def _s(passed_us: int) -> float:
    return round(passed_us / SECOND_US, 3)
