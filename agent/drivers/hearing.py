"""What is heard on a line where another master asks, whatever the framing. Pure."""

from dataclasses import dataclass

from agent.drivers.blocks import Block
from agent.drivers.registers import Words


@dataclass(frozen=True, slots=True)
class Heard:
    """Bytes that passed: an answer with its `block` and `words`, a question, or noise.

    `note` is empty for a frame that is whole.
    """

    data: bytes
    block: Block | None = None
    words: Words = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What could be made of the bytes so far.

    `used` of them need not be shown again; with the rest, nothing more can be said before at least
    `missing` more have come.
    """

    heard: tuple[Heard, ...]
    used: int
    missing: int
