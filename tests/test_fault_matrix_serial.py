"""What a hostile line does to a serial driver: one test a fault and framing, all on a pty.

Each fault begins while all is well, and ends. Meanwhile no wrong value is believed; afterwards one of
the first three answered polls is; a neighbour on the line loses no more than one time-out, with the
quiet time behind it, a poll; and nothing but whole reading questions goes out. Every register says
which question it answers, so that a late, old or foreign value is known by its number.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from typing_extensions import override

from agent.clock import Clock
from agent.drivers.bus_driver import BusDriver
from agent.drivers.crc16 import crc16, framed
from agent.drivers.registers import Point, Table
from agent.drivers.rtu import RtuDriver
from agent.drivers.serial_driver import SerialDriver
from agent.drivers.tap import Tap
from agent.model import Reading
from agent.settings import ModbusSettings, SerialSettings
from hil.cic_face import CicFace
from hil.rtu_face import Conduct, RtuFace
from hil.rtu_manners import NOISE, Manner
from tests.rtu_stage import BAUD, Heard, Marked, mark, profile, until, url_of

TIMEOUT_MS, LATE_S, ANSWER_MAX_MS = 60, 0.09, 250
AGAIN = 3  # times a fault is met
DEVICE, NEIGHBOUR, STATION = 7, 8, 2
FLOOR = Point(signal="car.floor", table=Table.HOLDING, address=51203, stale_after_us=1_000_000)
SPEED = Point(signal="car.speed_mm_s", table=Table.HOLDING, address=51203)


@dataclass
class MarkedModule(Marked):
    """A CIC module that answers every question anew."""

    @override
    def __call__(self, question: bytes) -> bytes:
        self.asked += 1
        start, count = int.from_bytes(question[1:3]), question[3]
        words = [mark(self.address, Table.HOLDING, start + n, self.asked) for n in range(count)]
        return question + b"".join(word.to_bytes(2) for word in words)


@dataclass
class Stage:
    """One line: the device under test, perhaps a neighbour, and what was heard of them.

    `answered_at` is how many answers there had been when each value of the device was believed.
    """

    face: RtuFace
    device: Marked
    driver: BusDriver
    tap: Tap = field(default_factory=Tap)
    heard: Heard = field(default_factory=Heard)
    answered_at: list[int] = field(default_factory=list)

    @property
    def failures(self) -> int:
        counted = self.driver.statistics
        return counted.timeouts + counted.malformed + counted.exceptions

    def good(self, name: str = "d") -> int:
        return len(self.heard.all(name))

    def behave(self, manner: Manner, delay_s: float = 0.0) -> None:
        """Let the device under test, and not its neighbour, answer so."""
        self.face.conduct = lambda address, _: (
            Conduct(manner, delay_s) if address == self.device.address else Conduct()
        )


def rtu(face: RtuFace, address: int, point: Point, name: str, tap: Tap) -> BusDriver:
    settings = ModbusSettings(
        name=name, profile="test", url=url_of(face.link), device_id=address,
        poll_interval_ms=20, timeout_ms=TIMEOUT_MS,
    )  # fmt: skip
    return RtuDriver(settings, profile(point, answer_max_ms=ANSWER_MAX_MS), Clock(), tap=tap)


def cic(face: RtuFace, _address: int, point: Point, name: str, tap: Tap) -> BusDriver:
    settings = SerialSettings(
        name=name, profile="test", url=url_of(face.link), poll_interval_ms=20, timeout_ms=TIMEOUT_MS
    )
    return SerialDriver(
        settings, replace(profile(point, answer_max_ms=ANSWER_MAX_MS), framing="cic"), Clock(), tap
    )


@contextlib.asynccontextmanager
async def stage(framing: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """Poll the device, and on RTU a neighbour too, until all is well."""
    device: Marked = MarkedModule(STATION) if framing == "cic" else Marked(DEVICE)
    marked = [device] if framing == "cic" else [device, Marked(NEIGHBOUR)]
    face = CicFace(list, baudrate=BAUD) if framing == "cic" else RtuFace({}, baudrate=BAUD)
    face.devices = {each.address: each for each in marked}
    await face.start(tmp_path / "rs485")
    tap, make = Tap(), cic if framing == "cic" else rtu
    drivers = [make(face, device.address, FLOOR, "d", tap)]
    if framing == "rtu":
        drivers.append(make(face, NEIGHBOUR, SPEED, "neighbour", tap))
    it = Stage(face, device, drivers[0], tap)

    def check(name: str, reading: Reading) -> str:
        if name == "d":
            it.answered_at.append(it.driver.statistics.answered)
        return not_of_now(marked[name != "d"], reading)

    it.heard.check = check
    tasks = [asyncio.create_task(driver.run(it.heard)) for driver in drivers]
    try:
        await until(lambda: all(it.good(driver.name) >= 2 for driver in drivers))
        yield it
        assert it.heard.wrong == []
        assert not any(task.done() for task in tasks)
        only_questions(face)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await face.close()


def not_of_now(device: Marked, reading: Reading) -> str:
    """Say so unless a value answers one of the device's latest two questions."""
    latest = [mark(device.address, Table.HOLDING, 51203, device.asked - n) for n in (0, 1)]
    return "" if reading.value in latest else f"answers none of the latest questions: {latest}"


def only_questions(face: RtuFace) -> None:
    """Fail unless every byte that was sent belongs to a whole reading question."""
    sent, size = bytes(face.tap), face.question_bytes
    frames = [sent[n : n + size] for n in range(0, len(sent), size)]
    assert {frame[:2] for frame in frames} <= {b"\x07\x03", b"\x08\x03", b"\x02\x03"}
    assert not any(crc16(frame) for frame in frames)


async def recovers(it: Stage, begin: Callable[[], None]) -> None:
    """End the fault by `begin`; of the first three answered polls one must be believed."""
    answered, good = it.driver.statistics.answered, it.good()
    begin()
    await until(lambda: it.good() > good)
    assert it.answered_at[good] <= answered + 3


async def more_good(it: Stage, count: int) -> None:
    good = it.good()
    await until(lambda: it.good() >= good + count)


def neighbour_lost_one_time_out_a_poll_at_most(it: Stage, since: int) -> None:
    """At most one question to the faulty device stands between two to its neighbour."""
    asked = [address for _, address in it.face.asked][since:]
    if NEIGHBOUR not in asked:
        return
    places = [n for n, address in enumerate(asked) if address == NEIGHBOUR]
    assert max(after - before for before, after in itertools.pairwise(places)) <= 2


# Manner of the answers, delay, whether it counts as bytes that came, and a word of the tap's note.
MISANSWERED = {
    "late answer": (Manner.LATE, LATE_S, False, "late"),
    "short answer": (Manner.SHORT, 0.0, True, ""),
    "long answer": (Manner.LONG, 0.0, True, ""),
    "wrong device": (Manner.WRONG_DEVICE, 0.0, True, "answered instead"),
    "wrong function": (Manner.WRONG_FUNCTION, 0.0, True, "answered with function 4"),
    "crc error": (Manner.CRC_ERROR, 0.0, True, "checksum is wrong"),
    "echo alone": (Manner.ECHO, 0.0, True, "as an echo"),
    "silence": (Manner.SILENCE, 0.0, False, ""),
    "half frame then silence": (Manner.HALF, 0.0, True, "broke off"),
}
HARMLESS = {
    "echo before the answer": (Manner.ECHO_FIRST, "as an echo"),
    "noise before the answer": (Manner.NOISE_FIRST, "noise"),
    "noise behind the answer": (Manner.NOISE_AFTER, "between the frames"),
    "the answer twice": (Manner.TWICE, "between the frames"),
}
both = pytest.mark.parametrize("framing", ["rtu", "cic"])


@both
@pytest.mark.parametrize("fault", MISANSWERED)
def test_no_misanswer_is_believed_and_the_device_is_back_within_three_polls(
    framing: str, fault: str, tmp_path: Path
) -> None:
    manner, delay_s, heard_bytes, note = MISANSWERED[fault]

    async def story() -> None:
        async with stage(framing, tmp_path) as it:
            before, since = it.failures, len(it.face.asked)
            it.behave(manner, delay_s)
            await until(lambda: it.failures > before)
            good = it.good()
            await until(lambda: it.failures >= before + AGAIN)
            assert it.good() == good
            assert (it.driver.statistics.malformed > 0) is heard_bytes
            neighbour_lost_one_time_out_a_poll_at_most(it, since)
            await recovers(it, lambda: it.behave(Manner.HONEST))
            assert any(note in frame.note for frame in it.tap.kept if frame.driver == "d")

    asyncio.run(story())


@both
@pytest.mark.parametrize("fault", HARMLESS)
def test_bytes_around_a_whole_answer_do_no_harm_and_are_told(
    framing: str, fault: str, tmp_path: Path
) -> None:
    manner, note = HARMLESS[fault]

    async def story() -> None:
        async with stage(framing, tmp_path) as it:
            it.behave(manner)
            await more_good(it, 5)
            assert it.failures == 0
            frames = [frame for frame in it.tap.kept if frame.driver == "d"]
            assert any(note in frame.note for frame in frames if frame.way == "in")

    asyncio.run(story())


@both
def test_babble_between_the_frames_does_no_harm(framing: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stage(framing, tmp_path) as it:
            for _ in range(5):
                it.face.babble(NOISE)
                await more_good(it, 1)
            assert any(frame.data == NOISE for frame in it.tap.kept)
            await recovers(it, lambda: None)

    asyncio.run(story())


def test_an_exception_is_no_value_and_disturbs_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        async with stage("rtu", tmp_path) as it:
            it.face.devices = {**it.face.devices, DEVICE: lambda _: bytes((0x83, 4))}
            await until(lambda: it.driver.statistics.exceptions >= 1)
            good, neighbours = it.good(), it.good("neighbour")
            await until(lambda: it.driver.statistics.exceptions >= 1 + AGAIN)
            assert it.good() == good
            assert it.good("neighbour") > neighbours
            assert any("exception 4" in frame.note for frame in it.tap.kept)
            it.face.devices = {**it.face.devices, DEVICE: it.device}
            await recovers(it, lambda: None)

    asyncio.run(story())


async def unplugged(it: Stage) -> None:
    drops = it.driver.statistics.drops
    it.face.plug(on=False)
    await until(lambda: it.driver.statistics.drops > drops)


async def unplugged_while_it_answers(it: Stage) -> None:
    it.behave(Manner.LATE, 5.0)
    asked = it.device.asked
    await until(lambda: it.device.asked > asked)
    await unplugged(it)
    it.behave(Manner.HONEST)


@both
@pytest.mark.parametrize("how", [unplugged, unplugged_while_it_answers])
def test_an_unplugged_adapter_is_used_again_under_the_same_name(
    framing: str, how: Callable[[Stage], Awaitable[None]], tmp_path: Path
) -> None:
    async def story() -> None:
        async with stage(framing, tmp_path) as it:
            await how(it)
            await recovers(it, it.face.plug)

    asyncio.run(story())


@both
def test_an_adapter_that_comes_back_under_another_name_is_found_by_its_link(
    framing: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with stage(framing, tmp_path) as it:
            before = it.face.link.resolve()
            await unplugged(it)
            with taken_terminal():
                await recovers(it, it.face.plug)
                assert it.face.link.resolve() != before

    asyncio.run(story())


@contextlib.contextmanager
def taken_terminal() -> Iterator[None]:
    """Take the terminal that was freed, so that the adapter gets another one."""
    ends = os.openpty()
    try:
        yield
    finally:
        for end in ends:
            os.close(end)


def test_what_another_master_is_answered_is_not_believed(tmp_path: Path) -> None:
    """Its question comes just before ours or with it; the answer has the right shape, and is not ours."""
    foreign = framed(bytes((DEVICE, 3)) + bytes.fromhex("0032 0001"))
    answer = framed(bytes((DEVICE, 3, 2)) + bytes.fromhex("A55A"))

    async def asks(it: Stage) -> None:
        while True:
            it.face.babble(foreign)
            await asyncio.sleep(0.004)
            it.face.babble(answer)
            await asyncio.sleep(0.013)

    async def story() -> None:
        async with stage("rtu", tmp_path) as it:
            before = it.driver.statistics.malformed
            another = asyncio.create_task(asks(it))
            await until(lambda: it.driver.statistics.malformed >= before + AGAIN)
            another.cancel()
            assert any("another master" in frame.note for frame in it.tap.kept)
            await recovers(it, lambda: None)

    asyncio.run(story())
