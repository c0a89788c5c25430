"""A card reader on a serial port: listens, and says which card is there. Never sends a byte.

The signal is event-like: the card's number when it is presented, "" while none is there, both said
again each second. A reader without a card is silent, so an open port is all that the link can say:
whether the reader itself lives shows only when a card is held before it.
"""

import logging
import random
from collections.abc import Mapping
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.drivers.address import SerialAddress, address_of
from agent.drivers.card_field import SAID_AGAIN_US, CardField, staleness_us
from agent.drivers.polling import Grid, Statistics
from agent.drivers.port import Sink
from agent.drivers.rdm6300 import CardFrame, Frames
from agent.drivers.serial_line import SerialLine
from agent.drivers.signs_of_life import SignsOfLife
from agent.drivers.tap import Frame, Tap
from agent.model import SECOND_US, Quality, Reading
from agent.settings import CardSettings

_log = logging.getLogger("agent.card")

PROOF_US: Final = SECOND_US // 2  # a port that is lost again before that was not there
BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 1.0


class CardDriver:
    """The RDM6300 reader of one `[[drivers]]` table; its `url` must have passed `address_of`."""

    def __init__(
        self,
        settings: CardSettings,
        clock: Clock,
        tap: Tap | None = None,
        chance: random.Random | None = None,
    ) -> None:
        address = address_of(settings.url or "")
        assert isinstance(address, SerialAddress), settings.url
        self.statistics = Statistics()
        self._settings, self._clock, self._tap = settings, clock, tap or Tap()
        self._signals = staleness_us(settings)
        (self._signal,) = self._signals
        self._line = SerialLine(address, clock)
        self._field = CardField()
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random())  # noqa: S311 - spreads load
        self._is_up: bool | None = None

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return self._signals

    async def run(self, sink: Sink) -> None:
        """Open the port, listen while it is there, wait, and again; until cancelled."""
        try:
            while True:
                with SignsOfLife(lambda: sink.turned(self.name)):
                    wrong = await self._line.open()
                sink.turned(self.name)
                if not wrong:
                    await self._listen(sink)
                    wrong = f"{self._settings.url} is gone: check the reader's cable and adapter"
                self._lost(sink, wrong)
                await sleep(self._backoff.next_s())
        finally:
            self._line.close()

    async def _listen(self, sink: Sink) -> None:
        """Report cards until the port is lost. What came before it was ours is nobody's card now."""
        inbox, frames = self._line.inbox, Frames()
        self._line.flush()
        self.statistics.connects += 1
        again = Grid(self._clock.uptime_us() + PROOF_US)
        while self._line.is_open:
            for frame in frames.feed(bytes(inbox.bytes), inbox.last_us):
                self._heard(sink, frame)
            inbox.bytes.clear()
            self._look(sink, again)
            sink.turned(self.name)
            await inbox.wait(1, min(again.due_us, self._field.due_us or again.due_us))
        self.statistics.drops += 1

    def _heard(self, sink: Sink, frame: CardFrame) -> None:
        """Report a card that is presented; its repeats are not news, and damage is no card."""
        now_us = self._clock.uptime_us()
        note = "" if frame.number else "wrong checksum"
        self._tap.passed(Frame(now_us, self.name, "in", frame.data, note))
        if frame.number is None:
            self.statistics.malformed += 1
            return
        if self._field.gone(now_us):  # said before it comes again, or it would be no change
            self._report(sink, now_us)
        if self._field.seen(frame.number, now_us):
            self._report(sink, now_us)

    def _look(self, sink: Sink, again: Grid) -> None:
        """Report when the card is gone, and once a second what is there."""
        now_us = self._clock.uptime_us()
        is_gone = self._field.gone(now_us)
        if now_us >= again.due_us:
            self.statistics.polls += 1
            again.after(now_us, SAID_AGAIN_US)
        elif not is_gone:
            return
        self._report(sink, now_us)

    def _report(self, sink: Sink, now_us: int) -> None:
        if not self._is_up:
            self._is_up = True
            self._backoff.reset()
            _log.info("%s: the card reader's port is open", self.name)
            sink.link(self.name, up=True, reason="the card reader's port is open")
        sink.readings(self.name, [Reading(self._signal, self._field.shown, now_us)])

    def _lost(self, sink: Sink, reason: str) -> None:
        """Say once that nothing can be known; a card that was there has to be read anew."""
        self._field.clear()
        if self._is_up is False:
            return
        self._is_up = False
        _log.warning("%s: link is down: %s", self.name, reason)
        now_us = self._clock.uptime_us()
        sink.readings(self.name, [Reading(self._signal, None, now_us, Quality.NO_ANSWER)])
        sink.link(self.name, up=False, reason=reason)
