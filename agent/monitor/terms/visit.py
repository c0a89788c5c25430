"""A checked-in maintenance visit, which mutes some events, for at most 4 h (contract, section 3.3)."""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


def _step(
    began_us: int | None, snapshot: Snapshot, limits: Limits
) -> tuple[int | None, bool, int | None]:
    """`began_us`: when the visit was checked in. Unknown mutes nothing, and a visit known again is still the same."""
    active = snapshot.values["visit.active"]
    if active is None:
        return began_us, False, None
    if active is False:
        return None, False, None
    began_us = snapshot.at_us if began_us is None else began_us
    over_us = began_us + limits.visit_mutes_us
    mutes = snapshot.at_us < over_us
    return began_us, mutes, over_us if mutes else None


VISIT_MUTES = Term(
    "visit_mutes",
    ("visit.active",),
    _step,
    memory_type=int | None,
    value_type=bool | None,
)
