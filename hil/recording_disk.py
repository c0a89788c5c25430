"""What SQLite and the sequence reserve do to their files, in order: writes, truncations, flushes.

A layer between SQLite and its own file layer (the interface of sqlite3_vfs), laid by ctypes into the library that Python's
`sqlite3` uses; every call still reaches the real file. For one process, and for good: whoever wants it takes one of its own.
"""

import ctypes
from collections.abc import Callable, Sequence
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from agent import sequence_reserve


class Op(msgspec.Struct, frozen=True, array_like=True):
    """One deed on the file `name`: `write` at an offset, `truncate` to a length, `sync`, `delete`, or `said`.

    `said` marks the instant at which the journal told its caller that something is committed; `data` says what.
    """

    what: str
    name: str
    at: int = 0
    data: bytes = b""


# A path is passed on as the pointer it is: the real layer keeps it for as long as the file is open.
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class _Methods(Structure):
    """sqlite3_io_methods, version 3."""

    _fields_: ClassVar[Sequence[Any]] = [
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", _WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        *((f"other_{number}", c_void_p) for number in range(13)),
    ]


class _File(Structure):
    """sqlite3_file: what follows belongs to the real layer."""

    _fields_: ClassVar[Sequence[Any]] = [("methods", POINTER(_Methods))]


class _Vfs(Structure):
    """sqlite3_vfs, version 3."""

    _fields_: ClassVar[Sequence[Any]] = [
        ("version", c_int),
        ("size_of_file", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _OPEN),
        ("delete", _DELETE),
        *((f"other_{number}", c_void_p) for number in range(14)),
    ]


class RecordingDisk:
    """Lays itself between; `ops` grows with every deed. OSError where the library is not a shared one."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._library = ctypes.CDLL("libsqlite3.so.0")
        find = self._library.sqlite3_vfs_find
        find.restype = POINTER(_Vfs)
        self._real = find(None)
        self._names: dict[int, str] = {}
        self._wrapped: dict[int, _Methods] = {}
        self._mine = _Vfs.from_buffer_copy(self._real.contents)
        self._mine.name = b"recording"
        self._mine.open, self._mine.delete = _OPEN(self._open), _DELETE(self._delete)
        self._library.sqlite3_vfs_register(ctypes.byref(self._mine), 1)
        self._record_reserve()

    def said(self, data: bytes) -> None:
        """The journal has told its caller this."""
        self.ops.append(Op("said", "", 0, data))

    def _open(self, _vfs: int, path: int | None, file: int, flags: int, out: int) -> int:
        code: int = self._real.contents.open(
            ctypes.cast(self._real, c_void_p).value, path, file, flags, out
        )
        held = _File.from_address(file)
        if code == 0 and path and held.methods:
            self._names[file] = Path(ctypes.string_at(path).decode()).name
            held.methods = ctypes.pointer(self._wrap(held.methods))
        return code

    def _wrap(self, real: Any) -> _Methods:  # noqa: ANN401 - a pointer
        address = ctypes.addressof(real.contents)
        if address not in self._wrapped:
            below = _Methods.from_address(address)  # not `real`, which is a view of what we change
            mine = _Methods.from_buffer_copy(below)
            write, truncate, sync = below.write, below.truncate, below.sync
            mine.write = _WRITE(
                lambda file, data, size, at: self._write(write, file, data, size, at)
            )
            mine.truncate = _TRUNCATE(lambda file, size: self._truncate(truncate, file, size))
            mine.sync = _SYNC(lambda file, flags: self._sync(sync, file, flags))
            self._wrapped[address] = mine
        return self._wrapped[address]

    def _write(self, real: Callable[..., int], file: int, data: int, size: int, at: int) -> int:
        self.ops.append(Op("write", self._names[file], at, ctypes.string_at(data, size)))
        return real(file, data, size, at)

    def _truncate(self, real: Callable[..., int], file: int, size: int) -> int:
        self.ops.append(Op("truncate", self._names[file], size))
        return real(file, size)

    def _sync(self, real: Callable[..., int], file: int, flags: int) -> int:
        code = real(file, flags)
        self.ops.append(Op("sync", self._names[file]))
        return code

    def _delete(self, _vfs: int, path: bytes, sync: int) -> int:
        self.ops.append(Op("delete", Path(path.decode()).name))
        real = ctypes.cast(self._real, c_void_p).value
        code: int = self._real.contents.delete(real, path, sync)
        return code

    def _record_reserve(self) -> None:
        real = sequence_reserve._write  # noqa: SLF001 - its one write and flush

        def write(path: Path, at: int, slot: bytes) -> None:
            self.ops.append(Op("write", path.name, at, slot))
            real(path, at, slot)
            self.ops.append(Op("sync", path.name))

        sequence_reserve._write = write  # noqa: SLF001
