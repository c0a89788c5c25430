"""Who uses a shared line next."""

import asyncio
from collections.abc import Sequence

import pytest

from agent.clock import Clock
from agent.drivers import turns
from agent.drivers.turns import Turns

Come = tuple[str, bool]  # a name, and whether it lets others go first


def order(come: Sequence[Come], cancelled: str = "") -> list[str]:
    """Give the order in which those are served that come while the line is taken."""

    async def story() -> list[str]:
        queue, served = Turns(Clock()), list[str]()

        async def user(name: str, behind: bool) -> None:
            async with queue.turn(behind=behind):
                served.append(name)
                await asyncio.sleep(0)

        async with queue.turn(behind=False):
            tasks = {name: asyncio.create_task(user(name, behind)) for name, behind in come}
            await asyncio.sleep(0)
            if cancelled:
                tasks[cancelled].cancel()
                await asyncio.wait([tasks[cancelled]])
        await asyncio.wait(tasks.values())
        async with asyncio.timeout(1), queue.turn(behind=False):  # it is free again
            return served

    return asyncio.run(story())


def test_the_line_is_given_in_the_order_of_coming() -> None:
    assert order([("a", False), ("b", False), ("c", False)]) == ["a", "b", "c"]


def test_who_did_not_answer_waits_behind_those_who_did() -> None:
    come = [("dead", True), ("a", False), ("gone", True), ("b", False)]
    assert order(come) == ["a", "b", "dead", "gone"]


def test_who_has_waited_long_enough_counts_like_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "OVERDUE_US", 0)
    assert order([("dead", True), ("a", False)]) == ["dead", "a"]


def test_who_gives_up_waiting_holds_up_nobody() -> None:
    assert order([("a", False), ("b", False)], cancelled="a") == ["b"]


def test_who_is_called_and_cancelled_at_once_passes_the_line_on() -> None:
    async def story() -> None:
        queue = Turns(Clock())

        async def user() -> None:
            async with queue.turn(behind=False):
                raise AssertionError("cancelled before it had its turn")

        async with queue.turn(behind=False):
            task = asyncio.create_task(user())
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        async with asyncio.timeout(1), queue.turn(behind=False):
            pass

    asyncio.run(story())
