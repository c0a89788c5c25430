"""Sequence numbers reserved outside the database, so that a lost database never repeats one.

A small file beside the database says up to which number any could have been used. It is written once in a thousand
events, always before the first number of a new block is committed. Two slots in different disk blocks are written in
turn, each with its checksum: a write torn by a power cut leaves the other slot. Knows nothing of events or SQL.
"""

import contextlib
import logging
import os
import struct
import zlib
from pathlib import Path

BLOCK = 1000
_SLOT = struct.Struct(">8sQI")  # magic, reserved through, CRC-32 of both
_MAGIC = b"agentseq"
_SLOT_AT = (0, 4096)  # one file-system block each, so that one torn write cannot reach both
_log = logging.getLogger("agent.outbox")


class SequenceReserve:
    """The side file. `reserved_through` is the highest number possibly used, 0 when nothing is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._slots = _read_slots(path)
        self.reserved_through = max(self._slots)

    def reserve(self, past: int) -> None:
        """Make the block of numbers after `past` ours, on the disk when this returns.

        Raises OSError when the disk does not take it; nothing is reserved then.
        """
        through = past + BLOCK
        assert through > self.reserved_through, "a reservation never goes back"
        slot = self._slots.index(min(self._slots))
        _write(self.path, _SLOT_AT[slot], _encode(through))
        self._slots[slot] = through
        self.reserved_through = through


def sync_directory(directory: Path) -> None:
    """Put a directory's entries on the disk, after a file in it was made or renamed."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encode(through: int) -> bytes:
    plain = _SLOT.pack(_MAGIC, through, 0)[:-4]
    return plain + zlib.crc32(plain).to_bytes(4, "big")


def _decode(slot: bytes) -> int:
    """What a slot reserves; 0 for one that is empty, torn or foreign."""
    if len(slot) < _SLOT.size:
        return 0
    magic, through, checksum = _SLOT.unpack(slot[: _SLOT.size])
    if magic != _MAGIC or checksum != zlib.crc32(slot[: _SLOT.size - 4]):
        return 0
    return int(through)


def _read_slots(path: Path) -> list[int]:
    """Both slots. A file that cannot be read reserves nothing: the database's own head then decides."""
    content = b""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [0, 0]
    except OSError as error:
        _log.warning("The sequence reserve %s cannot be read: %s.", path, error.strerror)
    slots = [_decode(content[at:]) for at in _SLOT_AT]
    if not any(slots):
        _log.warning("The sequence reserve %s holds nothing readable; it is begun anew.", path)
    return slots


def _write(path: Path, at: int, slot: bytes) -> None:
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
    with contextlib.closing(os.fdopen(descriptor, "wb", buffering=0)) as file:
        file.seek(at)
        written = file.write(slot)
        if written != len(slot):
            raise OSError(28, "no space left for the sequence reserve", str(path))
        os.fsync(descriptor)
    if is_new:
        sync_directory(path.parent)
