"""Whether the motor has run too long without a landing passing, as when the ropes slip.

Each landing that passes begins the time anew. Only reported motion counts: what is inferred from zones ends by itself. A
zone that is unknown for longer than a trifle may have passed.
"""

import msgspec

from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, Pace, advance
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

# Slow or long runs are ordinary in these modes (contract, 3.2).
EXCEPT_MODES = frozenset({"inspection", "learning", "emergency_power", "rescue"})


class Run(msgspec.Struct, frozen=True):
    """`delay`: how long the car has moved since the last landing. `zone`: the last that was known.

    `look_us`: when the monitor was told to ask next; a landing that passes only puts off what is then found.
    `well`: the car stood or passed a landing, and has been seen since; else a run that is not long yet may be part of one
    that was, before a loss or a restart.
    """

    delay: Delay = IDLE
    zone: bool | None = None
    well: bool = False
    look_us: int = 0


class Long(msgspec.Struct, frozen=True):
    """The term's value: whether the run is too long, and since when it goes on if it is."""

    holds: bool | None = None
    since_us: int | None = None


_UNKNOWN, _NO = Long(), Long(holds=False)


def _long_run(memory: Run, snapshot: Snapshot, limits: Limits) -> tuple[Run, Long, int | None]:
    moving, zone = snapshot.values["car.moving"], snapshot.values["car.door_zone"]
    passed = zone is not None and memory.zone is (not zone)
    pace = _pace(snapshot)
    at_us = snapshot.at_us
    if passed and pace is RUN:
        look_us = memory.look_us if memory.look_us > at_us else at_us + limits.run_time_limit_us
        return Run(Delay(at_us, 0, at_us), zone, well=True, look_us=look_us), _NO, look_us
    before = IDLE if passed else memory.delay
    delay = advance(before, pace, at_us, limits.trifle_us)
    well = moving is False or (pace is RUN and memory.well)
    due_us = delay.reached_at(limits.run_time_limit_us)
    memory = Run(delay, memory.zone if zone is None else zone, well, due_us or 0)
    if due_us is None:
        return memory, _NO if moving is False else _UNKNOWN, None
    if at_us < due_us:
        return memory, _NO if well else _UNKNOWN, due_us
    return memory, Long(holds=True, since_us=delay.began_us), None


def _pace(snapshot: Snapshot) -> Pace:
    values = snapshot.values
    if values["car.mode"] in EXCEPT_MODES:
        return RESTART
    return RUN if values["car.moving"] is True and values["car.door_zone"] is not None else BREAK


LONG_RUN = Term(
    "long_run", ("car.moving", "car.door_zone", "car.mode"), _long_run, Run(), Run, Long | None
)
