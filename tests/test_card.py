"""A card reader on a pty: presented, held, taken away, unplugged; and never a byte sent to it."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers.card import CardDriver
from agent.drivers.card_field import GONE_US, SAID_AGAIN_US, STALE_US
from agent.drivers.tap import Tap
from agent.model import SECOND_US, Quality, Reading
from agent.settings import CardSettings
from hil.card_reader import CardReader, frame
from tests.hearing import Hearing, until

CARD, NUMBER = bytes.fromhex("100086F444"), "0008844356"
OTHER, OTHER_NUMBER = bytes.fromhex("62E3086CED"), str(0xE3086CED)


class Scene:
    """One reader, the driver that listens to it, and what it said."""

    def __init__(self, link: Path) -> None:
        self.reader, self.tap, self.heard = CardReader(link), Tap(), Hearing()
        url = f"serial://{link}?baudrate=9600&parity=N"
        settings = CardSettings(name="door", reader="machine_room", url=url)
        self.driver = CardDriver(settings, Clock(), self.tap, random.Random(1))

    @property
    def readings(self) -> list[Reading]:
        return self.heard.said

    @property
    def values(self) -> list[object]:
        """What was said, without repeats."""
        said = [one.value for one in self.readings]
        return [v for n, v in enumerate(said) if n == 0 or said[n - 1] != v]

    async def says(self, *values: object) -> None:
        await until(lambda: self.values == list(values))


@contextlib.asynccontextmanager
async def scene(tmp_path: Path, *, plugged: bool = True) -> AsyncIterator[Scene]:
    one = Scene(tmp_path / "reader")
    if plugged:
        one.reader.adapter.plug()
    task = asyncio.create_task(one.driver.run(one.heard))
    try:
        yield one
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        one.reader.close()
    assert one.reader.heard == b"", "it listens only"


def story(
    tmp_path: Path, tell: Callable[[Scene], Awaitable[None]], *, plugged: bool = True
) -> None:
    async def told() -> None:
        async with scene(tmp_path, plugged=plugged) as one:
            await tell(one)

    asyncio.run(told())


def test_without_a_card_the_signal_stays_fresh_and_empty(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await until(lambda: len(one.readings) >= 3)
        assert one.values == [""]
        elapsed_us = one.readings[-1].at_us - one.readings[0].at_us
        assert len(one.readings) <= elapsed_us // SAID_AGAIN_US + 2  # no flood
        assert one.driver.signals == {"card.machine_room": STALE_US}
        assert one.heard.links == [(True, "the card reader's port is open")]
        assert one.heard.turns["door"] >= 3

    story(tmp_path, tell)


def test_a_card_held_there_is_said_at_once_then_each_second_then_gone(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("")
        one.reader.present(CARD)
        await one.says("", NUMBER)
        await until(lambda: sum(each.value == NUMBER for each in one.readings) >= 3)
        one.reader.take_away()
        await one.says("", NUMBER, "")
        held = [each for each in one.readings if each.value == NUMBER]
        empty = next(each for each in one.readings if each.at_us > held[-1].at_us)
        assert empty.at_us - held[0].at_us >= GONE_US
        assert len(one.tap.kept) > len(held)  # each frame passed; repeats were not said

    story(tmp_path, tell)


def test_the_same_card_again_and_another_one_are_changes(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("")
        one.reader.present(CARD)
        await one.says("", NUMBER)
        one.reader.present(OTHER)
        await one.says("", NUMBER, OTHER_NUMBER)
        one.reader.take_away()
        await one.says("", NUMBER, OTHER_NUMBER, "")
        one.reader.present(OTHER)
        await one.says("", NUMBER, OTHER_NUMBER, "", OTHER_NUMBER)

    story(tmp_path, tell)


def test_a_card_that_comes_again_while_the_loop_was_held_is_a_change_all_the_same(
    tmp_path: Path,
) -> None:
    async def tell(one: Scene) -> None:
        await one.says("")
        one.reader.adapter.write(frame(CARD))
        await one.says("", NUMBER)
        time.sleep(GONE_US / SECOND_US)  # noqa: ASYNC251 - that is what holds the loop
        one.reader.adapter.write(frame(CARD))
        time.sleep(0.2)  # noqa: ASYNC251 - until its bytes have come
        await one.says("", NUMBER, "", NUMBER)

    story(tmp_path, tell)


def test_damage_is_counted_and_shown_and_is_no_card(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("")
        one.reader.adapter.write(b"\x02" + b"100086F44400" + b"\x03" + b"\xff" * 50)
        await until(lambda: one.driver.statistics.malformed == 1)
        one.reader.adapter.write(frame(CARD))
        await one.says("", NUMBER)
        assert [(each.way, each.note) for each in one.tap.kept] == [
            ("in", "wrong checksum"),
            ("in", ""),
        ]
        assert one.tap.kept[1].data == frame(CARD)

    story(tmp_path, tell)


def test_a_port_that_vanishes_is_one_loss_and_one_return(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "agent.card")

    async def tell(one: Scene) -> None:
        await one.says("")
        one.reader.present(CARD)
        await one.says("", NUMBER)
        one.reader.adapter.unplug()
        await one.says("", NUMBER, None)
        turns = one.heard.turns["door"]
        await until(lambda: one.heard.turns["door"] >= turns + 3)  # it goes on trying
        assert one.readings[-1].quality is Quality.NO_ANSWER
        assert one.heard.states == [True, False]
        one.reader.adapter.plug()
        await until(lambda: one.readings[-1].value == NUMBER)
        assert one.heard.states == [True, False, True]
        assert one.driver.statistics.connects == 2
        assert one.driver.statistics.drops == 1

    story(tmp_path, tell)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert "check the reader's cable" in caplog.messages[1]


def test_a_card_that_lay_there_when_the_port_went_is_read_anew(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("")
        one.reader.adapter.write(frame(CARD))
        await one.says("", NUMBER)
        one.reader.adapter.unplug()
        await one.says("", NUMBER, None)
        assert one.driver._field.shown == ""

    story(tmp_path, tell)


def test_a_port_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says(None)
        ((up, reason),) = one.heard.links
        assert not up
        assert "adapter unplugged, or another name" in reason
        one.reader.adapter.plug()
        await one.says(None, "")
        assert one.heard.states == [False, True]

    story(tmp_path, tell, plugged=False)


def test_a_card_from_before_the_port_was_open_is_nobodys(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        # The driver has not been started yet: one frame in the port, one left over from before.
        one.reader.adapter.write(frame(CARD))
        one.driver._line.inbox.add(frame(CARD))
        await until(lambda: len(one.readings) >= 2)
        assert one.values == [""]

    story(tmp_path, tell)


def test_babble_without_end_neither_hides_a_card_nor_starves_the_rest(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("")
        chance = random.Random(7)

        async def babble() -> None:
            while True:
                one.reader.adapter.write(chance.randbytes(200).replace(b"\x03", b"\x02"))
                await asyncio.sleep(0.002)

        babbling = asyncio.create_task(babble())
        one.reader.present(CARD)
        await one.says("", NUMBER)
        one.reader.take_away()
        await one.says("", NUMBER, "")
        babbling.cancel()

    story(tmp_path, tell)
