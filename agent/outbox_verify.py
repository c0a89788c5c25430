"""Walks the hash chain of a journal, from its origin to its head, beside a running service or without. Reads only."""

from collections.abc import Callable, Iterator

import msgspec

from agent.outbox_chain import Entry, Walk, digest_of
from agent.outbox_facts import number_of
from agent.outbox_load import chain_head_of, facts_of, newest_of, origin_of
from agent.outbox_records import Database

_STRETCH = 2000  # entries read in one go, so that the service's log can be folded in meanwhile
_ROWS = "SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"
_DROPPED = (
    "SELECT first, last, digest, hash FROM dropped WHERE last > ? AND first <= ? ORDER BY first"
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk found. `broken` is the first sequence that does not fit, null when all do.

    `rows` count rows and stubs, `ranges` the summarised ones, which have to be believed. `chained_after`: rows up to here
    were linked when the chain was introduced, not when they were written; 0 for none.
    """

    journal: str
    seq: int
    chain_head: str
    rows: int
    ranges: int
    broken: int | None
    chained_after: int


def verify(db: Database, tell: Callable[[int, int], None]) -> Verdict:
    """Walk it all; `tell` hears now and then how far (sequence, head)."""
    facts = facts_of(db)
    walk = Walk(origin_of(facts).link)
    while entries := list(_entries(db, walk.seq)):
        if not all(walk.step(entry) for entry in entries):
            break
        tell(walk.seq, newest_of(db))
    return Verdict(
        journal=str(facts["journal"]),
        seq=walk.seq,
        chain_head=walk.link.hex() if walk.broken is None else chain_head_of(db, facts).hex(),
        rows=walk.rows,
        ranges=walk.ranges,
        broken=walk.broken,
        chained_after=number_of(facts, "chained_after"),
    )


def _entries(db: Database, after: int) -> Iterator[Entry]:
    """The next rows and what was dropped between them, as one state of the database."""
    db.execute("BEGIN")
    try:
        records = db.execute(_ROWS, (after, _STRETCH)).fetchall()
        through = records[-1][0] if records else (1 << 63) - 1
        dropped = db.execute(_DROPPED, (after, through)).fetchall()
    finally:
        db.execute("COMMIT")
    rows = [Entry(record[0], record[0], digest_of(record), record[14]) for record in records]
    gone = [Entry(*one) for one in dropped]
    yield from sorted([*rows, *gone], key=lambda entry: entry.first)
