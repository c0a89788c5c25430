"""A checked-in maintenance visit, which mutes some events, for at most 4 h (contract, section 3.3)."""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


def _step(_: None, snapshot: Snapshot, limits: Limits) -> tuple[None, bool, int | None]:
    if snapshot.values["visit.active"] is not True:
        return None, False, None
    over_us = snapshot.since_us["visit.active"] + limits.visit_mutes_us
    return None, snapshot.at_us < over_us, over_us if snapshot.at_us < over_us else None


VISIT_MUTES = Term("visit_mutes", ("visit.active",), _step, value_type=bool | None)
