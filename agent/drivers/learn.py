"""Looks around in an unknown device: surveys its addresses, then watches those that answer. Only reads.

It asks gently: one request, a pause, the next; after silence the pause grows. What was found stands
in the survey and the watch, so that it is there however the looking ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from agent.clock import Clock, sleep
from agent.drivers.blocks import Block
from agent.drivers.learn_survey import Outcome, Survey
from agent.drivers.learn_watch import Watch

LONGEST_PAUSE_S: Final = 2.0
SILENT_MOST: Final = 6  # requests in a row, with nothing heard ever: then nobody is there


class NobodyError(Exception):
    """The device says nothing at all; the text says what was wrong last."""


class Asking(Protocol):
    """One device that can be asked for blocks."""

    said: str

    async def ask(self, block: Block) -> Outcome:
        """Ask once."""
        ...


@dataclass(slots=True)
class Pace:
    """The pause between requests, in seconds: `usual_s`, doubled with each silence in a row."""

    usual_s: float
    silent: int = 0

    def after(self, outcome: Outcome) -> float:
        """Give the pause after an outcome."""
        self.silent = self.silent + 1 if outcome.is_silent else 0
        return min(max(LONGEST_PAUSE_S, self.usual_s), self.usual_s * 2.0 ** min(self.silent, 16))


class Learner:
    """Asks one device. `progress` is told each request and its outcome."""

    def __init__(
        self,
        device: Asking,
        clock: Clock,
        pause_s: float,
        progress: Callable[[Block, Outcome], None],
    ) -> None:
        self._device, self._clock, self._progress = device, clock, progress
        self._pace = Pace(pause_s)
        self._was_heard = False

    async def survey(self, survey: Survey) -> None:
        """Ask all that the survey wants to know; raises NobodyError where nothing is ever heard."""
        steps = survey.steps()
        block = next(steps, None)
        while block is not None:
            outcome = await self._ask(block)
            try:
                block = steps.send(outcome)
            except StopIteration:
                return

    async def watch(self, watch: Watch, blocks: tuple[Block, ...], seconds: float | None) -> None:
        """Read the blocks over and over, for so long or until cancelled."""
        end_us = None if seconds is None else self._clock.uptime_us() + round(seconds * 1e6)
        while blocks and (end_us is None or self._clock.uptime_us() < end_us):
            for block in blocks:
                outcome = await self._ask(block)
                if outcome.words is not None:
                    watch.came(block, outcome.words, self._clock.uptime_us())
            watch.polls += 1

    async def _ask(self, block: Block) -> Outcome:
        outcome = await self._device.ask(block)
        self._was_heard = self._was_heard or not outcome.is_silent
        self._progress(block, outcome)
        pause_s = self._pace.after(outcome)
        if not self._was_heard and self._pace.silent >= SILENT_MOST:
            raise NobodyError(self._device.said)
        await sleep(pause_s)
        return outcome
