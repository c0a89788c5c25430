"""Normal runs (contract, section 3.1): in mode `normal`, zone to zone, longer than 3 s. The value is their count.

Where the zone is missing or unknown at an end of the run, the movement alone counts, unless the floor is known and is the
same as before: a retry of a stuck car is not a run.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


class Run(msgspec.Struct, frozen=True):
    """`from_us`, `floor`: when and where the run under way began, None while standing. `normal`: it still may count."""

    count: int = 0
    from_us: int | None = None
    floor: int | None = None
    normal: bool = False


def _step(memory: Run, snapshot: Snapshot, limits: Limits) -> tuple[Run, int, None]:
    stopped = snapshot.values["stopped"]
    if stopped is False:
        after = _under_way(memory, snapshot)
    elif stopped is True and memory.from_us is not None:
        counts = _counts(memory, snapshot, limits)
        after = Run(memory.count + counts)
    else:
        after = memory
    return after, after.count, None


def _under_way(memory: Run, snapshot: Snapshot) -> Run:
    values = snapshot.values
    normal = values["car.mode"] in ("normal", None)
    if memory.from_us is None:
        left_zone = values["car.door_zone"] is not False or _just_left(snapshot)
        return Run(memory.count, snapshot.at_us, values["car.floor"], normal and left_zone)
    if memory.normal and not normal:
        return Run(memory.count, memory.from_us, memory.floor, normal=False)
    return memory


def _just_left(snapshot: Snapshot) -> bool:
    """Leaving the zone and beginning to move came in one batch (a slow poll, or inferred motion)."""
    return snapshot.since_us["car.door_zone"] == snapshot.at_us


def _counts(memory: Run, snapshot: Snapshot, limits: Limits) -> bool:
    values = snapshot.values
    zone, floor = values["car.door_zone"], values["car.floor"]
    if memory.from_us is None or not memory.normal or zone is False:
        return False
    if snapshot.at_us - memory.from_us <= limits.run_shortest_us:
        return False
    return zone is True or None in (floor, memory.floor) or floor != memory.floor


RUNS = Term("runs", ("stopped", "car.mode"), _step, Run(), Run, int | None)
