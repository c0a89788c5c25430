"""Asks a modem's AT port how strong its signal is, steadily. AT+CSQ is all it ever sends."""

import random
from collections.abc import Callable
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep, sleep_until
from agent.drivers.address import SerialAddress, address_of
from agent.drivers.csq import QUESTION, Answer, Verdict
from agent.drivers.polling import Grid, Statistics
from agent.drivers.serial_line import SerialLine
from agent.drivers.tap import Frame, Tap
from agent.model import SECOND_US, Quality
from agent.settings import HostSettings

TIMEOUT_US: Final = 3 * SECOND_US
BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 1.5

_SILENT: Final = (
    f"no answer to AT+CSQ in {TIMEOUT_US // SECOND_US} s: check that modem_url is the modem's AT "
    "port, and its power"
)

Tell = Callable[[tuple[int | None, Quality, str]], None]


class Modem:
    """The modem of one `[[drivers]]` table; its `modem_url` must have passed `address_of`."""

    def __init__(
        self, settings: HostSettings, clock: Clock, tap: Tap, chance: random.Random
    ) -> None:
        address = address_of(settings.modem_url or "")
        assert isinstance(address, SerialAddress), settings.modem_url
        self.statistics = Statistics()
        self._name, self._url = settings.name, settings.modem_url
        self._interval_us = round(settings.interval_s * SECOND_US)
        self._clock, self._tap = clock, tap
        self._line = SerialLine(address, clock)
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance)
        self._wrong = ""

    async def run(self, tell: Tell) -> None:
        """Ask on a steady grid until cancelled; a modem that says nothing is asked sooner again."""
        grid = Grid(self._clock.uptime_us())
        try:
            while True:
                due_us = grid.after(self._clock.uptime_us(), self._interval_us)
                while (verdict := await self._ask()) is None:
                    tell((None, Quality.NO_ANSWER, self._wrong))
                    await sleep(self._backoff.next_s())
                self._backoff.reset()
                tell((verdict.dbm, verdict.quality, verdict.wrong))
                await sleep_until(due_us)
        finally:
            self._line.close()

    async def _ask(self) -> Verdict | None:
        """Ask once; None if the modem is not there or says nothing, and then `_wrong` says why."""
        self.statistics.polls += 1
        if not self._line.is_open:
            self._wrong = await self._line.open()
            if self._wrong:
                return None
            self.statistics.connects += 1
        self._line.flush()
        if self._line.is_open:
            self._line.send(QUESTION)
            self._tap.passed(Frame(self._clock.uptime_us(), self._name, "out", QUESTION))
        asked_us = self._clock.uptime_us()
        verdict = await self._answer(asked_us + TIMEOUT_US)
        if verdict is None:
            self.statistics.drops += 1
            self._line.close()
        else:
            self.statistics.answered_in(self._clock.uptime_us() - asked_us)
        return verdict

    async def _answer(self, until_us: int) -> Verdict | None:
        inbox, answer = self._line.inbox, Answer()
        while self._line.is_open:
            came = bytes(inbox.bytes)
            inbox.bytes.clear()
            if came:
                self._tap.passed(Frame(inbox.last_us, self._name, "in", came))
            verdict = answer.feed(came)
            if verdict is not None:
                return verdict
            if self._clock.uptime_us() >= until_us:
                self.statistics.timeouts += 1
                self._wrong = _SILENT
                return None
            await inbox.wait(1, until_us)
        self._wrong = f"{self._url} is gone: check the modem's cable and power"
        return None
