"""One line with devices on it: asks one question at a time and keeps late answers out.

After a question that was not answered properly nobody asks anything until its answer can no longer
come, and what came by then is thrown away. It knows devices by name and how they answered; neither
a framing nor what the words mean.
"""

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from agent.clock import Clock, sleep_until
from agent.drivers.address import Address, SerialAddress
from agent.drivers.blocks import Block
from agent.drivers.bus_tap import BusTap
from agent.drivers.exchange import Exchange, Verdict
from agent.drivers.line import Line
from agent.drivers.refusals import refusal
from agent.drivers.registers import Words
from agent.drivers.serial_line import SerialLine
from agent.drivers.tap import Tap
from agent.drivers.tcp_line import TcpLine
from agent.drivers.turns import Turns

HELD_BACK_US: Final = 20_000  # what a USB adapter may keep to itself of bytes already received
BABBLE_US: Final = 250_000  # how long a line may take to fall silent
SILENT_QUESTIONS: Final = 3  # with nobody left who answers, the line itself is opened anew
LONGEST_REST_S: Final = 4.0
_LOST: Final = "the line was lost: adapter unplugged, or connection closed; plug it in"
_NEVER_SILENT: Final = (
    "the line is never silent: a second master, noise, or a wrong baudrate; disconnect what else "
    "asks on it"
)
_TWO_MASTERS: Final = (
    "another master asks on this line, and its answers look like ours; RTU has one master only: "
    "disconnect what else asks"
)
_NOBODY: Final = "nobody on the line answers: no power there, a broken wire, or a wrong baudrate"


@dataclass(frozen=True, slots=True)
class Timing:
    """What a device needs, in microseconds.

    `timeout_us` and `answer_max_us` run until its answer begins: how long it is waited for, and how
    long it may take at all. `pause_us` is the silence it needs before a question, if that is more
    than the gap between two frames.
    """

    timeout_us: int
    answer_max_us: int
    pause_us: int = 0


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

    def __init__(self, line: Line, clock: Clock, tap: Tap) -> None:
        self._tap = BusTap(tap, clock, line.inbox)
        self._unanswered: Counter[tuple[str, Block]] = Counter()
        self._line, self._clock = line, clock
        self._turns = Turns(clock)
        self._opening = asyncio.Lock()
        self._users: set[str] = set()
        self._answering: set[str] = set()  # those whose last question was answered
        self._misses: Counter[str] = Counter()  # in a row, by device
        self._silent = 0  # questions in a row that nobody answered
        self.asked_us = 0  # when the last question began to go out
        self._out_us = 0  # when it was out
        self._quiet_until_us = 0
        self._last: Exchange | None = None
        self._judged = 0  # bytes of the inbox, up to the end of the last answer
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

    async def ask(self, name: str, question: Exchange, timing: Timing) -> Reply:
        """Ask within a turn."""
        reply = await self._ask(name, question, timing)
        if not reply.answered:
            self._unanswered[name, question.block] += 1
        self._note(name, reply)
        return reply

    async def _ask(self, name: str, question: Exchange, timing: Timing) -> Reply:
        line, pace = self._line, self._line.pace
        if not await self._fall_silent(max(pace.gap_us, timing.pause_us)):
            return Reply(wrong=_NEVER_SILENT, heard=True)
        answer_us = pace.time_us(question.length)
        late_us = timing.answer_max_us + answer_us + HELD_BACK_US
        if self._others_ask(name, question):
            self._quiet_until_us = line.inbox.last_us + late_us
            return Reply(wrong=_TWO_MASTERS, heard=True)
        if line.is_open:
            line.send(question.frame)
            self._tap.asked(name, question)
        self.asked_us = self._clock.uptime_us()
        self._out_us = self.asked_us + pace.time_us(len(question.frame))
        # Set before the answer is awaited: it holds however the waiting ends.
        self._quiet_until_us = self._out_us + late_us
        until_us = self._out_us + timing.timeout_us + answer_us
        return await self._listen(question, until_us, timing.timeout_us)

    def _others_ask(self, name: str, question: Exchange) -> bool:
        """Throw away what came since the last answer; whether another master was heard in it."""
        self._line.catch_up()
        found = self._is_overheard(self._last or question, len(self._line.inbox.bytes))
        self._tap.stray(name, _TWO_MASTERS if found else "")
        self._judged, self._last = 0, question
        if self._line.is_open:
            self._line.flush()
        return found

    def _is_overheard(self, question: Exchange, end: int) -> bool:
        """Whether another master is heard before `end` of what came since the last answer."""
        return question.overhears(bytes(self._line.inbox.bytes[self._judged : end]))

    async def _fall_silent(self, gap_us: int) -> bool:
        """Wait until no late answer can come and the line has been silent for so long."""
        inbox = self._line.inbox
        give_up_us = max(self._clock.uptime_us(), self._quiet_until_us) + BABBLE_US
        while True:
            silent_us = max(self._out_us, inbox.last_us) + gap_us
            due_us, now_us = max(self._quiet_until_us, silent_us), self._clock.uptime_us()
            if due_us <= now_us:
                return True
            if now_us >= give_up_us:
                return False
            await sleep_until(due_us)

    async def _listen(self, question: Exchange, until_us: int, timeout_us: int) -> Reply:
        inbox = self._line.inbox
        while self._line.is_open:
            verdict = question.judge(bytes(inbox.bytes))
            if verdict.words is not None or verdict.refusal:
                reply = _answered(verdict)
                if self._is_overheard(question, verdict.span[0]):
                    reply = Reply(wrong=_TWO_MASTERS, heard=True)
                self._judged = verdict.span[1]
                self._tap.answered(verdict.span, reply.wrong)
                return reply
            if self._clock.uptime_us() >= until_us:
                reply = _unanswered(question, bytes(inbox.bytes), timeout_us)
                self._tap.unanswered(reply.wrong)
                return reply
            await inbox.wait(len(inbox.bytes) + verdict.missing, until_us)
        self._tap.unanswered(self._why_closed)
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


def _answered(verdict: Verdict) -> Reply:
    if verdict.words is not None:
        return Reply(words=verdict.words)
    return Reply(wrong=refusal(verdict.refusal), refused=True)


def _unanswered(question: Exchange, came: bytes, timeout_us: int) -> Reply:
    if came:
        return Reply(wrong=question.diagnose(came), heard=True)
    return Reply(
        wrong=f"no answer in {timeout_us // 1000} ms: device off, wrong device_id, baudrate or "
        "parity, a broken wire, or timeout_ms too short; check them"
    )


_buses: WeakValueDictionary[Address, Bus] = WeakValueDictionary()  # a line exists once a process


def bus_for(address: Address, clock: Clock, tap: Tap) -> Bus:
    """Give the bus of a line: the same for all devices that are on it."""
    bus = _buses.get(address)
    if bus is None:
        bus = _buses[address] = Bus(_line(address, clock), clock, tap)
    return bus


def _line(address: Address, clock: Clock) -> Line:
    if isinstance(address, SerialAddress):
        return SerialLine(address, clock)
    return TcpLine(address, clock)
