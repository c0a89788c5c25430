"""The reading side of a serial port: what line and ear share. Knows neither pyserial nor frames.

An unplugged port stays readable for ever: with the first sign of that its reader is removed and it
is closed.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import termios
from collections.abc import Callable
from typing import Final

from agent.clock import Clock
from agent.drivers.address import SerialAddress
from agent.drivers.line import Inbox, Pace, pace_of

_CHUNK_BYTES: Final = 4096
_LOST: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL
_TAKEN: Final = "another program has it open (a second agent, ModemManager, getty); `fuser -v` names it: stop it"
_ADVICE: Final = {
    errno.ENOENT: "it is not there: adapter unplugged, or another name; see /dev/serial/by-id",
    errno.EACCES: "permission denied: the service's user must be in group dialout",
    errno.EAGAIN: _TAKEN,
    errno.EBUSY: _TAKEN,
}


OPENING_S: Final = 5.0  # a healthy port opens in milliseconds


def advice(path: str, error: Exception) -> str:
    """Say why a port could not be opened and what to do about it."""
    if isinstance(error, TimeoutError):
        return f"opening {path} hangs: the adapter is stuck; unplug it and plug it in again"
    number = error.errno if isinstance(error, OSError) else None
    otherwise = f"{error}; check that it is a serial port that knows baudrate and parity"
    return f"cannot open {path}: {_ADVICE.get(number or 0, otherwise)}"


class SerialReader:
    """Bytes of one port into an inbox, for as long as there is an open descriptor."""

    def __init__(self, address: SerialAddress, clock: Clock) -> None:
        bits = 1 + 8 + (address.parity != "N") + address.stopbits
        self._address = address
        self._fd = -1
        self._free: Callable[[], None] = lambda: None
        self.inbox = Inbox(clock)
        self.pace: Pace = pace_of(address.baudrate, bits)

    @property
    def is_open(self) -> bool:
        """Whether the port is ours and not known to be lost."""
        return self._fd >= 0

    def _begin(self, fd: int, free: Callable[[], None]) -> None:
        """Read from an open descriptor that is ours alone until `close`, which calls `free`."""
        self._fd, self._free = fd, free
        # Not every program looks at the lock that was taken. It ends with the last close.
        with contextlib.suppress(OSError):
            fcntl.ioctl(fd, termios.TIOCEXCL)
        asyncio.get_running_loop().add_reader(fd, self._readable)

    def close(self) -> None:
        """Close the port; nothing happens when it is closed."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        asyncio.get_running_loop().remove_reader(fd)
        with contextlib.suppress(OSError):
            fcntl.ioctl(fd, termios.TIOCNXCL)
        self._free()
        self.inbox.wake()

    def catch_up(self) -> None:
        """Take into the inbox what has come but was not read yet; it may show that the port is lost."""
        if self.is_open:
            self._readable()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if data:
            self.inbox.add(data)
        elif self._is_hung_up():  # else a flush took the bytes that were announced
            self.close()

    def _is_hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return any(events & _LOST for _, events in poll.poll(0))
