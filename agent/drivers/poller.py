"""Polls a device block by block on a steady grid and reports readings; knows no protocol.

The state of the link is decided here, by what was answered: a connection that merely stands proves
nothing. A signal is reported as not answered, and the link as down, when nothing good came for as
long as the value may be old; one lost answer is no news.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep, sleep_until
from agent.drivers.agenda import Agenda
from agent.drivers.blocks import Compiled
from agent.drivers.polling import Freshness, Grid, Statistics
from agent.drivers.port import Sink
from agent.drivers.registers import Words
from agent.drivers.signs_of_life import SignsOfLife
from agent.drivers.wire import (
    AtOnce,
    DamagedError,
    NoAnswerError,
    RefusedError,
    SilenceError,
    Trust,
    Wire,
)
from agent.model import SECOND_US, Quality, Reading

_log = logging.getLogger("agent.poller")

RETRY_US: Final = SECOND_US  # a silent device is asked at least this often, however slow the poll
_DIFFER: Final = (
    "the answers differ from poll to poll: noise on the line, or max_step of the profile too small; "
    "check them"
)
LOOKS: Final = 2  # more, at once, when values wait for a poll that agrees


class Poller:
    """Polls one device for ever. One task: nobody waits for it, and it waits for nobody."""

    def __init__(  # noqa: PLR0913 - each is one fact of the device
        self,
        name: str,
        open_wire: Callable[[], Wire],
        blocks: Sequence[Compiled],
        signals: Mapping[str, int],
        *,
        interval_us: int,
        clock: Clock,
        backoff: Backoff,
        trust: Trust | None = None,
    ) -> None:
        self.statistics = Statistics()
        self._name, self._signals = name, signals
        self._open_wire = open_wire
        self._blocks = blocks
        self._agenda = Agenda([compiled.every_us for compiled in blocks], interval_us)
        self._interval_us = interval_us
        self._clock, self._backoff = clock, backoff
        self._trust = trust or AtOnce()
        self._reason = "not asked yet"
        self._withheld: list[str] = []  # by the poll under way, or the last one
        self._pace_us = min(compiled.every_us for compiled in blocks)
        self._link = Freshness(
            min(
                signals[name]
                for compiled in blocks
                if compiled.every_us == self._pace_us
                for name in compiled.signals
            )
        )
        self._fresh = {signal: Freshness(limit) for signal, limit in signals.items()}

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return self._signals

    async def run(self, sink: Sink) -> None:
        """Connect, poll for as long as the connection serves, wait, and again; until cancelled."""
        for fresh in (self._link, *self._fresh.values()):
            fresh.last_us = self._clock.uptime_us()
        signs = SignsOfLife(lambda: sink.turned(self._name))
        while True:
            wire = self._open_wire()
            try:
                wait_s = await self._connection(wire, sink, signs)
            finally:
                wire.close()
            await sleep(wait_s)

    async def _connection(self, wire: Wire, sink: Sink, signs: SignsOfLife) -> float:
        """Use one connection for as long as it serves; give the wait before the next, seconds."""
        with signs:
            wrong = await wire.connect()
        sink.turned(self._name)
        if wrong:
            self._reason = wrong
            self._missed(sink, self._signals)
            return self._backoff.next_s()
        self.statistics.connects += 1
        await self._poll(wire, sink, signs)
        self.statistics.drops += 1
        return max(wire.rest_s, self._backoff.next_s())

    async def _poll(self, wire: Wire, sink: Sink, signs: SignsOfLife) -> None:
        """Poll on the grid until the connection is lost or says nothing."""
        grid = Grid(self._clock.uptime_us())
        self._agenda.renew(grid.due_us)
        silent = 0
        while silent < wire.patience and not wire.is_gone:
            if self._agenda.order(self._clock.uptime_us()):
                with signs:
                    heard = await self._turn(wire, sink)
                silent = 0 if heard else silent + 1
            else:
                sink.turned(self._name)
            step_us = min(self._interval_us, RETRY_US) if silent else self._interval_us
            await self._wait(wire, grid.after(self._clock.uptime_us(), step_us), sink)

    async def _turn(self, wire: Wire, sink: Sink) -> bool:
        """Poll once, and again where values wait for a poll that agrees; True if answered."""
        async with wire.turn():
            heard = await self._cycle(wire, sink)
            for _ in range(LOOKS):
                if self._withheld and self._trust.is_waiting and not self._agenda.met:
                    await self._cycle(wire, sink)
        return heard

    async def _wait(self, wire: Wire, due_us: int, sink: Sink) -> None:
        """Wait for the next poll; a long wait shows signs of life and ends with the connection."""
        while due_us - self._clock.uptime_us() > RETRY_US and not wire.is_gone:
            await sleep(RETRY_US / SECOND_US)
            sink.turned(self._name)
        if not wire.is_gone:
            await sleep_until(due_us)

    async def _cycle(self, wire: Wire, sink: Sink) -> bool:
        """Ask once for every block that is due; True if the device said anything, be it a refusal.

        One silence a poll is enough: the next poll begins behind the silent block, so that those
        that are answered are all read each time. A block that stays silent though the others are
        answered is asked less often.
        """
        self.statistics.polls += 1
        self._withheld = []
        answers: list[tuple[int, Words]] = []
        heard, at_us = False, 0
        for n in self._agenda.order(self._clock.uptime_us()):
            try:
                answers.append((n, await self._read(wire, self._blocks[n])))
                # The oldest answer dates the batch: nothing in it may look newer than it is.
                heard, at_us = True, at_us or self._clock.uptime_us()
                self._agenda.came(n, at_us)
            except NoAnswerError as error:
                self._deliver(sink, answers, at_us)
                answers, at_us = [], 0
                self._reason = str(error)
                self._missed(sink, self._blocks[n].signals)
                if isinstance(error, SilenceError):
                    self._agenda.missed(n, self._clock.uptime_us(), others_answered=heard)
                    break
                self._agenda.refused(n, self._clock.uptime_us())
                heard = True
            finally:
                sink.turned(self._name)
        self._deliver(sink, answers, at_us)
        return heard

    async def _read(self, wire: Wire, compiled: Compiled) -> Words:
        """Read a block and keep the statistics."""
        try:
            words = await wire.read(compiled.block)
        except DamagedError:
            self.statistics.malformed += 1
            raise
        except SilenceError:
            self.statistics.timeouts += 1
            raise
        except RefusedError:
            self.statistics.exceptions += 1
            raise
        except NoAnswerError:
            self.statistics.malformed += 1
            raise
        if worthless := compiled.refutes(words):
            self.statistics.exceptions += 1
            raise RefusedError(worthless)
        self.statistics.answered_in(self._clock.uptime_us() - wire.asked_us)
        return words

    def _deliver(self, sink: Sink, answers: Sequence[tuple[int, Words]], at_us: int) -> None:
        """Report blocks in one batch, all at the instant when the first of them was in."""
        believed: list[Reading] = []
        led = False
        for n, words in answers:
            compiled = self._blocks[n]
            readings = self._trust.decode(compiled, words, at_us)
            believed += readings
            led |= bool(readings) and compiled.every_us == self._pace_us
            if len(readings) < len(compiled.signals):
                self._agenda.again(n, at_us)
                known = {reading.signal for reading in readings}
                self._withheld += [name for name in compiled.signals if name not in known]
        if believed:
            self._believed(sink, believed, at_us, led=led)
        if self._withheld:
            self._reason = _DIFFER
            self._missed(sink, self._withheld)

    def _believed(self, sink: Sink, readings: Sequence[Reading], at_us: int, *, led: bool) -> None:
        """Report values. Only blocks of the fastest pace, `led`, say that the link is up.

        By slower ones it would be up for a moment each time, on a device that answers nothing else.
        """
        self._backoff.reset()
        back = [r.signal for r in readings if self._fresh[r.signal].came(at_us)]
        if led and self._link.came(at_us):
            _log.info("%s: link is up", self._name)
            sink.link(self._name, up=True, reason="the device answers")
        elif back:
            _log.info("%s: answered again: %s", self._name, ", ".join(back))
        sink.readings(self._name, readings)

    def _missed(self, sink: Sink, signals: Iterable[str]) -> None:
        """Say once that signals, or the whole link, have been away for longer than they may."""
        now_us = self._clock.uptime_us()
        gone = [signal for signal in signals if self._fresh[signal].missed(now_us)]
        if gone:
            readings = [Reading(signal, None, now_us, Quality.NO_ANSWER) for signal in gone]
            sink.readings(self._name, readings)
        if self._link.missed(now_us):
            _log.warning("%s: link is down: %s", self._name, self._reason)
            sink.link(self._name, up=False, reason=self._reason)
        elif gone and not self._link.is_lost:
            _log.warning("%s: no %s: %s", self._name, ", ".join(gone), self._reason)
