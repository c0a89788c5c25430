"""A disk that forgets: from what was done to it, one state that a power cut at an instant may leave.

What was flushed is there. Of what was written since a file's last flush any 512-byte sectors may be there and any may be
missing, in whatever order they were written; bytes outside a write are never harmed. Truncations not flushed happen or
do not. Making and deleting a file is there at once. Nothing flushed is ever lost: a card that lies about flushing is not
modelled.
"""

import random
from collections.abc import Iterable
from pathlib import Path

from hil.recording_disk import Op

SECTOR = 512


class _File:
    """One file: what is safe, and what was done since."""

    def __init__(self) -> None:
        self.safe = bytearray()
        self.pending: list[Op] = []

    def flush(self) -> None:
        for op in self.pending:
            _do(self.safe, op)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        left, share = bytearray(self.safe), chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for op in self.pending:
            for piece in _sectors(op):
                if chance.random() < share:
                    _do(left, piece)
        return bytes(left)


class ForgetfulDisk:
    """All files, as deeds are done to them."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def do(self, op: Op) -> None:
        """One more deed."""
        if op.what == "delete":
            self._files.pop(op.name, None)
        elif op.what == "sync":
            self._files.setdefault(op.name, _File()).flush()
        elif op.what != "said":
            self._files.setdefault(op.name, _File()).pending.append(op)

    def cut(self, folder: Path, chance: random.Random) -> None:
        """Leave in a folder what a cut now may leave."""
        for name, file in self._files.items():
            (folder / name).write_bytes(file.after_a_cut(chance))


def _sectors(op: Op) -> Iterable[Op]:
    if op.what != "write":
        yield op
        return
    at, end = op.at, op.at + len(op.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        yield Op("write", op.name, at, op.data[at - op.at : stop - op.at])
        at = stop


def _do(content: bytearray, op: Op) -> None:
    if op.what == "truncate":
        del content[op.at :]
        content.extend(bytes(op.at - len(content)))
        return
    content.extend(bytes(max(0, op.at - len(content))))
    content[op.at : op.at + len(op.data)] = op.data
