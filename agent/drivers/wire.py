"""What a poller asks of a protocol: a wire to read blocks from, and what of its answers is believed."""

from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from agent.drivers.blocks import Block, Compiled
from agent.drivers.registers import Words
from agent.model import Reading


class NoAnswerError(Exception):
    """A block was not answered properly; the text says how, and what to do about it."""


class SilenceError(NoAnswerError):
    """Nothing proper came in time, and the time was waited for."""


class DamagedError(SilenceError):
    """Bytes came, but no answer."""


class RefusedError(NoAnswerError):
    """The device is there, but refuses this block."""


class Trust(Protocol):
    """What of an answer is believed."""

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for the next poll to agree, which should then come at once."""
        ...

    def decode(self, compiled: Compiled, words: Words, at_us: int) -> list[Reading]:
        """Read a block's points; those not believed yet are left out."""
        ...


class AtOnce:
    """Every proper answer is believed at once."""

    is_waiting: Final = False

    def decode(self, compiled: Compiled, words: Words, at_us: int) -> list[Reading]:
        """Read all of a block's points."""
        return compiled.decode(words, at_us)


class Wire(Protocol):
    """One connection to one device.

    After silence, `read` asks nothing before the answer can no longer come: a late one must not
    pass for the next one.
    """

    async def connect(self) -> str:
        """Connect once; empty on success, else what is wrong and what to do about it."""
        ...

    @property
    def is_gone(self) -> bool:
        """Whether the connection is certainly lost."""
        ...

    @property
    def asked_us(self) -> int:
        """When the last question began to go out, microseconds."""
        ...

    @property
    def patience(self) -> int:
        """How many silent polls in a row before it is closed and made anew."""
        ...

    @property
    def rest_s(self) -> float:
        """The least wait between closing and the next, in seconds."""
        ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Have the line to oneself for one poll, where it is shared."""
        ...

    async def read(self, block: Block) -> Words:
        """Read one whole block; raises NoAnswerError for anything but a proper answer in time."""
        ...

    def close(self) -> None:
        """Free the device for the next connection."""
        ...
