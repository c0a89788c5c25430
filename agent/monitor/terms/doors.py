"""Doors open, closed, or between (contract, section 3.1).

Open: any fitted car door `open`, or `not_closed` for 10 s, and the landing doors, where fitted, not locked. Closed: every
fitted car door `closed`. Between is everything else that is known. A dead second door does not block a rule: it is left
out as long as another one answers.
"""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

OPEN, CLOSED, BETWEEN = "open", "closed", "between"
CAR_DOORS = ("door.front", "door.rear")


def _step(_: None, snapshot: Snapshot, limits: Limits) -> tuple[None, str | None, int | None]:
    values = snapshot.values
    front, rear = values["door.front"], values["door.rear"]
    if front is None and rear is None:
        return None, None, None
    if front != "open" and rear != "open" and "not_closed" in (front, rear):
        return _contact_only(snapshot, limits)
    if front == "open" or rear == "open":
        return None, _passable(snapshot), None
    closed = front in ("closed", None) and rear in ("closed", None)
    return None, CLOSED if closed else BETWEEN, None


def _contact_only(snapshot: Snapshot, limits: Limits) -> tuple[None, str | None, int | None]:
    """A contact knows only that the door is not closed; after 10 s that counts as open."""
    began_us = min(
        snapshot.since_us[door] for door in CAR_DOORS if snapshot.values[door] == "not_closed"
    )
    due_us = began_us + limits.not_closed_is_open_us
    if snapshot.at_us < due_us:
        return None, BETWEEN, due_us
    return None, _passable(snapshot), None


def _passable(snapshot: Snapshot) -> str | None:
    """A car door stands open; with the landing door locked nobody can pass, and unknown is unknown."""
    if "landing_doors.locked" not in snapshot.fitted:
        return OPEN
    locked = snapshot.values["landing_doors.locked"]
    if locked is None:
        return None
    return BETWEEN if locked else OPEN


DOORS = Term("doors", (*CAR_DOORS, "landing_doors.locked"), _step, value_type=str | None)
