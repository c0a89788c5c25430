"""A TCP link that can be cut, held, slowed and throttled, between a client and a server; knows no protocol.

`with CuttableLink(broker.port) as link:` and let the client connect to `link.port`. It runs on a
thread of its own; its methods may be called from anywhere and return when the change is in force.
"""

import asyncio
import enum
import random
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Protocol, Self

from hil.ports import LOOPBACK, ReservedPort

_CHUNK_BYTES = 65536


class Direction(enum.Enum):
    """Which way bytes go."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


Hook = Callable[[Direction, bytes], bytes]


class Inspector(Protocol):
    """Sees all bytes of one connection, on the link's thread."""

    def take(self, way: Direction, data: bytes) -> tuple[bytes, bytes]:
        """What goes on of these bytes, and what is answered to their sender in the other's name."""

    def ended(self) -> None:
        """The connection is gone."""


class CuttableLink:
    """Passes every connection on to `target_port` until told otherwise.

    `delay_s` waits before each chunk, and up to `jitter_s` more by chance; `bytes_per_s` throttles each way.
    `hook` sees every chunk as it comes (on the link's thread) and returns what goes on, b"" for nothing; `inspect`
    makes an inspector for each connection, which sees the chunks after that. `connections` counts those accepted so far.
    """

    def __init__(self, target_port: int, *, target_host: str = LOOPBACK, port: int = 0) -> None:
        self.target = (target_host, target_port)
        self.host = LOOPBACK
        self.delay_s = self.jitter_s = 0.0
        self.bytes_per_s: float | None = None
        self.hook: Hook | None = None
        self.inspect: Callable[[], Inspector] | None = None
        self.connections = 0
        self._reserved = ReservedPort(port)
        self.port = self._reserved.number
        self._gates = {direction: asyncio.Event() for direction in Direction}
        self._pairs: set[asyncio.Task[None]] = set()
        self._in_order = False
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._thread.start()
        self.mend()

    def cut(self, *, in_order: bool = False) -> None:
        """Reset every connection, or end it as TCP does in order, and refuse new ones."""
        self._in_order = in_order
        self._call(self._cut())

    def mend(self) -> None:
        """Undo a cut, a hold and a withholding; what was held back is delivered now."""
        self._call(self._mend())

    def listen(self) -> None:
        """Accept again after a cut; what is held or withheld stays so."""
        self._call(self._listen())

    def hold(self) -> None:
        """Half-open: connections stay and new ones are accepted, but not a byte passes."""
        self._call(self._shut(*Direction))

    def withhold(self, direction: Direction) -> None:
        """Keep back what goes one way; the other way passes."""
        self._call(self._shut(direction))

    def close(self) -> None:
        """End every connection, the listener and the thread."""
        self._call(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reserved.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        pairs = set(self._pairs)
        for task in pairs:
            task.cancel()
        await asyncio.gather(*pairs, return_exceptions=True)

    async def _mend(self) -> None:
        for gate in self._gates.values():
            gate.set()
        await self._listen()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, self.host, self.port, reuse_address=True
            )

    async def _shut(self, *directions: Direction) -> None:
        for direction in directions:
            self._gates[direction].clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._pair(reader, writer))
        self._pairs.add(task)
        task.add_done_callback(self._pairs.discard)

    async def _pair(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        inspector = self.inspect() if self.inspect is not None else None
        try:
            from_server, to_server = await asyncio.open_connection(*self.target)
            writers.append(to_server)
            up = self._pump(Direction.TO_SERVER, reader, (to_server, writer), inspector)
            down = self._pump(Direction.TO_CLIENT, from_server, (writer, to_server), inspector)
            ways = [self._loop.create_task(up), self._loop.create_task(down)]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            for each in writers:
                each.close()  # sends what is still buffered, then ends in order
        except OSError:
            pass  # the server is away: the client sees its connection end
        finally:
            if inspector is not None:
                inspector.ended()
            for each in writers:
                if not each.is_closing():
                    each.close() if self._in_order else _reset(each)

    async def _pump(
        self,
        way: Direction,
        source: asyncio.StreamReader,
        sinks: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        inspector: Inspector | None,
    ) -> None:
        sink, back = sinks
        while data := await source.read(self._chunk_bytes()):
            if self.hook is not None:
                data = self.hook(way, data)
            if (delay_s := self._delay_s(len(data))) > 0:
                await asyncio.sleep(delay_s)
            await self._gates[way].wait()
            if inspector is not None:
                data, answer = inspector.take(way, data)
                back.write(answer)
            sink.write(data)
            await sink.drain()
        # The end of a stream does not cross a closed gate either.
        await self._gates[way].wait()

    def _chunk_bytes(self) -> int:
        """Throttled, it passes small pieces often instead of much at once."""
        return _CHUNK_BYTES if self.bytes_per_s is None else max(1, int(self.bytes_per_s / 20))

    def _delay_s(self, count: int) -> float:
        transfer_s = 0.0 if self.bytes_per_s is None else count / self.bytes_per_s
        return self.delay_s + transfer_s + random.uniform(0, self.jitter_s)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset, as a cut wire ends in the end, and without TIME_WAIT on the port."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()
