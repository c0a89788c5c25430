"""Asks one station or camera, steadily, whether it is there. Knows no protocol.

Its instants lie on a grid, so that the interval is kept on average, each a little late by chance, so
that stations and elevators that began together are not asked in step.
"""

import random
from collections.abc import Mapping
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep, sleep_until
from agent.drivers.polling import Grid, Statistics
from agent.drivers.port import Sink
from agent.drivers.presence import Presence, Watched
from agent.drivers.probes import NotSentError, Station, UnansweredError
from agent.model import SECOND_US

SPREAD_S: Final = 5.0  # stations are not asked all at once when the power returns
JITTER: Final = 0.1  # of the interval: the most that a question is late on its grid
LEAST_STALE_US: Final = 2 * SECOND_US
BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MOST_S: Final = 30.0


def stale_after_us(interval_s: float, timeout_s: float) -> int:
    """How old a reading may be: two intervals and the longest answer; microseconds."""
    return max(LEAST_STALE_US, int((2 * interval_s + timeout_s) * SECOND_US))


class AskingDriver:
    """One signal of one `[[drivers]]` table."""

    def __init__(
        self,
        watched: Watched,
        station: Station,
        interval_s: float,
        clock: Clock,
        chance: random.Random | None = None,
    ) -> None:
        self.statistics = Statistics()
        self._watched, self._station, self._clock = watched, station, clock
        self._interval_us = int(interval_s * SECOND_US)
        self._chance = chance or random.Random()  # noqa: S311 - spreads load
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, self._chance)
        self._presence = Presence(watched)

    @property
    def name(self) -> str:
        """As configured."""
        return self._watched.driver

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return {self._watched.signal: self._watched.limit_us}

    async def run(self, sink: Sink) -> None:
        """Ask until cancelled; what could not be sent is tried again sooner."""
        self._presence.begin(self._clock.uptime_us())
        await sleep(self._chance.uniform(0, SPREAD_S))
        grid = Grid(self._clock.uptime_us())
        while True:
            due_us = grid.after(self._clock.uptime_us(), self._interval_us)
            while not await self._ask(sink) and (again_us := self._again_us()) < due_us:
                await sleep_until(again_us)
            await sleep_until(due_us + int(self._chance.uniform(0, JITTER * self._interval_us)))

    def _again_us(self) -> int:
        return self._clock.uptime_us() + int(self._backoff.next_s() * SECOND_US)

    async def _ask(self, sink: Sink) -> bool:
        """Ask once and report; False if the question could not be sent."""
        sink.turned(self.name)
        self.statistics.polls += 1
        began_us = self._clock.uptime_us()
        try:
            await self._station.ask()
            self.statistics.answered_in(self._clock.uptime_us() - began_us)
            self._came(sink, there=True, how="it answers")
        except UnansweredError as error:
            self.statistics.timeouts += 1
            self._came(sink, there=False, how=str(error))
        except NotSentError as error:
            self._presence.unknown(sink, self._clock.uptime_us(), str(error))
            return False
        finally:
            sink.turned(self.name)
        return True

    def _came(self, sink: Sink, *, there: bool, how: str) -> None:
        self._backoff.reset()
        self._presence.known(sink, self._clock.uptime_us(), there=there, how=how)
