"""One transaction from its first try until the disk has taken it; runs on the journal's thread. Knows no event loop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.model import Lane, Row
from agent.outbox import Batch, Journal, JournalFault, Search
from agent.outbox_rows import pair

_SCAN = 5000  # sequences a search looks at before it lets a commit pass


@dataclass(slots=True)
class Attempt:
    """Its batches, the journal and head it was first tried on, and the fault that makes the next try begin anew."""

    batches: tuple[Batch, ...]
    journal: str
    head: int
    fault: JournalFault | None = None

    @property
    def count(self) -> int:
        """How many events it holds."""
        return sum(len(batch.events) for batch in self.batches)


def write(
    disk: Journal, attempt: Attempt, cursors: Mapping[Lane, int], boot_id: str
) -> tuple[Row, ...]:
    """Commit it. A commit that reported a fault may have reached the disk all the same: then it is not repeated."""
    if attempt.fault is not None:
        disk.reopen(suspect=attempt.fault.corrupt)
    if disk.journal != attempt.journal:  # begun anew: its cursors are its own
        attempt.journal, attempt.head, cursors = disk.journal, disk.head, disk.cursors
    if disk.head > attempt.head:
        return tuple(disk.rows(Search(after=attempt.head, limit=attempt.count)))
    if not attempt.batches and cursors == disk.cursors:
        return ()
    standing = [row.event.key for row in disk.standing()]
    return disk.commit(pair(attempt.batches, standing), boot_id, cursors)


def stretches(after: int, head: int, *, newest_first: bool) -> Iterator[tuple[int, int]]:
    """(after, through) pairs that cover the journal, in the order of a search."""
    starts = range(after, head, _SCAN)
    for low in reversed(starts) if newest_first else starts:
        yield low, min(low + _SCAN, head)
