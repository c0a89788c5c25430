"""The simulated elevator as a Modbus TCP device: function 3 over one block of registers.

A server of its own instead of a library's, because a bench must be able to be silent, late, short
and wrong on command, and to record every function code it was sent. It knows no elevator.
"""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hil import wiretap
from hil.connections import Connections

READ_HOLDING = 3
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, NO_SUCH_DEVICE = 1, 2, 3, 11
_HEADER = struct.Struct(">HHHB")  # transaction, protocol 0, length of what follows, device
_MOST_REGISTERS = 125


@dataclass(slots=True)
class Behaviour:
    """How the device errs. `silent`: hears and does not answer. `exception`: this code for all.

    `delay_s` before each answer; requests behind it wait. `extra_registers` more, or fewer, than
    asked. `other_device`: answers under another device's address.
    """

    silent: bool = False
    exception: int = 0
    delay_s: float = 0.0
    extra_registers: int = 0
    other_device: bool = False


class ModbusFace:
    """Serves `read()` from register `first` on, at `device_id`. `functions` counts codes received."""

    def __init__(self, read: Callable[[], Sequence[int]], *, first: int, device_id: int) -> None:
        self._read = read
        self._first = first
        self._device_id = device_id
        self._server: asyncio.Server | None = None
        self._connections = Connections(self._serve)
        self.behaviour = Behaviour()
        self.functions: Counter[int] = Counter()
        self.port = 0

    async def start(self, port: int, host: str = "127.0.0.1") -> None:
        """Listen; port 0 takes a free one, told by `port`."""
        self._server = await asyncio.start_server(self._connections.accept, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    def drop_connections(self) -> None:
        """Close every connection; new ones are accepted."""
        self._connections.drop()

    async def close(self) -> None:
        """End everything at once."""
        if self._server is not None:
            self._server.close()
        await self._connections.end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self._exchange(reader, writer):
            pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request and answer it; False when the client speaks something else."""
        header = await reader.readexactly(_HEADER.size)
        transaction, protocol, length, device = _HEADER.unpack(header)
        if protocol != 0 or not 2 <= length <= 254:
            wiretap.heard("tcp", header)
            return False
        request = await reader.readexactly(length - 1)
        wiretap.heard("tcp", header + request)
        self.functions[request[0]] += 1
        if self.behaviour.delay_s > 0:
            await asyncio.sleep(self.behaviour.delay_s)
        if self.behaviour.silent:
            return True
        answer = self._answer(device, request)
        if self.behaviour.other_device:
            device ^= 1
        writer.write(_HEADER.pack(transaction, 0, len(answer) + 1, device) + answer)
        await writer.drain()
        return True

    def _answer(self, device: int, request: bytes) -> bytes:
        function = request[0]
        code = self._refusal(device, request)
        if code:
            return bytes((function | 0x80, code))
        start, count = struct.unpack(">HH", request[1:5])
        start -= self._first
        registers = list(self._read()[start : start + count])
        registers = _resized(registers, count + self.behaviour.extra_registers)
        data = struct.pack(f">{len(registers)}H", *registers)
        return bytes((function, len(data))) + data

    def _refusal(self, device: int, request: bytes) -> int:
        """Give the exception code this request deserves, 0 for none."""
        if device != self._device_id:
            return NO_SUCH_DEVICE
        if self.behaviour.exception:
            return self.behaviour.exception
        if request[0] != READ_HOLDING:
            return ILLEGAL_FUNCTION
        if len(request) != 5:
            return ILLEGAL_VALUE
        start, count = struct.unpack(">HH", request[1:5])
        if not 1 <= count <= _MOST_REGISTERS:
            return ILLEGAL_VALUE
        last = self._first + len(self._read())
        return 0 if self._first <= start and start + count <= last else ILLEGAL_ADDRESS


def _resized(registers: list[int], count: int) -> list[int]:
    count = max(0, count)
    return registers[:count] + [0] * (count - len(registers))
