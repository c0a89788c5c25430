"""One recording under way: what waits on the event loop for its file, and the jobs that bring it there.

Its memory is bounded: a file whose disk takes nothing ends where the bound was reached.
"""

import logging
from collections.abc import Iterator
from functools import partial

from agent.flight_disk import Disk
from agent.flight_file import Sink
from agent.flight_window import Past, cut, lines_of
from agent.model import SECOND_US, Severity
from agent.recording import Header, header_line, time_line

WAITING_BYTES_MAX = 128 * 1024
_PORTION_BYTES, _PORTION_US = 16 * 1024, 30 * SECOND_US
_log = logging.getLogger("agent.recorder")


class Tape:
    """A recording from `start_us`, its t = 0, to `until_us` (None: until it is told to end), of at most `bytes_max`.

    `past` is what happened between its start and now. `severity` is that of the event it was begun for, None where a
    person asked for it. `is_live`: written as it comes, not in portions.
    """

    def __init__(  # noqa: PLR0913 - a record of what one recording is
        self,
        name: str,
        header: Header,
        sink: Sink,
        *,
        start_us: int,
        until_us: int | None,
        past: Past,
        bytes_max: int,
        severity: Severity | None = None,
        is_live: bool = False,
    ) -> None:
        self.name, self.severity, self.is_live = name, severity, is_live
        self.start_us, self.until_us = start_us, until_us
        self.is_closed = self.is_done = (
            False  # all is on its way; all is written, or nothing more will be
        )
        self.error: OSError | None = None
        self._header, self._sink, self._left = header, sink, bytes_max
        self._past: Past | None = past
        self._waiting = bytearray()
        self._handed_us = self._last_us = start_us
        self._is_busy = False

    def add(self, entries: bytes, at_us: int) -> None:
        """Take one batch."""
        if self.is_closed or self.error is not None:
            return
        self._left -= len(entries)
        if self._left < 0:
            self._end(at_us, "it is as long as it may be")
        elif len(self._waiting) > WAITING_BYTES_MAX:
            self._end(at_us, "the disk does not answer")
        else:
            self._waiting += entries
            self._last_us = at_us

    def pump(self, now_us: int, disk: Disk) -> None:
        """Hand over what is due."""
        if self.is_closed:
            return
        if self.until_us is not None and now_us >= self.until_us:
            self.is_closed = True
            self._hand(now_us, disk, max(self._last_us, self.until_us))
        elif not self._is_busy and self._is_due(now_us):
            self._hand(now_us, disk, None)

    def end(self, now_us: int) -> None:
        """End now at the latest."""
        self.until_us = now_us if self.until_us is None else min(self.until_us, now_us)

    def _end(self, at_us: int, why: str) -> None:
        if self.until_us is None or at_us < self.until_us:
            _log.warning("The recording %s ended: %s.", self.name, why)
        self.end(at_us)

    def _is_due(self, now_us: int) -> bool:
        if self._past is not None:
            return True
        full = len(self._waiting) >= _PORTION_BYTES or now_us - self._handed_us >= _PORTION_US
        return bool(self._waiting) and (full or self.is_live)

    def _hand(self, now_us: int, disk: Disk, end_us: int | None) -> None:
        entries, past, self._past = bytes(self._waiting), self._past, None
        self._waiting.clear()
        self._handed_us, self._is_busy = now_us, True
        disk.do(partial(self._write, past, entries, end_us))

    def _write(self, past: Past | None, entries: bytes, end_us: int | None) -> None:
        """In the thread. What the world does to the file ends the recording, and nothing else."""
        try:
            if self.error is None:
                self._sink.write(self._text(past, entries, end_us))
                if end_us is not None:
                    self._sink.finish()
        except OSError as wrong:
            self.error = wrong
            self._sink.abandon()
        self._is_busy = False
        self.is_done = end_us is not None or self.error is not None

    def _text(self, past: Past | None, entries: bytes, end_us: int | None) -> Iterator[bytes]:
        if past is not None:
            yield header_line(self._header) + b"\n"
            for block in cut(past, self.start_us):
                yield lines_of(block, self.start_us)
        yield lines_of(entries, self.start_us)
        if end_us is not None:
            yield time_line(end_us, self.start_us) + b"\n"
