"""The archive as a file: written whole or not at all, and read back one recording at a time."""

import contextlib
import hashlib
import io
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import msgspec

from agent.bundle.kept import CONFIGURATION, RECORDINGS
from agent.bundle.piece import Missing, Piece

MANIFEST = "manifest.json"
_MODE = 0o600  # it tells of people and of a building
_MEMBER_BYTES_MAX = 64 << 20
_MAGIC = b"\x1f\x8b"
_USEFUL = re.compile(
    r"configuration/agent\.toml|configuration/(controllers|platforms)/[\w-]+\.toml|recordings/[\w.-]+\.jsonl\.gz"
)


class Member(msgspec.Struct, frozen=True):
    """One file in the archive."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What is in the archive, and what is not and why."""

    bundle: int
    elevator: str
    made_at: str
    version: str
    members: tuple[Member, ...]
    missing: tuple[Missing, ...]


def member_of(piece: Piece) -> Member:
    """How a piece stands in the manifest."""
    return Member(piece.name, len(piece.content), hashlib.sha256(piece.content).hexdigest())


class Writer:
    """A new archive, readable by its owner alone; it gets its name when it is whole."""

    def __init__(self, path: Path, folder: str, wall_s: int) -> None:
        self._path, self._folder, self._wall_s = path, folder, wall_s
        self._part = path.with_name(path.name + ".part")
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
        self._file = os.fdopen(handle, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w:gz")  # noqa: SIM115 - closed by `finish`

    def add(self, piece: Piece) -> None:
        """Append a member."""
        about = tarfile.TarInfo(f"{self._folder}/{piece.name}")
        about.size, about.mtime, about.mode = len(piece.content), self._wall_s, _MODE
        self._tar.addfile(about, io.BytesIO(piece.content))

    def finish(self) -> None:
        """Make it whole and give it its name."""
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self._part.unlink(missing_ok=True)


class NotABundleError(Exception):
    """The file is no archive of this kind, or is damaged; the text says which."""


def is_bundle(path: Path) -> bool:
    """Whether a file is such an archive, by content: a recording may be gzipped as well."""
    try:
        with path.open("rb") as file:
            if file.read(2) != _MAGIC:
                return False
        return tarfile.is_tarfile(path)
    except (OSError, EOFError):
        return False


def recordings_in(path: Path) -> list[str]:
    """Name the recordings in an archive, oldest first; raises NotABundleError."""
    names = [name for name, _ in _members(path) if name.startswith(RECORDINGS)]
    return sorted(name.removeprefix(RECORDINGS) for name in names)


@contextlib.contextmanager
def unpacked(path: Path, recording: str) -> Generator[tuple[Path, Path]]:
    """A recording and the configuration it was made under, as files for as long as this lasts; raises NotABundleError."""
    with tempfile.TemporaryDirectory(prefix="elevator-bundle-") as name:
        folder = Path(name)
        for member, content in _members(path):
            if member == RECORDINGS + recording or not member.startswith(RECORDINGS):
                target = folder / member
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content())
        yield folder / RECORDINGS / recording, folder / CONFIGURATION


def _members(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield what a replay can use, with how to read it; other names are passed over, wherever they point to."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            for about in tar:
                name = about.name.partition("/")[2]
                if about.isfile() and about.size <= _MEMBER_BYTES_MAX and _USEFUL.fullmatch(name):
                    yield name, partial(_content, tar, about)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as wrong:
        raise NotABundleError(f"{path}: the archive is damaged ({wrong})") from None


def _content(tar: tarfile.TarFile, about: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(about)
    assert file is not None, "a plain file has content"
    return file.read()
