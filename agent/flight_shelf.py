"""The recorder's folder, on the thread's side: what is in it, how much of it may stay, and what a power cut left behind.

Files that do not bear the recorder's names are nobody's business here: they are neither counted nor deleted.
"""

import errno
import logging
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from agent.flight_file import FILE_MODE, PackedFile, pack_into
from agent.flight_names import PART, Kept, kept, victims

_MENDED = ".mended"
_GZIP = 31  # zlib's word for a gzip container
_CHUNK_BYTES = 16 * 1024
_LINE_BYTES_MAX = 1024 * 1024
_log = logging.getLogger("agent.recorder")


class Shelf:
    """A folder with at most `bytes_max` of recordings, written to only while the disk has `free_min` bytes free."""

    def __init__(self, folder: Path, bytes_max: int, free_min: int) -> None:
        self.folder = folder
        self.bytes_max, self._free_min = bytes_max, free_min
        self.has_room = True  # as far as is known
        self._written: dict[str, int] = {}  # this run's files, in order: a wall clock may be set

    def tidy(self) -> None:
        """Make whole what an earlier run left, then see that not too much is kept."""
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.iterdir()):
            if path.name.endswith(_MENDED):
                path.unlink()
            elif path.name.endswith(PART) and kept(path.name.removesuffix(PART), 0):
                self._mend(path)
        self._prune()

    def look(self) -> bool:
        """Whether the disk has room for recordings: the journal comes first."""
        folder = self.folder if self.folder.is_dir() else self.folder.parent
        said = os.statvfs(folder)
        self.has_room = said.f_bavail * said.f_frsize >= self._free_min
        return self.has_room

    def file(self, name: str) -> "ShelvedFile":
        """Make a new recording's file."""
        return ShelvedFile(self, name)

    def finished(self, name: str) -> None:
        """A file is whole."""
        self._written[name] = len(self._written)
        self._prune()

    def files(self) -> list[Kept]:
        """The recordings, oldest first."""
        if not self.folder.is_dir():
            return []
        with os.scandir(self.folder) as entries:
            found = [self._kept(entry) for entry in entries]
        return sorted((each for each in found if each is not None), key=lambda each: each.age_key)

    def _kept(self, entry: "os.DirEntry[str]") -> Kept | None:
        try:
            return kept(entry.name, entry.stat().st_size, self._written.get(entry.name, -1))
        except FileNotFoundError:  # somebody moved it away meanwhile
            return None

    def _prune(self) -> None:
        for name in victims(self.files(), self.bytes_max):
            (self.folder / name).unlink(missing_ok=True)

    def _mend(self, part: Path) -> None:
        """What a power cut left is written again as far as it goes; what has no line at all is deleted."""
        mended = part.with_name(part.name + _MENDED)
        with suppress(FileNotFoundError):
            if _write_lines(part, mended):
                mended.rename(part.with_name(part.name.removesuffix(PART)))
                _log.warning("The recording %s was cut short and is kept as far as it goes.", part)
            else:
                mended.unlink()
            part.unlink()


class ShelvedFile:
    """A packed file that asks for room first and reports when it is whole."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._file = PackedFile(shelf.folder / name)
        self._shelf, self._name = shelf, name

    def write(self, text: Iterable[bytes]) -> None:
        """Append, while there is room."""
        if not self._shelf.look():
            raise OSError(errno.ENOSPC, "less is free than recorder.keep_free_mb")
        self._file.write(text)

    def finish(self) -> None:
        """Make it whole, and room for it."""
        self._file.finish()
        self._shelf.finished(self._name)

    def abandon(self) -> None:
        """Give it back."""
        self._file.abandon()


def _write_lines(part: Path, mended: Path) -> bool:
    """Pack what can be unpacked, up to the last whole line; whether that was anything."""
    lines = _whole_lines(part)
    first = next(lines, b"")
    with mended.open("wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        pack_into(file, _chain(first, lines))
        file.flush()
        os.fsync(file.fileno())
    return bool(first)


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _whole_lines(part: Path) -> Iterator[bytes]:
    rest = b""
    for chunk in _unpacked(part):
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            yield whole + newline
        if len(rest) > _LINE_BYTES_MAX:
            return


def _unpacked(part: Path) -> Iterator[bytes]:
    """What a file of gzip members holds, as far as it can be read."""
    with part.open("rb") as file:
        inflate = zlib.decompressobj(_GZIP)
        while packed := file.read(_CHUNK_BYTES):
            while packed:
                try:
                    yield inflate.decompress(packed)
                except zlib.error:
                    return
                packed = inflate.unused_data
                if inflate.eof:
                    inflate = zlib.decompressobj(_GZIP)
