"""A file that only takes room, so that the last alarms find some on a full disk. Knows nothing of the journal."""

import contextlib
import logging
import os
from pathlib import Path

BALLAST_BYTES = 4 << 20  # the log (1 MiB, more in a burst) and about 5,000 alarms
_log = logging.getLogger("agent.outbox")


class Ballast:
    """Taken when there is room for it twice over, given up when a commit finds none."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self._path = path
        self._size = size

    @property
    def is_there(self) -> bool:
        """Whether the disk holds it in full."""
        try:
            found = self._path.stat()
        except OSError:
            return False
        return found.st_size >= self._size and found.st_blocks * 512 >= self._size

    def make(self) -> bool:
        """Take the room; False when the disk has not enough to spare, or does not let us."""
        if self.is_there:
            return True
        try:
            if self._room() < 2 * self._size:
                return False
            self._allocate()
        except OSError as error:
            self._remove()
            _log.debug("No ballast %s: %s.", self._path, error.strerror)
            return False
        return True

    def release(self) -> bool:
        """Give the room up. Answers whether there was any to give."""
        was_there = self._path.exists()
        self._remove()
        if was_there:
            _log.warning(
                "The disk of %s is full: the ballast beside it was removed to keep room for alarms. Free space.",
                self._path,
            )
        return was_there

    def _room(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        finally:
            os.close(descriptor)

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
