"""One agent a journal: a lock file beside the database, held as long as the process lives. Knows nothing of SQL."""

import fcntl
import os
from pathlib import Path


class JournalBusy(Exception):  # noqa: N818 - a state of the world the caller asks about, not a mistake
    """Another process holds the journal; `pid` names it, None when it has not said so yet."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"The journal {path} is held by {who}: an agent for this elevator already runs. "
            "Stop that one first (systemctl stop elevator-agent)."
        )
        self.pid = pid


class JournalLock:
    """Taken on construction: JournalBusy when another has it, OSError when the file cannot be made."""

    def __init__(self, journal: Path) -> None:
        path = journal.with_name(journal.name + ".lock")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _pid(os.pread(self._descriptor, 32, 0))
            self.release()
            raise JournalBusy(journal, pid) from None
        self._say_who()

    def release(self) -> None:
        """Let another have it; twice does no harm. The file stays: removing it would race with the next holder."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _say_who(self) -> None:
        """Write our pid for whoever finds the lock taken; the lock itself needs no byte of disk."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return


def _pid(content: bytes) -> int | None:
    text = content.strip()
    return int(text) if text.isdigit() else None
