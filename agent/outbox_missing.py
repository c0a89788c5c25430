"""Why sequences that were asked for have no record that can be sent. Knows SQL, but no library."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from agent.outbox_records import Database

Range = tuple[int, int]  # both ends included
Reason = Literal["dropped", "unreadable", "no_such_record"]


class Part(NamedTuple):
    """A range, both ends included, and why there is nothing to send."""

    first: int
    last: int
    reason: Reason


_DROPPED = "SELECT first, last FROM dropped WHERE last >= ? AND first <= ? ORDER BY first LIMIT ?"
_PRESENT = "SELECT seq FROM journal WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"


def missing_of(db: Database, gaps: Sequence[Range], most: int) -> tuple[list[Part], bool]:
    """Each gap, cut where the reason changes; at most `most` ranges, and whether there would be more."""
    found: list[Part] = []
    for gap in gaps:
        for part in _parts(db, gap, most + 1):
            if len(found) == most:
                return found, True
            found.append(part)
    return found, False


def _parts(db: Database, gap: Range, most: int) -> Iterator[Part]:
    first, last = gap
    dropped = db.execute(_DROPPED, (first, last, most)).fetchall()
    present = db.execute(_PRESENT, (first, last, most)).fetchall()
    known = [Part(low, high, "dropped") for low, high in dropped]
    known += [Part(seq, seq, "unreadable") for (seq,) in present]
    at = first
    for low, high, reason in _merged(sorted(known)):
        if low > at:
            yield Part(at, low - 1, "no_such_record")
        yield Part(max(low, first), min(high, last), reason)
        at = high + 1
    if at <= last:
        yield Part(at, last, "no_such_record")


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    """Neighbours of one reason as one."""
    run: Part | None = None
    for low, high, reason in parts:
        if run is not None and (low, reason) == (run[1] + 1, run[2]):
            run = Part(run[0], high, reason)
            continue
        if run is not None:
            yield run
        run = Part(low, high, reason)
    if run is not None:
        yield run
