"""The clock on this machine: the mark of systemd-timesyncd, and `timedatectl` where another service sets the time."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from agent import clock as clock_module
from agent.clock import Clock, ask_the_system
from tests.e2e import until


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A `timedatectl` that does what a shell script says, and notes how it was called."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def does(script: str) -> None:
        file = tmp_path / "timedatectl"
        file.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n{script}\n', encoding="utf-8")
        file.chmod(0o755)

    return does


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("echo yes", True),
        ("echo no", False),
        ("echo; exit 1", False),
        ("echo Failed to connect to bus >&2; exit 1", False),
    ],
)
def test_the_system_is_asked_as_documented(
    system: Callable[[str], None], tmp_path: Path, script: str, *, answer: bool
) -> None:
    system(script)
    assert asyncio.run(ask_the_system()) is answer
    assert (tmp_path / "asked").read_text() == "show --property=NTPSynchronized --value\n"


def test_one_that_hangs_is_given_up(
    system: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_module, "_ANSWER_S", 0.05)
    system("exec sleep 1000")
    assert asyncio.run(ask_the_system()) is False


def test_where_there_is_none_nobody_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asyncio.run(ask_the_system()) is None


class Asked(Clock):
    """Its wall and the system's answers are given; it counts the questions."""

    def __init__(self, mark: Path, answers: list[bool | None]) -> None:
        super().__init__(synchronised_file=mark)
        self.answers, self.asked, self.off_us = answers, 0, 0

    @override
    def _wall_us(self) -> int:
        return super()._wall_us() + self.off_us

    @override
    async def _ask(self) -> bool | None:
        self.asked += 1
        return self.answers.pop(0) if self.answers else False


def followed(clock: Asked, holds: Callable[[], object]) -> None:
    async def follow() -> None:
        following = asyncio.create_task(clock.follow())
        await until(holds)
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following

    asyncio.run(follow())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "_LOOK_S", 0.001)
    monkeypatch.setattr(clock_module, "_FIRST_WAIT_US", 1000)


def test_a_marked_clock_is_believed_and_nobody_is_asked(tmp_path: Path) -> None:
    clock, turns = Asked(tmp_path, []), iter(range(20))
    followed(clock, lambda: next(turns, None) is None)
    assert clock.now().synchronised
    assert (clock.source, clock.asked) == ("systemd-timesyncd", 0)


def test_without_a_mark_the_system_is_asked_until_it_says_yes(tmp_path: Path) -> None:
    clock = Asked(tmp_path / "none", [False, False, True])
    assert (clock.now().synchronised, clock.source) == (False, None)
    followed(clock, lambda: clock.now().synchronised)
    assert (clock.source, clock.asked) == ("timedatectl", 3)


def test_after_a_step_of_a_believed_clock_it_is_asked_again(tmp_path: Path) -> None:
    clock = Asked(tmp_path, [False, True])
    assert clock.now().synchronised
    before = clock.trusted_us
    clock.off_us = -(10**15)
    assert not clock.now().synchronised
    assert clock.trusted_us == before
    followed(clock, lambda: clock.now().synchronised)
    assert clock.asked == 2


def test_where_nobody_can_be_asked_it_ends_and_the_mark_counts(tmp_path: Path) -> None:
    clock = Asked(tmp_path, [None])
    clock.now()
    clock.off_us = 10**15
    asyncio.run(asyncio.wait_for(clock.follow(), 10))
    assert clock.now().synchronised


def test_it_is_asked_ever_more_rarely_and_anew_after_a_step() -> None:
    waits = clock_module._Waits()
    waits._wait_us = 2_000_000
    due = [s for s in range(400) if waits.are_over(s * 1_000_000, 0)]
    assert due == [0, 2, 6, 14, 30, 62, 122, 182, 242, 302, 362]
    assert waits.are_over(363_000_000, 1)


def test_an_anchor_far_from_the_clock_puts_it_in_doubt(tmp_path: Path) -> None:
    clock = Asked(tmp_path, [])
    clock.now()
    clock.dates(0)
    assert (clock.anchor_us, clock.now().synchronised) == (0, False)
