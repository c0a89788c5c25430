"""Which records go when the journal has reached its bounds, and what stays of them. Knows SQL, but no library and no clock.

The order is what the broker has before what it has not; within each `info`, then `minor`, then `major`; the oldest first.
Never: `critical`, a raise that stands and its acknowledgement, and what others depend on (`_REPORTS`) before it is
delivered. By age only what is delivered goes, by wall times that were synchronised when they were written;
what was not dated then, or is dated later than now, is as old as the next that is too old.

A dropped row leaves a stub (sequence, digest, link). Of more than `STUBS_MOST`, the oldest are summarised as ranges.
"""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Self

import msgspec

from agent.model import SECOND_US, Lane, Row, Severity
from agent.outbox_chain import digest_of
from agent.outbox_facts import number_of
from agent.outbox_records import FACTS, SET_FACT, Database
from agent.set_aside import set_aside_in
from agent.settings import OutboxSettings

ROWS_MOST = 1000  # dropped in one transaction
_ROWS_ENOUGH = 100  # for a report, which is a row itself
_ROWS_WORTH = 8  # the last ones
RANGES_MOST = 200  # named in one report, which has to stay a small message
STRETCH = 5000  # sequences looked at in one go, so that no commit waits long
STUBS_MOST = 10_000
_YEAR_US = round(365.25 * 86400) * SECOND_US
_REPORTS = ("clock_corrected", "outbox_recovered", "records_dropped")
_CLASSES = tuple(itertools.product((True, False), (Severity.INFO, Severity.MINOR, Severity.MAJOR)))
_GOING = "SELECT seq, severity FROM journal WHERE seq > ? AND seq <= ? AND "
_NOT_STANDING = (
    " AND seq NOT IN (SELECT seq FROM standing)"
    " AND seq NOT IN (SELECT value FROM meta WHERE key GLOB 'acknowledged.*') ORDER BY seq LIMIT ?"
)
_DELIVERED = f"{_GOING} severity = ? {_NOT_STANDING}"
_OWED = f"{_GOING} severity = ? AND code NOT IN {_REPORTS} {_NOT_STANDING}"
_DATED = "synchronised = 1 AND wall_us <= :now"
_OLD = (
    "SELECT seq, severity FROM journal WHERE seq > :low AND seq <= :high AND severity <> 'critical'"  # noqa: S608
    f" AND (({_DATED} AND wall_us < :before) OR (NOT ({_DATED}) AND seq < (SELECT max(seq) FROM journal"
    f" WHERE seq > :low AND seq <= :high AND {_DATED} AND wall_us < :before)))"
    f" {_NOT_STANDING.replace('?', ':most')}"
)
_NEWEST = f"SELECT max(wall_us) FROM journal WHERE seq > :low AND seq <= :high AND {_DATED}"  # noqa: S608
_BETWEEN = "SELECT 1 FROM journal WHERE seq > ? AND seq < ? LIMIT 1"
_TAKE = "SELECT * FROM journal WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"
_DELETE = "DELETE FROM journal WHERE seq IN (SELECT value FROM json_each(?))"
_STUB = "INSERT INTO dropped VALUES (?, ?, ?, ?, ?)"
_STUBS = "SELECT count(*) FROM dropped WHERE first > ?"
_NEXT = (
    "SELECT first, last, digest, hash, reason FROM dropped WHERE last >= ? ORDER BY first LIMIT ?"
)
_FORGET = "DELETE FROM dropped WHERE first BETWEEN ? AND ?"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How large the journal may become and how old its records, in bytes and microseconds."""

    most_bytes: int
    keep_us: int

    @classmethod
    def of(cls, settings: OutboxSettings) -> Self:
        """As configured; a megabyte is 1,000,000 bytes, a year 365.25 days."""
        return cls(
            most_bytes=settings.max_mb * 1_000_000,
            keep_us=settings.keep_years * _YEAR_US,
        )

    @property
    def low_bytes(self) -> int:
        """Where dropping ends once it has begun."""
        return self.most_bytes - self.most_bytes // 100


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """Records to go in one transaction. `reason` is `size`, `age` or `disk_full`; `ranges` cover only what is gone then."""

    reason: str
    seqs: tuple[int, ...]
    severities: Mapping[str, int]
    ranges: tuple[tuple[int, int], ...]
    undelivered: int

    @property
    def first_undelivered(self) -> int:
        """The lowest sequence that the broker has not, of those that go; they are the last ones."""
        return self.seqs[-self.undelivered]


class Sweep:
    """Looks for records that may go, a stretch at a time, and gathers them until they are worth a report."""

    def __init__(self) -> None:
        self._after = dict.fromkeys(_CLASSES, 0)
        self._found: list[tuple[int, str]] = []
        self._old_after = 0
        self.is_done = False

    def next(self, db: Database, reason: str, cursor: int, head: int) -> Drop | None:
        """The next records to go; None when none are ready yet, or, with `is_done`, when there are no more at all.

        `cursor` is that of the lane of what is not critical.
        """
        self.is_done = not self._look(db, cursor, head)
        enough = _ROWS_WORTH if self.is_done else _ROWS_ENOUGH
        if len(self._found) < enough:
            if self.is_done:
                self._after, self._found = dict.fromkeys(_CLASSES, 0), []
            return None
        drop = _drop(db, reason, sorted(self._found)[:ROWS_MOST], cursor)
        gone = set(drop.seqs)
        self._found = [one for one in self._found if one[0] not in gone]
        self.is_done = False
        return drop

    def _look(self, db: Database, cursor: int, head: int) -> bool:
        """Look at one more stretch of the first class that has any; False when all were looked at."""
        for of in _CLASSES:
            is_delivered, severity = of
            low = self._after[of] if is_delivered else max(self._after[of], cursor)
            end = cursor if is_delivered else head
            if low < end:
                high = min(low + STRETCH, end)
                statement = _DELIVERED if is_delivered else _OWED
                found = db.execute(statement, (low, high, severity.value, ROWS_MOST)).fetchall()
                self._found += found
                self._after[of] = found[-1][0] if len(found) == ROWS_MOST else high
                return True
        return False

    def next_old(self, db: Database, now_us: int, before_us: int, cursor: int) -> Drop | None:
        """Delivered records older than a wall time, of one stretch."""
        low, high = self._old_after, min(self._old_after + STRETCH, cursor)
        these = {"low": low, "high": high, "now": now_us}
        found = db.execute(_OLD, {**these, "before": before_us, "most": ROWS_MOST}).fetchall()
        if found:
            return _drop(db, "age", found, cursor)
        newest = db.execute(_NEWEST, these).fetchone()[0]
        if (newest or 0) < before_us:  # nothing young here: go on behind it
            self._old_after = high if high < cursor else 0
        return None


def _drop(db: Database, reason: str, found: Sequence[tuple[int, str]], cursor: int) -> Drop:
    ranges = list(itertools.islice(_ranges(db, [seq for seq, _ in found]), RANGES_MOST))
    gone = [(seq, severity) for seq, severity in found if seq <= ranges[-1][1]]
    names = [severity for _, severity in gone]
    return Drop(
        reason=reason,
        seqs=tuple(seq for seq, _ in gone),
        severities={name: names.count(name) for name in dict.fromkeys(names)},
        ranges=tuple(ranges),
        undelivered=sum(seq > cursor for seq, _ in gone),
    )


def _ranges(db: Database, seqs: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Runs without a row between that stays."""
    first = last = seqs[0]
    for seq in seqs[1:]:
        if seq > last + 1 and db.execute(_BETWEEN, (last, seq)).fetchone():
            yield first, last
            first = seq
        last = seq
    yield first, last


def withheld(
    before: tuple[int, int] | None,
    drop: Drop | None,
    rows: Sequence[Row],
    acked: Mapping[Lane, int],
) -> tuple[int, int] | None:
    """What stays undelivered upstream until its report has arrived: (first sequence, sequence of the report).

    `before` is what was so; `rows` are those committed with the drop, of which the last is the report. A report among them
    of rows set aside counts as well.
    """
    if before is not None and before[1] <= acked[Lane.REST]:
        before = None
    reports = [(seq, row.seq) for row in rows for seq in set_aside_in(row)]
    if drop is not None and drop.undelivered:
        reports.append((drop.first_undelivered, rows[-1].seq))
    if before is not None:
        reports.append(before)
    return (min(first for first, _ in reports), max(at for _, at in reports)) if reports else None


def remember(db: Database, withheld: tuple[int, int] | None) -> None:
    """Write down what stays undelivered, within a transaction."""
    for key, value in zip(("withheld.first", "withheld.report"), withheld or (0, 0), strict=True):
        db.execute(SET_FACT, (key, value))


def apply(db: Database, drop: Drop) -> None:
    """Replace these rows by stubs, within a transaction."""
    these = msgspec.json.encode(drop.seqs).decode()
    for record in db.execute(_TAKE, (these,)).fetchall():
        seq, link = record[0], record[14]
        db.execute(_STUB, (seq, seq, digest_of(record), link, drop.reason))
    db.execute(_DELETE, (these,))
    _summarise(db, drop.seqs[0])


def _summarise(db: Database, lowest: int) -> None:
    """Merge the next old stubs that lie side by side into a range, when there are too many."""
    done = min(number_of(dict(db.execute(FACTS).fetchall()), "summarised"), lowest - 1)
    if db.execute(_STUBS, (done,)).fetchone()[0] > STUBS_MOST:
        entries = db.execute(_NEXT, (done, 2 * ROWS_MOST)).fetchall()
        for run in _runs(entries):
            if len(run) > 1:
                db.execute(_FORGET, (run[0][0], run[-1][0]))
                db.execute(_STUB, (run[0][0], run[-1][1], None, run[-1][3], run[-1][4]))
        done = entries[-1][1]
    db.execute(SET_FACT, ("summarised", done))


def _runs(
    entries: Collection[tuple[int, int, bytes | None, bytes, str]],
) -> Iterable[list[tuple[int, int, bytes | None, bytes, str]]]:
    run: list[tuple[int, int, bytes | None, bytes, str]] = []
    for entry in entries:
        if run and entry[0] != run[-1][1] + 1:
            yield run
            run = []
        run.append(entry)
    yield run
