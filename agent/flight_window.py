"""The last minutes of changes in memory, as encoded text: what the flight recorder cuts its files from.

Pure, and bounded in bytes. Each change is an entry, `microseconds,"signal":…,"value":…}` and a newline: a line of a
recording whose time is still uptime. What is forgotten leaves its last values behind: every cut is complete in itself.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from agent.model import SECOND_US, Quality, Reading

BYTES_MAX = 256 * 1024  # an hour of a busy elevator; minutes where contacts chatter
_BLOCK_BYTES = 8 * 1024
_encode = msgspec.json.Encoder().encode


class Past(msgspec.Struct, frozen=True):
    """What a window held at one instant: the values at `begin_us`, and the entries since, oldest first."""

    begin_us: int
    base: Mapping[bytes, bytes]
    blocks: tuple[bytes, ...]


class Window:
    """Remembers changes since `start_us`, the oldest are forgotten first."""

    def __init__(self, start_us: int, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max, self.begin_us = bytes_max, start_us
        self._base: dict[bytes, bytes] = {}
        self._blocks: deque[bytes] = deque()
        self._open = bytearray()
        self._sealed_bytes = 0

    @property
    def size(self) -> int:
        """Bytes of entries held."""
        return self._sealed_bytes + len(self._open)

    def add(self, entries: bytes) -> None:
        """Remember one batch."""
        self._open += entries
        if len(self._open) < _BLOCK_BYTES:
            return
        self._blocks.append(bytes(self._open))
        self._sealed_bytes += len(self._open)
        self._open.clear()
        while self._sealed_bytes > self._bytes_max:
            self._forget(self._blocks.popleft())

    def past(self) -> Past:
        """All there is, as it is now; costs no more than a copy of the last few kilobytes."""
        return Past(self.begin_us, dict(self._base), (*self._blocks, bytes(self._open)))

    def _forget(self, block: bytes) -> None:
        self._sealed_bytes -= len(block)
        for entry in block.splitlines(keepends=True):
            at, tail = _parts(entry)
            self._base[_name(tail)] = tail
            self.begin_us = at


def entries_of(changes: Iterable[Reading], at_us: int) -> bytes:
    """Encode one batch at an instant."""
    return b"".join([b"%d,%b\n" % (at_us, _encode(_said(each))[1:]) for each in changes])


def cut(past: Past, start_us: int) -> Iterator[bytes]:
    """Yield blocks of entries from an instant on, first the values that stood then; `start_us` is not before `begin_us`."""
    known, blocks = dict(past.base), iter(past.blocks)
    rest = b""
    for block in blocks:
        rest = _take(block, start_us, known)
        if rest:
            break
    yield b"".join([b"%d,%b" % (start_us, tail) for tail in known.values()])
    yield rest
    yield from blocks


def lines_of(entries: bytes, start_us: int) -> bytes:
    """Write entries as lines of a recording whose time begins at `start_us`."""
    lines: list[bytes] = []
    for entry in entries.splitlines(keepends=True):
        at_us, tail = _parts(entry)
        lines.append(b'{"t":%b,%b' % (repr((at_us - start_us) / SECOND_US).encode(), tail))
    return b"".join(lines)


def _take(block: bytes, start_us: int, known: dict[bytes, bytes]) -> bytes:
    """What of a block is not older than an instant; what is older goes into what is known."""
    entries = block.splitlines(keepends=True)
    for index, entry in enumerate(entries):
        at_us, tail = _parts(entry)
        if at_us >= start_us:
            return b"".join(entries[index:])
        known[_name(tail)] = tail
    return b""


def _said(change: Reading) -> Mapping[str, object]:
    if change.quality is Quality.GOOD:
        return {"signal": change.signal, "value": change.value}
    return {"signal": change.signal, "quality": change.quality.value}


def _parts(entry: bytes) -> tuple[int, bytes]:
    at, _, tail = entry.partition(b",")
    return int(at), tail


def _name(tail: bytes) -> bytes:
    return tail.split(b'"', 4)[3]
