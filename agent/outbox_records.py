"""How a row of the journal lies in its table, and the statements that read and write it. Pure; opens nothing."""

import itertools
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from agent.model import Event, Lane, Row, Severity
from agent.outbox_chain import digest_of, link_of
from agent.outbox_facts import LANES

MOST = (1 << 63) - 1  # SQLite's largest integer
MOST_TOLD = 1000  # unreadable rows remembered
_COLUMNS = "seq, boot_id, wall_us, synchronised, raised_seq, duration_ms, body"
INSERT = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
RAISE = "INSERT OR REPLACE INTO standing VALUES (?, ?, ?)"
CLEAR = "DELETE FROM standing WHERE code = ? AND instance = ?"
SET_FACT = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
FORGET_ACKNOWLEDGED = "DELETE FROM meta WHERE key = ?"
FACTS = "SELECT key, value FROM meta WHERE key NOT GLOB 'anchor.*'"  # there may be one a boot
FORGET_RECOVERY = "DELETE FROM meta WHERE key GLOB 'recovered*'"
ORIGINS = "SELECT last, journal FROM origins ORDER BY last"
HEAD = "SELECT max(seq) FROM journal"
NEWEST_CURSORS = "SELECT acked_critical, acked_rest FROM journal ORDER BY seq DESC LIMIT 1"
OWED = "SELECT count(*) FROM journal WHERE lane = ? AND seq > ?"
FETCH = f"SELECT {_COLUMNS} FROM journal WHERE lane = ? AND seq > ? ORDER BY seq"  # noqa: S608
STANDING = f"SELECT {_COLUMNS} FROM journal WHERE seq IN (SELECT seq FROM standing) ORDER BY seq"  # noqa: S608
ACKNOWLEDGED = (
    f"SELECT {_COLUMNS} FROM journal"  # noqa: S608
    " WHERE seq IN (SELECT value FROM meta WHERE key GLOB 'acknowledged.*') ORDER BY seq"
)
_SEARCH = (
    f"SELECT {_COLUMNS} FROM journal WHERE seq > :after AND seq <= :through"  # noqa: S608
    " AND (:severities IS NULL OR severity IN (SELECT value FROM json_each(:severities)))"
    " AND (:codes IS NULL OR code IN (SELECT value FROM json_each(:codes)))"
)
OLDEST_FIRST = _SEARCH + " ORDER BY seq"
NEWEST_FIRST = _SEARCH + " ORDER BY seq DESC"
_decoder = msgspec.json.Decoder(Event)
_log = logging.getLogger("agent.outbox")


class Answer(Protocol):
    """What a statement finds, row by row."""

    def __iter__(self) -> Iterator[Any]: ...
    def fetchone(self) -> Any: ...  # noqa: ANN401, D102
    def fetchall(self) -> list[Any]: ...  # noqa: D102


class Database(Protocol):
    """An open database, for files that must not know which library opens it."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Answer:  # noqa: ANN401
        """Run one statement."""
        ...


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows: `after` < sequence ≤ `through`, of these severities and codes (None: all), at most `limit`."""

    after: int = 0
    limit: int
    through: int | None = None
    severities: Collection[Severity] | None = None
    codes: Collection[str] | None = None
    newest_first: bool = False

    @property
    def statement(self) -> str:
        """The statement that finds them."""
        return NEWEST_FIRST if self.newest_first else OLDEST_FIRST

    @property
    def parameters(self) -> dict[str, int | str | None]:
        """Its parameters."""
        severities = None if self.severities is None else [one.value for one in self.severities]
        return {
            "after": self.after,
            "through": MOST if self.through is None else self.through,
            "severities": _list(severities),
            "codes": _list(self.codes),
        }


class _Body(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event as it lies in the row: what has its default is left out, so that two rows share a page."""


def record_of(row: Row, cursors: Mapping[Lane, int]) -> tuple[object, ...]:
    """A row as its table holds it, but for its link; with the cursors as of its commit."""
    event = row.event
    return (
        row.seq,
        LANES.index(event.lane),
        event.code,
        event.severity.value,
        event.transition.value,
        row.boot_id,
        event.at_us,
        row.wall_us,
        int(row.synchronised),  # as it is read back: the digest is over these very values
        row.raised_seq,
        row.duration_ms,
        *(cursors[lane] for lane in LANES),
        msgspec.json.encode(_Body(**msgspec.structs.asdict(event))),
    )


def chained(
    records: Iterable[Sequence[object]], before: bytes
) -> tuple[list[tuple[object, ...]], bytes]:
    """The records with their links, as INSERT wants them, and the last link."""
    linked: list[tuple[object, ...]] = []
    for record in records:
        before = link_of(before, digest_of(record))
        linked.append((*record, before))
    return linked, before


class Unreadable:
    """The rows whose event could not be read: each is logged once, and at most `MOST_TOLD` of them are counted."""

    def __init__(self) -> None:
        self._seqs: set[int] = set()

    def __len__(self) -> int:
        return len(self._seqs)

    def add(self, seq: int, error: Exception) -> None:
        """One was met, perhaps not for the first time."""
        if seq in self._seqs or len(self._seqs) >= MOST_TOLD:
            return
        self._seqs.add(seq)
        _log.error("Row %d of the journal cannot be read and is passed over: %s.", seq, error)


def rows_of(
    records: Iterable[tuple[Any, ...]],
    journal_of: Callable[[int], str],
    anchor_of: Callable[[str], int | None],
    unreadable: Unreadable,
    limit: int = MOST,
) -> list[Row]:
    """The first `limit` readable rows; the others are told to `unreadable` and passed over.

    `anchor_of` a boot is asked where its clock was not synchronised.
    """
    read = (_row_of(one, journal_of, unreadable) for one in records)
    readable = (anchored(row, anchor_of) for row in read if row is not None)
    return list(itertools.islice(readable, min(limit, MOST)))


def anchored(row: Row, anchor_of: Callable[[str], int | None]) -> Row:
    """A row with its boot's anchor, where it needs one and there is one."""
    if row.synchronised or (anchor_us := anchor_of(row.boot_id)) is None:
        return row
    return msgspec.structs.replace(row, anchor_us=anchor_us)


def _row_of(
    record: tuple[Any, ...], journal_of: Callable[[int], str], unreadable: Unreadable
) -> Row | None:
    seq, boot_id, wall_us, synchronised, raised_seq, duration_ms, body = record
    try:
        event = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        unreadable.add(seq, error)
        return None
    return Row(
        seq=seq,
        journal=journal_of(seq),
        raised_seq=raised_seq,
        event=event,
        boot_id=boot_id,
        wall_us=wall_us,
        synchronised=bool(synchronised),
        duration_ms=duration_ms,
    )


def _list(items: Collection[str] | None) -> str | None:
    return None if items is None else msgspec.json.encode(list(items)).decode()
