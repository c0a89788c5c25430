"""What an opened journal says of itself: id, head, chain, cursors, what stands. Pure but for the statements it runs."""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from agent.model import Detail, Lane, Row
from agent.outbox_anchors import Anchors
from agent.outbox_chain import Origin
from agent.outbox_facts import LANES, cursor_key, number_of
from agent.outbox_records import (
    ACKNOWLEDGED,
    FACTS,
    HEAD,
    NEWEST_CURSORS,
    ORIGINS,
    STANDING,
    Database,
    Unreadable,
    rows_of,
)
from agent.outbox_rows import Key

_CHAIN_HEAD = (
    "SELECT hash FROM (SELECT seq AS last, hash FROM (SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1)"
    " UNION ALL SELECT last, hash FROM (SELECT last, hash FROM dropped ORDER BY first DESC LIMIT 1))"
    " ORDER BY last DESC LIMIT 1"
)


class Journals:
    """Which journal a sequence belongs to: salvaged rows keep the one they were written in."""

    def __init__(self, db: Database, own: str) -> None:
        self.own = own
        earlier = db.execute(ORIGINS).fetchall()
        self._lasts = [last for last, _ in earlier]
        self._names = [name for _, name in earlier]

    def of(self, seq: int) -> str:
        """The id of the journal in which this sequence was written."""
        at = bisect.bisect_left(self._lasts, seq)
        return self._names[at] if at < len(self._names) else self.own


@dataclass(frozen=True)
class Loaded:
    """The state of an opened journal; `withheld` as in Journal. `acknowledged` is by the sequence of the raise."""

    journals: Journals
    anchors: Anchors
    head: int
    chain_head: bytes
    cursors: Mapping[Lane, int]
    standing: Mapping[Key, Row]
    acknowledged: Mapping[int, Row]
    recovered: str | None
    recovered_range: tuple[int, int] | None
    recovered_detail: Mapping[str, Detail]
    withheld: tuple[int, int] | None


def facts_of(db: Database) -> dict[str, int | str]:
    """Everything in the table of facts."""
    return dict(db.execute(FACTS).fetchall())


def newest_of(db: Database) -> int:
    """The highest sequence of a row; 0 for none."""
    return int(db.execute(HEAD).fetchone()[0] or 0)


def origin_of(facts: Mapping[str, int | str]) -> Origin:
    """Where the chain begins, as written down; for a journal that has not begun one, where it will."""
    if "origin" not in facts:
        return Origin(journal=str(facts["journal"]))
    return msgspec.json.decode(str(facts["origin"]), type=Origin)


def chain_head_of(db: Database, facts: Mapping[str, int | str]) -> bytes:
    """The newest link."""
    newest = db.execute(_CHAIN_HEAD).fetchone()
    return origin_of(facts).link if newest is None else bytes(newest[0] or b"")


def cursors_of(db: Database, facts: Mapping[str, int | str]) -> dict[Lane, int]:
    """How far each lane was acknowledged, as last committed."""
    carried = db.execute(NEWEST_CURSORS).fetchone() or (0, 0)
    return {
        lane: max(at, number_of(facts, cursor_key(lane)))
        for lane, at in zip(LANES, carried, strict=True)
    }


def loaded(db: Database, facts: Mapping[str, int | str], unreadable: Unreadable) -> Loaded:
    """Read all of it."""
    journals = Journals(db, str(facts["journal"]))
    anchors = Anchors(db)
    standing = rows_of(db.execute(STANDING), journals.of, anchors.of, unreadable)
    acknowledged = rows_of(db.execute(ACKNOWLEDGED), journals.of, anchors.of, unreadable)
    first, last = number_of(facts, "recovered.first"), number_of(facts, "recovered.last")
    withheld = number_of(facts, "withheld.first"), number_of(facts, "withheld.report")
    return Loaded(
        journals=journals,
        anchors=anchors,
        head=max(newest_of(db), number_of(facts, "floor")),
        chain_head=chain_head_of(db, facts),
        cursors=cursors_of(db, facts),
        standing={row.event.key: row for row in standing},
        acknowledged={row.raised_seq: row for row in acknowledged if row.raised_seq is not None},
        recovered=str(facts["recovered"]) if "recovered" in facts else None,
        recovered_range=(first, last) if last else None,
        recovered_detail=_recovered_detail(facts),
        withheld=withheld if withheld[1] else None,
    )


def _recovered_detail(facts: Mapping[str, int | str]) -> dict[str, Detail]:
    """What more there is to say about a recovery: how much was salvaged and what the old journal was."""
    detail: dict[str, Detail] = {}
    for name in ("salvaged", "unreadable", "previous_journal", "previous_chain_head"):
        if f"recovered.{name}" in facts:
            detail[name] = facts[f"recovered.{name}"]
    if "recovered.lost" in facts:
        detail["lost"] = str(facts["recovered.lost"]).split()
    return detail
