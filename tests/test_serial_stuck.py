"""A serial adapter whose opening hangs holds up neither the agent nor its end, and is said."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers import serial_ear, serial_line
from agent.drivers.address import SerialAddress
from agent.drivers.serial_ear import SerialEar
from agent.drivers.serial_line import SerialLine
from tests.rtu_stage import until

ADDRESS = SerialAddress("/dev/stuck", 9600, "N", 1)


class LatePort:
    """What pyserial gives at last."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def test_a_port_to_ask_on_that_hangs_is_said_and_closed_when_it_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held, port = threading.Event(), LatePort()

    def hang(_: SerialLine) -> LatePort:
        held.wait(20)
        return port

    monkeypatch.setattr(SerialLine, "_opened", hang)
    monkeypatch.setattr(serial_line, "OPENING_S", 0.05)

    async def story() -> None:
        line = SerialLine(ADDRESS, Clock())
        assert "hangs" in await line.open()
        assert "hangs" in await line.open()  # and no second thread hangs with it
        assert not line.is_open
        held.set()
        await until(port.closed.is_set)

    asyncio.run(story())


def test_a_port_to_listen_on_that_hangs_leaves_no_descriptor_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held, opened = threading.Event(), list[int]()

    def hang(_: SerialAddress) -> int:
        held.wait(20)
        opened.append(os.open(tmp_path, os.O_RDONLY))
        return opened[0]

    monkeypatch.setattr(serial_ear, "_opened", hang)
    monkeypatch.setattr(serial_ear, "OPENING_S", 0.05)

    async def story() -> None:
        ear = SerialEar(ADDRESS, Clock())
        assert "hangs" in await ear.open()
        held.set()
        await until(lambda: bool(opened) and not is_open(opened[0]))

    asyncio.run(story())


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
