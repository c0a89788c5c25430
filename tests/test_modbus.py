"""The Modbus TCP driver against a server of our own that lies, stalls and hangs up."""

import asyncio
import contextlib
import logging
import random
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from pymodbus.pdu.register_message import WriteSingleRegisterRequest

from agent.clock import Clock
from agent.drivers.blocks import Limits
from agent.drivers.modbus import ModbusDriver, ReadOnlyFramer
from agent.drivers.polling import Freshness, Grid
from agent.drivers.profiles import Profile
from agent.drivers.registers import Point, Table
from agent.model import Quality, Reading
from agent.settings import ModbusSettings

UNIT = 7
WAIT_S = 10  # an upper bound that only a failure reaches

Answer = Callable[[int, int, bytes], Awaitable[bytes | None]]


@dataclass
class Server:
    """A Modbus TCP device: `answer(tid, unit, pdu)` gives the frame to send; None is silence.

    Register n holds the n-th of `registers`, bit n the n-th of `bits`.
    """

    registers: list[int] = field(default_factory=lambda: list(range(100, 200)))
    bits: list[bool] = field(default_factory=lambda: [n % 3 == 0 for n in range(100)])
    functions: list[int] = field(default_factory=list)
    asked_s: list[float] = field(default_factory=list)
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
        for writer in self._writers:
            writer.transport.abort()
        await until(lambda: self.open_connections == 0)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        self._writers.add(writer)
        pending: set[asyncio.Task[None]] = set()
        try:
            while not self.hang_up:
                head = await reader.readexactly(7)
                tid, _, length, unit = struct.unpack(">HHHB", head)
                pdu = await reader.readexactly(length - 1)
                self.functions.append(pdu[0])
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
    server: Server, *points: Point, interval_ms: int = 20, timeout_ms: int = 60, unit: int = UNIT
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
    driver = ModbusDriver(settings, profile(*points), Clock(), random.Random(1))
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


def test_every_table_is_read_with_its_own_function_and_nothing_else_is_ever_sent() -> None:
    async def story() -> None:
        async with device() as server:
            async with polled(server, FLOOR, SPEED, ZONE, LIGHT) as (heard, driver):
                await until(lambda: len(heard.batches) >= 3)
            assert {r.signal: r.value for r in heard.batches[0]} == {
                "car.floor": 103,
                "car.speed_mm_s": 104,
                "car.door_zone": True,
                "car.light": False,
            }
            assert set(server.functions) == {1, 2, 3, 4}
            assert heard.links == [(True, "the device answers")]
            assert driver.statistics.polls >= 3
            assert driver.statistics.round_trip_ms is not None
            assert server.connections == 1

    asyncio.run(story())


def test_the_encoder_refuses_to_write() -> None:
    with pytest.raises(AssertionError, match="only reads"):
        ReadOnlyFramer().buildFrame(WriteSingleRegisterRequest(address=1, registers=[1]))


def test_a_new_value_arrives_with_the_next_poll_and_time_only_goes_forward() -> None:
    async def story() -> None:
        async with device() as server, polled(server, FLOOR) as (heard, _):
            await until(lambda: heard.values("car.floor") == {103})
            server.registers[3] = 9
            await until(lambda: heard.values("car.floor") == {103, 9})
        times = [batch[0].at_us for batch in heard.batches]
        assert times == sorted(set(times))

    asyncio.run(story())


def test_an_implausible_value_is_reported_as_bad() -> None:
    async def story() -> None:
        async with device() as server, polled(server, SPEED) as (heard, _):
            server.registers[4] = 151
            await until(lambda: bool(heard.all(Quality.BAD)))
            assert heard.all(Quality.BAD)[0].value == 151
            assert heard.states == [True]

    asyncio.run(story())


def test_a_refused_block_does_not_silence_the_others() -> None:
    async def story() -> None:
        async with device() as server:

            async def refuse_inputs(tid: int, unit: int, pdu: bytes) -> bytes:
                if pdu[0] == 4:
                    return frame_of(tid, unit, bytes([0x84, 2]))
                return await server.honest(tid, unit, pdu)

            server.answer = refuse_inputs
            async with polled(server, FLOOR, SPEED) as (heard, driver):
                await until(lambda: bool(heard.all(Quality.NO_ANSWER)))
            assert [r.signal for r in heard.all(Quality.NO_ANSWER)] == ["car.speed_mm_s"]
            assert heard.values("car.floor") == {103}
            assert heard.states == [True]
            assert driver.statistics.exceptions >= 3
            assert server.connections == 1

    asyncio.run(story())


def test_a_device_that_refuses_everything_is_a_link_that_is_down_and_says_why() -> None:
    async def story() -> None:
        async with device() as server:

            async def gateway(tid: int, unit: int, pdu: bytes) -> bytes:
                return frame_of(tid, unit, bytes([pdu[0] | 0x80, 11]))

            server.answer = gateway
            async with polled(server, FLOOR) as (heard, _):
                await until(lambda: heard.states == [False])
                assert "exception 11 (gateway target failed to respond)" in heard.links[0][1]
                assert "check device_id" in heard.links[0][1]
                server.answer = None
                await until(lambda: heard.states == [False, True])
            assert server.connections == 1

    asyncio.run(story())


async def silence(_tid: int, _unit: int, _pdu: bytes) -> None:
    return None


def test_a_silent_device_is_down_once_its_values_are_too_old_and_back_with_its_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        async with device() as server, polled(server, FLOOR) as (heard, driver):
            await until(lambda: heard.states == [True])
            server.answer, turns = silence, heard.turns
            await until(lambda: heard.states == [True, False])
            (lost,) = heard.all(Quality.NO_ANSWER)
            assert lost.signal == "car.floor"
            assert lost.at_us - heard.all()[-1].at_us >= 2_000_000
            assert "no answer in 60 ms" in heard.links[-1][1]
            assert heard.turns > turns + 3
            assert driver.statistics.timeouts >= 3
            server.answer = None
            await until(lambda: heard.states == [True, False, True])

    asyncio.run(story())
    assert [r.levelname for r in caplog.records] == ["INFO", "WARNING", "INFO"]


def test_a_lost_answer_is_no_news() -> None:
    async def story() -> None:
        async with device() as server, polled(server, FLOOR) as (heard, driver):
            await until(lambda: heard.states == [True])
            server.answer = silence
            await until(lambda: driver.statistics.timeouts >= 1)
            server.answer = None
            count = len(heard.batches)
            await until(lambda: len(heard.batches) > count + 2)
            assert heard.states == [True]
            assert not heard.all(Quality.NO_ANSWER)

    asyncio.run(story())


def test_a_late_answer_is_never_taken_for_the_answer_to_a_later_question() -> None:
    async def story() -> None:
        async with device() as server:
            counter = 0

            async def later_and_later(tid: int, unit: int, pdu: bytes) -> bytes:
                nonlocal counter
                counter += 1
                server.registers[3] = counter
                frame = await server.honest(tid, unit, pdu)
                if counter % 2:  # so late that it comes while the next question is open
                    await asyncio.sleep(0.085)
                else:
                    await asyncio.sleep(0.03)
                return frame

            server.answer = later_and_later
            async with polled(server, FLOOR, interval_ms=60) as (heard, driver):
                await until(lambda: len(heard.all()) >= 4)
            values = [int(reading.value or 0) for reading in heard.all()]
            assert all(value % 2 == 0 for value in values)  # no late one among them
            assert values == sorted(set(values))
            assert driver.statistics.timeouts >= 4

    asyncio.run(story())


def lies() -> dict[str, Callable[[int, int, bytes], bytes]]:
    """Give frames that answer a question for one holding register wrongly."""
    good = bytes([3, 2, 0, 77])
    return {
        "another transaction": lambda tid, unit, _: frame_of(tid + 1, unit, good),
        "no transaction": lambda _, unit, __: frame_of(0, unit, good),
        "another unit": lambda tid, unit, _: frame_of(tid, unit + 1, good),
        "another function": lambda tid, unit, _: frame_of(tid, unit, bytes([4, 2, 0, 77])),
        "bits instead of registers": lambda tid, unit, _: frame_of(tid, unit, bytes([1, 1, 77])),
        "too short": lambda tid, unit, _: frame_of(tid, unit, bytes([3, 0])),
        "too long": lambda tid, unit, _: frame_of(tid, unit, bytes([3, 4, 0, 77, 0, 78])),
        "a byte count that lies": lambda tid, unit, _: frame_of(tid, unit, bytes([3, 9, 0, 77])),
        "a function nobody knows": lambda tid, unit, _: frame_of(tid, unit, bytes([0x63, 1, 2])),
        "an empty frame": lambda tid, unit, _: struct.pack(">HHHB", tid, 0, 0, unit),
        "half a frame": lambda tid, unit, _: frame_of(tid, unit, good)[:-1],
        "another protocol": lambda _, __, ___: b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "noise": lambda _, __, ___: random.Random(3).randbytes(600),
    }


@pytest.mark.parametrize("lie", lies())
def test_no_lie_is_believed_and_the_truth_after_it_is(lie: str) -> None:
    async def story() -> None:
        complaints: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with device() as server:

            async def lying(tid: int, unit: int, pdu: bytes) -> bytes:
                return lies()[lie](tid, unit, pdu)

            server.answer = lying
            async with polled(server, FLOOR) as (heard, driver):
                failures = driver.statistics
                await until(lambda: failures.timeouts + failures.malformed >= 2)
                assert not heard.batches
                server.answer = None
                await until(lambda: heard.values("car.floor") == {103})
        assert complaints == []

    asyncio.run(story())


def test_a_dropped_connection_is_noticed_at_once_and_given_a_second_to_be_forgotten() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with device() as server, polled(server, FLOOR, timeout_ms=9000) as (heard, driver):
            await until(lambda: heard.states == [True])
            server.answer = silence
            asked = len(server.asked_s)
            await until(lambda: len(server.asked_s) > asked)
            port, began = server.port, loop.time()
            await server.stop()
            server.answer = None
            await server.start()
            assert server.port == port
            await until(lambda: server.connections == 2)
            assert 0.9 < loop.time() - began < 5  # far below the time-out of 9 s
            await until(lambda: driver.statistics.connects == 2)
            batches = len(heard.batches)
            await until(lambda: len(heard.batches) > batches)
            assert heard.states == [True]

    asyncio.run(story())


def test_a_device_polled_once_a_minute_is_not_waited_for_that_long_when_it_returns() -> None:
    async def story() -> None:
        async with device() as server, polled(server, FLOOR, interval_ms=60_000) as (heard, _):
            await until(lambda: heard.states == [True])
            turns = heard.turns
            await server.stop()
            await server.start()
            await until(lambda: len(heard.batches) == 2)
            assert server.connections == 2
            assert heard.turns > turns

    asyncio.run(story())


def test_a_device_that_is_not_there_at_start_is_down_and_polled_when_it_comes() -> None:
    async def story() -> None:
        server = Server()
        await server.start()
        await server.stop()
        async with polled(server, FLOOR) as (heard, _):
            await until(lambda: heard.states == [False])
            assert "check power, cable and url" in heard.links[0][1]
            assert [r.signal for r in heard.all(Quality.NO_ANSWER)] == ["car.floor"]
            turns = heard.turns
            await until(lambda: heard.turns > turns + 1)
            await server.start()
            await until(lambda: heard.states == [False, True])
        await server.stop()

    asyncio.run(story())


def test_a_device_that_accepts_and_hangs_up_is_not_stormed() -> None:
    async def story() -> None:
        async with device() as server:
            server.hang_up = True
            async with polled(server, FLOOR) as (heard, _):
                await until(lambda: heard.states == [False])
                assert server.connections <= 4
                server.hang_up = False
                await until(lambda: heard.states == [False, True])

    asyncio.run(story())


def test_a_dead_device_delays_nobody_else() -> None:
    async def story() -> None:
        async with device() as dead, device() as alive:
            dead.answer = silence
            async with polled(dead, FLOOR, timeout_ms=5000) as (nothing, _):
                await until(lambda: len(dead.asked_s) == 1)
                async with polled(alive, FLOOR) as (heard, _):
                    await until(lambda: len(heard.batches) >= 10)
                assert len(dead.asked_s) == 1  # still the same question
                assert not nothing.batches

    asyncio.run(story())


def test_a_name_that_no_resolver_can_take_is_a_link_that_is_down() -> None:
    async def story() -> None:
        settings = ModbusSettings(name="controller", profile="p", url=f"tcp://{'x' * 80}.lift")
        driver = ModbusDriver(settings, profile(FLOOR), Clock())
        heard = Heard()
        task = asyncio.create_task(driver.run(heard))
        await until(lambda: heard.states == [False])
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(story())


# ------------------------------------------------------------------ when to poll, when it is lost


def test_polls_keep_to_their_grid_and_skip_what_was_missed() -> None:
    grid = Grid(1000)
    assert grid.after(1000, 200) == 1200
    assert grid.after(1250, 200) == 1400
    assert grid.after(1600, 200) == 1600
    assert grid.after(1801, 200) == 2000
    assert grid.after(2900, 200) == 3000
    assert grid.after(3000, 200) == 3200


def test_lost_is_said_once_at_the_limit_and_so_is_found_again() -> None:
    fresh = Freshness(limit_us=100, last_us=0)
    assert not fresh.missed(99)
    assert fresh.missed(100)
    assert not fresh.missed(500)
    assert fresh.came(600)
    assert not fresh.came(650)
    assert not fresh.missed(749)
    assert fresh.missed(750)
