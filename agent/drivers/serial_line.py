"""A serial port as a line. The only file that knows pyserial.

The port is opened by the configured path each time, exclusively, so that an adapter that comes back
under another name is found by its link. An unplugged port stays readable for ever: with the first
sign of that its reader is removed and it is closed.
"""

import asyncio
import contextlib
import errno
import os
import select
import termios
from typing import Any, Final

import serial  # pyright: ignore[reportMissingTypeStubs]

from agent.clock import Clock
from agent.drivers.address import SerialAddress
from agent.drivers.line import Inbox, Pace, pace_of

_CHUNK_BYTES: Final = 4096
_LOST: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL
_ADVICE: Final = {
    errno.ENOENT: "it is not there: adapter unplugged, or another name; see /dev/serial/by-id",
    errno.EACCES: "permission denied: the service's user must be in group dialout",
    errno.EAGAIN: "another program has it open (a second agent, getty); `fuser -v` names it",
    errno.EBUSY: "another program has it open (ModemManager, getty); `fuser -v` names it",
}


class SerialLine:
    """One port, spoken on in one way."""

    rest_s: float = 0.0

    def __init__(self, address: SerialAddress, clock: Clock) -> None:
        bits = 1 + 8 + (address.parity != "N") + address.stopbits
        self._address = address
        self._port: Any = None
        self.inbox = Inbox(clock)
        self.pace: Pace = pace_of(address.baudrate, bits)

    @property
    def is_open(self) -> bool:
        """Whether the port is ours and not known to be lost."""
        return self._port is not None

    async def open(self) -> str:
        """Open the port, in a thread: a stuck adapter can hold its opener for seconds."""
        try:
            self._port = await asyncio.to_thread(self._opened)
        except (OSError, termios.error) as error:  # pyserial's own errors are OSError
            return self._advice(error)
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._readable)
        return ""

    def _opened(self) -> Any:  # noqa: ANN401 - pyserial has no types
        return serial.Serial(
            port=self._address.path,
            baudrate=self._address.baudrate,
            bytesize=serial.EIGHTBITS,
            parity=self._address.parity,
            stopbits=self._address.stopbits,
            timeout=0,
            write_timeout=0,
            inter_byte_timeout=None,
            xonxoff=False,
            rtscts=False,
            dsrdtr=False,
            exclusive=True,
        )

    def _advice(self, error: Exception) -> str:
        number = error.errno if isinstance(error, OSError) else None
        otherwise = f"{error}; check that it is a serial port that knows baudrate and parity"
        return f"cannot open {self._address.path}: {_ADVICE.get(number or 0, otherwise)}"

    def send(self, data: bytes) -> None:
        """Send; a port that does not take a few bytes at once is lost."""
        try:
            sent = os.write(self._port.fileno(), data)
        except OSError:
            sent = 0
        if sent != len(data):
            self.close()

    def flush(self) -> None:
        """Forget what came, in the kernel as well."""
        self.inbox.bytes.clear()
        try:
            self._port.reset_input_buffer()
        except (OSError, termios.error):
            self.close()

    def close(self) -> None:
        """Close the port; bytes not yet sent are dropped, as closing would wait for them."""
        port, self._port = self._port, None
        if port is None:
            return
        asyncio.get_running_loop().remove_reader(port.fileno())
        for step in (port.reset_output_buffer, port.close):
            with contextlib.suppress(OSError, termios.error):  # what is gone needs no closing
                step()
        self.inbox.wake()

    def _readable(self) -> None:
        try:
            data = os.read(self._port.fileno(), _CHUNK_BYTES)
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
        poll.register(self._port.fileno(), select.POLLIN)
        return any(events & _LOST for _, events in poll.poll(0))
