"""The recorder: writes every change of a signal to a file that `elevator-agent replay` reads.

It writes what the monitor was given, after staleness was decided, so that a replay decides the same. A failing disk ends the
recording, once logged, and disturbs nothing else. It writes on the event loop and only into a regular file, which takes
what is given it into memory at once; a disk that hangs for good is not covered, so record where the journal is not.
"""

import datetime as dt
import errno
import logging
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

from msgspec.structs import replace

from agent.model import Instant, Reading
from agent.recording import Header, header_line, reading_line, time_line

_log = logging.getLogger("agent.recorder")
_BYTES_MAX = (
    64 * 1024 * 1024
)  # a day of a busy elevator is about 5 MB; a forgotten recording must not fill the card


class Recorder:
    """One recording under way. Close it to get the last line."""

    def __init__(
        self,
        path: Path,
        elevator: str,
        boot_id: str,
        start: Instant,
        drivers: Mapping[str, Sequence[str]],
    ) -> None:
        """Open the file; raises OSError, also for what is no regular file: at the start that is the user's to mend."""
        self._path, self._start_us, self._size = path, start.uptime_us, 0
        self._last_us = start.uptime_us
        self._file: BufferedWriter | None = _opened(path)
        signals = tuple(signal for wired in drivers.values() for signal in wired)
        wall = dt.datetime.fromtimestamp(start.wall_us / 1_000_000, tz=dt.UTC)
        wired = {name: tuple(given) for name, given in drivers.items()}
        header = Header(
            recording=1,
            elevator=elevator,
            boot_id=boot_id,
            wall=wall,
            signals=signals,
            drivers=wired,
        )
        self._write([header_line(header)])

    def record(self, changes: Sequence[Reading]) -> None:
        """Write one batch of changes; they carry its instant. One that comes late does not turn time back."""
        if self._file is not None and changes:
            self._last_us = at_us = max(self._last_us, changes[0].at_us)
            batch = [replace(change, at_us=at_us) for change in changes]
            self._write([reading_line(change, self._start_us) for change in batch])

    def close(self, at_us: int) -> None:
        """End the recording: time went on until now."""
        if self._file is not None:
            self._write([time_line(max(self._last_us, at_us), self._start_us)])
        self._end()

    def _write(self, lines: Sequence[bytes]) -> None:
        assert self._file is not None
        text = b"\n".join(lines) + b"\n"
        self._size += len(text)
        try:
            self._file.write(text)
            self._file.flush()
            if self._size > _BYTES_MAX:
                _log.warning("recording %s ended: it has reached %d bytes", self._path, self._size)
                self._end()
        except OSError as error:
            _log.warning("recording %s ended: %s", self._path, error)
            self._end()

    def _end(self) -> None:
        """Give the file back, whatever the disk says to it."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def _opened(path: Path) -> BufferedWriter:
    """Open without waiting: a pipe or a device may take nothing, and everything else would wait for it."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    os.truncate(number, 0)
    return os.fdopen(number, "wb")
