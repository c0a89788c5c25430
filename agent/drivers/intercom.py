"""Asks one station of the five-party intercom, steadily, whether it is there.

A station that does not answer is a good reading, `false`: the intercom is silent. The link is down
only when nothing could be asked for as long as a reading may be old. Knows no protocol.
"""

import logging
import random
from collections.abc import Mapping
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep, sleep_until
from agent.drivers.polling import Freshness, Grid, Statistics
from agent.drivers.port import Sink
from agent.drivers.probes import NotSentError, Station, UnansweredError
from agent.model import SECOND_US, Quality, Reading
from agent.settings import IntercomSettings

_log = logging.getLogger("agent.intercom")

SPREAD_S: Final = 5.0  # stations are not asked all at once when the power returns
LEAST_STALE_US: Final = 2 * SECOND_US
BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MOST_S: Final = 30.0


def staleness_us(settings: IntercomSettings) -> dict[str, int]:
    """Give the signal's staleness limit: two intervals and the longest answer."""
    limit_us = int((2 * settings.interval_s + settings.timeout_s) * SECOND_US)
    return {f"intercom.{settings.station}": max(LEAST_STALE_US, limit_us)}


class IntercomDriver:
    """One station of one `[[drivers]]` table."""

    def __init__(
        self, settings: IntercomSettings, clock: Clock, chance: random.Random | None = None
    ) -> None:
        self.statistics = Statistics()
        self._settings, self._clock = settings, clock
        self._signals = staleness_us(settings)
        ((self._signal, limit_us),) = self._signals.items()
        self._interval_us = int(settings.interval_s * SECOND_US)
        self._station = Station(
            settings.address or "", settings.probe, settings.transport, settings.timeout_s
        )
        self._chance = chance or random.Random()  # noqa: S311 - spreads load
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, self._chance)
        self._link = Freshness(limit_us)
        self._answered: bool | None = None

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return self._signals

    async def run(self, sink: Sink) -> None:
        """Ask on a steady grid until cancelled; what could not be sent is tried again sooner."""
        self._link.last_us = self._clock.uptime_us()
        await sleep(self._chance.uniform(0, SPREAD_S))
        grid = Grid(self._clock.uptime_us())
        while True:
            due_us = grid.after(self._clock.uptime_us(), self._interval_us)
            while not await self._ask(sink) and (again_us := self._again_us()) < due_us:
                await sleep_until(again_us)
            await sleep_until(due_us)

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
            self._heard(sink, answered=True, how="it answers")
        except UnansweredError as error:
            self.statistics.timeouts += 1
            self._heard(sink, answered=False, how=str(error))
        except NotSentError as error:
            self._not_sent(sink, str(error))
            return False
        finally:
            sink.turned(self.name)
        return True

    def _heard(self, sink: Sink, *, answered: bool, how: str) -> None:
        """Report what the station did; log it when it is news."""
        now_us = self._clock.uptime_us()
        self._backoff.reset()
        if self._link.came(now_us):
            sink.link(self.name, up=True, reason="the station can be asked")
        if answered is not self._answered:
            self._answered = answered
            self._say_news(how)
        sink.readings(self.name, [Reading(self._signal, answered, now_us)])

    def _say_news(self, how: str) -> None:
        name, address = self.name, self._settings.address
        if self._answered:
            _log.info("%s: %s answers", name, address)
        else:
            advice = "check the station's power, its network and the address"
            _log.warning("%s: %s is silent: %s: %s", name, address, how, advice)

    def _not_sent(self, sink: Sink, reason: str) -> None:
        """Report that nothing is known; the link is down once that has lasted."""
        now_us = self._clock.uptime_us()
        sink.readings(self.name, [Reading(self._signal, None, now_us, Quality.NO_ANSWER)])
        if self._link.missed(now_us):
            _log.warning("%s: link is down: %s", self.name, reason)
            sink.link(self.name, up=False, reason=reason)
