"""Whether the motor has run too long without a landing passing, as when the ropes slip.

Each change of the zone begins the time anew; it is looked up when the time would be over, since zones pass at each run and
this happens once in years. Only reported motion counts: what is inferred from zones ends by itself.
"""

from agent.model import SECOND_US
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, Pace, advance
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

# Slow or long runs are ordinary in these modes (contract, 3.2).
EXCEPT_MODES = frozenset({"inspection", "learning", "emergency_power", "rescue"})


_LOOK_AGAIN_US = SECOND_US  # whether a landing has passed since


def _long_run(
    delay: Delay, snapshot: Snapshot, limits: Limits
) -> tuple[Delay, bool | None, int | None]:
    """`delay`: how long the car has moved. A zone that is unknown may be passing."""
    values, at_us = snapshot.values, snapshot.at_us
    moving = values["car.moving"]
    if moving is not True and delay is IDLE:
        return IDLE, moving, None
    delay = advance(delay, _pace(snapshot), at_us, limits.trifle_us)
    moved_us = delay.reached_at(limits.run_time_limit_us)
    if moved_us is None:
        return delay, False if moving is False else None, None
    zone_us = snapshot.since_us["car.door_zone"]
    due_us = max(moved_us, zone_us + limits.run_time_limit_us)
    if at_us < due_us:
        return delay, False, due_us
    if values["car.door_zone"] is None:
        return delay, None, at_us + _LOOK_AGAIN_US
    return delay, True, at_us + _LOOK_AGAIN_US


def _pace(snapshot: Snapshot) -> Pace:
    values = snapshot.values
    if values["car.mode"] in EXCEPT_MODES:
        return RESTART
    return RUN if values["car.moving"] is True else BREAK


LONG_RUN = Term("long_run", ("car.moving", "car.mode"), _long_run, IDLE, Delay, bool | None)
