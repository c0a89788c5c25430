"""A stage for Modbus TCP: a device that lies, stalls and hangs up, and the driver polling it."""

import asyncio
import contextlib
import random
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from agent.clock import Clock
from agent.drivers.blocks import Limits
from agent.drivers.modbus import ModbusDriver
from agent.drivers.profiles import Profile
from agent.drivers.registers import Point, Table
from agent.drivers.tap import Tap
from agent.model import Quality, Reading
from agent.settings import ModbusSettings

UNIT = 7
WAIT_S = 10  # an upper bound that only a failure reaches

Answer = Callable[[int, int, bytes], Awaitable[bytes | None]]


@dataclass
class Server:
    """A Modbus TCP device: `answer(tid, unit, pdu)` gives the frame to send; None is silence.

    Register n holds the n-th of `registers`, bit n the n-th of `bits`. `questions` are the address
    and count of each.
    """

    registers: list[int] = field(default_factory=lambda: list(range(100, 200)))
    bits: list[bool] = field(default_factory=lambda: [n % 3 == 0 for n in range(100)])
    functions: list[int] = field(default_factory=list)
    asked_s: list[float] = field(default_factory=list)
    questions: list[list[tuple[int, int]]] = field(default_factory=list)  # of each connection
    open_connections: int = 0
    connections: int = 0
    port: int = 0
    answer: Answer | None = None
    hang_up: bool = False
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        """Listen, on the port of last time if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await until(lambda: self.open_connections == 0)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Cut every connection; new ones are accepted."""
        for writer in self._writers:
            writer.transport.abort()

    def say(self, data: bytes) -> None:
        """Send what nobody may have asked for."""
        for writer in self._writers:
            writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        self._writers.add(writer)
        questions: list[tuple[int, int]] = []
        self.questions.append(questions)
        pending: set[asyncio.Task[None]] = set()
        try:
            while not self.hang_up:
                head = await reader.readexactly(7)
                tid, _, length, unit = struct.unpack(">HHHB", head)
                pdu = await reader.readexactly(length - 1)
                self.functions.append(pdu[0])
                questions.append((int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:], "big")))
                self.asked_s.append(asyncio.get_running_loop().time())
                task = asyncio.create_task(self._reply(tid, unit, pdu, writer))
                pending.add(task)
                task.add_done_callback(pending.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for task in pending:
                task.cancel()
            self._writers.discard(writer)
            writer.close()
            self.open_connections -= 1

    async def _reply(self, tid: int, unit: int, pdu: bytes, writer: asyncio.StreamWriter) -> None:
        answer = self.answer or self.honest
        frame = await answer(tid, unit, pdu)
        if frame is not None and not writer.is_closing():
            writer.write(frame)

    async def honest(self, tid: int, unit: int, pdu: bytes) -> bytes:
        """Answer as a device should."""
        function, address, count = struct.unpack(">BHH", pdu)
        if function in {1, 2}:
            data = packed(self.bits[address : address + count])
        else:
            data = struct.pack(f">{count}H", *self.registers[address : address + count])
        return frame_of(tid, unit, bytes([function, len(data)]) + data)


def packed(bits: Sequence[bool]) -> bytes:
    value = sum(bit << n for n, bit in enumerate(bits))
    return value.to_bytes((len(bits) + 7) // 8, "little")


def frame_of(tid: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", tid, 0, len(pdu) + 1, unit) + pdu


@dataclass
class Heard:
    """A sink that remembers."""

    batches: list[list[Reading]] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    turns: int = 0

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        assert driver == "controller"
        assert len({reading.at_us for reading in readings}) == 1
        self.batches.append(list(readings))

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        assert driver == "controller"
        self.links.append((up, reason))

    def turned(self, driver: str) -> None:
        assert driver == "controller"
        self.turns += 1

    def all(self, quality: Quality = Quality.GOOD) -> list[Reading]:
        return [one for batch in self.batches for one in batch if one.quality is quality]

    def values(self, signal: str) -> set[object]:
        return {one.value for one in self.all() if one.signal == signal}

    def of(self, signal: str) -> list[Reading]:
        return [one for one in self.all() if one.signal == signal]

    @property
    def states(self) -> list[bool]:
        return [up for up, _ in self.links]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - conditions of many objects
            await asyncio.sleep(0.005)


FLOOR = Point(signal="car.floor", table=Table.HOLDING, address=3)
SPEED = Point(signal="car.speed_mm_s", table=Table.INPUT, address=4, most=150)
ZONE = Point(signal="car.door_zone", table=Table.DISCRETE, address=9)
LIGHT = Point(signal="car.light", table=Table.COIL, address=1)


def profile(*points: Point, answer_max_ms: int = 50, stale_ms: int | None = None) -> Profile:
    """Give a profile of these points, each readable and nothing else."""
    readable: dict[Table, tuple[range, ...]] = {}
    for point in points:
        readable[point.table] = (*readable.get(point.table, ()), point.addresses)
    limits = Limits(readable=readable)
    return Profile(
        name="test", title="t", source="s", verified=(), uncertain=(), limits=limits,
        answer_max_us=answer_max_ms * 1000, points=points,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def polled(
    server: Server,
    *points: Point,
    interval_ms: int = 20,
    timeout_ms: int = 60,
    answer_max_ms: int = 50,
    unit: int = UNIT,
    within: Limits | None = None,
    tap: Tap | None = None,
) -> AsyncIterator[tuple[Heard, ModbusDriver]]:
    """Run a driver on a server for the length of the block; afterwards nothing stays open."""
    settings = ModbusSettings(
        name="controller",
        profile="test",
        url=f"tcp://127.0.0.1:{server.port}",
        device_id=unit,
        poll_interval_ms=interval_ms,
        timeout_ms=timeout_ms,
    )
    one = profile(*points, answer_max_ms=answer_max_ms)
    one = one if within is None else replace(one, limits=within)
    driver = ModbusDriver(settings, one, Clock(), random.Random(1), tap=tap)
    heard = Heard()
    task = asyncio.create_task(driver.run(heard))
    try:
        yield heard, driver
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await until(lambda: server.open_connections == 0)


@contextlib.asynccontextmanager
async def device() -> AsyncIterator[Server]:
    server = Server()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def silence(_tid: int, _unit: int, _pdu: bytes) -> None:
    return None
