"""A call that may hang, made where it can hang: on a thread that nobody waits for at the end.

The loop's own threads are joined when the process stops; a call to a dead disk would hold that up.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """One call at a time: while one hangs, no second one is made.

    `drop` is given what a call came to that nobody waited for any more.
    """

    def __init__(self, work: Callable[[], T], drop: Callable[[T], object] = lambda _: None) -> None:
        self._work, self._drop = work, drop
        self._busy = False

    async def call(self, timeout_s: float) -> T:
        """Call, and give or raise what it does; raises TimeoutError while it, or the last one, hangs."""
        if self._busy:
            raise TimeoutError
        self._busy = True
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        threading.Thread(target=self._run, args=(loop, done), daemon=True, name="aside").start()
        async with asyncio.timeout(timeout_s):
            return await done

    def _run(self, loop: asyncio.AbstractEventLoop, done: "asyncio.Future[T]") -> None:
        """On the thread: work, and hand over to the loop, which may have ended meanwhile."""
        hand_over: Callable[[], None]
        try:
            result = self._work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets it
            hand_over = partial(self._failed, done, error)
        else:
            hand_over = partial(self._finished, done, result)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(hand_over)

    def _finished(self, done: "asyncio.Future[T]", result: T) -> None:
        self._busy = False
        if done.done():
            self._drop(result)
        else:
            done.set_result(result)

    def _failed(self, done: "asyncio.Future[T]", error: Exception) -> None:
        self._busy = False
        if not done.done():
            done.set_exception(error)
