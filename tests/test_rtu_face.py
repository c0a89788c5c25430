"""The simulated box on its RTU line: what it says, the time it takes, and how it errs on command."""

import asyncio
import contextlib
import os
import random
import select
import time
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers import table
from agent.drivers.crc16 import crc16, framed
from agent.drivers.means import Means
from agent.drivers.rtu import RtuDriver
from agent.settings import ModbusSettings
from hil.client import CommandRefused, ElevatorProcess
from hil.rtu_device import device
from hil.rtu_face import RtuFace
from tests.rtu_stage import Heard, until, url_of

CONTROLLERS = Path(__file__).parent.parent / "config/controllers"
QUESTION = framed(bytes((247, 3, 0, 0x10, 0, 19)))


def ask(link: Path, question: bytes, wait_s: float = 3.0) -> bytes:
    """Write a question to the port and collect what comes until a whole frame or the wait is over."""
    port = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    came, end_s = b"", time.monotonic() + wait_s
    try:
        os.write(port, question)
        while not came or crc16(came):
            left_s = end_s - time.monotonic()
            if left_s <= 0 or not select.select([port], [], [], left_s)[0]:
                return came
            came += os.read(port, 4096)
        return came
    finally:
        os.close(port)


def test_the_box_answers_on_its_line_as_it_does_on_tcp_and_errs_as_told() -> None:
    with ElevatorProcess("--no-riders", baud=115200) as elevator:
        answer = ask(elevator.rtu_link, QUESTION)
        assert answer[:3] == bytes((247, 3, 38))
        assert len(answer) == 43
        assert answer[5] & 0x04  # at level, in the high byte of 0x11
        do = elevator.client.do
        do("rtu", manner="crc_error")
        assert crc16(ask(elevator.rtu_link, QUESTION, 0.3))
        do("silence")
        assert ask(elevator.rtu_link, QUESTION, 0.3) == b""
        do("silence", on=False)
        assert ask(elevator.rtu_link, QUESTION) == answer
        for wrong, says in (
            ({"manner": "rude"}, "there are: honest, late"),
            ({"delay_s": -1}, "0 to"),
        ):
            with pytest.raises(CommandRefused, match=says):
                do("rtu", **wrong)
        do("plug", on=False)
        assert not elevator.rtu_link.is_symlink()
        do("plug")
        assert ask(elevator.rtu_link, QUESTION) == answer
        assert ask(elevator.rtu_link, framed(bytes((247, 6, 0, 0x20, 0, 1)))) == framed(
            b"\xf7\x86\x01"
        )
        assert elevator.client.state()["rtu_functions"] == {"3": 5, "6": 1}
    assert not elevator.rtu_link.is_symlink()


def test_an_elevator_without_a_line_says_so() -> None:
    with ElevatorProcess("--no-riders") as elevator:
        for command in ("rtu", "plug"):
            with pytest.raises(CommandRefused, match="--rtu-link"):
                elevator.client.do(command)


def test_the_agents_driver_reads_the_box_with_its_shipped_profile_through_faults_and_a_replug() -> (
    None
):
    async def story(elevator: ElevatorProcess) -> None:
        url = url_of(elevator.rtu_link, 19200)
        settings = ModbusSettings(
            name="box", profile="car-top-sensor", url=url, device_id=247, timeout_ms=200
        )
        driver = table.build(settings, Means(Clock(), (CONTROLLERS,)))
        assert isinstance(driver, RtuDriver)
        heard, failed = Heard(), driver.statistics
        task = asyncio.create_task(driver.run(heard))

        async def comes_back(drops: int) -> None:
            count = len(heard.all("box"))
            await until(lambda: len(heard.all("box")) > count and failed.drops >= drops)

        await until(lambda: heard.states("box") == [True])
        first = {reading.signal: reading.value for reading in heard.batches["box"][0]}
        assert first["car.door_zone"] is True
        assert first["car.floor"] == 0
        elevator.client.do("rtu", manner="short")
        await until(lambda: failed.malformed >= 1)
        elevator.client.do("rtu")
        await comes_back(0)
        elevator.client.do("plug", on=False)
        await until(lambda: failed.drops >= 1)
        elevator.client.do("plug")
        await comes_back(1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert heard.states("box") == [True]
        assert set(elevator.client.state()["rtu_functions"]) == {"3"}

    with ElevatorProcess("--no-riders", baud=19200) as elevator:
        asyncio.run(story(elevator))


@pytest.mark.parametrize(("baudrate", "least_s"), [(9600, 0.121), (19200, 0.060), (115200, 0.015)])
def test_bytes_take_the_time_they_take_on_a_wire(baudrate: int, least_s: float) -> None:
    # 32 registers and 16 bits, four frames and the silences before them: never faster than a wire.
    face = RtuFace({}, baudrate=baudrate)
    assert face.wire_s(8, 69, 8, 7) == pytest.approx(least_s, rel=0.06)
    assert face.wire_s(8, 69, 8, 7) >= least_s


def test_no_byte_comes_before_its_time(tmp_path: Path) -> None:
    async def story() -> None:
        box = device({3: (0, lambda: range(100))})
        face = RtuFace({9: box}, baudrate=9600)
        await face.start(tmp_path / "rs485")
        try:
            question = framed(bytes((9, 3, 0, 0, 0, 50)))
            began_s = time.monotonic()
            answer = await asyncio.to_thread(ask, tmp_path / "rs485", question)
            took_s = time.monotonic() - began_s
        finally:
            await face.close()
        assert len(answer) == 105
        assert took_s >= (8 + 105) * 11 / 9600

    asyncio.run(story())


def test_a_device_answers_what_it_has_and_refuses_the_rest() -> None:
    box = device({3: (0x10, lambda: range(0x10, 0x23)), 2: (0, lambda: [1, 0, 1] * 4)})
    assert box(bytes((3, 0, 0x11, 0, 2))) == bytes((3, 4, 0, 0x11, 0, 0x12))
    # Bits 1 to 9 of 1 0 1 1 0 1 1 0 1 1 0 1, the first one lowest.
    assert box(bytes((2, 0, 1, 0, 9))) == bytes((2, 2, 0b10110110, 1))
    assert box(bytes((4, 0, 0x10, 0, 1))) == bytes((0x84, 1))
    assert box(bytes((3, 0, 0x22, 0, 2))) == bytes((0x83, 2))
    assert box(bytes((3, 0, 0x10, 0, 0))) == bytes((0x83, 3))


def test_random_bytes_on_the_line_are_not_answered_and_break_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        face = RtuFace({9: device({3: (0, lambda: range(100))})}, baudrate=115200)
        await face.start(tmp_path / "rs485")
        try:
            noise = random.Random(5).randbytes(400)
            assert await asyncio.to_thread(ask, tmp_path / "rs485", noise, 0.3) == b""
            question = framed(bytes((9, 3, 0, 0, 0, 1)))
            assert await asyncio.to_thread(ask, tmp_path / "rs485", question) == framed(
                bytes((9, 3, 2, 0, 0))
            )
        finally:
            await face.close()

    asyncio.run(story())
