"""Contacts on pins, with gpiozero's own stand-in for a Pi; levels, bounce, loss and recovery."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import Device, DigitalInputDevice

from agent.clock import Clock
from agent.drivers.gpio import GpioDriver
from agent.model import Quality
from agent.settings import GpioInput, GpioSettings
from tests.gpio_stage import WAIT_S, FlakyPin, Heard, board, until, watched

DEBOUNCE_MS = 50
BUTTON = {"alarm.button": GpioInput(pin=17, active="low", debounce_ms=DEBOUNCE_MS)}
ZONE = {"car.door_zone": GpioInput(pin=22, active="high", debounce_ms=DEBOUNCE_MS)}


@pytest.fixture(autouse=True)
def factory() -> Iterator[Any]:
    """Give a board without a Pi below it."""
    with board() as made:
        yield made


def test_a_press_and_its_release_are_each_reported_once_after_the_debounce(factory: Any) -> None:
    async def story() -> None:
        clock = Clock()
        async with watched(BUTTON) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            pressed_us = clock.uptime_us()
            await asyncio.to_thread(factory.pin(17).drive_low)
            await until(lambda: heard.now("alarm.button") is True)
            first = next(one for one in heard.of("alarm.button") if one.value)
            assert first.at_us - pressed_us >= DEBOUNCE_MS * 1000
            await asyncio.to_thread(factory.pin(17).drive_high)
            await until(lambda: heard.now("alarm.button") is False)
            assert heard.changes("alarm.button") == [False, True, False]
            assert heard.links == [(True, "the pins are open")]

    asyncio.run(story())


def test_active_high_rests_low_and_active_low_rests_high(factory: Any) -> None:
    async def story() -> None:
        async with watched(BUTTON | ZONE) as heard:
            await until(lambda: heard.now("car.door_zone") is False)
            assert heard.now("alarm.button") is False
            assert (factory.pin(17).pull, factory.pin(22).pull) == ("up", "down")
            assert {factory.pin(n).function for n in (17, 22)} == {"input"}
            factory.pin(22).drive_high()
            await until(lambda: heard.now("car.door_zone") is True)
            assert heard.changes("alarm.button") == [False]

    asyncio.run(story())


def test_bounce_is_one_press(factory: Any) -> None:
    async def story() -> None:
        pin = factory.pin(17)
        slow = {"alarm.button": GpioInput(pin=17, debounce_ms=400)}  # no lag looks like rest
        async with watched(slow) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            for _ in range(12):
                pin.drive_low()
                await asyncio.sleep(0.003)
                pin.drive_high()
                await asyncio.sleep(0.003)
            pin.drive_low()
            await until(lambda: heard.now("alarm.button") is True)
            assert heard.changes("alarm.button") == [False, True]

    asyncio.run(story())


def test_a_glitch_shorter_than_the_debounce_is_nothing(factory: Any) -> None:
    async def story() -> None:
        pin = factory.pin(17)
        async with watched(BUTTON) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            pin.drive_low()
            pin.drive_high()
            said = len(heard.batches)
            await until(lambda: len(heard.batches) > said)
            assert heard.changes("alarm.button") == [False]

    asyncio.run(story())


def test_an_edge_that_was_missed_is_found_by_the_re_read(factory: Any) -> None:
    async def story() -> None:
        async with watched(BUTTON) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            factory.pin(17)._state = False  # the level changes, and nobody is told
            await until(lambda: heard.now("alarm.button") is True)

    asyncio.run(story())


def test_every_signal_is_said_again_each_second_and_the_loop_rests_between() -> None:
    async def story() -> None:
        async with watched(BUTTON | ZONE) as heard:
            await until(lambda: heard.now("car.door_zone") is False)
            said, turns = len(heard.batches), heard.turns
            await until(lambda: len(heard.batches) == said + 2)
            assert heard.turns - turns <= 6
            for batch in heard.batches[-2:]:
                assert [one.signal for one in batch] == ["alarm.button", "car.door_zone"]
            gap_us = heard.batches[-1][0].at_us - heard.batches[-2][0].at_us
            assert 500_000 < gap_us < 3_000_000  # fresh within its staleness limit

    asyncio.run(story())


def test_a_contact_that_chatters_without_end_is_still_heard(factory: Any) -> None:
    async def story() -> None:
        pin = factory.pin(17)

        async def chatter() -> None:
            while True:
                pin.drive_low()
                await asyncio.sleep(0.02)
                pin.drive_high()
                await asyncio.sleep(0.005)

        async with watched(BUTTON) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            task = asyncio.create_task(chatter())
            await until(lambda: heard.now("alarm.button") is True)
            task.cancel()

    asyncio.run(story())


def test_one_pin_that_cannot_be_opened_does_not_silence_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        holder = DigitalInputDevice(22)
        async with watched(BUTTON | ZONE) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            assert heard.now("car.door_zone") is Quality.NO_ANSWER
            await until(lambda: len(heard.of("car.door_zone")) >= 3)
            holder.close()
            await until(lambda: heard.now("car.door_zone") is False)
            assert heard.states == [True]

    asyncio.run(story())
    lost, back = [record.getMessage() for record in caplog.records]
    assert lost.startswith(
        "contacts: car.door_zone on pin 22 is lost: pin GPIO22 is already in use"
    )
    assert "configured twice" in lost
    assert back == "contacts: car.door_zone on pin 22 is back"


def test_without_any_pins_the_link_is_down_with_a_remedy_until_they_come(
    factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        Device.pin_factory = None
        monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
        async with watched(BUTTON) as heard:
            await until(lambda: heard.states == [False])
            assert "GPIOZERO_PIN_FACTORY names no installed pin library" in heard.links[0][1]
            await until(lambda: heard.now("alarm.button") is Quality.NO_ANSWER)
            Device.pin_factory = factory
            await until(lambda: heard.now("alarm.button") is False)
            assert heard.states == [False, True]

    asyncio.run(story())


def test_a_chip_that_vanishes_and_returns_is_lost_and_found_once() -> None:
    async def story() -> None:
        async with watched(BUTTON | ZONE) as heard:
            await until(lambda: heard.now("car.door_zone") is False)
            FlakyPin.gone = True
            await until(lambda: heard.now("alarm.button") is Quality.NO_ANSWER)
            await until(lambda: heard.states == [True, False])
            assert "No such device" in heard.links[-1][1]
            FlakyPin.gone = False
            await until(lambda: heard.now("alarm.button") is False)
            assert heard.states == [True, False, True]

    asyncio.run(story())


def test_our_own_mistake_is_not_taken_for_a_lost_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a mistake of ours")

    async def story() -> None:
        settings = GpioSettings(name="contacts", inputs=BUTTON)
        await asyncio.wait_for(GpioDriver(settings, Clock()).run(Heard()), WAIT_S)

    monkeypatch.setattr(FlakyPin, "_get_state", broken)
    with pytest.raises(TypeError, match="a mistake of ours"):
        asyncio.run(story())


def test_a_cancelled_driver_leaves_the_pins_to_others() -> None:
    async def story() -> None:
        async with watched(BUTTON) as heard:
            await until(lambda: heard.now("alarm.button") is False)
        DigitalInputDevice(17).close()

    asyncio.run(story())


def test_neither_pins_nor_modbus_cost_memory_before_they_are_used() -> None:
    program = (
        "import sys, agent.drivers.table, agent.drivers.gpio\n"
        "sys.exit(', '.join({'gpiozero', 'lgpio', 'pymodbus'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
