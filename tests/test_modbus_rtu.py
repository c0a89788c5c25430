"""The RTU driver on a pty. What single faults do to it stands in test_fault_matrix_serial.py."""

import asyncio
import contextlib
import fcntl
import itertools
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent.drivers import agenda, bus
from agent.drivers.crc16 import crc16
from agent.drivers.registers import Point, Table
from agent.drivers.wire import AtOnce
from agent.model import Quality, Reading
from hil.rtu_face import Conduct, RtuFace
from hil.rtu_manners import Manner
from tests.rtu_stage import Heard, Marked, line, mark, polled, profile, until, url_of

FLOOR = Point(signal="car.floor", table=Table.HOLDING, address=3)
SPEED = Point(signal="car.speed_mm_s", table=Table.INPUT, address=4)
LOAD = Point(signal="car.load_percent", table=Table.HOLDING, address=90)
ZONE = Point(signal="car.door_zone", table=Table.DISCRETE, address=9)
LIGHT = Point(signal="car.light", table=Table.COIL, address=1)


QUICK = Point(  # known as lost soon
    signal="car.floor", table=Table.HOLDING, address=3, stale_after_us=200_000
)


def questions(face: RtuFace) -> list[bytes]:
    """Give every frame the agent wrote; fails if it wrote anything else."""
    written = bytes(face.tap)
    frames = [written[n : n + 8] for n in range(0, len(written), 8)]
    assert all(len(frame) == 8 and crc16(frame) == 0 for frame in frames)
    return frames


def device(face: RtuFace, address: int = 7) -> Marked:
    found = face.devices[address]
    assert isinstance(found, Marked)
    return found


def test_every_table_is_read_with_its_own_function_and_nothing_else_is_written(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with line(tmp_path, 7) as face:
            watched = (7, profile(FLOOR, SPEED, ZONE, LIGHT))
            async with polled(url_of(face.link), watched) as (heard, (driver,)):
                await until(lambda: len(heard.batches["d7"]) >= 3)
            values = {r.signal: r.value for r in heard.batches["d7"][0]}
            assert values == {
                "car.light": bool(mark(7, Table.COIL, 1, 1) & 1),
                "car.door_zone": bool(mark(7, Table.DISCRETE, 9, 2) & 1),
                "car.floor": mark(7, Table.HOLDING, 3, 3),
                "car.speed_mm_s": mark(7, Table.INPUT, 4, 4),
            }
            assert {frame[1] for frame in questions(face)} == {1, 2, 3, 4}
            assert heard.links["d7"] == [(True, "the device answers")]
            assert driver.statistics.timeouts == driver.statistics.malformed == 0

    asyncio.run(story())


@pytest.mark.parametrize("spare", [0, 8])
def test_a_late_answer_to_one_block_is_never_the_answer_to_another(
    spare: int, tmp_path: Path
) -> None:
    """Without the second look. With `spare` addresses the blocks differ in length, else not."""

    async def story() -> None:
        async with line(tmp_path, 7) as face:

            def now_and_then(_: int, body: bytes) -> Conduct:
                late = device(face).asked % 5 == 4 and body[2] == FLOOR.address
                # While the next question waits for its answer: after 60 ms, within 100.
                return Conduct(Manner.LATE, 0.085 if late else 0.03)

            face.conduct = now_and_then
            heard = Heard(check=lambda _, reading: believed(face, reading))
            watched = (7, profile(FLOOR, LOAD, spare=spare))
            async with polled(url_of(face.link), watched, heard=heard) as (_, (driver,)):
                driver._trust = AtOnce()
                await until(lambda: driver.statistics.timeouts >= 4 and len(heard.all("d7")) > 8)
            assert heard.wrong == []

    asyncio.run(story())


def believed(face: RtuFace, reading: Reading) -> str:
    """Say so unless the value is of this register and of one of the latest two questions."""
    point = next(p for p in (FLOOR, LOAD) if p.signal == reading.signal)
    asked = device(face).asked
    latest = [mark(7, Table.HOLDING, point.address, asked - back) for back in (0, 1)]
    return "" if reading.value in latest else f"is none of {latest}"


def test_a_refused_block_does_not_silence_the_others(tmp_path: Path) -> None:
    async def story() -> None:
        async with line(tmp_path, 7) as face:
            marked = device(face)
            face.devices = {7: lambda q: bytes((0x84, 2)) if q[0] == 4 else marked(q)}
            watched = (7, profile(FLOOR, SPEED))
            async with polled(url_of(face.link), watched) as (heard, (driver,)):
                await until(lambda: bool(heard.all("d7", Quality.NO_ANSWER)))
                lost = heard.all("d7", Quality.NO_ANSWER)
            assert [reading.signal for reading in lost] == ["car.speed_mm_s"]
            assert heard.states("d7") == [True]
            assert driver.statistics.exceptions >= 3
            assert driver.statistics.exceptions > driver.statistics.timeouts

    asyncio.run(story())


def test_a_block_that_is_never_answered_does_not_silence_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "REST_US", 1_000_000)

    async def story() -> None:
        async with line(tmp_path, 7) as face:
            face.conduct = lambda _, body: Conduct(
                Manner.SILENCE if body[0] == 2 else Manner.HONEST
            )
            watched = (7, profile(FLOOR, ZONE, SPEED))
            async with polled(url_of(face.link), watched) as (heard, (driver,)):
                await until(lambda: len(heard.all("d7")) >= 60)
                signals = {reading.signal for reading in heard.all("d7")}
                assert signals == {"car.floor", "car.speed_mm_s"}
                # Then it is left out for a while; a busy machine has timeouts of its own.
                assert 4 <= driver.statistics.timeouts <= 10
                face.behave(Manner.HONEST)
                await until(lambda: "car.door_zone" in {r.signal for r in heard.all("d7")})

    asyncio.run(story())


def test_a_silent_device_is_down_once_its_values_are_too_old_and_back_with_its_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "agent")

    async def story() -> None:
        async with (
            line(tmp_path, 7) as face,
            polled(url_of(face.link), (7, profile(QUICK))) as (heard, _),
        ):
            await until(lambda: heard.states("d7") == [True])
            face.behave(Manner.SILENCE)
            await until(lambda: heard.states("d7") == [True, False])
            (lost,) = heard.all("d7", Quality.NO_ANSWER)
            assert lost.at_us - heard.all("d7")[-1].at_us >= 200_000
            assert "no answer in 60 ms: device off" in heard.links["d7"][-1][1]
            turns = heard.turns["d7"]
            face.behave(Manner.HONEST)
            await until(lambda: heard.states("d7") == [True, False, True])
            assert heard.turns["d7"] > turns

    asyncio.run(story())
    assert [r.levelname for r in caplog.records] == ["INFO", "WARNING", "INFO"]


# ------------------------------------------------------------------------- several on one line


def test_dead_devices_cost_the_others_at_most_one_silence_a_poll(tmp_path: Path) -> None:
    async def story() -> None:
        async with line(tmp_path, 1, 2, 3, 4) as face:
            face.conduct = lambda address, _: Conduct(
                Manner.SILENCE if address >= 3 else Manner.HONEST
            )
            watched = [(address, profile(FLOOR, SPEED)) for address in (1, 2, 3, 4)]
            async with polled(url_of(face.link), *watched) as (heard, drivers):
                await until(lambda: min(d.statistics.timeouts for d in drivers[2:]) >= 5)
                asked = [address for _, address in face.asked]
                assert heard.states("d1") == heard.states("d2") == [True]
        # Two questions a poll: between two polls of a living device at most one dead one is asked,
        # the first attempts of all excepted.
        for living in (1, 2):
            polls = [n for n, address in enumerate(asked) if address == living][::2]
            between = [asked[a:b] for a, b in itertools.pairwise(polls)]
            dead = [sum(address >= 3 for address in part) for part in between[3:]]
            assert max(dead) == 1

    asyncio.run(story())


def test_a_dead_device_among_living_ones_rests_longer_and_longer_and_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "LONGEST_REST_S", 2.0)

    async def story() -> None:
        async with line(tmp_path, 1, 2) as face:
            face.conduct = lambda address, _: Conduct(
                Manner.SILENCE if address == 2 else Manner.HONEST
            )
            watched = [(address, profile(FLOOR)) for address in (1, 2)]
            async with polled(url_of(face.link), *watched) as (heard, _):

                def gaps_s() -> list[float]:
                    asked_s = [s for s, address in face.asked if address == 2]
                    return [after - before for before, after in itertools.pairwise(asked_s)]

                await until(lambda: len(gaps_s()) > 3 and 1 <= gaps_s()[-2] < gaps_s()[-1])
                assert gaps_s()[0] < 1
                at_s = [s for s, address in face.asked if address == 2]
                face.behave(Manner.HONEST)
                await until(lambda: heard.states("d2")[-1:] == [True])
                back_s = next(s for s, address in face.asked if address == 2 and s > at_s[-1])
                assert back_s - at_s[-1] < 2 + 2 + 1  # the rest, and its turn

    asyncio.run(story())


def test_two_devices_on_one_line_never_mix_their_values(tmp_path: Path) -> None:
    async def story() -> None:
        async with line(tmp_path, 1, 2) as face:
            watched = [(address, profile(FLOOR)) for address in (1, 2)]
            async with polled(url_of(face.link), *watched) as (heard, _):
                await until(lambda: all(len(heard.all(d)) >= 20 for d in ("d1", "d2")))
            for address in (1, 2):
                marks = {mark(address, Table.HOLDING, 3, n) for n in range(1, 200)}
                assert {r.value for r in heard.all(f"d{address}")} <= marks

    asyncio.run(story())


def test_a_driver_that_waits_long_for_an_answer_or_for_the_line_shows_signs_of_life(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with line(tmp_path, 1, 2) as face:
            face.behave(Manner.SILENCE)
            watched = [(address, profile(FLOOR)) for address in (1, 2)]
            async with polled(url_of(face.link), *watched, timeout_ms=9000) as (heard, drivers):
                before = dict(heard.turns)
                await until(
                    lambda: all(heard.turns[d] >= before.get(d, 0) + 3 for d in ("d1", "d2"))
                )
                assert sum(driver.statistics.timeouts for driver in drivers) == 0

    asyncio.run(story())


# ------------------------------------------------------------------------- the port comes and goes


def test_a_port_that_is_not_there_says_so_and_is_used_when_it_comes(tmp_path: Path) -> None:
    async def story() -> None:
        link = tmp_path / "rs485"
        async with polled(url_of(link), (7, profile(QUICK))) as (heard, _):
            await until(lambda: heard.states("d7") == [False])
            assert "adapter unplugged, or another name" in heard.links["d7"][0][1]
            async with line(tmp_path, 7):
                await until(lambda: heard.states("d7") == [False, True])

    asyncio.run(story())


def test_an_unplugged_adapter_costs_no_cpu_and_is_found_under_another_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with line(tmp_path, 1, 2) as face:
            watched = [(address, profile(QUICK)) for address in (1, 2)]
            async with polled(url_of(face.link), *watched) as (heard, drivers):
                await until(lambda: heard.states("d1") == heard.states("d2") == [True])
                before = face.link.resolve()
                face.plug(on=False)
                await until(lambda: min(d.statistics.drops for d in drivers) == 1)
                began_s = time.process_time()
                await asyncio.sleep(1.0)
                used_s = time.process_time() - began_s
                with taken_terminal(before):  # so that the adapter gets another one
                    face.plug()
                    assert face.link.resolve() != before
                    back_s, count = loop.time(), len(face.asked)
                    await until(lambda: len(face.asked) > count)
                assert face.asked[count][0] - back_s < 2
                counts = {d: len(heard.all(d)) for d in ("d1", "d2")}
                await until(lambda: all(len(heard.all(d)) > n for d, n in counts.items()))
        with capsys.disabled():
            print(f"\n  unplugged: {used_s * 1000:.1f} ms CPU a second")
        assert used_s < 0.5  # a reader left behind takes all there is

    asyncio.run(story())


@contextlib.contextmanager
def taken_terminal(name: Path) -> Iterator[None]:
    """This terminal is somebody else's: the system gives away the lowest that is free."""
    ends = list(os.openpty())
    while not name.exists():
        ends += os.openpty()
    try:
        yield
    finally:
        for end in ends:
            os.close(end)


def test_a_port_that_another_program_has_says_so_and_is_used_when_it_is_free(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with line(tmp_path, 7) as face:
            other = os.open(face.link, os.O_RDWR | os.O_NOCTTY)
            fcntl.flock(other, fcntl.LOCK_EX)
            async with polled(url_of(face.link), (7, profile(QUICK))) as (heard, _):
                await until(lambda: heard.states("d7") == [False])
                assert "another program has it open" in heard.links["d7"][0][1]
                assert not face.tap
                os.close(other)
                await until(lambda: heard.states("d7") == [False, True])

    asyncio.run(story())


def test_a_port_is_held_exclusively_and_given_back_at_the_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with line(tmp_path, 7) as face:
            other = os.open(face.link, os.O_RDWR | os.O_NOCTTY)  # later it is no longer let in
            async with polled(url_of(face.link), (7, profile(QUICK))) as (heard, _):
                await until(lambda: heard.states("d7") == [True])
                with pytest.raises(BlockingIOError):
                    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(other)

    asyncio.run(story())


def test_something_that_is_no_serial_port_is_a_link_that_is_down(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "file"
        path.write_bytes(b"")
        async with polled(url_of(path), (7, profile(QUICK))) as (heard, _):
            await until(lambda: heard.states("d7") == [False])
            assert "check that it is a serial port" in heard.links["d7"][0][1]

    asyncio.run(story())


def test_noise_without_a_pause_is_waited_out_and_the_values_come_back(tmp_path: Path) -> None:
    async def story() -> None:
        baud = 1200  # whose frames are parted by 32 ms: the noise has no such gap
        async with line(tmp_path, 7, baudrate=baud) as face:

            async def babble() -> None:
                while True:
                    face.babble(b"\x55")
                    await asyncio.sleep(0.002)

            async with polled(url_of(face.link, baud), (7, profile(QUICK))) as (heard, (driver,)):
                await until(lambda: heard.states("d7") == [True])
                babbling = asyncio.create_task(babble())
                await until(lambda: driver.statistics.malformed >= 2)
                babbling.cancel()
                good = len(heard.all("d7"))
                await until(lambda: len(heard.all("d7")) > good)

    asyncio.run(story())


# ------------------------------------------------------------------------- RTU through a device server


@contextlib.asynccontextmanager
async def device_server(face: RtuFace, port: int = 0) -> AsyncIterator[asyncio.Server]:
    """Pass bytes between one TCP connection at a time and the port of a line."""
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fd = os.open(face.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop.add_reader(fd, lambda: writer.write(os.read(fd, 4096)))
        try:
            while data := await reader.read(4096):
                os.write(fd, data)
        except ConnectionError:
            pass
        finally:
            loop.remove_reader(fd)
            os.close(fd)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server
    finally:
        server.close()


def test_rtu_through_a_device_server_is_read_and_found_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with line(tmp_path, 7) as face:
            async with device_server(face) as server:
                port = server.sockets[0].getsockname()[1]
                url = f"rtu+tcp://127.0.0.1:{port}"
                async with polled(url, (7, profile(QUICK))) as (heard, (driver,)):
                    await until(lambda: len(heard.all("d7")) >= 3)
                    face.behave(Manner.CRC_ERROR)
                    await until(lambda: driver.statistics.malformed >= 1)
                    face.behave(Manner.SILENCE)
                    await until(lambda: driver.statistics.connects >= 2)  # made anew after silence
                    face.behave(Manner.HONEST)
                    count = len(heard.all("d7"))
                    await until(lambda: len(heard.all("d7")) > count)
            assert {frame[1] for frame in questions(face)} == {3}

    asyncio.run(story())


def test_a_device_server_that_is_not_there_is_a_link_that_is_down() -> None:
    async def story() -> None:
        async with polled("rtu+tcp://127.0.0.1:9", (7, profile(QUICK))) as (heard, _):
            await until(lambda: heard.states("d7") == [False])
            assert "device server off" in heard.links["d7"][0][1]

    asyncio.run(story())
