"""A question and its answer on a line, whatever the framing: what a bus must know of them. Pure."""

from dataclasses import dataclass
from typing import Protocol

from agent.drivers.blocks import Block
from agent.drivers.registers import Words


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has come so far: the words, a refusal's code, or at least `missing` bytes too few.

    `span` is where in it the answer or the refusal stands: its first byte, and the one behind it.
    """

    words: Words | None = None
    refusal: int = 0
    missing: int = 0
    span: tuple[int, int] = (0, 0)


class Exchange(Protocol):
    """One block asked of one device."""

    @property
    def block(self) -> Block:
        """What is asked for."""
        ...

    @property
    def frame(self) -> bytes:
        """What is sent."""
        ...

    @property
    def length(self) -> int:
        """Of how many bytes the answer is."""
        ...

    def judge(self, came: bytes) -> Verdict:
        """Look for the answer in all that came since the question was sent."""
        ...

    def overhears(self, came: bytes) -> bool:
        """Whether in these bytes somebody else asks, whose answer could pass for that to this."""
        ...

    def diagnose(self, came: bytes) -> str:
        """Say why these bytes, all that came within the time, are no answer, and what to do."""
        ...
