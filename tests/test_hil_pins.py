"""Simulated pins: levels driven from another process, edges, pulls, and nothing that can be driven."""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from gpiozero import DigitalInputDevice, DigitalOutputDevice
from gpiozero.exc import BadPinFactory, PinFixedPull, PinInvalidBounce, PinInvalidFunction

from hil.client import ElevatorProcess
from hil.pins import SimulatedFactory
from hil.pins_server import Contact, PinsServer

WAIT_S = 10.0


def wait_for(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline_s, "it did not come about"
        time.sleep(0.005)


def settled(device: DigitalInputDevice, value: int) -> bool:
    """Look whether a contact has the value and has stopped bouncing."""
    ends_s = time.monotonic() + 0.1
    while device.value == value:
        if time.monotonic() > ends_s:
            return True
        time.sleep(0.002)
    return False


@contextlib.contextmanager
def elevator_and_pins() -> Iterator[tuple[ElevatorProcess, SimulatedFactory]]:
    with ElevatorProcess("--no-riders") as elevator:
        factory = SimulatedFactory(str(elevator.pins_socket))
        try:
            yield elevator, factory
        finally:
            factory.close()


def test_the_factory_is_registered_under_its_name() -> None:
    points = entry_points(group="gpiozero_pin_factories")
    assert {point.value for point in points if point.name == "simulated"} == {
        "hil.pins:SimulatedFactory"
    }


def test_levels_of_another_process_are_there_at_once_and_its_presses_are_edges() -> None:
    with elevator_and_pins() as (elevator, factory):
        button = DigitalInputDevice(17, pull_up=True, pin_factory=factory)
        mains = DigitalInputDevice(24, pull_up=True, pin_factory=factory)
        assert (button.value, mains.value) == (0, 1)
        pressed, released = threading.Event(), threading.Event()
        button.when_activated = pressed.set
        elevator.client.do("press_alarm", seconds=30)
        assert pressed.wait(WAIT_S)
        wait_for(lambda: button.value == 1)
        elevator.client.do("fault", name="mains_lost")
        wait_for(lambda: mains.value == 0)
        button.when_deactivated = released.set
        elevator.client.do("press_alarm", seconds=0.01)
        assert released.wait(WAIT_S)
        wait_for(lambda: button.value == 0)
        button.close()
        mains.close()


def test_levels_stay_while_the_simulator_is_away_and_follow_the_next_one() -> None:
    with elevator_and_pins() as (elevator, factory):
        mains = DigitalInputDevice(24, pull_up=True, pin_factory=factory)
        elevator.client.do("fault", name="mains_lost")
        wait_for(lambda: settled(mains, 0))
        back = threading.Event()
        mains.when_activated = back.set
        elevator.stop()
        assert mains.value == 0
        elevator.start()
        assert back.wait(WAIT_S)
        wait_for(lambda: mains.value == 1)
        mains.close()


def test_gpiozero_finds_it_by_the_environment_in_a_process_of_its_own() -> None:
    program = (
        "from gpiozero import Device, DigitalInputDevice\n"
        "Device.ensure_pin_factory()\n"
        "pin = DigitalInputDevice(24, pull_up=True, pin_factory=Device.pin_factory)\n"
        "print(type(Device.pin_factory).__name__, pin.value)\n"
        "pin.close(); Device.pin_factory.close()\n"
    )
    with ElevatorProcess("--no-riders") as elevator:
        environment = {
            **os.environ,
            "GPIOZERO_PIN_FACTORY": "simulated",
            "HIL_PINS_SOCKET": str(elevator.pins_socket),
        }
        told = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            env=environment,
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=True,
        )
    assert told.stdout.split() == ["SimulatedFactory", "1"]


@contextlib.contextmanager
def unconnected(folder: Path) -> Iterator[SimulatedFactory]:
    factory = SimulatedFactory(str(folder / "nobody"))
    try:
        yield factory
    finally:
        factory.close()


def test_an_unconnected_pin_follows_its_pull(tmp_path: Path) -> None:
    with unconnected(tmp_path) as factory:
        pin = factory.pin(5)
        for pull, level in (("up", 1), ("down", 0), ("floating", 0)):
            pin.pull = pull
            assert pin.state == level
        with pytest.raises(PinFixedPull):
            factory.pin(2).pull = "down"


def test_a_pin_cannot_be_made_an_output_and_does_not_debounce(tmp_path: Path) -> None:
    with unconnected(tmp_path) as factory:
        with pytest.raises(PinInvalidFunction):
            DigitalOutputDevice(17, pin_factory=factory)
        with pytest.raises(PinInvalidBounce):
            DigitalInputDevice(18, pull_up=True, bounce_time=0.05, pin_factory=factory)


def test_without_a_socket_named_the_factory_says_which_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HIL_PINS_SOCKET", raising=False)
    with pytest.raises(BadPinFactory, match="HIL_PINS_SOCKET"):
        SimulatedFactory()


def test_a_contact_bounces_some_milliseconds_and_settles_at_the_right_level(
    tmp_path: Path,
) -> None:
    async def run() -> list[int]:
        contacts = {"a": Contact(4, "high")}
        server = PinsServer(contacts, random.Random(2))
        await server.start(tmp_path / "pins")
        server.update({"a": False})
        reader, writer = await asyncio.open_unix_connection(tmp_path / "pins")
        levels: list[int] = []
        assert await reader.readline() == b'{"pin":4,"level":0}\n'
        assert await reader.readline() == b'{"complete":true}\n'
        for value in (True, False) * 10:
            server.update({"a": value})
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        writer.close()
        await server.close()
        while line := await reader.readline():
            levels.append(int(line[len(b'{"pin":4,"level":')] - ord("0")))
        return levels

    levels = asyncio.run(run())
    assert len(levels) > 20  # 20 changes, most of them bouncing
    assert all(level == (number + 1) % 2 for number, level in enumerate(levels))
    assert levels[-1] == 0


def test_a_contact_active_low_is_low_when_its_signal_is_true() -> None:
    assert [Contact(1, "low").level(value) for value in (True, False)] == [0, 1]
    assert [Contact(1, "high").level(value) for value in (True, False)] == [1, 0]
