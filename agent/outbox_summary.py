"""How the journal stands: what is owed, how large it is, how far back it goes. Reads only; knows no clock."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.model import Lane
from agent.outbox import usage_of
from agent.outbox_facts import LANES
from agent.outbox_files import beside
from agent.outbox_load import chain_head_of, cursors_of, facts_of, newest_of
from agent.outbox_records import OWED, Database
from agent.outbox_retention import Bounds

_FIRST_OWED = "SELECT seq, wall_us FROM journal WHERE lane = ? AND seq > ? ORDER BY seq LIMIT 1"
_OLDEST = "SELECT seq, wall_us FROM journal ORDER BY seq LIMIT 1"
_NEWEST = "SELECT seq, wall_us FROM journal ORDER BY seq DESC LIMIT 1"
_DROPPED = "SELECT coalesce(sum(last - first + 1), 0) FROM dropped"
_DAY_US = 86_400_000_000


class Mark(msgspec.Struct, frozen=True):
    """One row: its sequence and its wall time in microseconds, as known then."""

    seq: int
    wall_us: int


class Owed(msgspec.Struct, frozen=True):
    """What one lane owes: how many rows the broker has not acknowledged, and the oldest of them."""

    count: int
    oldest: Mark | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The journal on the disk. Sizes in bytes: of rows, free inside the file, of the file, of the log beside it."""

    journal: str
    head: int
    chain_head: str
    owed: Mapping[str, Owed]
    oldest: Mark | None
    newest: Mark | None
    dropped: int
    used_bytes: int
    free_bytes: int
    file_bytes: int
    log_bytes: int

    def days_left(self, bounds: Bounds) -> int | None:
        """After how many days the size bound is reached at the pace so far; None before there is a day of it."""
        if self.oldest is None or self.newest is None:
            return None
        days = (self.newest.wall_us - self.oldest.wall_us) / _DAY_US
        if days < 1 or not self.used_bytes:
            return None
        return max(0, round((bounds.most_bytes - self.used_bytes) / (self.used_bytes / days)))


def summary_of(db: Database, path: Path, cursors: Mapping[Lane, int] | None = None) -> Summary:
    """Sum up; `cursors` are how far the broker has acknowledged, by default what was last written down."""
    facts = facts_of(db)
    at = cursors_of(db, facts) if cursors is None else cursors
    used, free = usage_of(db)
    return Summary(
        journal=str(facts["journal"]),
        head=newest_of(db),
        chain_head=chain_head_of(db, facts).hex(),
        owed={lane.value: _owed(db, number, at[lane]) for number, lane in enumerate(LANES)},
        oldest=_mark(db, _OLDEST),
        newest=_mark(db, _NEWEST),
        dropped=db.execute(_DROPPED).fetchone()[0],
        used_bytes=used,
        free_bytes=free,
        file_bytes=_size(path),
        log_bytes=_size(beside(path, "-wal")),
    )


def _owed(db: Database, lane: int, after: int) -> Owed:
    count = int(db.execute(OWED, (lane, after)).fetchone()[0])
    return Owed(count, _mark(db, _FIRST_OWED, (lane, after)))


def _mark(db: Database, statement: str, parameters: tuple[int, ...] = ()) -> Mark | None:
    found = db.execute(statement, parameters).fetchone()
    return None if found is None else Mark(*found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
