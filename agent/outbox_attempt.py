"""One transaction from its first try until the disk has taken it; runs on the journal's thread. Knows no event loop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.model import Lane, Row
from agent.outbox import Batch, Journal, JournalFault, Search
from agent.outbox_retention import Drop
from agent.outbox_rows import carried, pair

_SCAN = 5000  # sequences a search looks at before it lets a commit pass


@dataclass(slots=True)
class Attempt:
    """Its batches, the journal and head it is tried on, and the fault that makes the next try reopen the journal.

    `is_elsewhere` says that the journal is no longer the one it was meant for, which had to go. `drop` are records to go,
    and `report` the event of it: tried once, and given up when the disk does not take it, so that no event waits for it.
    """

    batches: tuple[Batch, ...]
    journal: str
    head: int
    fault: JournalFault | None = None
    is_elsewhere: bool = False
    drop: Drop | None = None
    report: Batch | None = None

    @property
    def count(self) -> int:
        """How many events it holds."""
        return sum(len(batch.events) for batch in self.batches)


def write(
    disk: Journal, attempt: Attempt, cursors: Mapping[Lane, int], boot_id: str
) -> tuple[Row, ...]:
    """Commit it. A commit that reported a fault may have reached the disk all the same: then it is not repeated."""
    if attempt.fault is not None:
        _reopen(disk, attempt, suspect=attempt.fault.corrupt)
    if attempt.is_elsewhere:
        cursors = disk.cursors  # ours are numbers of the journal that is gone
    if disk.head > attempt.head:
        return tuple(disk.rows(Search(after=attempt.head, limit=attempt.count + 1)))
    batches, drop = attempt.batches, attempt.drop
    if drop is not None and attempt.report is not None and attempt.fault is None:
        return disk.commit((*batches, attempt.report), boot_id, cursors, drop)
    if not batches and cursors == disk.cursors:
        return ()
    standing = [row.event.key for row in disk.standing()]
    return disk.commit(pair(batches, standing), boot_id, cursors)


def _reopen(disk: Journal, attempt: Attempt, *, suspect: bool) -> None:
    """Open anew. What stood in a journal that had to go is journaled first in the new one, or a restart forgets it."""
    stood = disk.remembered()
    disk.reopen(suspect=suspect)
    if disk.journal != attempt.journal:
        known = {row.event.key for row in disk.standing()}  # those that could be salvaged
        stood = [row for row in stood if row.event.key not in known]
        attempt.batches = (*carried(stood), *attempt.batches)
        attempt.journal, attempt.head, attempt.is_elsewhere = disk.journal, disk.head, True


def stretches(after: int, head: int, *, newest_first: bool) -> Iterator[tuple[int, int]]:
    """(after, through) pairs that cover the journal, in the order of a search."""
    starts = range(after, head, _SCAN)
    for low in reversed(starts) if newest_first else starts:
        yield low, min(low + _SCAN, head)
