"""A serial port is one program's alone, questions keep the pause a device needs, and the tap hears all."""

import asyncio
import contextlib
import fcntl
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers.address import SerialAddress
from agent.drivers.bus_tap import MOST_BYTES
from agent.drivers.line import pace_of
from agent.drivers.registers import Point, Table
from agent.drivers.rtu import RtuDriver
from agent.drivers.serial_line import SerialLine
from agent.drivers.tap import Frame, Tap
from agent.settings import ModbusSettings
from hil.pty_adapter import PtyAdapter
from hil.rtu_face import RtuFace
from hil.rtu_manners import NOISE, Manner
from tests.rtu_stage import Heard, line, profile, until, url_of

FLOOR = Point(signal="car.floor", table=Table.HOLDING, address=3)
TIOCGEXCL = 0x80045440  # whether the terminal is exclusive; the standard library has no name for it
OTHER_AGENT = """
import asyncio, sys
from agent.clock import Clock
from agent.drivers.address import SerialAddress
from agent.drivers.serial_line import SerialLine
from agent.drivers.serial_ear import SerialEar

async def main():
    ears = {"line": SerialLine, "ear": SerialEar}
    port = ears[sys.argv[2]](SerialAddress(sys.argv[1], 9600, "N", 1), Clock())
    print(await port.open() or "mine", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    port.close()

asyncio.run(main())
"""


def other_agent(link: Path, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OTHER_AGENT, str(link), how]
    pipe = subprocess.PIPE
    root = Path(__file__).parent.parent
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextlib.asynccontextmanager
async def plugged(link: Path) -> AsyncIterator[PtyAdapter]:
    adapter = PtyAdapter(link, lambda _data: None)
    adapter.plug()
    try:
        yield adapter
    finally:
        adapter.unplug()


@pytest.mark.parametrize(("first", "second"), [("line", "line"), ("ear", "line"), ("line", "ear")])
def test_of_two_processes_the_second_is_told_who_to_look_for(
    first: str, second: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with plugged(tmp_path / "port") as adapter:
            with other_agent(adapter.link, first) as one:
                assert await asyncio.to_thread(said, one) == "mine"
                with other_agent(adapter.link, second) as two:
                    told = await asyncio.to_thread(said, two)
                    two.communicate("\n", timeout=20)
                assert told.startswith(f"cannot open {adapter.link}: another program has it open")
                assert "a second agent, ModemManager, getty" in told
                assert "`fuser -v` names it: stop it" in told
                one.communicate("\n", timeout=20)
            with other_agent(adapter.link, second) as two:
                assert await asyncio.to_thread(said, two) == "mine"
                two.communicate("\n", timeout=20)

    asyncio.run(story())


def test_programs_that_look_at_no_lock_are_kept_out_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with plugged(tmp_path / "port") as adapter:
            line = SerialLine(SerialAddress(str(adapter.link), 9600, "N", 1), Clock())
            other = os.open(adapter.link, os.O_RDWR | os.O_NOCTTY)
            for taken in (1, 0):
                if taken:
                    assert await line.open() == ""
                else:
                    line.close()
                flag = fcntl.ioctl(other, TIOCGEXCL, bytes(4))
                assert int.from_bytes(flag, sys.byteorder) == taken
            os.close(other)

    asyncio.run(story())


# ------------------------------------------------------------------------- pauses


def test_a_device_that_needs_a_pause_gets_it_before_each_question(tmp_path: Path) -> None:
    pause_s = 0.1

    async def story() -> None:
        async with line(tmp_path, 7) as face:
            settings = ModbusSettings(
                name="d7", profile="test", url=url_of(face.link), device_id=7, poll_interval_ms=20
            )
            slow = replace(profile(FLOOR, replace(FLOOR, signal="car.speed_mm_s", address=90)),
                           pause_us=round(pause_s * 1e6))  # fmt: skip
            heard = Heard()
            task = asyncio.create_task(RtuDriver(settings, slow, Clock()).run(heard))
            await until(lambda: len(face.asked) >= 6)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            at_s = [at for at, _ in face.asked]
            assert all(b - a >= pause_s for a, b in itertools.pairwise(at_s))
            assert heard.all("d7")

    asyncio.run(story())


def test_a_pause_longer_than_babble_is_waited_for_is_no_failure(tmp_path: Path) -> None:
    async def story() -> None:
        async with line(tmp_path, 7) as face:
            settings = ModbusSettings(
                name="d7", profile="test", url=url_of(face.link), device_id=7, poll_interval_ms=20
            )
            heard = Heard()
            slowest = replace(profile(FLOOR), pause_us=400_000)
            driver = RtuDriver(settings, slowest, Clock())
            task = asyncio.create_task(driver.run(heard))
            await until(lambda: len(heard.all("d7")) >= 3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert driver.statistics.malformed == driver.statistics.timeouts == 0
            # Nor is it part of how long the device takes, which a time-out is chosen by.
            assert min(list(driver.statistics.round_trips_us)[1:]) < 400_000

    asyncio.run(story())


@pytest.mark.parametrize("baudrate", [9600, 19200, 115200])
def test_no_question_follows_a_frame_sooner_than_three_and_a_half_bytes(
    baudrate: int, tmp_path: Path
) -> None:
    async def story() -> None:
        async with line(tmp_path, 7, baudrate=baudrate) as face:
            came_s = list[float]()
            passed = list[Frame]()
            tap = Tap()
            tap.listen(passed.append)
            settings = ModbusSettings(
                name="d7", profile="test", url=url_of(face.link, baudrate), device_id=7,
                poll_interval_ms=20,
            )  # fmt: skip
            two = profile(FLOOR, replace(FLOOR, signal="car.speed_mm_s", address=90))
            task = asyncio.create_task(RtuDriver(settings, two, Clock(), tap=tap).run(Heard()))
            await until(lambda: len(passed) >= 12)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for before, after in itertools.pairwise(passed):
                if (before.way, after.way) == ("in", "out"):
                    came_s.append((after.at_us - before.at_us) / 1e6)
            assert min(came_s) >= pace_of(baudrate).gap_us / 1e6

    asyncio.run(story())


# ------------------------------------------------------------------------- the tap


@contextlib.asynccontextmanager
async def tapped(tmp_path: Path) -> AsyncIterator[tuple[RtuFace, list[Frame], Heard]]:
    tap, passed, heard = Tap(), list[Frame](), Heard()
    tap.listen(passed.append)
    async with line(tmp_path, 7) as face:
        settings = ModbusSettings(
            name="d7", profile="test", url=url_of(face.link), device_id=7, poll_interval_ms=20,
            timeout_ms=60,
        )  # fmt: skip
        driver = RtuDriver(settings, profile(FLOOR, answer_max_ms=250), Clock(), tap=tap)
        task = asyncio.create_task(driver.run(heard))
        try:
            await until(lambda: len(heard.all("d7")) >= 2)
            yield face, passed, heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_each_question_and_answer_is_told_once_whole_and_without_a_note(tmp_path: Path) -> None:
    async def story() -> None:
        async with tapped(tmp_path) as (face, passed, _):
            await until(lambda: len(passed) >= 8)
            frames = list(passed)
            sent = bytes(face.tap)
        assert [frame.way for frame in frames[:8]] == ["out", "in"] * 4
        assert {(len(frame.data), frame.note, frame.driver) for frame in frames} == {
            (8, "", "d7"), (7, "", "d7"),
        }  # fmt: skip
        assert b"".join(f.data for f in frames if f.way == "out") == sent[: len(frames) // 2 * 8]
        assert [f.at_us for f in frames] == sorted(f.at_us for f in frames)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        (Manner.ECHO_FIRST, [(8, "the question, as an echo"), (7, "")]),
        (Manner.NOISE_FIRST, [(3, "noise: part of no answer"), (7, "")]),
        (Manner.NOISE_AFTER, [(7, ""), (3, "between the frames: nobody was asked")]),
        (Manner.TWICE, [(7, ""), (7, "between the frames: nobody was asked")]),
    ],
)
def test_bytes_around_an_answer_are_told_apart_from_it(
    manner: Manner, expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    async def story() -> None:
        async with tapped(tmp_path) as (face, passed, _):
            face.behave(manner)
            start = len(passed)
            await until(lambda: len(passed) >= start + 12)
            came = [(len(f.data), f.note) for f in passed[start + 3 :] if f.way == "in"]
            assert all(
                pair in (expected, expected[::-1])
                for pair in ([list(p) for p in itertools.pairwise(came)])
            ), came

    asyncio.run(story())


def test_a_late_answer_is_told_as_late_and_noise_by_its_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with tapped(tmp_path) as (face, passed, heard):
            face.behave(Manner.LATE, 0.1)
            await until(lambda: any(frame.note.startswith("late") for frame in passed))
            face.behave(Manner.HONEST)
            good = len(heard.all("d7"))
            await until(lambda: len(heard.all("d7")) > good)
            face.babble(b"\x55" * 3000 + NOISE)
            await until(lambda: any(frame.data.endswith(NOISE) for frame in passed))
            (noise,) = [frame for frame in passed if frame.data.endswith(NOISE)]
            assert len(noise.data) <= MOST_BYTES

    asyncio.run(story())
