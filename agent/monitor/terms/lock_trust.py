"""Whether the landing doors' lock contradicts the car door: it says locked, and the car door has stood open in the zone.

For as long as `sensor_contradiction` takes; the doubt then lasts, over closings too, until the lock says unlocked. A contact
that knows no more than not closed contradicts nothing: its door may be just ajar.
"""

import msgspec

from agent.monitor.delay import BREAK, IDLE, RUN, Delay, advance
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


class Doubt(msgspec.Struct, frozen=True):
    """How long the contradiction has held, and whether it has held long enough."""

    delay: Delay = IDLE
    doubted: bool = False


NONE = Doubt()


def _step(memory: Doubt, snapshot: Snapshot, limits: Limits) -> tuple[Doubt, bool, int | None]:
    values = snapshot.values
    locked = values["landing_doors.locked"]
    if locked is False:
        return NONE, False, REST
    if memory.doubted:
        return memory, True, None
    if locked is None and memory.delay is IDLE:
        return NONE, False, REST
    wide = "open" in (values["door.front"], values["door.rear"])
    against = locked is True and wide and values["outside"] is False
    delay = advance(memory.delay, RUN if against else BREAK, snapshot.at_us, limits.trifle_us)
    due_us = delay.reached_at(limits.sensor_contradiction_us)
    doubted = due_us is not None and snapshot.at_us >= due_us
    return Doubt(delay, doubted), doubted, None if doubted else due_us


LOCK_DOUBTED = Term(
    "lock.doubted",
    ("landing_doors.locked", "door.front", "door.rear", "outside"),
    _step,
    NONE,
    Doubt,
    bool | None,
    wakes=("landing_doors.locked",),
)
