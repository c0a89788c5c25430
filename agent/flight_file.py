"""One recording's file, on the thread's side: packed in the recorder's folder, or plain where a person named it.

Nothing here belongs on the event loop but opening a plain file, at the start. What the disk says to it is raised as OSError.
"""

import errno
import os
import stat
import zlib
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path
from typing import Protocol

from agent.flight_names import PART

# A window of 8 KB instead of 32: packs changes as well and takes 64 KB of memory instead of 260.
_GZIP_WINDOW, _GZIP_MEMORY = 16 + 13, 6
FOLDER_MODE, FILE_MODE = 0o750, 0o640  # the service's group may copy them out


class Sink(Protocol):
    """Where a recording's text goes."""

    def write(self, text: Iterable[bytes]) -> None:
        """Take the next text; it is with the operating system then."""
        ...

    def finish(self) -> None:
        """Make it whole."""
        ...

    def abandon(self) -> None:
        """Give the file back, whatever the disk says."""
        ...


class PackedFile:
    """A gzip file that bears its name only when it is whole; until then it ends in `.part`.

    Each text is a gzip member of its own, so that what was written can be read whatever happens after.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedWriter | None = None

    def write(self, text: Iterable[bytes]) -> None:
        """Append one member; the first makes the file."""
        if self._file is None:
            self._file = _made(_part(self._path))
        pack_into(self._file, text)
        self._file.flush()

    def finish(self) -> None:
        """Bring it to the disk, then give it its name."""
        assert self._file is not None, "finished before anything was written"
        os.fsync(self._file.fileno())
        self._file.close()
        _part(self._path).rename(self._path)

    def abandon(self) -> None:
        """Leave what was written as it is: the next start makes it whole."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


class PlainFile:
    """A file of JSON Lines that was asked for by name; each text is readable at once."""

    def __init__(self, path: Path) -> None:
        """Open without waiting: a pipe or a device may take nothing. Raises OSError, also for what is no regular file."""
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        os.truncate(number, 0)
        self._file = os.fdopen(number, "wb")

    def write(self, text: Iterable[bytes]) -> None:
        """Append."""
        self._file.writelines(text)
        self._file.flush()

    def finish(self) -> None:
        """Close it."""
        self._file.close()

    def abandon(self) -> None:
        """Close it."""
        with suppress(OSError):
            self._file.close()


def pack_into(file: BufferedWriter, text: Iterable[bytes]) -> None:
    """Write one gzip member."""
    pack = zlib.compressobj(6, zlib.DEFLATED, _GZIP_WINDOW, _GZIP_MEMORY)
    file.writelines(pack.compress(each) for each in text)
    file.write(pack.flush())


def _part(path: Path) -> Path:
    return path.with_name(path.name + PART)


def _made(path: Path) -> BufferedWriter:
    path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(number, FILE_MODE)
    return os.fdopen(number, "wb")
