"""Mode listen: everything is heard, nothing is ever sent."""

import asyncio
import contextlib
import errno
import fcntl
import os
import random
import termios
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers import serial_listener
from agent.drivers.address import SerialAddress
from agent.drivers.registers import Point, Table
from agent.drivers.serial_ear import SerialEar
from agent.drivers.serial_listener import ListenDriver
from agent.drivers.tap import Frame, Tap
from agent.model import Quality
from agent.settings import SerialSettings
from hil.cic_face import CicTalk
from hil.cic_module import COUNT, FIRST
from hil.rtu_manners import NOISE, Manner
from tests.rtu_stage import Heard, profile, until, url_of

FLOOR = Point(
    signal="car.floor", table=Table.HOLDING, address=51212, stale_after_us=500_000, max_step=5
)
SPEED = Point(signal="car.speed_mm_s", table=Table.HOLDING, address=51200, stale_after_us=500_000)


class Stage:
    """A line on which somebody else asks, and a listener."""

    def __init__(self, tmp_path: Path) -> None:
        self.floor = 3
        self.talk = CicTalk(tmp_path / "rs485", self._registers)
        self.heard, self.tap = Heard(), Tap()
        settings = SerialSettings(
            name="d", profile="test", url=url_of(self.talk.adapter.link), mode="listen",
            poll_interval_ms=20,
        )  # fmt: skip
        spoken = replace(profile(FLOOR, SPEED), framing="cic")
        self.driver = ListenDriver(settings, spoken, Clock(), self.tap, random.Random(1))

    def _registers(self) -> list[int]:
        words = [0] * COUNT
        words[0], words[12] = 1500, self.floor
        return words

    def floors(self) -> list[object]:
        return [r.value for r in self.heard.all("d") if r.signal == "car.floor"]

    @property
    def reason(self) -> str:
        return self.heard.links["d"][-1][1]


@contextlib.asynccontextmanager
async def grows(count: Callable[[], int]) -> AsyncIterator[None]:
    """Do something that lets a number grow, and wait until it has."""
    before = count()
    yield
    await until(lambda: count() > before)


@contextlib.asynccontextmanager
async def listened(tmp_path: Path, *, plugged: bool = True) -> AsyncIterator[Stage]:
    """Listen for the length of the block; nothing may have been written at its end."""
    it = Stage(tmp_path)
    if plugged:
        it.talk.adapter.plug()
    task = asyncio.create_task(it.driver.run(it.heard))
    try:
        if plugged:
            await until(lambda: it.driver.statistics.connects == 1)
        yield it
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)  # what was written last is heard now
        it.talk.adapter.unplug()
    assert bytes(it.talk.written) == b""
    assert all(frame.way == "in" for frame in it.tap.kept)


def test_what_others_ask_and_answer_is_read_and_not_a_byte_sent(tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:
            it.talk.exchange()
            await until(lambda: len(it.heard.batches["d"]) == 1)
            read = {r.signal: r.value for r in it.heard.batches["d"][0]}
            assert read == {"car.floor": 3, "car.speed_mm_s": 1500}
            assert it.heard.links["d"] == [(True, "answers are heard")]
            it.floor = 4
            it.talk.exchange(address=51210, count=4)  # its own choice: of one point only
            await until(lambda: it.floors() == [3, 4])
            assert [r.signal for r in it.heard.batches["d"][1]] == ["car.floor"]

    asyncio.run(story())


def test_over_connects_faults_floods_and_replugs_not_a_byte_is_sent(tmp_path: Path) -> None:
    chance = random.Random(11)

    async def story() -> None:
        async with listened(tmp_path, plugged=False) as it:
            counted = it.driver.statistics
            for _ in range(3):
                async with grows(lambda: counted.connects):
                    it.talk.adapter.plug()
                for manner in Manner:
                    it.talk.exchange(manner)
                    it.talk.adapter.write(chance.randbytes(chance.randrange(300)))
                it.talk.adapter.write(b"\x11\x13\x03\x04\r\n" * 100)  # what a terminal answers to
                await asyncio.sleep(2 * serial_listener.QUIET_US / 1e6)
                async with grows(lambda: len(it.floors())):
                    it.talk.exchange()
                async with grows(lambda: counted.drops):
                    it.talk.adapter.unplug()
            assert set(it.floors()) == {3}

    asyncio.run(story())


def test_the_port_is_open_for_reading_alone_and_told_to_be_quiet(tmp_path: Path) -> None:
    async def story() -> None:
        master, port = os.openpty()  # fresh: it would echo
        ear = SerialEar(SerialAddress(os.ttyname(port), 9600, "N", 2), Clock())
        before = termios.tcgetattr(port)
        assert before[3] & termios.ECHO
        assert await ear.open() == ""
        fd = ear._fd
        assert fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
            os.write(fd, b"x")
        assert not hasattr(ear, "send")
        iflag, oflag, cflag, lflag, *speeds, _ = termios.tcgetattr(port)
        assert (iflag, oflag, lflag) == (0, 0, 0)  # no XON and XOFF, no echo, no signals
        assert speeds == [termios.B9600, termios.B9600]
        assert cflag & termios.CSTOPB
        assert cflag & termios.CLOCAL
        assert not cflag & (termios.CRTSCTS | termios.HUPCL | termios.PARENB)
        os.write(master, b"is anybody there?\r\n" * 50)
        await until(lambda: len(ear.inbox.bytes) >= 950)
        os.set_blocking(master, False)
        with pytest.raises(BlockingIOError):
            os.read(master, 1)
        ear.close()
        ear.close()
        for end in (master, port):
            os.close(end)

    asyncio.run(story())


def test_a_listener_s_port_is_nobody_else_s_and_free_afterwards(tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:
            address = SerialAddress(str(it.talk.adapter.link), 9600, "N", 1)
            second = SerialEar(address, Clock())
            assert "another program has it open" in await second.open()
            assert not second.is_open
        third = SerialEar(SerialAddress(str(tmp_path / "gone"), 9600, "N", 1), Clock())
        assert "adapter unplugged, or another name" in await third.open()
        path = tmp_path / "file"
        path.write_bytes(b"")
        fourth = SerialEar(SerialAddress(str(path), 9600, "N", 1), Clock())
        assert "check that it is a serial port" in await fourth.open()

    asyncio.run(story())


# ------------------------------------------------------------------------- why nothing is read


@pytest.mark.parametrize(
    ("passes", "says"),
    [
        ("nothing", "nothing passes on the line"),
        ("noise", "makes no frame: wrong baudrate"),
        ("questions", "asks and nobody answers"),
        ("elsewhere", "registers in which the profile has nothing"),
    ],
)
def test_a_link_that_gives_nothing_says_why(passes: str, says: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:

            async def talk() -> None:
                while passes != "nothing":
                    if passes == "noise":
                        it.talk.adapter.write(NOISE)
                    elif passes == "questions":
                        it.talk.exchange(Manner.SILENCE)
                    else:
                        it.talk.exchange(address=51220, count=4)
                    await asyncio.sleep(0.2)

            talking = asyncio.create_task(talk())
            await until(lambda: it.heard.states("d") == [False])
            talking.cancel()
            assert says in it.reason
            assert len(it.heard.all("d", Quality.NO_ANSWER)) == 2
            it.talk.exchange()
            await until(lambda: it.heard.states("d") == [False, True])

    asyncio.run(story())


def test_an_unplugged_port_is_a_link_that_is_down_and_comes_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path, plugged=False) as it:
            await until(lambda: it.heard.states("d") == [False])
            assert "adapter unplugged" in it.reason
            it.talk.adapter.plug()
            await until(lambda: it.driver.statistics.connects == 1)
            it.talk.exchange()
            await until(lambda: it.heard.states("d") == [False, True])
            turns = it.heard.turns["d"]
            await until(lambda: it.heard.turns["d"] > turns)  # it lives though nothing passes

    asyncio.run(story())


# ------------------------------------------------------------------------- what is believed, what is told


@pytest.mark.parametrize(
    "manner",
    [Manner.CRC_ERROR, Manner.HALF, Manner.WRONG_DEVICE, Manner.WRONG_FUNCTION, Manner.ECHO],
)
def test_of_a_bad_answer_nothing_is_read_and_the_next_good_one_counts(
    manner: Manner, tmp_path: Path
) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:
            it.floor = 5
            it.talk.exchange(manner)
            it.floor = 6
            it.talk.exchange()
            await until(lambda: bool(it.floors()))
            assert it.floors() == [6]

    asyncio.run(story())


def test_a_number_that_jumps_waits_for_an_answer_that_agrees(tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:
            for floor, read in ((3, [3]), (40, [3]), (4, [3, 4]), (50, [3, 4]), (50, [3, 4, 50])):
                it.floor = floor
                async with grows(lambda: it.driver.statistics.answered):
                    it.talk.exchange()
                assert it.floors() == read

    asyncio.run(story())


def test_every_frame_and_the_noise_between_is_told_as_it_passed(tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:
            passed = list[Frame]()
            it.tap.listen(passed.append)
            it.talk.adapter.write(NOISE)
            it.talk.exchange(count=2)
            it.talk.exchange(Manner.CRC_ERROR, count=2)
            await until(lambda: len(passed) >= 5)
            assert [(len(frame.data), bool(frame.note)) for frame in passed] == [
                (3, True), (7, False), (11, False), (7, False), (11, True),
            ]  # fmt: skip
            assert {frame.driver for frame in passed} == {"d"}
            assert it.driver.statistics.malformed == 2

    asyncio.run(story())


def test_a_master_that_asks_for_ever_new_blocks_takes_no_more_memory(tmp_path: Path) -> None:
    async def story() -> None:
        async with listened(tmp_path) as it:
            for count in range(13, 13 + 2 * serial_listener.MOST_BLOCKS - 6):
                it.talk.exchange(address=FIRST, count=count)
            answered = 2 * serial_listener.MOST_BLOCKS - 6
            await until(lambda: it.driver.statistics.answered == answered)
            assert len(it.driver._compiled) <= serial_listener.MOST_BLOCKS

    asyncio.run(story())
