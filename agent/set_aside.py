"""What a report of events set aside looks like: the broker took later ones, and these under no circumstances. Pure.

`records_dropped` with the reason `refused` names them in `ranges`. They are still in the journal.
"""

from agent.model import Row

REPORT, REASON = "records_dropped", "refused"


def set_aside_in(row: Row) -> list[int]:
    """The sequences that this row reports as set aside; none for any other row."""
    detail = row.event.detail
    if row.event.code != REPORT or detail.get("reason") != REASON:
        return []
    ranges = detail.get("ranges")
    assert isinstance(ranges, list), "a report of ours names what it is about"
    return [int(str(each).partition("-")[0]) for each in ranges]
