"""Who may use a shared line next: one turn is one device's whole poll. Knows no protocol.

First come, first served, but a device that did not answer last time waits behind those that did:
then no healthy device waits for more than one silence a poll, however many others are dead. After
`OVERDUE_US` it has waited long enough and counts like the others.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final

from agent.clock import Clock

OVERDUE_US: Final = 3_000_000


@dataclass(slots=True)
class _Waiter:
    since_us: int
    behind: bool
    called: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Turns:
    """The queue before one line."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken = False
        self._waiting: list[_Waiter] = []

    @contextlib.asynccontextmanager
    async def turn(self, *, behind: bool) -> AsyncGenerator[None, None]:
        """Wait for the line and hold it; `behind` lets the others go first."""
        await self._take(behind)
        try:
            yield
        finally:
            self._give()

    async def _take(self, behind: bool) -> None:  # noqa: FBT001 - from the one caller above
        if not self._taken:
            self._taken = True
            return
        waiter = _Waiter(self._clock.uptime_us(), behind)
        self._waiting.append(waiter)
        try:
            await waiter.called
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:  # called and cancelled at once
                self._give()
            raise

    def _give(self) -> None:
        """Call the next; the line stays taken from one to the other."""
        if not self._waiting:
            self._taken = False
            return
        now_us = self._clock.uptime_us()
        waiter = min(self._waiting, key=lambda w: (_steps_back(w, now_us), w.since_us))
        self._waiting.remove(waiter)
        waiter.called.set_result(None)


def _steps_back(waiter: _Waiter, now_us: int) -> bool:
    return waiter.behind and now_us - waiter.since_us < OVERDUE_US
