"""Wiegand-26: the decoder against a published value and every damage, and the driver on stand-in lines."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiPin
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Clock
from agent.drivers.card_field import GONE_US
from agent.drivers.card_pins import MOST_PULSES, WiegandDriver
from agent.drivers.gpio import pulled_up
from agent.drivers.means import Means
from agent.drivers.table import build, signals_of
from agent.drivers.wiegand import BITS, END_US, SHORTEST_US, Card, Dropped, Pulse, card_of, cards_of
from agent.model import SECOND_US, Quality, Reading
from agent.settings import CardSettings
from hil.pins import SimulatedFactory
from hil.pins_server import Contact, PinsServer

PUBLISHED = 1 << 25 | 0xD41B81 << 1 | 0  # the published value, its leading and its trailing bit
CARD = "212,07041"
INTERVAL_US = 2_000
WAIT_S = 10


def bits_of(word: int) -> list[int]:
    return [word >> shift & 1 for shift in range(BITS - 1, -1, -1)]


def pulses_of(word: int, at_us: int = 0, interval_us: int = INTERVAL_US) -> list[Pulse]:
    return [Pulse(at_us + n * interval_us, bit) for n, bit in enumerate(bits_of(word))]


def read(pulses: Sequence[Pulse]) -> tuple[list[str], Dropped]:
    dropped = Dropped()
    return [card.text for card in cards_of(pulses, dropped)], dropped


def encoded(facility: int, number: int) -> int:
    """Put parities around a card, written independently of the decoder."""
    data = f"{facility:08b}{number:016b}"
    even = data[:12].count("1") % 2
    odd = 1 - data[12:].count("1") % 2
    return int(f"{even}{data}{odd}", 2)


# ---- the decoder ----


def test_the_published_value_is_facility_212_and_number_7041() -> None:
    assert encoded(0xD4, 0x1B81) == PUBLISHED
    assert card_of(PUBLISHED) == Card(212, 7041)
    assert Card(212, 7041).text == CARD


def test_small_numbers_keep_their_zeros() -> None:
    assert Card(3, 7).text == "003,00007"


@given(st.integers(0, 255), st.integers(0, 65535))
def test_every_card_is_read_as_it_was_written(facility: int, number: int) -> None:
    assert card_of(encoded(facility, number)) == Card(facility, number)


@pytest.mark.parametrize("bit", range(BITS))
def test_any_single_wrong_bit_is_found_by_a_parity(bit: int) -> None:
    assert card_of(PUBLISHED ^ 1 << bit) is None
    cards, dropped = read(pulses_of(PUBLISHED ^ 1 << bit))
    assert cards == []
    assert dropped == Dropped(wrong_parity=1)


@pytest.mark.parametrize("interval_us", [SHORTEST_US, 1_000, 2_000, END_US])
def test_a_card_is_read_at_every_pace_from_the_shortest_to_the_longest(interval_us: int) -> None:
    assert read(pulses_of(PUBLISHED, interval_us=interval_us)) == ([CARD], Dropped())


def test_pulses_closer_than_the_shortest_interval_are_noise() -> None:
    pulses = pulses_of(PUBLISHED)
    pulses.append(Pulse(pulses[3].at_us + SHORTEST_US - 1, 0))
    assert read(pulses) == ([], Dropped(noisy=1))


def test_both_lines_at_once_are_noise() -> None:
    pulses = pulses_of(PUBLISHED)
    assert read([*pulses, Pulse(pulses[5].at_us, 1 - pulses[5].bit)]) == ([], Dropped(noisy=1))


def test_a_silence_longer_than_the_end_cuts_a_frame_in_two() -> None:
    pulses = pulses_of(PUBLISHED)
    later = [*pulses[:10], *(Pulse(at + END_US - INTERVAL_US + 1, bit) for at, bit in pulses[10:])]
    assert read(later) == ([], Dropped(wrong_length=2))
    assert Dropped(1, 2, 3).total == 6


@pytest.mark.parametrize("missing", range(BITS))
def test_a_missing_pulse_drops_the_frame(missing: int) -> None:
    pulses = pulses_of(PUBLISHED)
    assert read([*pulses[:missing], *pulses[missing + 1 :]]) == ([], Dropped(wrong_length=1))


def test_one_pulse_too_many_drops_the_frame() -> None:
    pulses = pulses_of(PUBLISHED)
    more = Pulse(pulses[-1].at_us + INTERVAL_US, 0)
    assert read([*pulses, more]) == ([], Dropped(wrong_length=1))


def test_a_damaged_frame_does_not_cost_the_next_one() -> None:
    damaged = pulses_of(PUBLISHED)[:-1]
    whole = pulses_of(encoded(1, 2), at_us=100_000)
    assert read([*damaged, *whole]) == (["001,00002"], Dropped(wrong_length=1))


@given(st.randoms(use_true_random=False))
def test_the_times_of_the_pulses_decide_and_not_the_order_they_come_in(chance: Any) -> None:
    pulses = [*pulses_of(PUBLISHED), *pulses_of(encoded(1, 2), at_us=SECOND_US)]
    chance.shuffle(pulses)
    assert read(pulses) == ([CARD, "001,00002"], Dropped())


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 1)), max_size=80))
def test_no_noise_makes_a_crash_and_each_frame_is_a_card_or_counted(
    noise: list[tuple[int, int]],
) -> None:
    cards, dropped = read([Pulse(at, bit) for at, bit in noise])
    assert len(cards) + dropped.total <= len(noise)
    assert bool(noise) == bool(len(cards) + dropped.total)


# ---- the driver ----

SETTINGS = CardSettings(
    name="reader", reader="machine_room", model="wiegand26", data0_pin=5, data1_pin=6
)
SIGNAL = "card.machine_room"


class ReaderPin(MockPin):  # type: ignore[misc]
    """A line that a test strikes with times of its own, on a chip that can vanish."""

    gone = False
    functions: list[str] = []  # noqa: RUF012 - what was asked of any pin

    def _set_function(self, value: str) -> None:
        ReaderPin.functions.append(value)
        super()._set_function(value)

    def _get_state(self) -> bool:
        if ReaderPin.gone:
            raise OSError(19, "No such device")
        return bool(super()._get_state())

    def fall(self, at_s: float) -> None:
        if self._when_changed is not None and self._edges == "falling":
            PiPin._call_when_changed(self, at_s, 0)


@pytest.fixture(autouse=True)
def factory() -> Iterator[Any]:
    """Give a board without a Pi below it."""
    made = MockFactory(pin_class=ReaderPin)
    ReaderPin.gone = False
    ReaderPin.functions.clear()
    Device.pin_factory = made
    yield made
    made.reset()
    Device.pin_factory = None


@dataclass
class Heard:
    """A sink that remembers."""

    said: list[Reading] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    turns: int = 0

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        self.said += readings

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        self.links.append((up, reason))

    def turned(self, driver: str) -> None:
        self.turns += 1

    def changes(self) -> list[object]:
        """Give what was said, one for each change: the value, or the quality where there is none."""
        shown = [each.value if each.quality is Quality.GOOD else each.quality for each in self.said]
        return [value for n, value in enumerate(shown) if n == 0 or value != shown[n - 1]]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - conditions of many objects
            await asyncio.sleep(0.002)


@dataclass
class Story:
    """A reader at work."""

    heard: Heard
    driver: WiegandDriver
    factory: Any

    def present(self, word: int) -> None:
        """Let a card's pulses come, timed as a reader would, however slow this machine is."""
        self.strike(pulses_of(word))

    def strike(self, pulses: Sequence[Pulse]) -> None:
        for at_us, bit in pulses:
            self.factory.pin((5, 6)[bit]).fall(1000 + at_us / SECOND_US)


@contextlib.asynccontextmanager
async def watched(factory: Any) -> AsyncIterator[Story]:
    driver = WiegandDriver(SETTINGS, Clock(), pulled_up, random.Random(1))
    heard = Heard()
    task = asyncio.create_task(driver.run(heard))
    try:
        await until(lambda: heard.changes() == [""])
        yield Story(heard, driver, factory)
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_a_card_is_said_then_nothing_a_second_later_and_again_when_presented_again(
    factory: Any,
) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            reader.present(PUBLISHED)
            await until(lambda: reader.heard.changes() == ["", CARD])
            await until(lambda: reader.heard.changes() == ["", CARD, ""])
            good = [one for one in reader.heard.said if one.value == CARD]
            after = next(one for one in reader.heard.said if one.at_us > good[-1].at_us)
            assert after.at_us - good[0].at_us >= SECOND_US
            reader.present(PUBLISHED)
            await until(lambda: reader.heard.changes() == ["", CARD, "", CARD])
            assert {one.signal for one in reader.heard.said} == {SIGNAL}
            assert reader.driver.dropped == Dropped()

    asyncio.run(story())


def test_a_card_that_comes_again_while_the_loop_was_held_is_a_change_all_the_same(
    factory: Any,
) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            reader.present(PUBLISHED)
            await until(lambda: reader.heard.changes() == ["", CARD])
            time.sleep(GONE_US / SECOND_US)  # noqa: ASYNC251 - that is what holds the loop
            reader.present(PUBLISHED)
            await until(lambda: reader.heard.changes() == ["", CARD, "", CARD])

    asyncio.run(story())


def test_a_reader_that_repeats_a_card_makes_one_presentation(factory: Any) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            for _ in range(5):
                reader.present(PUBLISHED)
                await asyncio.sleep(0.05)
            await until(lambda: reader.heard.changes() == ["", CARD, ""])

    asyncio.run(story())


def test_pulses_heard_out_of_order_are_put_in_order_by_their_times(factory: Any) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            reader.strike(sorted(pulses_of(PUBLISHED), key=lambda pulse: pulse.bit))
            await until(lambda: reader.heard.changes() == ["", CARD])

    asyncio.run(story())


def test_damage_is_counted_and_says_nothing(factory: Any) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            reader.strike(pulses_of(PUBLISHED)[1:])
            await until(lambda: reader.driver.dropped.total == 1)
            reader.present(PUBLISHED ^ 2)
            await until(lambda: reader.driver.dropped.total == 2)
            assert reader.driver.dropped == Dropped(wrong_length=1, wrong_parity=1)
            assert reader.heard.changes() == [""]

    asyncio.run(story())


def test_noise_without_end_neither_holds_the_loop_nor_fills_the_memory(factory: Any) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            turns, at_us = reader.heard.turns, 0
            while reader.heard.turns - turns < 2:
                for _ in range(2 * BITS):
                    at_us += 700
                    reader.strike([Pulse(at_us, 0)])
                await asyncio.sleep(0)
                assert len(reader.driver._pulses) <= MOST_PULSES
            assert reader.driver.dropped.total > 0
            assert set(reader.heard.changes()) == {""}

    asyncio.run(story())


def test_an_idle_reader_stays_fresh_as_long_as_its_pins_can_be_read(factory: Any) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            said = len(reader.heard.said)
            await until(lambda: len(reader.heard.said) >= said + 2)
            gap_us = reader.heard.said[-1].at_us - reader.heard.said[-2].at_us
            assert gap_us < reader.driver.signals[SIGNAL]
            assert reader.heard.links == [(True, "the card reader's pins are open")]

    asyncio.run(story())


def test_a_chip_that_vanishes_and_returns_is_lost_and_found_once(
    factory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        async with watched(factory) as reader:
            ReaderPin.gone = True
            await until(lambda: reader.heard.changes() == ["", Quality.NO_ANSWER])
            turns = reader.heard.turns
            await until(lambda: reader.heard.turns > turns)  # it goes on trying
            ReaderPin.gone = False
            await until(lambda: reader.heard.changes() == ["", Quality.NO_ANSWER, ""])
            assert [up for up, _ in reader.heard.links] == [True, False, True]

    asyncio.run(story())
    lost, back = [record.getMessage() for record in caplog.records]
    assert lost.startswith("reader: the card reader on pins 5 and 6 is lost: ")
    assert back == "reader: the card reader's pins are back"


def test_a_line_that_stays_low_is_no_idle_reader(
    factory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with watched(factory) as reader:
            factory.pin(5)._state = False
            await until(lambda: reader.heard.changes() == ["", Quality.BAD])
            factory.pin(5)._state = True
            await until(lambda: reader.heard.changes() == ["", Quality.BAD, ""])

    asyncio.run(story())
    assert "a line is low" in caplog.text


def test_our_own_mistake_is_not_taken_for_a_lost_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("a mistake of ours")

    async def story() -> None:
        driver = WiegandDriver(SETTINGS, Clock(), pulled_up)
        await asyncio.wait_for(driver.run(Heard()), WAIT_S)

    monkeypatch.setattr(ReaderPin, "_get_state", broken)
    with pytest.raises(TypeError, match="a mistake of ours"):
        asyncio.run(story())


def test_both_lines_are_inputs_pulled_up_and_free_again_afterwards(factory: Any) -> None:
    async def story() -> None:
        async with watched(factory):
            assert {factory.pin(n).pull for n in (5, 6)} == {"up"}
            assert set(ReaderPin.functions) == {"input"}
        for number in (5, 6):
            pulled_up(number).close()

    asyncio.run(story())


def test_what_has_begun_when_pulses_are_taken_stays_for_the_next_time() -> None:
    driver = WiegandDriver(SETTINGS, Clock(), pulled_up)
    first, second = pulses_of(PUBLISHED), pulses_of(encoded(1, 2), at_us=100_000)
    driver._pulses.extend([*first, *second[:5]])
    assert driver._take(BITS) == [CARD]
    driver._pulses.extend(second[5:])
    assert driver._take(BITS) == ["001,00002"]


def test_on_the_benchs_pins_a_card_is_read_by_the_times_its_pulses_carry(tmp_path: Path) -> None:
    async def story() -> None:
        server = PinsServer({"0": Contact(5), "1": Contact(6)}, random.Random(1))
        await server.start(tmp_path / "pins")
        server.update({"0": False, "1": False})
        Device.pin_factory = await asyncio.to_thread(SimulatedFactory, str(tmp_path / "pins"))
        try:
            async with watched(Device.pin_factory) as reader:
                server.strike((at / SECOND_US, (5, 6)[bit]) for at, bit in pulses_of(PUBLISHED))
                await until(lambda: reader.heard.changes() == ["", CARD])
        finally:
            await asyncio.to_thread(Device.pin_factory.close)
            await server.close()

    asyncio.run(story())


def test_the_table_knows_the_reader() -> None:
    driver = build(SETTINGS, Means(Clock()))
    assert isinstance(driver, WiegandDriver)
    assert driver.name == "reader"
    assert dict(driver.signals) == signals_of(SETTINGS, ())
