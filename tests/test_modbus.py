"""The Modbus TCP driver against a server of our own that lies, stalls and hangs up."""

import asyncio
import contextlib
import logging

import pytest
from pymodbus.pdu.register_message import WriteSingleRegisterRequest

from agent.clock import Clock
from agent.drivers.blocks import Limits
from agent.drivers.modbus import ModbusDriver, ReadOnlyFramer
from agent.drivers.polling import Freshness, Grid
from agent.drivers.registers import Point, Table
from agent.drivers.tap import Tap
from agent.drivers.tcp_tap import TcpTap
from agent.model import Quality
from agent.settings import ModbusSettings
from tests.tcp_stage import (
    FLOOR,
    LIGHT,
    SPEED,
    ZONE,
    Heard,
    Server,
    device,
    frame_of,
    polled,
    profile,
    silence,
    until,
)  # fmt: skip


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
        ReadOnlyFramer(TcpTap(Tap(), Clock(), "c"), lambda _: "").buildFrame(
            WriteSingleRegisterRequest(address=1, registers=[1])
        )


def test_a_new_value_arrives_with_the_next_poll_and_time_only_goes_forward() -> None:
    async def story() -> None:
        async with device() as server, polled(server, FLOOR) as (heard, _):
            await until(lambda: heard.values("car.floor") == {103})
            server.registers[3] = 9
            await until(lambda: heard.values("car.floor") == {103, 9})
        times = [batch[0].at_us for batch in heard.batches]
        assert times == sorted(set(times))

    asyncio.run(story())


def counter(address: int, every_ms: int) -> Point:
    signal = f"host.counter_{address}"
    return Point(signal=signal, table=Table.HOLDING, address=address, every_us=every_ms * 1000)


def test_counters_are_asked_for_once_a_minute_and_everything_after_a_reconnection() -> None:
    async def story() -> None:
        server = Server()
        await server.start()
        points = (FLOOR, counter(40, 60_000), counter(60, 60_000))
        async with polled(server, *points) as (heard, driver):
            await until(lambda: len(heard.batches) >= 9)
            assert len(heard.batches[0]) == 3
            assert all(len(batch) == 1 for batch in heard.batches[1:])
            await server.stop()
            await server.start()
            await until(lambda: driver.statistics.connects == 2)
            await until(lambda: len(server.questions) == 2 and len(server.questions[1]) >= 9)
        await server.stop()
        for questions in server.questions:
            assert sorted(questions[:3]) == [(3, 1), (40, 1), (60, 1)]
            assert set(questions[3:]) == {(3, 1)}

    asyncio.run(story())


def test_slow_blocks_come_due_one_a_poll() -> None:
    async def story() -> None:
        server = Server()
        await server.start()
        points = (FLOOR, counter(40, 500), counter(60, 500), counter(80, 500))
        async with polled(server, *points) as (heard, _):
            await until(lambda: min(len(heard.of(f"host.counter_{n}")) for n in (40, 60, 80)) >= 3)
        await server.stop()
        assert {len(batch) for batch in heard.batches[1:]} == {1, 2}

    asyncio.run(story())


def test_a_device_of_slow_points_alone_shows_signs_of_life_between_them() -> None:
    async def story() -> None:
        async with device() as server, polled(server, counter(40, 60_000)) as (heard, driver):
            await until(lambda: heard.states == [True])
            turns = heard.turns
            await until(lambda: heard.turns > turns + 5)
            assert driver.statistics.polls == 1

    asyncio.run(story())


def test_a_link_is_not_up_for_what_a_slow_block_alone_answers() -> None:
    async def story() -> None:
        async with device() as server:

            async def only_counters(tid: int, unit: int, pdu: bytes) -> bytes:
                if pdu[1:3] == b"\0\3":
                    return frame_of(tid, unit, bytes([0x83, 4]))
                return await server.honest(tid, unit, pdu)

            server.answer = only_counters
            async with polled(server, FLOOR, counter(40, 100)) as (heard, _):
                await until(lambda: heard.states == [False])
                count = len(heard.of("host.counter_40"))
                await until(lambda: len(heard.of("host.counter_40")) > count + 2)
                assert heard.states == [False]
                server.answer = None
                await until(lambda: heard.states == [False, True])

    asyncio.run(story())


def test_no_address_outside_the_readable_ranges_is_asked_for_and_no_more_than_the_most() -> None:
    async def story() -> None:
        server = Server()
        await server.start()
        ranges = (range(2, 5), range(6, 20))
        allowed = Limits(readable={Table.HOLDING: ranges}, max_registers=4)
        points = [counter(address, 0) for address in (2, 3, 4, 6, 7, 9, 10, 19)]
        async with polled(server, *points, within=allowed) as (heard, _):
            await until(lambda: len(heard.batches) >= 2)
        await server.stop()
        asked = set(server.questions[0])
        assert asked == {(2, 3), (6, 4), (10, 1), (18, 2)}

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


def test_a_name_that_no_resolver_knows_is_a_link_that_is_down() -> None:
    async def story() -> None:
        settings = ModbusSettings(name="controller", profile="p", url="tcp://no-such-host.invalid")
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
