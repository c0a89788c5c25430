"""A serial port to listen on only. It cannot write: the port is opened for reading, and not otherwise.

Nor does it make the kernel send: no echo of what came, no XON or XOFF when a buffer fills, no
hardware handshake, no change of DTR and RTS beyond the one that every opening makes; closing leaves
them as they are. A terminal fresh from the kernel would echo until it is told not to: that is the
first thing done with it. Whoever wants a proof that needs no software leaves the sending wire off.
"""

import asyncio
import fcntl
import functools
import os
import termios
from typing import Any, Final

from agent.drivers.address import SerialAddress
from agent.drivers.serial_reader import SerialReader, advice

_PARITY: Final = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}


class SerialEar(SerialReader):
    """One port, listened to in one way."""

    async def open(self) -> str:
        """Open the port, in a thread: a stuck adapter can hold its opener for seconds."""
        try:
            fd = await asyncio.to_thread(_opened, self._address)
        except (OSError, termios.error) as error:
            return advice(self._address.path, error)
        self._begin(fd, functools.partial(os.close, fd))
        return ""


def _opened(address: SerialAddress) -> int:
    fd = os.open(address.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        termios.tcsetattr(fd, termios.TCSANOW, _raw(address))
    except (OSError, termios.error):
        os.close(fd)
        raise
    return fd


def _raw(address: SerialAddress) -> list[Any]:
    """Give the terminal's settings: bytes as they come, and nothing back."""
    speed = getattr(termios, f"B{address.baudrate}")
    control = termios.CS8 | termios.CREAD | termios.CLOCAL | _PARITY[address.parity]
    if address.stopbits == 2:
        control |= termios.CSTOPB
    characters = [0] * termios.NCCS
    return [0, 0, control, 0, speed, speed, characters]
