"""可能困人: the signals that decide died with the mains or the link, and the last that was known looks like an entrapment.

Blind is: neither rule of `trapped_passengers` can be decided. What was known last stays on the board beside the unknown.
"""

from agent.model import Severity
from agent.monitor.condition import NO, Condition
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, CLOSED
from agent.monitor.terms.person import at_landing
from agent.monitor.terms.stops import INSPECTION_MODES

_DECIDING = ("car.door_zone", "car.moving", "door.front", "door.rear")


def _step(memory: Delay, snapshot: Snapshot, limits: Limits) -> tuple[Delay, Condition]:
    if memory is IDLE and snapshot.values["outside"] is not None:
        return memory, NO
    pace = RUN if _blind(snapshot) and _by(snapshot) else BREAK
    if snapshot.last("car.mode") in INSPECTION_MODES:
        pace = RESTART
    delay = advance(memory, pace, snapshot.at_us, limits.trifle_us)
    due_us = delay.reached_at(limits.entrapment_possible_us)
    if due_us is None:
        return delay, NO
    if snapshot.at_us < due_us:
        return delay, Condition(holds=False, due_us=due_us)
    return delay, _holds(delay, snapshot, limits)


def _blind(snapshot: Snapshot) -> bool:
    """Neither where the car stands nor whether it stands with doors not open can be told, because signals were lost."""
    values = snapshot.values
    lost = any(name in snapshot.lost for name in _DECIDING)
    return lost and values["outside"] is None and None in (values["stopped"], values["doors"])


def _by(snapshot: Snapshot) -> tuple[str, ...]:
    """By what a person is evidenced, if the car was last known to be where people cannot leave it."""
    by: tuple[str, ...] = snapshot.values["person"] or ()
    if snapshot.last("stopped") is False or snapshot.last("car.door_zone") is False:
        return by
    shut = snapshot.last("doors") in (CLOSED, BETWEEN)
    if snapshot.last("stopped") is True and shut and snapshot.values["moved"] is True:
        return at_landing(by, snapshot.last("car.mode"))
    return ()


def _holds(delay: Delay, snapshot: Snapshot, limits: Limits) -> Condition:
    mains = _with_mains(delay, snapshot, limits)
    return Condition(
        holds=True,
        since_us=delay.began_us,
        severity=Severity.CRITICAL if mains else Severity.MAJOR,
        detail={"cause": "mains" if mains else "link", "person_by": list(_by(snapshot))},
    )


def _with_mains(delay: Delay, snapshot: Snapshot, limits: Limits) -> bool:
    """The mains went within 10 s of the signals."""
    if snapshot.values["power.mains"] is not False or delay.began_us is None:
        return False
    apart_us = abs(delay.began_us - snapshot.since_us["power.mains"])
    return apart_us <= limits.loss_window_us


ENTRAPMENT_POSSIBLE = Detector(
    "entrapment_possible",
    ("outside", "stopped", "doors", "person", "moved", "car.mode", "power.mains"),
    _step,
    memory=IDLE,
    memory_type=Delay,
)
