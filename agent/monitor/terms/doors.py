"""Doors open, closed, or between (contract, section 3.1).

Open: any fitted car door `open`, or `not_closed` for 10 s, and the landing doors, where fitted, not locked. Closed: every
fitted car door `closed`. Between is everything else that is known. A dead second door does not block a rule: it is left
out as long as another one answers.
"""

from agent.monitor.delay import BREAK, IDLE, RUN, Delay, advance
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

OPEN, CLOSED, BETWEEN = "open", "closed", "between"
CAR_DOORS = ("door.front", "door.rear")


def _step(ajar: Delay, snapshot: Snapshot, limits: Limits) -> tuple[Delay, str | None, int | None]:
    """`ajar`: how long a contact that knows no more has said that its door is not closed."""
    values = snapshot.values
    front, rear = values["door.front"], values["door.rear"]
    if front is None and rear is None:
        return advance(ajar, BREAK, snapshot.at_us, limits.trifle_us), None, None
    if front != "open" and rear != "open" and "not_closed" in (front, rear):
        return _contact_only(ajar, snapshot, limits)
    if front == "open" or rear == "open":
        return IDLE, _passable(snapshot), None
    closed = front in ("closed", None) and rear in ("closed", None)
    return IDLE, CLOSED if closed else BETWEEN, None


def _contact_only(
    ajar: Delay, snapshot: Snapshot, limits: Limits
) -> tuple[Delay, str | None, int | None]:
    """A contact knows only that the door is not closed; after 10 s that counts as open."""
    ajar = advance(ajar, RUN, snapshot.at_us, limits.trifle_us)
    due_us = ajar.reached_at(limits.not_closed_is_open_us)
    if due_us is not None and snapshot.at_us < due_us:
        return ajar, BETWEEN, due_us
    return ajar, _passable(snapshot), None


def _passable(snapshot: Snapshot) -> str | None:
    """A car door stands open; with the landing door locked nobody can pass, and unknown is unknown."""
    if "landing_doors.locked" not in snapshot.fitted:
        return OPEN
    locked = snapshot.values["landing_doors.locked"]
    if locked is None:
        return None
    return BETWEEN if locked else OPEN


DOORS = Term("doors", (*CAR_DOORS, "landing_doors.locked"), _step, IDLE, Delay, str | None)
