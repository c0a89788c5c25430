"""可能困人: the signals that decide died with the mains or the link, and the last that was known looks like an entrapment.

Blind is: neither rule of `trapped_passengers` can be decided, or the doors of a car that stood shut are lost. What was known
last stays on the board beside the unknown.
"""

import msgspec

from agent.model import Severity
from agent.monitor.condition import NO, RESTING, Condition
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, CAR_DOORS, CLOSED
from agent.monitor.terms.person import at_landing
from agent.monitor.terms.stops import INSPECTION_MODES

_SEEN_ONCE = "presence_latched"
_DECIDING = ("car.door_zone", "car.moving", *CAR_DOORS)


class Blind(msgspec.Struct, frozen=True):
    """How long the deciding signals have been unknown, and what stood when they went.

    `person`: by what a person was evidenced last, in this `boarding`. `mains_us`: when the mains last went; `with_mains`:
    that was when the signals did.
    """

    delay: Delay = IDLE
    person: tuple[str, ...] = ()
    boarding: int = 0
    mains_us: int | None = None
    with_mains: bool = False


def _step(memory: Blind, snapshot: Snapshot, limits: Limits) -> tuple[Blind, Condition]:
    values, mains_us = snapshot.values, memory.mains_us
    if values["power.mains"] is False:
        mains_us = snapshot.since_us["power.mains"]
    if memory.delay is IDLE and values["outside"] is not None and not _doors_gone(snapshot):
        after = memory if mains_us == memory.mains_us else Blind(mains_us=mains_us)
        return after, NO if values["doors"] is None else RESTING
    pace = RUN if _blind(snapshot) else BREAK
    if snapshot.last("car.mode") in INSPECTION_MODES:
        pace = RESTART
    delay = advance(memory.delay, pace, snapshot.at_us, limits.trifle_us)
    after = _remembered(memory, delay, mains_us, snapshot, limits)
    due_us = delay.reached_at(limits.entrapment_possible_us)
    if due_us is None:
        return after, NO
    if snapshot.at_us < due_us:
        return after, Condition(holds=False, due_us=due_us)
    return after, _holds(after, snapshot)


def _blind(snapshot: Snapshot) -> bool:
    """Neither where the car stands nor whether it stands with doors not open can be told, because signals were lost."""
    values = snapshot.values
    if values["outside"] is False:
        return _doors_gone(snapshot)
    lost = any(name in snapshot.lost for name in _DECIDING)
    return lost and values["outside"] is None and None in (values["stopped"], values["doors"])


def _doors_gone(snapshot: Snapshot) -> bool:
    """Only the doors are lost, of a car that stood in the zone already and has not moved since."""
    values, since_us = snapshot.values, snapshot.since_us
    if values["stopped"] is not True or values["doors"] is not None:
        return False
    lost = any(door in snapshot.lost for door in CAR_DOORS)
    return lost and since_us["stopped"] < since_us["doors"]


def _remembered(
    memory: Blind, delay: Delay, mains_us: int | None, snapshot: Snapshot, limits: Limits
) -> Blind:
    same = delay.began_us is not None and delay.began_us == memory.delay.began_us
    boarding = snapshot.values["boarding"] or 0
    before = memory if same and boarding == memory.boarding else Blind()
    together = (same and memory.with_mains) or _together(delay.began_us, mains_us, limits)
    return Blind(delay, _person(before, snapshot), boarding, mains_us, together)


def _person(memory: Blind, snapshot: Snapshot) -> tuple[str, ...]:
    """By what a person is evidenced, or was when the signals went: presence does not fade in the dark.

    A lost sensor cannot see anybody again, and a living one does not see who stands still.
    """
    person: tuple[str, ...] = snapshot.values["person"] or ()
    if _SEEN_ONCE in memory.person and not {_SEEN_ONCE, "presence"} & {*person}:
        return (*person, _SEEN_ONCE)
    return person


def _together(blind_us: int | None, mains_us: int | None, limits: Limits) -> bool:
    """The mains went within 10 s of the signals."""
    if blind_us is None or mains_us is None:
        return False
    return abs(blind_us - mains_us) <= limits.loss_window_us


def _holds(memory: Blind, snapshot: Snapshot) -> Condition:
    by = _confined(memory.person, snapshot)
    if not by:
        return NO
    return Condition(
        holds=True,
        since_us=memory.delay.began_us,
        severity=Severity.CRITICAL if memory.with_mains else Severity.MAJOR,
        detail={"cause": "mains" if memory.with_mains else "link", "person_by": list(by)},
    )


def _confined(by: tuple[str, ...], snapshot: Snapshot) -> tuple[str, ...]:
    """Of the evidence, what counts where the car was last known to be, if people cannot leave it there."""
    outside = snapshot.last("car.door_zone") is False and not snapshot.values["zone.doubted"]
    if outside or snapshot.last("stopped") is False:
        return by
    shut = snapshot.last("doors") in (CLOSED, BETWEEN)
    if snapshot.last("stopped") is True and shut and snapshot.values["moved"] is True:
        return at_landing(by, snapshot.last("car.mode"))
    return ()


ENTRAPMENT_POSSIBLE = Detector(
    "entrapment_possible",
    (
        "outside",
        "stopped",
        "doors",
        "person",
        "moved",
        "boarding",
        "car.mode",
        "car.occupied",
        "power.mains",
    ),
    _step,
    memory=Blind(),
    memory_type=Blind,
    reads_loss=_DECIDING,
    wakes=("outside", "doors", "power.mains"),
)
