"""The journal on the disk: appended, never rewritten; the only file that imports sqlite3.

Synchronous and owned by one thread. One transaction a call; what it returns is on the card. It knows rows, lanes and
cursors, and nothing of MQTT. Everything wrong with the disk leaves here as JournalFault.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from agent import outbox_anchors
from agent import outbox_records as sql
from agent import outbox_retention as retention
from agent.clock_anchor import CODE as CORRECTED
from agent.model import Detail, Event, Instant, Lane, Row, Severity, Transition
from agent.outbox_anchors import Anchors, first_of
from agent.outbox_facts import LANES, acknowledged_key, cursor_key, new_facts
from agent.outbox_fault import JournalFault, database_fault, system_fault
from agent.outbox_files import beside, make_tables, salvage, set_aside
from agent.outbox_load import Journals, facts_of, loaded, newest_of
from agent.outbox_lock import JournalBusy, JournalLock
from agent.outbox_records import Search
from agent.outbox_retention import Drop
from agent.outbox_rows import Batch, Key, Place, number, still_acknowledged
from agent.sequence_reserve import BLOCK, SequenceReserve

__all__ = ["Batch", "Journal", "JournalBusy", "JournalFault", "Search", "read_rows"]

VERSION = 2  # of the tables; agent/outbox_schema.py leads there
RECOVERED = "outbox_recovered"
_QUICK_CHECK_BYTES = (
    8 << 20
)  # a full check of more would hold up the start; damage is then found when it is read
_BUSY_S = 5
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 4194304",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = OFF",
)
_log = logging.getLogger("agent.outbox")
_T = TypeVar("_T")


class Journal:
    """One open database. Made by `open`; every method may raise JournalFault and has then changed nothing.

    `journal` is the database's own id, `head` its last sequence, `chain_head` the newest link of its hash chain.
    `recovered` says why numbers are missing when the database was damaged or lost, until a notice `outbox_recovered` is
    journaled; `recovered_range` are the numbers (first, last) that may never have been used, None when there are none;
    `recovered_detail` what was salvaged. `withheld` is (first sequence dropped before the broker had it, sequence of the
    report about that), None when there is none.
    """

    def __init__(self, path: Path, lock: JournalLock, *, suspect: bool) -> None:
        self.path = path
        self.journal = ""
        self.head = 0
        self.chain_head = b""
        self.recovered: str | None = None
        self.recovered_range: tuple[int, int] | None = None
        self.recovered_detail: Mapping[str, Detail] = {}
        self.withheld: tuple[int, int] | None = None
        self._lock = lock
        self._reserve = SequenceReserve(path.with_suffix(".seq"))
        self._standing: dict[Key, Row] = {}
        self._acknowledged: dict[int, Row] = {}  # by the raise
        self._cursors: dict[Lane, int] = {}
        self._unreadable = sql.Unreadable()
        self._db: sqlite3.Connection | None = None
        self.reopen(suspect=suspect)

    @classmethod
    def open(cls, path: Path, *, suspect: bool = False) -> Self:
        """Open or make the journal at `path`; `suspect` has every page checked.

        Raises JournalBusy when another process holds it. A damaged database is set aside as `<name>.corrupt-<n>` and
        a new one begun above every number possibly used.
        """
        with _translated(path):
            lock = JournalLock(path)
        try:
            return cls(path, lock, suspect=suspect)
        except BaseException:
            lock.release()
            raise

    def reopen(self, *, suspect: bool = False) -> None:
        """Open anew, keeping the lock. When that fails, the old connection still reads, unless it was set aside."""
        try:
            self._take_up(suspect=suspect)
        except JournalFault as fault:
            if not fault.corrupt:
                raise
            _log.error("%s", fault.reason)
            self._begin_anew()

    def close(self) -> None:
        """Close and let another have it; never fails."""
        self._disconnect()
        self._lock.release()

    def append(
        self,
        events: Sequence[Event],
        now: Instant,
        boot_id: str,
        cursors: Mapping[Lane, int] | None = None,
    ) -> tuple[Row, ...]:
        """Commit the events of one instant; see `commit`."""
        return self.commit([Batch(tuple(events), now)], boot_id, cursors)

    def commit(
        self,
        batches: Sequence[Batch],
        boot_id: str,
        cursors: Mapping[Lane, int] | None = None,
        drop: Drop | None = None,
    ) -> tuple[Row, ...]:
        """Commit all events of these batches (at most 1,000) and the cursors given, in one transaction.

        A raise of what stands, or a clear or acknowledgement of what does not, is an AssertionError before the
        database is touched. What is dropped in the same transaction is reported by the last of the events.
        """
        rows, standing = number(batches, self._place(batches, boot_id), self._standing)
        assert len(rows) <= BLOCK, "more events in one transaction than a block of the reserve"
        acked = self._moved(cursors or {})
        with _translated(self.path), _transaction(self._connection()) as db:
            if rows and rows[-1].seq > self._reserve.reserved_through:
                self._reserve.reserve(self.head)
            chain_head = _write_rows(db, rows, acked, self.chain_head)
            withheld = retention.withheld(self.withheld, drop, rows, acked)
            if withheld != self.withheld:
                retention.remember(db, withheld)
            if drop is not None:
                retention.apply(db, drop)
            if not rows:
                db.executemany(sql.SET_FACT, [(cursor_key(lane), acked[lane]) for lane in LANES])
        self._standing = standing
        self._anchors.learn(rows)
        self._acknowledged = still_acknowledged(self._acknowledged, rows)
        self._cursors = acked
        self.chain_head = chain_head
        self.head = rows[-1].seq if rows else self.head
        self.withheld = withheld
        return rows

    @property
    def cursors(self) -> Mapping[Lane, int]:
        """The last sequence of each lane known to be acknowledged, as last committed."""
        return dict(self._cursors)

    @property
    def unreadable(self) -> int:
        """How many rows were met since the start whose event cannot be read; no answer contains them."""
        return len(self._unreadable)

    def standing(self) -> list[Row]:
        """The raises that stand, oldest first."""
        return sorted(self._standing.values(), key=lambda row: row.seq)

    def remembered(self) -> list[Row]:
        """The raises that stand and the newest acknowledgement of each, in order of sequence."""
        known = {row.seq for row in self._standing.values()}
        acknowledged = (row for row in self._acknowledged.values() if row.raised_seq in known)
        return sorted([*self._standing.values(), *acknowledged], key=lambda row: row.seq)

    def fetch(self, lane: Lane, after: int, limit: int) -> list[Row]:
        """The next rows of a lane in order of sequence; costs the same however long the journal is."""
        with _translated(self.path):
            records = self._connection().execute(sql.FETCH, (LANES.index(lane), after))
            name_of, anchor_of = self._journals.of, self._anchors.of
            return sql.rows_of(records, name_of, anchor_of, self._unreadable, limit)

    def count_owed(self, lane: Lane, after: int | None = None) -> int:
        """How many rows of a lane lie after a sequence, by default its committed cursor."""
        parameters = (LANES.index(lane), self._cursors[lane] if after is None else after)
        with _translated(self.path):
            return int(self._connection().execute(sql.OWED, parameters).fetchone()[0])

    def rows(self, search: Search) -> list[Row]:
        """What a search finds."""
        with _translated(self.path):
            db = self._connection()
            return _find(db, self._journals, self._anchors, search, self._unreadable)

    def look(self, job: Callable[[sql.Database], _T]) -> _T:
        """What a job reads from the tables; it must not write."""
        with _translated(self.path):
            return job(self._connection())

    def usage(self) -> tuple[int, int]:
        """Bytes of the database that are in use, and those inside it that are free to be used again."""
        with _translated(self.path):
            return usage_of(self._connection())

    def _place(self, batches: Sequence[Batch], boot_id: str) -> Place:
        """Where the rows of a transaction go; the boot's first row is looked for when its anchor is told."""
        place = Place(journal=self.journal, head=self.head, boot_id=boot_id)
        if not any(batch.events for batch in batches):
            return place
        with _translated(self.path):
            db, first = self._connection(), None
            if any(event.code == CORRECTED for batch in batches for event in batch.events):
                first = first_of(db, boot_id, self.head)
            return msgspec.structs.replace(
                place,
                boot_first=None if first is None else first[0],
                anchor_us=self._anchors.of(boot_id),
            )

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise JournalFault(f"Journal {self.path} is not open: the last attempt failed.")
        return self._db

    def _disconnect(self) -> None:
        """Close the connection; what it could not do at the end was not promised to anyone."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
        self._db = None

    def _take_up(
        self, *, suspect: bool = False, damaged: str | None = None, last_readable: int = 0
    ) -> None:
        """Connect and load. What is damaged may be met by either: a long journal is not looked over whole."""
        with _translated(self.path):
            db = _connect(self.path, suspect=suspect)
            try:
                self._load(db, damaged, last_readable)
            except BaseException:
                db.close()
                raise
        self._disconnect()
        self._db = db

    def _begin_anew(self) -> None:
        """Set a damaged database aside and make a new one with what can be read of the old, above every number used."""
        self._disconnect()  # before the rename: closing removes a log by its name
        with _translated(self.path):
            last_readable = _last_readable(self.path)
            aside = set_aside(self.path)
        damaged = f"The journal was damaged and is kept as {aside.name}; a new one was begun."
        salvage(aside, self.path)
        self._take_up(damaged=damaged, last_readable=last_readable)

    def _load(self, db: sqlite3.Connection, damaged: str | None, last_readable: int) -> None:
        facts = facts_of(db)
        changes = new_facts(
            facts,
            newest=newest_of(db),
            reserved=self._reserve.reserved_through,
            last_readable=last_readable,
            damaged=damaged,
        )
        if changes:
            with _transaction(db):
                db.executemany(sql.SET_FACT, changes.items())
        found = loaded(db, facts | changes, self._unreadable)
        if found.head > self._reserve.reserved_through:  # the side file was lost
            self._reserve.reserve(found.head)
        self._journals, self.journal = found.journals, found.journals.own
        self._anchors = found.anchors
        self.head, self.chain_head = found.head, found.chain_head
        self._cursors, self._standing = dict(found.cursors), dict(found.standing)
        self._acknowledged = dict(found.acknowledged)
        self.recovered, self.recovered_range = found.recovered, found.recovered_range
        self.recovered_detail, self.withheld = found.recovered_detail, found.withheld

    def _moved(self, cursors: Mapping[Lane, int]) -> dict[Lane, int]:
        for lane, through in cursors.items():
            assert self._cursors[lane] <= through <= self.head, "a cursor never goes back or ahead"
        return {**self._cursors, **cursors}


def read_rows(
    path: Path,
    after: int,
    limit: int,
    severities: Collection[Severity] | None = None,
    codes: Collection[str] | None = None,
    *,
    newest_first: bool = False,
) -> list[Row]:
    """At most `limit` rows after a sequence, of these severities and codes (None: all), with no service needed.

    Takes no lock and writes nothing. Raises JournalFault when there is no journal or it cannot be read.
    """
    search = Search(
        after=after, limit=limit, severities=severities, codes=codes, newest_first=newest_first
    )
    with reading(path) as db:
        journals = Journals(db, str(facts_of(db)["journal"]))
        return _find(db, journals, Anchors(db), search, sql.Unreadable())


@contextlib.contextmanager
def reading(path: Path) -> Generator[sql.Database]:
    """A journal opened to read, beside a service or without; no lock, no write. Raises JournalFault."""
    with _translated(path):
        path.stat()  # so that a missing file is named as such
        with contextlib.closing(_connect_to_read(path)) as db:
            yield db


@contextlib.contextmanager
def writing(path: Path) -> Generator[sql.Database]:
    """One transaction on a journal whose lock our parent holds."""
    with _translated(path), contextlib.closing(_raw(path)) as db:
        db.execute(_PRAGMAS[0])
        with _transaction(db):
            yield db


def read_or_none(
    db: sql.Database, statement: str, parameters: Sequence[object] = ()
) -> list[Any] | None:
    """What a statement finds in a damaged database; None where that cannot be read."""
    try:
        return db.execute(statement, parameters).fetchall()
    except sqlite3.Error:
        return None


def usage_of(db: sql.Database) -> tuple[int, int]:
    """Bytes of the database that are in use, and those inside it that are free to be used again."""
    size, pages, free = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    return (pages - free) * size, free * size


@contextlib.contextmanager
def _translated(path: Path) -> Generator[None]:
    """Let no type of the database library out. What we asked wrongly is our own mistake."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
        raise AssertionError(f"journal {path}: {error}") from error
    except sqlite3.Error as error:
        raise database_fault(path, _code(error), str(error)) from error
    except OSError as error:
        raise system_fault(path, error) from error


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # some errors have rolled back already
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


def _write_rows(
    db: sqlite3.Connection, rows: Sequence[Row], acked: Mapping[Lane, int], link: bytes
) -> bytes:
    """Write rows and what follows from them for what stands; returns the last link of the chain."""
    records, link = sql.chained((sql.record_of(row, acked) for row in rows), link)
    db.executemany(sql.INSERT, records)
    outbox_anchors.write(db, rows)
    for row in rows:
        where = (row.event.code, row.event.instance or "")
        match row.event.transition:
            case Transition.RAISED:
                db.execute(sql.RAISE, (*where, row.seq))
            case Transition.CLEARED:
                db.execute(sql.CLEAR, where)
                db.execute(sql.FORGET_ACKNOWLEDGED, (acknowledged_key(row.raised_seq or 0),))
            case Transition.ACKNOWLEDGED:
                db.execute(sql.SET_FACT, (acknowledged_key(row.raised_seq or 0), row.seq))
            case Transition.NOTICE if row.event.code == RECOVERED:
                db.execute(sql.FORGET_RECOVERY)
            case Transition.NOTICE:
                pass
    return link


def _find(
    db: sql.Database,
    journals: Journals,
    anchors: Anchors,
    search: Search,
    unreadable: sql.Unreadable,
) -> list[Row]:
    records = db.execute(search.statement, search.parameters)
    return sql.rows_of(records, journals.of, anchors.of, unreadable, search.limit)


def _connect(path: Path, *, suspect: bool) -> sqlite3.Connection:
    """A connection to tables of our version, looked over: damage is a JournalFault that says `corrupt`."""
    db = _raw(path)
    try:
        with _translated(path):
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                db.close()
                make_tables(path)
                db = _raw(path)
            for pragma in _PRAGMAS:
                db.execute(pragma)
            _look_over(db, path, every_page=suspect or path.stat().st_size <= _QUICK_CHECK_BYTES)
    except BaseException:
        db.close()
        raise
    return db


def _raw(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)


def _look_over(db: sqlite3.Connection, path: Path, *, every_page: bool) -> None:
    """Whether our tables are there and, where that is quick or asked for, every page is sound."""
    if every_page:
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise database_fault(path, sqlite3.SQLITE_CORRUPT, verdict)
    try:
        for statement in (sql.FACTS, sql.HEAD, sql.STANDING):
            db.execute(statement).fetchone()
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_ERROR:  # a table of ours is not there
            raise database_fault(path, sqlite3.SQLITE_CORRUPT, str(error)) from error
        raise


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Read-only. A journal closed cleanly has no log beside it and is opened without making one."""
    how = "mode=ro" if beside(path, "-wal").exists() else "immutable=1"
    name = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(name, uri=True, isolation_level=None, timeout=_BUSY_S)


def _last_readable(path: Path) -> int:
    """The highest sequence still found in a damaged database; 0 when nothing can be read."""
    try:
        with contextlib.closing(_connect_to_read(path)) as db:
            return db.execute(sql.HEAD).fetchone()[0] or 0
    except sqlite3.Error:
        return 0
