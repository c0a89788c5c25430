"""A serial port to listen on only. It cannot write: the port is opened for reading, and not otherwise.

Nor does it make the kernel send: no echo of what came, no XON or XOFF when a buffer fills, no
hardware handshake, no change of DTR and RTS beyond the one that every opening makes; closing leaves
them as they are. A terminal fresh from the kernel would echo until it is told not to: that is the
first thing done with it. Whoever wants a proof that needs no software leaves the sending wire off.
"""

import fcntl
import functools
import os
import termios
from typing import Any, Final

from agent.clock import Clock
from agent.drivers.address import SerialAddress
from agent.drivers.aside import Aside
from agent.drivers.serial_reader import OPENING_S, SerialReader, advice

_PARITY: Final = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}


class SerialEar(SerialReader):
    """One port, listened to in one way."""

    def __init__(self, address: SerialAddress, clock: Clock) -> None:
        super().__init__(address, clock)
        self._opening = Aside(functools.partial(_opened, address), drop=os.close)

    async def open(self) -> str:
        """Open the port, on a thread that nobody waits for: a stuck adapter can hold its opener for ever."""
        try:
            fd = await self._opening.call(OPENING_S)
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
