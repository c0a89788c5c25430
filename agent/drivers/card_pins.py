"""A Wiegand-26 card reader on two pins: says which card was presented. Both are inputs.

The pulses are put in order by the times at which they fell, not by when the loop hears of them. The
signal is event-like: the card's number when it is presented, "" a second after it was last read, both
said again each second as long as the pins can be read. A reader that is off cannot be told from one
without a card; a line that is low for two looks in a row is no idle line, and the reading is bad.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.drivers.card_field import SAID_AGAIN_US, CardField, staleness_us
from agent.drivers.gpio_faults import advice, is_world
from agent.drivers.polling import Grid, Statistics
from agent.drivers.port import Sink
from agent.drivers.wiegand import BITS, END_US, Dropped, Pulse, cards_of
from agent.model import SECOND_US, Quality, Reading
from agent.settings import CardSettings

_log = logging.getLogger("agent.card")

BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MOST_S: Final = 10.0
MOST_PULSES: Final = 20 * BITS  # of a flood the latest are kept
MOST_WAITS: Final = 20  # for a silence that does not come, END_US each


class FallingLine(Protocol):
    """A claimed input that rests high."""

    @property
    def is_high(self) -> bool:
        """Read the level."""
        ...

    def watch_falls(self, struck: Callable[[float, int], None]) -> None:
        """Have every fall told with its time in seconds, on any thread."""

    def close(self) -> None:
        """Free it."""


Claim = Callable[[int], FallingLine]


class WiegandDriver:
    """The reader of one `[[drivers]]` table; `claim` takes a pin as an input that is pulled up."""

    def __init__(
        self,
        settings: CardSettings,
        clock: Clock,
        claim: Claim,
        chance: random.Random | None = None,
    ) -> None:
        assert settings.data0_pin is not None
        assert settings.data1_pin is not None
        self.statistics = Statistics()
        self.dropped = Dropped()
        self._numbers = (settings.data0_pin, settings.data1_pin)
        self._settings, self._clock, self._claim = settings, clock, claim
        self._signals = staleness_us(settings)
        (self._signal,) = self._signals
        self._field = CardField()
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random())  # noqa: S311 - spreads load
        self._pulses: deque[Pulse] = deque(maxlen=MOST_PULSES)
        self._heard_us = 0
        self._struck = asyncio.Event()
        self._lines: list[FallingLine] = []
        self._low_looks = 0
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
        """Claim the pins, read cards while they are there, wait, and again; until cancelled."""
        try:
            while True:
                try:
                    self._open()
                    await self._listen(sink)
                except Exception as error:
                    if not is_world(error):
                        raise
                    self._lost(sink, advice(error))
                sink.turned(self.name)
                await self._pause(sink, self._backoff.next_s())
        finally:
            self._close()

    def _open(self) -> None:
        """Claim both pins."""
        loop = asyncio.get_running_loop()
        for bit, number in enumerate(self._numbers):
            line = self._claim(number)
            self._lines.append(line)
            line.watch_falls(self._teller(bit, loop))

    def _teller(self, bit: int, loop: asyncio.AbstractEventLoop) -> Callable[[float, int], None]:
        def fell(at_s: float, _level: int) -> None:  # on a thread of the pins'
            self._heard_us = self._clock.uptime_us()
            self._pulses.append(Pulse(round(at_s * SECOND_US), bit))
            if not self._struck.is_set():
                loop.call_soon_threadsafe(self._struck.set)

        return fell

    async def _listen(self, sink: Sink) -> None:
        """Report cards until a pin is lost."""
        again = Grid(self._clock.uptime_us())
        while True:
            self._struck.clear()
            self._say(sink, again, self._take(await self._ended()))
            sink.turned(self.name)
            due_us = min(again.due_us, self._field.due_us or again.due_us)
            await self._strike(max(0, due_us - self._clock.uptime_us()) / SECOND_US)

    async def _strike(self, most_s: float) -> None:
        try:
            async with asyncio.timeout(most_s):
                await self._struck.wait()
        except TimeoutError:
            return

    async def _ended(self) -> int:
        """Wait until nothing more comes, and give how many pulses came; noise is waited for so long."""
        count = len(self._pulses)
        for _ in range(MOST_WAITS if count else 0):
            await sleep(END_US / SECOND_US)
            count = len(self._pulses)
            if self._clock.uptime_us() - self._heard_us >= END_US:
                break
        return count

    def _take(self, count: int) -> list[str]:
        """Give the cards among the first so many pulses; what has begun since stays."""
        pulses = [self._pulses.popleft() for _ in range(count)]
        cards = [card.text for card in cards_of(pulses, self.dropped)]
        self.statistics.answered += len(cards)
        self.statistics.malformed = self.dropped.total
        return cards

    def _say(self, sink: Sink, again: Grid, numbers: list[str]) -> None:
        """Report each presentation, that no card is there, and once a second what stands."""
        now_us = self._clock.uptime_us()
        said = self._field.gone(now_us)
        if said:  # before a card comes again, or it would be no change
            self._report(sink, now_us)
        for number in numbers:
            if self._field.seen(number, now_us):
                self._report(sink, now_us)
                said = True
        if now_us >= again.due_us:
            again.after(now_us, SAID_AGAIN_US)
            self._look()
            if not said:
                self._report(sink, now_us)

    def _look(self) -> None:
        """Read both levels: this fails where the pins are gone, and finds a line that does not rest."""
        self.statistics.polls += 1
        is_low = {line.is_high for line in self._lines} != {True}
        self._low_looks = self._low_looks + 1 if is_low else 0
        if self._low_looks == 2:
            _log.warning("%s: a line is low: check the reader's wires and supply", self.name)

    def _report(self, sink: Sink, now_us: int) -> None:
        if not self._is_up:
            if self._is_up is False:
                _log.info("%s: the card reader's pins are back", self.name)
            self._is_up = True
            self.statistics.connects += 1
            self._backoff.reset()
            sink.link(self.name, up=True, reason="the card reader's pins are open")
        if self._low_looks >= 2:
            said = Reading(self._signal, None, now_us, Quality.BAD)
        else:
            said = Reading(self._signal, self._field.shown, now_us)
        sink.readings(self.name, [said])

    def _lost(self, sink: Sink, reason: str) -> None:
        """Say once that nothing can be known; a card that was there has to be read anew."""
        self._close()
        self._field.clear()
        self.statistics.drops += self._is_up is True
        if self._is_up is False:
            return
        self._is_up = False
        pins = " and ".join(map(str, self._numbers))
        _log.warning("%s: the card reader on pins %s is lost: %s", self.name, pins, reason)
        now_us = self._clock.uptime_us()
        sink.readings(self.name, [Reading(self._signal, None, now_us, Quality.NO_ANSWER)])
        sink.link(self.name, up=False, reason=reason)

    async def _pause(self, sink: Sink, seconds: float) -> None:
        """Wait before the next attempt, with a sign of life each second."""
        until_us = self._clock.uptime_us() + round(seconds * SECOND_US)
        while (left_us := until_us - self._clock.uptime_us()) > 0:
            await sleep(min(left_us, SECOND_US) / SECOND_US)
            sink.turned(self.name)

    def _close(self) -> None:
        lines, self._lines = self._lines, []
        for line in lines:
            line.close()
        self._pulses.clear()
        self._low_looks = 0
