"""What the service answers to a live view, and that looking often keeps no card busy."""

import asyncio
from typing import Any

import pytest
from typing_extensions import override

from agent.model import Lane
from tests.test_answers import NOBODY, Card, made


class SlowCard(Card):
    """Takes its time, by the clock of the service, for each count."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    @override
    async def owed(self, lane: Lane) -> int:
        self.asked += 1
        return await super().owed(lane)


def test_a_live_view_gets_status_signals_and_landings_in_one_answer() -> None:
    answers = made()

    async def ask() -> Any:
        return await answers.verbs["watch"]({}, NOBODY), await answers.verbs["status"]({}, NOBODY)

    said, status = asyncio.run(ask())
    assert set(said) == {"status", "signals", "floors"}
    assert said["status"] == status
    assert said["signals"]["alarm.button"]["v"] is False
    assert said["floors"] is None


@pytest.mark.parametrize(("later_us", "counts"), [(19_999, 2), (20_000, 4)])
def test_after_a_count_the_card_rests_ten_times_as_long(later_us: int, counts: int) -> None:
    """A count of both lanes that took 2 ms is not repeated within 20 ms from its beginning."""
    card = SlowCard()
    answers = made(card)
    ticks = iter([0, 2_000, later_us, later_us])
    answers._clock.uptime_us = lambda: next(ticks)

    async def ask_twice() -> None:
        await answers._outbox_state()
        await answers._outbox_state()

    asyncio.run(ask_twice())
    assert card.asked == counts
