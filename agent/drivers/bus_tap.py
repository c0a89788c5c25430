"""Tells the tap what passed on a bus, frame by frame, and what became of each. Decides nothing.

What came is told once: as an answer, as bytes that were none, or before the next question as what
came between the frames.
"""

from typing import Final

from agent.clock import Clock
from agent.drivers.exchange import Exchange
from agent.drivers.line import Inbox
from agent.drivers.tap import Frame, Tap, Way

MOST_BYTES: Final = 512  # told of one frame; a flood of noise is told by its end
ECHO: Final = "the question, as an echo"
NOISE: Final = "noise: part of no answer"
LATE: Final = "late: the answer to a question that was given up"
BETWEEN: Final = "between the frames: nobody was asked"


class BusTap:
    """One line's view of the tap. `inbox` is the line's, cleared before each question."""

    def __init__(self, tap: Tap, clock: Clock, inbox: Inbox) -> None:
        self._tap, self._clock, self._inbox = tap, clock, inbox
        self._name = ""
        self._question: Exchange | None = None
        self._given_up = False
        self._told = 0  # bytes of the inbox

    def asked(self, name: str, question: Exchange) -> None:
        """A question went out, and the inbox is empty."""
        self._name, self._question, self._told, self._given_up = name, question, 0, False
        self._pass("out", question.frame, "", self._clock.uptime_us())

    def answered(self, span: tuple[int, int], note: str) -> None:
        """The bytes from `span` are the answer; `note` says what a refusal means."""
        start, end = span
        self._rest(start, NOISE)
        self._told = end
        self._came(bytes(self._inbox.bytes[start:end]), note)

    def unanswered(self, note: str) -> None:
        """All that came is no answer, for the reason `note`."""
        self._given_up = True
        self._rest(len(self._inbox.bytes), note)

    def stray(self, name: str, note: str) -> None:
        """Tell what came since, before it is thrown away; `name` is who asks next.

        `note` says what it is, if that is known.
        """
        came = bytes(self._inbox.bytes)
        question = self._question
        is_late = self._given_up and question is not None and question.judge(came).words is not None
        self._name = self._name or name
        self._rest(len(came), note or (LATE if is_late else BETWEEN))

    def _rest(self, end: int, note: str) -> None:
        """Tell of the bytes before `end` that were not told yet."""
        data = bytes(self._inbox.bytes[self._told : end])
        self._told = max(self._told, end)
        question = self._question
        if question is not None and data == question.frame:
            note = ECHO
        self._came(data, note)

    def _came(self, data: bytes, note: str) -> None:
        if data:
            self._pass("in", data[-MOST_BYTES:], note, self._inbox.last_us)

    def _pass(self, way: Way, data: bytes, note: str, at_us: int) -> None:
        self._tap.passed(Frame(at_us, self._name, way, data, note))
