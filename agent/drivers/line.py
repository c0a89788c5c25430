"""What a line for RTU frames is: bytes out, bytes in, and how long they take. Knows no frames."""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from agent.clock import Clock
from agent.model import SECOND_US

MOST_BYTES: Final = 4096  # kept of what comes unasked; the longest frame has 256


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast bytes travel: microseconds each, and the silence that parts two frames."""

    char_us: float
    gap_us: int

    def time_us(self, count: int) -> int:
        """How long so many bytes take."""
        return round(self.char_us * count)


def pace_of(baudrate: int, bits: int = 11) -> Pace:
    """Give the pace of a serial line with so many bits a byte, start, parity and stop included.

    The silence is 3.5 bytes of 11 bits, and 1.75 ms at least (Modbus over serial line, 2.5.1.1).
    """
    gap_us = max(1750, -(-3.5 * 11 * SECOND_US // baudrate))
    return Pace(bits * SECOND_US / baudrate, int(gap_us))


class Inbox:
    """The bytes that came and were not yet cleared, and when the last of them did.

    Bounded: of a flood nobody asked for, the latest bytes are kept.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiter: asyncio.Future[None] | None = None
        self._enough = 0
        self.bytes = bytearray()
        self.last_us = 0

    def add(self, data: bytes) -> None:
        """Take what came, and wake who waits for as much."""
        self.last_us = self._clock.uptime_us()
        self.bytes += data
        if len(self.bytes) >= self._enough:
            self.wake()
        if len(self.bytes) > MOST_BYTES:
            del self.bytes[:-MOST_BYTES]

    def wake(self) -> None:
        """End the wait: enough came, the time is over, or the line was lost."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, enough: int, until_us: int) -> None:
        """Wait until there are `enough` bytes, `wake` is called, or until an instant."""
        assert self._waiter is None, "one reader at a time"
        loop = asyncio.get_running_loop()
        self._waiter, self._enough = loop.create_future(), enough
        timer = loop.call_at(until_us / SECOND_US, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None


class Line(Protocol):
    """One line, opened and lost and opened again. Calls never wait but `open`."""

    @property
    def inbox(self) -> Inbox:
        """What came."""
        ...

    @property
    def pace(self) -> Pace:
        """How long bytes take."""
        ...

    @property
    def rest_s(self) -> float:
        """The least wait between losing and opening it, in seconds."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it can be used; false as soon as it is known to be lost."""
        ...

    async def open(self) -> str:
        """Open it; empty on success, else what is wrong and what to do about it."""
        ...

    def send(self, data: bytes) -> None:
        """Send; a line that does not take it is lost."""
        ...

    def catch_up(self) -> None:
        """Take into the inbox what has come but was not read yet; it may show that the line is lost."""
        ...

    def flush(self) -> None:
        """Forget what came."""
        ...

    def close(self) -> None:
        """Close it; nothing happens when it is closed."""
        ...
