"""A call that may hang holds up nobody: not the loop, not the next call, not the end."""

import asyncio
import subprocess
import sys
import threading

import pytest

from agent.drivers.aside import Aside
from tests.rtu_stage import until


def test_what_the_call_gives_or_raises_is_given_or_raised() -> None:
    def fail() -> int:
        raise OSError(5, "Input/output error")

    async def story() -> None:
        assert await Aside(lambda: 7).call(20) == 7
        failing = Aside(fail)
        for _ in range(2):
            with pytest.raises(OSError, match="Input"):
                await failing.call(20)

    asyncio.run(story())


@pytest.mark.parametrize("fails", [False, True])
def test_one_call_hangs_at_a_time_and_when_it_ends_the_next_is_made(fails: bool) -> None:
    held, calls = threading.Event(), 0

    def hang() -> int:
        nonlocal calls
        calls += 1
        held.wait(20)
        if fails and calls == 1:
            raise OSError(5, "too late")
        return calls

    async def story() -> None:
        aside = Aside(hang)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await aside.call(0.01)
        assert calls == 1
        held.set()
        async with asyncio.timeout(20):
            while True:
                try:
                    assert await aside.call(20) == 2
                except TimeoutError:
                    await asyncio.sleep(0.005)
                else:
                    return

    asyncio.run(story())


def test_the_process_ends_though_a_call_hangs() -> None:
    text = (
        "import asyncio, contextlib, threading\n"
        "from agent.drivers.aside import Aside\n"
        "async def main():\n"
        "    with contextlib.suppress(TimeoutError):\n"
        "        await Aside(threading.Event().wait).call(0.05)\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", text], check=True, timeout=60)


def test_a_call_that_outlives_its_loop_is_nobodys() -> None:
    held, ended = threading.Event(), threading.Event()

    def hang() -> None:
        held.wait(20)
        ended.set()

    async def story() -> None:
        with pytest.raises(TimeoutError):
            await Aside(hang).call(0.01)

    asyncio.run(story())
    held.set()
    assert ended.wait(20)


def test_what_comes_too_late_is_given_back() -> None:
    held, dropped = threading.Event(), threading.Event()

    def hang() -> int:
        held.wait(20)
        return 7

    async def story() -> None:
        aside = Aside(hang, drop=lambda late: dropped.set() if late == 7 else None)
        with pytest.raises(TimeoutError):
            await aside.call(0.01)
        held.set()
        await until(dropped.is_set)
        assert await aside.call(20) == 7

    asyncio.run(story())
