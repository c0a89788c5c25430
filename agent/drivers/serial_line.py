"""A serial port as a line to ask on. The only file that knows pyserial.

The port is opened by the configured path each time, exclusively, so that an adapter that comes back
under another name is found by its link.
"""

import contextlib
import os
import termios
from typing import Any

import serial  # pyright: ignore[reportMissingTypeStubs]

from agent.clock import Clock
from agent.drivers.address import SerialAddress
from agent.drivers.aside import Aside
from agent.drivers.serial_reader import OPENING_S, SerialReader, advice


class SerialLine(SerialReader):
    """One port, spoken on in one way."""

    rest_s: float = 0.0
    _port: Any = None

    def __init__(self, address: SerialAddress, clock: Clock) -> None:
        super().__init__(address, clock)
        self._opening = Aside(self._opened, drop=lambda port: port.close())

    async def open(self) -> str:
        """Open the port, on a thread that nobody waits for: a stuck adapter can hold its opener for ever."""
        try:
            self._port = await self._opening.call(OPENING_S)
        except (OSError, termios.error) as error:  # pyserial's own errors are OSError
            return advice(self._address.path, error)
        self._begin(self._port.fileno(), self._end)
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

    def send(self, data: bytes) -> None:
        """Send; a port that does not take a few bytes at once is lost."""
        try:
            sent = os.write(self._fd, data)
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

    def _end(self) -> None:
        """Give the port back; bytes not yet sent are dropped, as closing would wait for them."""
        port, self._port = self._port, None
        for step in (port.reset_output_buffer, port.close):
            with contextlib.suppress(OSError, termios.error):  # what is gone needs no closing
                step()
