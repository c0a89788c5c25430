"""Says of one station or camera whether it is there: its reading, its link, and the log when that is news.

One that does not answer is a good reading, `false`: it is silent. The link is down only when nothing
could be asked or heard for as long as a reading may be old. Knows no protocol and no intervals.
"""

import logging
from dataclasses import dataclass

from agent.drivers.polling import Freshness
from agent.drivers.port import Sink
from agent.model import Quality, Reading


@dataclass(frozen=True, slots=True)
class Watched:
    """Whom a driver watches over: `driver` as configured, its one `signal` and how old that may be.

    `subject` names it for the log; `advice` is what to look at when it is silent; `ready` is said of a
    link that is up; `logger` is where.
    """

    driver: str
    signal: str
    limit_us: int
    subject: str
    advice: str
    ready: str
    logger: str


class Presence:
    """What is known of it; every method takes the time."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._log = logging.getLogger(watched.logger)
        self._link = Freshness(watched.limit_us)
        self._there: bool | None = None

    def begin(self, now_us: int) -> None:
        """Begin to wait for the first sign."""
        self._link.last_us = now_us

    def known(self, sink: Sink, now_us: int, *, there: bool, how: str) -> None:
        """It is there, or silent; `how` says what was, or was not, heard."""
        watched = self._watched
        if self._link.came(now_us):
            sink.link(watched.driver, up=True, reason=watched.ready)
        if there is not self._there:
            self._there = there
            self._say_news(how)
        sink.readings(watched.driver, [Reading(watched.signal, there, now_us)])

    def unknown(self, sink: Sink, now_us: int, reason: str) -> None:
        """Nothing is known; the link is down once that has lasted."""
        watched = self._watched
        reading = Reading(watched.signal, None, now_us, Quality.NO_ANSWER)
        sink.readings(watched.driver, [reading])
        if self._link.missed(now_us):
            self._log.warning("%s: link is down: %s", watched.driver, reason)
            sink.link(watched.driver, up=False, reason=reason)

    def _say_news(self, how: str) -> None:
        driver, subject, advice = self._watched.driver, self._watched.subject, self._watched.advice
        if self._there:
            self._log.info("%s: %s answers", driver, subject)
        else:
            self._log.warning("%s: %s is silent: %s: %s", driver, subject, how, advice)
