"""A serial link on which another master asks: its answers are heard, and nothing is ever sent.

It holds an ear, not a line: there is nothing here to send with. What is asked, and how often, is the
other master's choice; of each answer those points are read that lie whole in it.
"""

import random
from collections.abc import Mapping
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.drivers.address import SerialAddress, address_of
from agent.drivers.blocks import Block, Compiled, compile_heard
from agent.drivers.framings import FRAMINGS
from agent.drivers.hearing import Heard
from agent.drivers.news import News
from agent.drivers.polling import Statistics
from agent.drivers.port import Sink
from agent.drivers.profiles import Profile
from agent.drivers.second_look import SecondLook
from agent.drivers.serial_ear import SerialEar
from agent.drivers.signs_of_life import SignsOfLife
from agent.drivers.tap import Frame, Tap
from agent.model import SECOND_US
from agent.settings import SerialSettings

BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 1.0
QUIET_US: Final = 100_000  # without a byte: the frame is over; adapters hand bytes over in bursts
MOST_BLOCKS: Final = 16  # remembered; a master has few
MOST_BYTES: Final = 512  # told of one stretch of noise
_LOST: Final = "the line was lost: adapter unplugged; plug it in"
_SILENT: Final = (
    "nothing passes on the line: the other master is off or not wired here, or asks less often than "
    "poll_interval_ms says; check them"
)
_NOISE: Final = (
    "what passes makes no frame: wrong baudrate or parity, wires A and B swapped, or noise; check "
    "them in this order"
)
_UNANSWERED: Final = "the other master asks and nobody answers: the module is off or not wired here"
_ELSEWHERE: Final = "the other master asks for registers in which the profile has nothing"


class ListenDriver:
    """Mode listen; `url` is a serial port, and the profile's framing is in the table."""

    def __init__(
        self,
        settings: SerialSettings,
        profile: Profile,
        clock: Clock,
        tap: Tap,
        chance: random.Random | None = None,
    ) -> None:
        address = address_of(settings.url)
        assert isinstance(address, SerialAddress), "only a port can be opened for reading alone"
        self.statistics = Statistics()
        self._name, self._profile, self._tap, self._clock = settings.name, profile, tap, clock
        self._signals = profile.staleness_us(settings.poll_interval_ms)
        self._ear = SerialEar(address, clock)
        self._hear = FRAMINGS[profile.framing].hear
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random())  # noqa: S311 - spreads load
        self._compiled: dict[Block, Compiled] = {}
        self._look = SecondLook(lambda _block: (0, 0))
        self._reason = _SILENT

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return self._signals

    async def run(self, sink: Sink) -> None:
        """Open the port, listen for as long as it is there, wait, and again; until cancelled."""
        news = News(self._name, self._signals, sink, self._clock.uptime_us())
        signs = SignsOfLife(lambda: sink.turned(self._name))
        while True:
            try:
                with signs:
                    wrong = await self._ear.open()
                if not wrong:
                    wrong = _LOST
                    await self._listen(sink, news)
            finally:
                self._ear.close()
            sink.turned(self._name)
            self._reason = wrong
            news.missed(self._clock.uptime_us(), wrong)
            await sleep(self._backoff.next_s())

    async def _listen(self, sink: Sink, news: News) -> None:
        """Listen until the port is lost."""
        inbox, missing = self._ear.inbox, 1
        inbox.bytes.clear()
        self.statistics.connects += 1
        self._reason = _SILENT
        while self._ear.is_open:
            now_us = self._clock.uptime_us()
            until_us = min(now_us + SECOND_US, inbox.last_us + QUIET_US)
            if not inbox.bytes:
                until_us = now_us + SECOND_US
            await inbox.wait(len(inbox.bytes) + missing, until_us)
            sink.turned(self._name)
            now_us = self._clock.uptime_us()
            over = now_us - inbox.last_us >= QUIET_US
            hearing = self._hear(bytes(inbox.bytes), over=over)
            del inbox.bytes[: hearing.used]
            missing = hearing.missing
            for heard in hearing.heard:
                self._take(heard, news)
            news.missed(now_us, self._reason)
        self.statistics.drops += 1

    def _take(self, heard: Heard, news: News) -> None:
        """Tell of one frame, and report what it says."""
        at_us = self._ear.inbox.last_us
        self._tap.passed(Frame(at_us, self._name, "in", heard.data[-MOST_BYTES:], heard.note))
        if heard.note:
            self.statistics.malformed += 1
            self._reason = _NOISE
        elif heard.block is None:
            self._reason = _UNANSWERED  # until its answer comes
        else:
            self._answer(heard.block, heard, news, at_us)

    def _answer(self, block: Block, heard: Heard, news: News, at_us: int) -> None:
        compiled = self._points_in(block)
        worthless = compiled.refutes(heard.words)
        if not compiled.signals or compiled.valid is not self._profile.limits.valid:
            self._reason = _ELSEWHERE
        elif worthless:
            self.statistics.exceptions += 1
            self._reason = worthless
        else:
            self.statistics.answered += 1
            self._backoff.reset()
            self._reason = _SILENT
            readings = self._look.decode(compiled, heard.words, at_us)
            if readings:
                news.came(readings, at_us, "answers are heard")

    def _points_in(self, block: Block) -> Compiled:
        """Give the points of a block; a flood of different ones takes no more memory."""
        if block not in self._compiled:
            if len(self._compiled) >= MOST_BLOCKS:
                self._compiled.clear()
                self._look = SecondLook(lambda _block: (0, 0))
            profile = self._profile
            self._compiled[block] = compile_heard(block, profile.points, profile.limits)
        return self._compiled[block]
