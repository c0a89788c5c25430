"""What can be read of a damaged journal, copied into the one begun in its place. Runs as a process of its own.

`python -m agent.outbox_salvage DAMAGED NEW`: every row that can be read and whose link fits the row before it is copied,
with its sequence; its journal's id is kept beside it, so that it is still the same event upstream, and is sent if it was
owed. The new chain begins with the head of the old one. One transaction: all of it is there, or nothing. Bounded in time;
a row costs no memory.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from agent.clock import Clock
from agent.model import SECOND_US, Event, Transition
from agent.outbox import JournalFault, read_or_none, reading, writing
from agent.outbox_anchors import ALL as ANCHORS
from agent.outbox_chain import Origin, digest_of, link_of
from agent.outbox_records import FACTS, HEAD, INSERT, ORIGINS, RAISE, SET_FACT, Database
from agent.sequence_reserve import SequenceReserve

SECONDS_MOST = 60
RANGES_MOST = 100  # of lost numbers that are named
_STRETCH = 256
_ROWS = "SELECT * FROM journal WHERE seq BETWEEN ? AND ? ORDER BY seq"
_LAST = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
_DROPPED = "SELECT 1 FROM dropped WHERE first <= ? AND last >= ?"
_UNKNOWN = "00000000"  # the id of a journal that cannot be read any more
_event = msgspec.json.Decoder(Event)
Record = Sequence[Any]


class Salvage:
    """One salvage under way: `copied` rows so far, the numbers `lost` between them, and what stands."""

    def __init__(self, old: Database, new: Database, last: int, *, until_us: int) -> None:
        self.copied = self.lost = 0
        self._old, self._new, self._last, self._until_us = old, new, last, until_us
        self._clock = Clock()
        self._lost: list[str] = []
        self._seen: tuple[int, bytes | None] = (0, None)  # the row before, as the old chain has it
        self._copied_through = 0
        self._standing: dict[tuple[str, str], int] = {}

    def run(self) -> None:
        """Copy what can be read and write down what that was."""
        facts = dict(read_or_none(self._old, FACTS) or ())
        newest = (read_or_none(self._old, _LAST) or [(None, None)])[0]
        previous = str(facts.get("journal", _UNKNOWN))
        head = newest[1].hex() if newest[1] else None
        name = self._new.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone()[0]
        origin = Origin(
            journal=str(name), previous_journal=previous, previous_seq=newest[0], previous_head=head
        )
        self._copy(origin.link)
        self._keep_standing()
        self._keep_origins(previous)
        told: dict[str, int | str] = {
            key: value
            for key, value in facts.items()
            if key.startswith(("cursor.", "acknowledged."))
        }
        told |= {"origin": msgspec.json.encode(origin).decode(), "recovered.salvaged": self.copied}
        told |= {"recovered.unreadable": self.lost, "recovered.previous_journal": previous}
        told |= {"recovered.previous_chain_head": head} if head else {}
        told |= {"recovered.lost": " ".join(self._lost)} if self._lost else {}
        for fact in (*told.items(), *(read_or_none(self._old, ANCHORS) or ())):
            self._new.execute(SET_FACT, fact)

    def _copy(self, link: bytes) -> None:
        for record in self._readable(1, self._last):
            if not self._fits(record):
                continue
            self._lose(self._copied_through + 1, record[0] - 1)
            link = link_of(link, digest_of(record))
            self._new.execute(INSERT, (*record[:14], link))
            self._follow(record)
            self._copied_through = record[0]
            self.copied += 1
        self._lose(self._copied_through + 1, self._last)

    def _readable(self, first: int, last: int) -> Iterator[Record]:
        """The rows that can be read, a stretch at a time; what cannot is halved until it is one row."""
        for low in range(first, last + 1, _STRETCH):
            if self._clock.uptime_us() > self._until_us:
                return
            yield from self._stretch(low, min(low + _STRETCH - 1, last))

    def _stretch(self, low: int, high: int) -> Iterator[Record]:
        found = read_or_none(self._old, _ROWS, (low, high))
        if found is not None:
            yield from found
        elif low < high and self._clock.uptime_us() <= self._until_us:
            middle = (low + high) // 2
            yield from self._stretch(low, middle)
            yield from self._stretch(middle + 1, high)

    def _fits(self, record: Record) -> bool:
        """Whether a row is what was written, as far as its link and the one before it can tell."""
        (seq_before, before), link = self._seen, record[14] if len(record) > 14 else None
        self._seen = (record[0], link)
        if before is None or link is None or seq_before + 1 != record[0]:
            return True
        return bool(link_of(before, digest_of(record)) == link)

    def _lose(self, first: int, last: int) -> None:
        """Numbers without a row; what was dropped in its time is not lost now."""
        if first > last or read_or_none(self._old, _DROPPED, (first, last)):
            return
        self.lost += last - first + 1
        if len(self._lost) < RANGES_MOST:
            self._lost.append(str(first) if first == last else f"{first}-{last}")

    def _follow(self, record: Record) -> None:
        if record[4] not in (Transition.RAISED.value, Transition.CLEARED.value):
            return
        try:
            instance = _event.decode(record[13]).instance or ""
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        if record[4] == Transition.RAISED.value:
            self._standing[record[2], instance] = record[0]
        else:
            self._standing.pop((record[2], instance), None)

    def _keep_standing(self) -> None:
        """What stood by the old table where it can be read, which also knows of lost clears; else by the rows."""
        found = read_or_none(self._old, "SELECT code, instance, seq FROM standing")
        if found is not None:
            self._standing = {(code, instance): seq for code, instance, seq in found}
        for key, seq in self._standing.items():
            if self._new.execute("SELECT 1 FROM journal WHERE seq = ?", (seq,)).fetchone():
                self._new.execute(RAISE, (*key, seq))

    def _keep_origins(self, previous: str) -> None:
        for origin in read_or_none(self._old, ORIGINS) or ():
            self._new.execute("INSERT INTO origins VALUES (?, ?)", origin)
        if self._copied_through:
            self._new.execute(
                "INSERT OR REPLACE INTO origins VALUES (?, ?)", (self._copied_through, previous)
            )


def salvage(damaged: Path, new: Path) -> None:
    """Copy what can be read. Raises JournalFault when nothing of the damaged one opens, or the new cannot be written."""
    until_us = Clock().uptime_us() + SECONDS_MOST * SECOND_US
    with reading(damaged) as old, writing(new) as db:
        newest = read_or_none(old, HEAD)
        if newest is None and read_or_none(old, FACTS) is None:
            raise JournalFault(f"Nothing in {damaged} can be read.")
        reserved = SequenceReserve(new.with_suffix(".seq")).reserved_through
        last = reserved if newest is None else newest[0][0] or 0
        Salvage(old, db, last, until_us=until_us).run()


if __name__ == "__main__":
    try:
        salvage(Path(sys.argv[1]), Path(sys.argv[2]))
    except JournalFault as fault:
        sys.exit(fault.reason)
