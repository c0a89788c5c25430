"""The thread that writes recordings: a card that hangs holds up nobody but it. Does one job after another.

Knows nothing of what a job does. A job handles what the world may do to it; an error that leaves it is our own mistake.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

JOBS_MAX = 16  # waiting; a card that hangs must not collect more
_T = TypeVar("_T")


class Disk:
    """Jobs in order, in a thread that begins with the first. `on_error` is told, in that thread, of our own mistakes."""

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._has_begun = False

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that nothing more should be asked for."""
        return self._jobs.qsize() >= JOBS_MAX

    def do(self, job: Callable[[], object]) -> None:
        """Have a job done."""
        self._jobs.put(job)
        if not self._has_begun:
            self._has_begun = True
            # A daemon: a disk that hangs must not keep the process from ending.
            threading.Thread(target=self._run, name="recorder", daemon=True).start()

    def call(self, job: Callable[[], _T]) -> "Future[_T]":
        """Have a job done and get its answer; what it raises is the asker's."""
        answer: Future[_T] = Future()

        def work() -> None:
            if not answer.set_running_or_notify_cancel():
                return  # nobody waits any more
            try:
                answer.set_result(job())
            except OSError as wrong:
                answer.set_exception(wrong)

        self.do(work)
        return answer

    async def idle(self, within_s: float) -> bool:
        """Wait until all that was asked for is done; False when that takes too long."""
        if not self._has_begun:
            return True
        done = asyncio.wrap_future(self.call(lambda: None))
        finished, _ = await asyncio.wait({done}, timeout=within_s)
        return bool(finished)

    def end(self) -> None:
        """Let the thread go when it has done what was asked."""
        if self._has_begun:
            self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException as wrong:  # noqa: BLE001 - handed to the loop, which ends the process
                self._on_error(wrong)
                return
