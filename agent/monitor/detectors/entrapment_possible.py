"""可能困人: the signals that decide died with the mains or the link, and the last that was known looks like an entrapment.

Blind is: signals of the car were lost, and neither rule of `trapped_passengers` can be decided without them. What was known
last stays on the board beside the unknown. What would end the event also keeps it from being raised for that loss: a run
from landing to landing that began after it, or the end key.
"""

import msgspec

from agent.model import Severity
from agent.monitor.condition import NO, RESTING, Condition
from agent.monitor.delay import BREAK, HOLD, IDLE, RESTART, RUN, Delay, Pace, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import BETWEEN, CAR_DOORS, CLOSED
from agent.monitor.terms.person import at_landing
from agent.monitor.terms.stops import INSPECTION_MODES

_SEEN_ONCE = "presence_latched"
_DECIDING = ("car.door_zone", "car.moving", *CAR_DOORS)


class Loss(msgspec.Struct, frozen=True):
    """When the last of the lost signals went, and the counts of runs and key turns then.

    A run under way is not over before the car has `stood`.
    """

    at_us: int
    stood: bool
    runs: int
    key: int


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
    loss: Loss | None = None


def _step(memory: Blind, snapshot: Snapshot, limits: Limits) -> tuple[Blind, Condition]:
    values, mains_us = snapshot.values, memory.mains_us
    if values["power.mains"] is False:
        mains_us = snapshot.since_us["power.mains"]
    known = values["outside"] is not None and values["doors"] is not None
    loss = None if known else _loss(memory.loss, snapshot)
    if loss is None and _nothing_counts(memory.delay, snapshot, limits):
        return _seeing(memory, mains_us), RESTING if known else NO
    delay = advance(memory.delay, _pace(loss, snapshot), snapshot.at_us, limits.trifle_us)
    after = _remembered(memory, delay, mains_us, loss, snapshot, limits)
    due_us = delay.reached_at(limits.entrapment_possible_us)
    if due_us is None:
        return after, NO
    if snapshot.at_us < due_us:
        return after, Condition(holds=False, due_us=due_us)
    return after, _holds(after, snapshot)


def _nothing_counts(delay: Delay, snapshot: Snapshot, limits: Limits) -> bool:
    if delay.began_us is None:
        return True
    return delay.broken_us is not None and snapshot.at_us - delay.broken_us >= limits.trifle_us


def _seeing(memory: Blind, mains_us: int | None) -> Blind:
    return memory if memory == Blind(mains_us=mains_us) else Blind(mains_us=mains_us)


def _loss(before: Loss | None, snapshot: Snapshot) -> Loss | None:
    """The loss of what decides, if anything is lost; whatever is lost besides is a loss of its own."""
    values, since_us = snapshot.values, snapshot.since_us
    lost_us = [since_us[name] for name in _DECIDING if name in snapshot.lost]
    if not lost_us:
        return None
    stood, runs, key = values["stopped"] is True, values["runs"] or 0, values["end_key"] or 0
    at_us = max(lost_us)
    if before is None or before.at_us != at_us:
        return Loss(at_us, stood, runs, key)
    return before if before.stood else Loss(at_us, stood, runs, before.key)


def _pace(loss: Loss | None, snapshot: Snapshot) -> Pace:
    """Blind is a car that may stand, when its doors are lost; where its place is lost too, whatever it does.

    Movement inside the zone (levelling) only pauses the delay.
    """
    if snapshot.last("car.mode") in INSPECTION_MODES or (loss and _ended(loss, snapshot)):
        return RESTART
    values = snapshot.values
    if loss is None or values["outside"] is True:
        return BREAK
    if values["outside"] is None:
        return RUN if None in (values["stopped"], values["doors"]) else BREAK
    if values["doors"] is not None or snapshot.lost.isdisjoint(CAR_DOORS):
        return BREAK
    if values["stopped"] is not False:
        return RUN
    return HOLD if values["car.door_zone"] is True else BREAK


def _ended(loss: Loss, snapshot: Snapshot) -> bool:
    """Since the loss a normal run was seen, or the end key was turned."""
    values = snapshot.values
    return (values["runs"] or 0) != loss.runs or (values["end_key"] or 0) != loss.key


def _remembered(
    memory: Blind,
    delay: Delay,
    mains_us: int | None,
    loss: Loss | None,
    snapshot: Snapshot,
    limits: Limits,
) -> Blind:
    same = delay.began_us is not None and delay.began_us == memory.delay.began_us
    boarding = snapshot.values["boarding"] or 0
    before = memory if same and boarding == memory.boarding else Blind()
    together = (same and memory.with_mains) or _together(delay, mains_us, loss, limits)
    return Blind(delay, _person(before, snapshot), boarding, mains_us, together, loss)


def _person(memory: Blind, snapshot: Snapshot) -> tuple[str, ...]:
    """By what a person is evidenced, or was when the signals went: presence does not fade in the dark.

    A lost sensor cannot see anybody again, and a living one does not see who stands still.
    """
    person: tuple[str, ...] = snapshot.values["person"] or ()
    if _SEEN_ONCE in memory.person and not {_SEEN_ONCE, "presence"} & {*person}:
        return (*person, _SEEN_ONCE)
    return person


def _together(delay: Delay, mains_us: int | None, loss: Loss | None, limits: Limits) -> bool:
    """The mains went within 10 s of the last of the signals, or of the blindness that came of it."""
    if delay.began_us is None or mains_us is None:
        return False
    lost_us = delay.began_us if loss is None else loss.at_us
    return min(abs(lost_us - mains_us), abs(delay.began_us - mains_us)) <= limits.loss_window_us


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
    moving = snapshot.last("car.moving") is True or snapshot.last("stopped") is False
    if outside or moving:
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
        "car.door_zone",
        "person",
        "moved",
        "boarding",
        "runs",
        "end_key",
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
