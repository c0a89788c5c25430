"""The journal's files: names beside it, setting a damaged one aside, the child that makes the tables. Knows no SQL."""

import itertools
import logging
import subprocess
import sys
from pathlib import Path

from agent.outbox_fault import JournalFault
from agent.sequence_reserve import sync_directory

_MIGRATION_S = 600  # a journal of four years is rewritten once
_SALVAGE_S = 300  # it stops reading by itself after a minute
_log = logging.getLogger("agent.outbox")


def beside(path: Path, ending: str) -> Path:
    """The file of this name with something after it, as SQLite names its own."""
    return path.with_name(path.name + ending)


def set_aside(path: Path) -> Path:
    """Rename a damaged database with its log, so that it can still be opened by its new name, which is returned."""
    candidates = (beside(path, f".corrupt-{n}") for n in itertools.count(1))
    aside = next(candidate for candidate in candidates if not candidate.exists())
    for ending in ("-wal", "-shm", ""):
        if beside(path, ending).exists():
            beside(path, ending).rename(beside(aside, ending))
    sync_directory(path.parent)
    return aside


def make_tables(path: Path) -> None:
    """Have a child process make the tables or bring them up to date; JournalFault says why it could not."""
    command = [sys.executable, "-m", "agent.outbox_schema", str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, capture_output=True, text=True, timeout=_MIGRATION_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise JournalFault(
            f"Journal {path}: its tables were not made within {_MIGRATION_S} s. Check the card."
        ) from None
    if done.returncode == 0:
        return
    said = (done.stderr.strip().splitlines() or ["no word about why"])[-1]
    is_damaged = "malformed" in said or "not a database" in said
    raise JournalFault(f"Journal {path}: its tables were not made. {said}", corrupt=is_damaged)


def salvage(aside: Path, path: Path) -> None:
    """Have a child process copy what can be read of a damaged journal into a new one, which it makes first.

    Nothing depends on its success: what it could not copy is still in the file set aside.
    """
    make_tables(path)
    command = [sys.executable, "-m", "agent.outbox_salvage", str(aside), str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command, capture_output=True, text=True, timeout=_SALVAGE_S, check=False
        )
    except subprocess.TimeoutExpired:
        _log.error("Nothing of %s was salvaged within %d s.", aside, _SALVAGE_S)
        return
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no word about why"])[-1]
        _log.error("Nothing of %s was salvaged. %s", aside, said)
