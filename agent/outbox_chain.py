"""The hash chain over the journal's rows: what a link is made of, and how a chain is walked. Pure; knows no SQL.

A row's digest is SHA-256 over its thirteen columns as one JSON array followed by the bytes of its body; its link is SHA-256
over the link before and that digest. The first row follows the origin, which is made from the journal's id and the head of
the journal it replaced, if any. Whoever changes, removes or inserts a row breaks every link after it; whoever writes the
whole chain anew ends with another head than the one the platform was told in `status`.

A dropped row leaves a stub, its sequence and digest, so that the chain goes on over it. A summarised range leaves only the
link at its end: what it held can no longer be checked.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

HASH_BYTES = 32
_encode = msgspec.json.Encoder().encode
Record = tuple[
    Any, ...
]  # a row of the table as INSERT takes it: thirteen columns, the body, and perhaps its link


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a chain begins: which journal, and what it replaced (sequence and link as hexadecimal, where known)."""

    journal: str
    previous_journal: str | None = None
    previous_seq: int | None = None
    previous_head: str | None = None

    @property
    def link(self) -> bytes:
        """What the first row follows."""
        told = (self.journal, self.previous_journal, self.previous_seq, self.previous_head)
        return hashlib.sha256(_encode(("elevator-agent journal", *told))).digest()


class Entry(msgspec.Struct, frozen=True):
    """A piece of the chain in order of sequence: a row, a stub (both with a digest), or a range (without).

    `link` is what is stored as the link at `last`.
    """

    first: int
    last: int
    digest: bytes | None
    link: bytes | None


def digest_of(record: Sequence[Any]) -> bytes:
    """The digest of a row's stored content; `record` is as INSERT takes it, and may end in its link."""
    return hashlib.sha256(_encode(record[:13]) + bytes(record[13])).digest()


def link_of(before: bytes, digest: bytes) -> bytes:
    """The link of a row that follows another."""
    return hashlib.sha256(before + digest).digest()


class Walk:
    """Follows a chain from its origin. `broken` is the first sequence that does not fit, None while all do."""

    def __init__(self, origin: bytes) -> None:
        self.link = origin
        self.seq = 0
        self.rows = 0
        self.ranges = 0
        self.broken: int | None = None

    def step(self, entry: Entry) -> bool:
        """Go on over one entry; False at the first that does not fit. A range is believed."""
        if entry.last <= self.seq:
            return True  # summarised while we walked
        if entry.digest is None:
            self.ranges += 1
            self.link = entry.link or b""
        else:
            self.rows += 1
            self.link = link_of(self.link, entry.digest)
        if self.link != entry.link:
            self.broken = entry.first
            return False
        self.seq = entry.last
        return True
