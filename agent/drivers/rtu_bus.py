"""One line with RTU devices on it: asks one question at a time and keeps late answers out.

After a question that was not answered properly nobody asks anything until its answer can no longer
come, and what came by then is thrown away. It knows devices by name and how they answered; not what
their words mean.
"""

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from agent.clock import Clock, sleep_until
from agent.drivers.blocks import Block
from agent.drivers.line import Line
from agent.drivers.refusals import refusal
from agent.drivers.registers import Words
from agent.drivers.rtu_diagnosis import diagnosis
from agent.drivers.rtu_framing import Question
from agent.drivers.turns import Turns

HELD_BACK_US: Final = 20_000  # what a USB adapter may keep to itself of bytes already received
BABBLE_US: Final = 250_000  # how long a line may take to fall silent
SILENT_QUESTIONS: Final = 3  # with nobody left who answers, the line itself is opened anew
LONGEST_REST_S: Final = 4.0
_LOST: Final = "the line was lost: adapter unplugged, or connection closed; plug it in"
_NOBODY: Final = "nobody on the line answers: no power there, a broken wire, or a wrong baudrate"


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a question: its `words`, or what is `wrong` with a remedy.

    `refused`: the device is there and says no. `heard`: bytes came, but no answer.
    """

    words: Words | None = None
    wrong: str = ""
    refused: bool = False
    heard: bool = False

    @property
    def answered(self) -> bool:
        """Whether the device said anything proper."""
        return self.words is not None or self.refused


class Bus:
    """The devices of one line."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._unanswered: Counter[tuple[str, Block]] = Counter()
        self._line, self._clock = line, clock
        self._turns = Turns(clock)
        self._opening = asyncio.Lock()
        self._users: set[str] = set()
        self._answering: set[str] = set()  # those whose last question was answered
        self._misses: Counter[str] = Counter()  # in a row, by device
        self._silent = 0  # questions in a row that nobody answered
        self._asked_us = 0  # when the last question was out
        self._quiet_until_us = 0
        self._why_closed = _LOST

    @property
    def is_open(self) -> bool:
        """Whether the line is open and not known to be lost."""
        return self._line.is_open

    async def open(self, name: str) -> str:
        """Open the line unless another device has; empty on success, else what is wrong."""
        self._users.add(name)
        async with self._opening:
            if self._line.is_open:
                return ""
            self._why_closed = _LOST
            return await self._line.open()

    def leave(self, name: str) -> None:
        """Use the line no more for now; the last to leave closes it."""
        self._users.discard(name)
        if not self._users:
            self._line.close()

    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold the line for one whole poll; who did not answer last time lets others go first."""
        return self._turns.turn(behind=name not in self._answering)

    def rest_s(self, name: str) -> float:
        """How long a device that does not answer is left alone: not at all if nobody else minds."""
        if not self._line.is_open:
            return self._line.rest_s
        if self._answering <= {name}:
            return 0.0
        extra = self._misses[name] - SILENT_QUESTIONS
        return min(LONGEST_REST_S, 2.0 ** min(extra, 16))

    def patience(self, name: str) -> int:
        """How many silent polls in a row it is asked before it rests; once known as dead, one."""
        dead = self._misses[name] >= SILENT_QUESTIONS and not self._answering <= {name}
        return 1 if dead else SILENT_QUESTIONS

    def disturbances(self, name: str, block: Block) -> tuple[int, int]:
        """Count the questions that went unanswered: on the line, and of this device and block."""
        return self._unanswered.total(), self._unanswered[name, block]

    async def ask(
        self, name: str, question: Question, timeout_us: int, answer_max_us: int
    ) -> Reply:
        """Ask within a turn. `timeout_us` and `answer_max_us` run until its answer begins."""
        reply = await self._ask(question, timeout_us, answer_max_us)
        if not reply.answered:
            self._unanswered[name, question.block] += 1
        self._note(name, reply)
        return reply

    async def _ask(self, question: Question, timeout_us: int, answer_max_us: int) -> Reply:
        line, pace = self._line, self._line.pace
        if not await self._fall_silent():
            return Reply(
                wrong="the line is never silent: a second master, noise, or a wrong baudrate; "
                "disconnect what else asks on it",
                heard=True,
            )
        if line.is_open:
            line.flush()
        if line.is_open:
            line.send(question.frame)
        self._asked_us = self._clock.uptime_us() + pace.time_us(len(question.frame))
        answer_us = pace.time_us(question.length)
        # Set before the answer is awaited: it holds however the waiting ends.
        self._quiet_until_us = self._asked_us + answer_max_us + answer_us + HELD_BACK_US
        return await self._listen(question, self._asked_us + timeout_us + answer_us, timeout_us)

    async def _fall_silent(self) -> bool:
        """Wait until no late answer can come and the line has been silent for a frame's gap."""
        inbox, gap_us = self._line.inbox, self._line.pace.gap_us
        give_up_us = max(self._clock.uptime_us(), self._quiet_until_us) + BABBLE_US
        while True:
            silent_us = max(self._asked_us, inbox.last_us) + gap_us
            due_us, now_us = max(self._quiet_until_us, silent_us), self._clock.uptime_us()
            if due_us <= now_us:
                return True
            if now_us >= give_up_us:
                return False
            await sleep_until(due_us)

    async def _listen(self, question: Question, until_us: int, timeout_us: int) -> Reply:
        inbox = self._line.inbox
        while self._line.is_open:
            verdict = question.judge(bytes(inbox.bytes))
            if verdict.words is not None:
                return Reply(words=verdict.words)
            if verdict.refusal:
                return Reply(wrong=refusal(verdict.refusal), refused=True)
            if self._clock.uptime_us() >= until_us:
                return _unanswered(question, bytes(inbox.bytes), timeout_us)
            await inbox.wait(len(inbox.bytes) + verdict.missing, until_us)
        return Reply(wrong=self._why_closed)

    def _note(self, name: str, reply: Reply) -> None:
        if reply.answered:
            self._quiet_until_us = self._silent = self._misses[name] = 0
            self._answering.add(name)
            return
        self._silent += 1
        self._misses[name] += 1
        self._answering.discard(name)
        if not self._answering and self._silent >= SILENT_QUESTIONS:
            self._silent = 0
            self._why_closed = _NOBODY
            self._line.close()


def _unanswered(question: Question, came: bytes, timeout_us: int) -> Reply:
    if came:
        return Reply(wrong=diagnosis(question, came), heard=True)
    return Reply(
        wrong=f"no answer in {timeout_us // 1000} ms: device off, wrong device_id, baudrate or "
        "parity, a broken wire, or timeout_ms too short; check them"
    )
