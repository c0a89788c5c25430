"""A USB serial adapter, stood in for by a pty: plugged and unplugged, under a name that stays.

`link` plays the part of /dev/serial/by-id: it points to whatever terminal the adapter has got this
time. It knows bytes only; a pty has neither baud rate nor parity.
"""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from pathlib import Path

_CHUNK_BYTES = 4096


class PtyAdapter:
    """One adapter; `heard` is called with every byte that was written to its port."""

    def __init__(self, link: Path, heard: Callable[[bytes], None]) -> None:
        self.link = link
        self._heard = heard
        self._master = self._port = -1

    @property
    def is_plugged(self) -> bool:
        """Whether there is a port."""
        return self._master >= 0

    def plug(self) -> None:
        """Let the port appear; nothing happens when it is there."""
        if self.is_plugged:
            return
        # The port's own end stays open here: without it the other end would be hung up until
        # somebody opens the port.
        self._master, self._port = os.openpty()
        tty.setraw(self._port)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        fresh = self.link.with_name(self.link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._port))
        fresh.replace(self.link)

    def unplug(self) -> None:
        """Let the port vanish, under the hands of whoever has it open."""
        if not self.is_plugged:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._port)
        self._master = self._port = -1

    def write(self, data: bytes) -> None:
        """Let bytes come in at the port; what nobody takes out for long is lost."""
        if self.is_plugged:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)

    def _readable(self) -> None:
        data = os.read(self._master, _CHUNK_BYTES)
        if data:
            self._heard(data)
