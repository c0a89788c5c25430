"""What can be wrong with the journal's disk, in words for the person who has to mend it. Knows no SQL library."""

import errno
from collections.abc import Mapping
from pathlib import Path


class JournalFault(Exception):  # noqa: N818 - a state of the world, handled by every caller
    """The journal could not be read or written; nothing of the transaction remains.

    `reason` says what happened and what to do; `corrupt` that the content is damaged, not only out of reach; `full` that
    the disk has no room.
    """

    def __init__(self, reason: str, *, corrupt: bool = False, full: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.corrupt = corrupt
        self.full = full


FULL_CODE = 13  # SQLITE_FULL
_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})
CORRUPT_CODES = frozenset({11, 26})  # SQLITE_CORRUPT, SQLITE_NOTADB
_REASONS: Mapping[int, str] = {  # SQLite's primary result codes
    3: "access is denied. Give the file and its directory to the service's user",
    5: "another program holds it locked. Close whatever has the database open for writing",
    6: "another program holds it locked. Close whatever has the database open for writing",
    7: "the computer is out of memory",
    8: "it is read-only. Remount the file system writable, or check the card: a failing one turns read-only",
    10: "the disk answers with an error. Check the card and its file system (dmesg), then replace it",
    11: "its content is damaged. It is set aside and a new one begun",
    13: "the disk is full. Free space on its partition",
    14: "it cannot be opened. Check that its directory exists and belongs to the service's user",
    26: "its content is not a database. It is set aside and a new one begun",
}


def database_fault(path: Path, code: int, text: str) -> JournalFault:
    """The fault of a SQLite result code (primary or extended); `text` is SQLite's own."""
    primary = code & 0xFF
    cause = _REASONS.get(primary, "the database reports an error")
    return JournalFault(
        f"Journal {path}: {cause} ({text}).",
        corrupt=primary in CORRUPT_CODES,
        full=primary == FULL_CODE,
    )


def system_fault(path: Path, error: OSError) -> JournalFault:
    """The fault of a system call on the journal's directory, lock or reserve."""
    directory = path.parent
    if isinstance(error, FileNotFoundError) and directory.is_dir():
        return JournalFault(f"There is no journal {path}. The service makes it at its first start.")
    if isinstance(error, FileNotFoundError):
        return JournalFault(
            f"Journal {path}: its directory {directory} does not exist. "
            "Create it and give it to the service's user, or correct outbox.path."
        )
    if isinstance(error, NotADirectoryError):
        return JournalFault(f"Journal {path}: {directory} is not a directory. Correct outbox.path.")
    if isinstance(error, PermissionError):
        return JournalFault(
            f"Journal {path}: the directory {directory} may not be written. "
            "Give it to the service's user."
        )
    return JournalFault(
        f"Journal {path}: the disk answers with an error ({error.strerror or error}). "
        f"Check free space and the card that carries {directory}.",
        full=error.errno in _FULL_ERRORS,
    )
