"""The anchors of earlier boots, beside the journal's rows: what dates the rows that a boot wrote before its clock was right.

A fact a boot, so that a row can be dated without looking for its boot's notice, which may be dropped long before it.
Knows statements, but no library. Rows of one boot lie side by side.
"""

from collections.abc import Sequence

from agent.clock_anchor import CODE, Boot, anchor_in
from agent.model import Row
from agent.outbox_records import SET_FACT, Database

_PREFIX = "anchor."
ALL = f"SELECT key, value FROM meta WHERE key GLOB '{_PREFIX}*'"  # noqa: S608
_ONE = "SELECT value FROM meta WHERE key = ?"
_FROM = "SELECT seq, boot_id, synchronised FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1"
_MOST = 64  # boots remembered


class Anchors:
    """Looks anchors up and remembers a few."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, int | None] = {}

    def of(self, boot_id: str) -> int | None:
        """A boot's anchor in microseconds; None when it has none."""
        if boot_id not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            found = self._db.execute(_ONE, (_PREFIX + boot_id,)).fetchone()
            self._known[boot_id] = None if found is None else int(found[0])
        return self._known[boot_id]

    def learn(self, rows: Sequence[Row]) -> None:
        """Take over what rows just committed say."""
        for row in rows:
            if row.event.code == CODE:
                self._known.pop(row.boot_id, None)


def write(db: Database, rows: Sequence[Row]) -> None:
    """Write down the anchors that rows give, in their transaction."""
    for row in rows:
        anchor_us = anchor_in(row.event)
        if anchor_us is not None:
            db.execute(SET_FACT, (_PREFIX + row.boot_id, anchor_us))


def boot_of(db: Database, boot_id: str, head: int) -> Boot:
    """What the journal knows of a boot, of which it may hold nothing."""
    first = first_of(db, boot_id, head)
    return Boot(Anchors(db).of(boot_id), is_undated=first is not None and not first[1])


def first_of(db: Database, boot_id: str, head: int) -> tuple[int, bool] | None:
    """The first row of the boot that wrote last: its sequence, and whether its clock was synchronised; None for none."""
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        found = db.execute(_FROM, (middle,)).fetchone()
        if found is None or found[1] == boot_id:
            high = middle
        else:
            low = found[0] + 1
    first = db.execute(_FROM, (low,)).fetchone()
    return None if first is None or first[1] != boot_id else (first[0], bool(first[2]))
