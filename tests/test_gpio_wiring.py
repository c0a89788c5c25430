"""Contacts in every electrical form, on stand-in pins and on the bench's: levels, pulls, pairs, counters."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device

from agent.model import Quality, Value
from agent.settings import GpioInput
from hil.pins import SimulatedFactory
from hil.pins_server import Contact, PinsServer
from tests.gpio_stage import FlakyPin, Heard, board, until, watched

DOCS = Path(__file__).parent.parent / "docs"
QUICK_MS = 5
BUTTON = "alarm.button"


@pytest.fixture
def factory() -> Iterator[Any]:
    """Give a board without a Pi below it."""
    with board() as made:
        yield made


def wired(**keys: Any) -> dict[str, GpioInput]:
    return {BUTTON: GpioInput(pin=17, debounce_ms=QUICK_MS, **keys)}


# ---- normally open, normally closed, to ground or to 3.3 V ----

TO_GROUND, TO_SUPPLY = 0, 1  # the level that a closed contact puts on the pin


WIRINGS = [
    (TO_GROUND, "open", {}, "up"),
    (TO_GROUND, "closed", {"active": "high", "pull": "up"}, "up"),
    (TO_SUPPLY, "open", {"active": "high"}, "down"),
    (TO_SUPPLY, "closed", {"active": "low", "pull": "down"}, "down"),
]


@pytest.mark.parametrize("page", ["wiring.md", "wiring.zh-CN.md"])
def test_the_guide_shows_the_keys_of_each_wiring_tested_here(page: str) -> None:
    rows = [
        line for line in (DOCS / page).read_text(encoding="utf-8").splitlines() if "`pin" in line
    ]
    for row, (_, _, keys, _) in zip(rows[: len(WIRINGS)], WIRINGS, strict=True):
        shown = ", ".join(["pin = 17", *(f'{key} = "{value}"' for key, value in keys.items())])
        assert f"| `{shown}` |" in row


@pytest.mark.parametrize(("closed_level", "normally", "keys", "pull"), WIRINGS)
def test_each_wiring_of_the_guide_is_true_when_its_contact_acts(
    factory: Any, closed_level: int, normally: str, keys: dict[str, Any], pull: str
) -> None:
    rests_closed = normally == "closed"

    def contact(closed: bool) -> None:
        """Put the level on the pin; an open contact leaves it to its pull."""
        level = closed_level if closed else int(pull == "up")
        pin = factory.pin(17)
        (pin.drive_high if level else pin.drive_low)()

    async def story() -> None:
        async with watched(wired(**keys)) as heard:
            await until(lambda: heard.links != [])
            assert factory.pin(17).pull == pull
            contact(rests_closed)
            await until(lambda: heard.now(BUTTON) is False)
            contact(not rests_closed)
            await until(lambda: heard.now(BUTTON) is True)
            contact(rests_closed)
            await until(lambda: heard.now(BUTTON) is False)

    asyncio.run(story())


@pytest.mark.parametrize(("active", "at_low"), [("low", True), ("high", False)])
def test_without_a_resistor_of_the_board_the_level_alone_counts(
    factory: Any, active: str, at_low: bool
) -> None:
    async def story() -> None:
        async with watched(wired(active=active, pull="none")) as heard:
            await until(lambda: heard.links != [])
            assert factory.pin(17).pull == "floating"
            factory.pin(17).drive_low()
            await until(lambda: heard.now(BUTTON) is at_low)
            factory.pin(17).drive_high()
            await until(lambda: heard.now(BUTTON) is not at_low)

    asyncio.run(story())


@pytest.mark.parametrize("pin", [2, 3])
def test_pins_2_and_3_are_pulled_up_by_the_board(factory: Any, pin: int) -> None:
    async def story() -> None:
        async with watched({BUTTON: GpioInput(pin=pin, debounce_ms=QUICK_MS)}) as heard:
            await until(lambda: heard.now(BUTTON) is False)
        opens = GpioInput(pin=pin, active="high", pull="up", debounce_ms=QUICK_MS)
        async with watched({BUTTON: opens}) as heard:
            await until(lambda: heard.now(BUTTON) is True)

    asyncio.run(story())


@pytest.mark.parametrize("pull", ["down", "none"])
def test_another_pull_on_pin_2_is_refused_with_the_remedy(
    factory: Any, pull: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        one = GpioInput(pin=2, active="high", pull=pull)  # type: ignore[arg-type]
        async with watched({BUTTON: one}) as heard:
            await until(lambda: heard.now(BUTTON) is Quality.NO_ANSWER)

    asyncio.run(story())
    assert 'use pull = "up" or another pin' in caplog.text


# ---- the bench's own pins ----


async def said(heard: Heard, signal: str, value: object) -> None:
    await until(lambda: heard.now(signal) == value)


def on_the_bench(
    folder: Path,
    contacts: dict[str, Contact],
    inputs: dict[str, GpioInput],
    act: Callable[[PinsServer, Heard], Any],
) -> None:
    async def story() -> None:
        server = PinsServer(contacts, random.Random(3))
        await server.start(folder / "pins")
        server.update(dict.fromkeys(contacts, False))
        Device.pin_factory = await asyncio.to_thread(SimulatedFactory, str(folder / "pins"))
        try:
            async with watched(inputs) as heard:
                await act(server, heard)
        finally:
            await asyncio.to_thread(Device.pin_factory.close)
            Device.pin_factory = None
            await server.close()

    asyncio.run(story())


def test_a_pair_on_bouncing_pins_follows_its_signal_and_a_cut_wire_is_bad(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    contacts = {"closing": Contact(5), "opening": Contact(6, "high")}
    pair = GpioInput(pin=5, inverse_pin=6, debounce_ms=100, settle_ms=600)

    async def act(server: PinsServer, heard: Heard) -> None:
        await until(lambda: heard.now("door.front") == "not_closed")
        server.update({"closing": True, "opening": True})
        await until(lambda: heard.now("door.front") == "closed")
        server.update({"closing": False, "opening": True})  # cut: nothing pulls pin 5 low any more
        await until(lambda: heard.now("door.front") is Quality.BAD)
        server.update({"closing": True, "opening": True})
        await until(lambda: heard.now("door.front") == "closed")

    on_the_bench(tmp_path, contacts, {"door.front": pair}, act)
    lost, back = [each.getMessage() for each in caplog.records if each.name == "agent.gpio"]
    assert lost == (
        "contacts: door.front on pins 5 and 6 contradict each other: a wire is cut or shorted"
    )
    assert back == "contacts: door.front on pins 5 and 6 agree again"


def test_bouncing_pulses_are_counted_once_each(tmp_path: Path) -> None:
    contacts = {"pulse": Contact(5)}
    counter = GpioInput(pin=5, debounce_ms=100, max_hz=4.5)
    signal = "controller.run_count"

    async def act(server: PinsServer, heard: Heard) -> None:
        await until(lambda: heard.now(signal) == 0)
        for count in (1, 2, 3):
            server.update({"pulse": True})
            await said(heard, signal, count)
            server.update({"pulse": False})
            # Nothing is said when a pulse ends: it has stood for long enough when the level is at rest.
            await until(lambda: heard.driver._inputs[0].contact._wired.level is False)
            await asyncio.sleep(0.05)
        assert heard.changes(signal) == [0, 1, 2, 3]

    on_the_bench(tmp_path, contacts, {signal: counter}, act)


# ---- counters and pairs as drivers of their own ----


def test_a_counter_is_said_again_each_second_and_goes_on_after_its_chip_was_away(
    factory: Any,
) -> None:
    signal = "door.cycle_count"

    async def story() -> None:
        async with watched({signal: GpioInput(pin=17, debounce_ms=QUICK_MS)}) as heard:
            await until(lambda: heard.now(signal) == 0)
            factory.pin(17).drive_low()
            await until(lambda: heard.now(signal) == 1)
            said = len(heard.of(signal))
            await until(lambda: len(heard.of(signal)) >= said + 2)
            FlakyPin.gone = True
            await until(lambda: heard.now(signal) is Quality.NO_ANSWER)
            FlakyPin.gone = False
            await until(lambda: heard.now(signal) == 1)

    asyncio.run(story())


def test_a_pair_of_which_one_pin_is_taken_is_lost_as_a_whole_and_frees_the_other(
    factory: Any,
) -> None:
    from gpiozero import DigitalInputDevice

    async def story() -> None:
        holder = DigitalInputDevice(18)
        async with watched(wired(inverse_pin=18)) as heard:
            await until(lambda: heard.now(BUTTON) is Quality.NO_ANSWER)
            DigitalInputDevice(17).close()  # not kept
            holder.close()
            factory.pin(17).drive_low()
            await until(lambda: isinstance(heard.now(BUTTON), (bool, Quality)))

    asyncio.run(story())


def test_values_of_every_kind_of_contact_fit_their_signal() -> None:
    from agent.drivers.gpio_contact import COUNTERS, Contact
    from agent.signals import signal_for

    for signal in ("alarm.button", "door.front", "door.rear", "intercom.pit", *COUNTERS):
        contact = Contact(signal, GpioInput(pin=1, debounce_ms=QUICK_MS))
        for level, at_us in ((False, 0), (False, 10_000), (True, 20_000), (True, 30_000)):
            contact.sample([level], at_us)
            if contact.is_known:
                value: Value | None = contact.reading(at_us).value
                row = signal_for(signal)
                assert row is not None
                assert value is not None
                assert row.accepts(value)
