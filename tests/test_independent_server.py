"""The shipped register maps against libmodbus: a server that shares no line with the drivers.

Registers are set in the server, read over TCP and RTU, and compared with what the exchanges say.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers.means import Means
from agent.drivers.poller import Poller
from agent.drivers.profiles import load_profile
from agent.drivers.registers import Table
from agent.drivers.table import build
from agent.model import Quality
from agent.settings import ModbusSettings
from hil.libmodbus_library import REMEDY, LibraryMissing, load
from hil.libmodbus_process import LibmodbusServer
from tests.exchanges import CONTROLLERS, EXCHANGES, Exchange, Scene, read_exchange
from tests.rtu_stage import Heard, until

READ_FUNCTIONS = {1, 2, 3, 4}
TRANSPORTS = ["tcp", "rtu"]
EXCHANGE_FILES = [
    read_exchange(EXCHANGES / path.with_suffix(".txt").name)
    for path in sorted(CONTROLLERS.glob("*.toml"))
    if load_profile(path).framing == "modbus"
]
by_transport = pytest.mark.parametrize("transport", TRANSPORTS)

EVERY_TABLE = """
title = "Every table"
source = "this test"
[protocol]
readable = { coil = [[3, 40]], discrete = [[100, 140]], holding = [[7, 9]], input = [[20, 21]] }
[points."car.light"]
table = "coil"
address = 3
source = "first of a block that crosses bytes"
[points."car.overload"]
table = "coil"
address = 12
source = "last of it"
[points."car.door_zone"]
table = "discrete"
address = 117
invert = true
source = "alone"
[points."controller.run_count"]
table = "holding"
address = 7
type = "u32"
word_order = "low_first"
source = "two words"
[points."machine_room.temperature_c"]
table = "input"
address = 20
type = "i16"
scale = 0.1
source = "below zero"
"""


def words_of(scene: Scene) -> dict[int, int]:
    """The registers of a scene by address; all its maps are of holding registers."""
    words: dict[int, int] = {}
    for question, answer in scene.answers.items():
        assert question[1] == Table.HOLDING.function
        first = int.from_bytes(question[2:4], "big")
        data = answer[3:-2]
        words |= {
            first + n: int.from_bytes(data[2 * n :][:2], "big") for n in range(len(data) // 2)
        }
    return words


def span_of(name: str) -> tuple[int, int]:
    """First address and count of all that a shipped map may ask for."""
    ranges = load_profile(CONTROLLERS / f"{name}.toml").limits.readable[Table.HOLDING]
    first = min(span.start for span in ranges)
    return first, max(span.stop for span in ranges) - first


@contextlib.asynccontextmanager
async def driven(
    server: LibmodbusServer, transport: str, profile: str, device: int, folder: Path = CONTROLLERS
) -> AsyncIterator[tuple[Heard, Poller]]:
    """Run the driver an installation would run, for the length of the block."""
    url = server.tcp_url if transport == "tcp" else server.rtu_url
    settings = ModbusSettings(
        name="d", profile=profile, url=url, device_id=device, timeout_ms=5000, poll_interval_ms=100
    )
    heard, driver = Heard(), build(settings, Means(Clock(), (folder,)))
    assert isinstance(driver, Poller)
    task = asyncio.create_task(driver.run(heard))
    try:
        yield heard, driver
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def values(heard: Heard) -> dict[str, object]:
    """The last of each signal; its quality for one that is not good."""
    return {
        one.signal: one.value if one.quality is Quality.GOOD else one.quality
        for batch in heard.batches["d"]
        for one in batch
    }


@by_transport
@pytest.mark.parametrize("exchange", EXCHANGE_FILES, ids=lambda each: each.profile)
def test_registers_set_in_the_server_arrive_as_the_right_readings_and_only_reading_was_asked(
    exchange: Exchange, transport: str
) -> None:
    async def read(server: LibmodbusServer, scene: Scene) -> None:
        async with driven(server, transport, exchange.profile, exchange.device) as (heard, driver):
            await until(lambda: values(heard).keys() >= scene.expected.keys())
            assert values(heard) == scene.expected, scene.name
            failures = driver.statistics
            assert failures.timeouts == failures.malformed == 0
            refused = Quality.NO_ANSWER in scene.expected.values()  # by the device's own word
            assert (failures.exceptions > 0) is refused

    spans = {"holding": span_of(exchange.profile)}
    with LibmodbusServer(exchange.device, spans) as server:
        for scene in exchange.scenes:
            server.set("holding", words_of(scene))
            asyncio.run(read(server, scene))
        assert set(server.functions) == {Table.HOLDING.function}


@by_transport
def test_addresses_the_server_does_not_have_are_refused_and_said_to_be(transport: str) -> None:
    async def one(exchange: Exchange) -> None:
        first, count = span_of(exchange.profile)
        last = max(words_of(exchange.scenes[0]))
        assert first <= last < first + count
        with LibmodbusServer(exchange.device, {"holding": (first, last - first)}) as server:
            async with driven(server, transport, exchange.profile, exchange.device) as (
                heard,
                driver,
            ):
                await until(lambda: bool(heard.all("d", Quality.NO_ANSWER)))
                good = {reading.signal for reading in heard.all("d")}
                lost = {reading.signal for reading in heard.all("d", Quality.NO_ANSWER)}
                assert not good & lost
                if not good:
                    await until(lambda: heard.states("d") == [False])
                    assert "refused with exception 2 (illegal address)" in heard.links["d"][0][1]
                assert driver.statistics.exceptions > 0
                assert driver.statistics.timeouts == driver.statistics.malformed == 0
            assert set(server.functions) <= READ_FUNCTIONS

    async def all_of_them() -> None:
        await asyncio.gather(*map(one, EXCHANGE_FILES))

    asyncio.run(all_of_them())


@by_transport
def test_all_four_tables_are_read_as_the_server_means_them(transport: str, tmp_path: Path) -> None:
    (tmp_path / "every-table.toml").write_text(EVERY_TABLE, encoding="utf-8")
    spans = {"coil": (3, 38), "discrete": (100, 41), "holding": (7, 3), "input": (20, 2)}
    with LibmodbusServer(9, spans) as server:
        server.set("coil", {3: 1, 4: 1, 11: 1, 12: 0})
        server.set("discrete", {116: 1, 117: 0, 118: 1})
        server.set("holding", {7: 0xBEEF, 8: 0x0001, 9: 0xFFFF})
        server.set("input", {20: 0x10000 - 55, 21: 0xFFFF})

        async def read() -> None:
            async with driven(server, transport, "every-table", 9, tmp_path) as (heard, _):
                await until(lambda: len(values(heard)) == 5)
                assert values(heard) == {
                    "car.light": True,
                    "car.overload": False,
                    "car.door_zone": True,
                    "controller.run_count": 0x1BEEF,
                    "machine_room.temperature_c": pytest.approx(-5.5),
                }

        asyncio.run(read())
        assert set(server.functions) == READ_FUNCTIONS


def test_the_server_answers_for_its_own_device_only_on_the_line() -> None:
    with LibmodbusServer(7, {"holding": (0x10, 19)}) as server:

        async def ask() -> None:
            async with driven(server, "rtu", "car-top-sensor", 8) as (heard, driver):
                await until(lambda: driver.statistics.polls >= 1 and heard.turns["d"] > 0)

        asyncio.run(ask())
        assert server.functions == {}


def test_a_library_that_is_missing_is_said_with_its_remedy() -> None:
    with pytest.raises(LibraryMissing, match=REMEDY):
        load("libmodbus-that-nobody-has.so.5")


def test_a_server_without_its_library_fails_the_test_that_wants_it_with_the_remedy() -> None:
    server = LibmodbusServer(1, {"holding": (0, 1)}, library="libmodbus-that-nobody-has.so.5")
    with pytest.raises(LibraryMissing, match=REMEDY), server:
        pass


def test_the_server_ends_with_its_input() -> None:
    with LibmodbusServer(1, {"holding": (0, 1)}) as server:
        process = server._process
    assert process is not None
    assert process.returncode == 0
