"""Waits for the heartbeats of one station, which nobody asks. Knows no protocol.

One heartbeat in each interval is life. The first is awaited a whole interval, and so is the next one
after a time in which none could be heard: only a heartbeat that could have been heard was missed.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Final, Protocol

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.drivers.polling import Statistics
from agent.drivers.port import Sink
from agent.drivers.presence import Presence, Watched
from agent.drivers.probes import NotSentError
from agent.model import SECOND_US

REST_S: Final = 1.0  # the most often that heartbeats are reported, however many come
BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MOST_S: Final = 10.0


class Source(Protocol):
    """Where heartbeats come in."""

    async def beat(self) -> None:
        """Return when one has come since the last call; raises NotSentError while none can be heard."""

    async def doubt(self, since_us: int) -> str | None:
        """Say why nothing may have been heard since then although the station spoke; None where it was silent."""

    def close(self) -> None:
        """Hear no more."""


class HeartbeatDriver:
    """One signal of one `[[drivers]]` table."""

    def __init__(
        self,
        watched: Watched,
        source: Source,
        interval_s: float,
        clock: Clock,
        chance: random.Random | None = None,
    ) -> None:
        self.statistics = Statistics()
        self._watched, self._source, self._clock = watched, source, clock
        self._interval_us = int(interval_s * SECOND_US)
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random())  # noqa: S311 - spreads load
        self._presence = Presence(watched)
        self._due_us: int | None = None  # when the heartbeat that is awaited counts as missed

    @property
    def name(self) -> str:
        """As configured."""
        return self._watched.driver

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return {self._watched.signal: self._watched.limit_us}

    async def run(self, sink: Sink) -> None:
        """Listen until cancelled."""
        self._presence.begin(self._clock.uptime_us())
        try:
            while True:
                sink.turned(self.name)
                await sleep(await self._next(sink))
        finally:
            self._source.close()

    async def _next(self, sink: Sink) -> float:
        """Wait for one heartbeat, or until it is missed, and report; give how long to rest, in seconds."""
        now_us = self._clock.uptime_us()
        if self._due_us is None:
            self._due_us = now_us + self._interval_us
        try:
            async with asyncio.timeout(max(0, self._due_us - now_us) / SECOND_US):
                await self._source.beat()
        except TimeoutError:
            return await self._missed(sink, self._due_us - self._interval_us)
        except NotSentError as wrong:
            return self._deaf(sink, str(wrong))
        self._came(sink, there=True)
        return REST_S

    async def _missed(self, sink: Sink, since_us: int) -> float:
        doubt = await self._source.doubt(since_us)
        if doubt is not None:
            return self._deaf(sink, doubt)
        self._came(sink, there=False)
        return 0

    def _deaf(self, sink: Sink, reason: str) -> float:
        self._due_us = None
        self._presence.unknown(sink, self._clock.uptime_us(), reason)
        return self._backoff.next_s()

    def _came(self, sink: Sink, *, there: bool) -> None:
        now_us = self._clock.uptime_us()
        self._backoff.reset()
        self._due_us = now_us + self._interval_us
        self.statistics.polls += 1
        if there:
            self.statistics.answered += 1
        else:
            self.statistics.timeouts += 1
        how = "its heartbeat is heard" if there else f"no heartbeat in {self._interval_s:g} s"
        self._presence.known(sink, now_us, there=there, how=how)

    @property
    def _interval_s(self) -> float:
        return self._interval_us / SECOND_US
