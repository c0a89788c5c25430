"""The CIC module on a line behind a pty, with the time bytes take, and how it misanswers.

And a line on which another master asks it, for a listener: nothing here ever waits for the agent.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.drivers.crc16 import framed
from hil import wiretap
from hil.cic_module import FIRST, STATION, module
from hil.pty_adapter import PtyAdapter
from hil.rtu_face import RtuFace
from hil.rtu_manners import NOISE, Manner

QUESTION_BYTES = 7
_DATA = 5  # where it begins


def spoken(manner: Manner, question: bytes, answer: bytes) -> bytes:
    """Give the bytes that come instead of `answer`, a whole frame."""
    body = answer[:-2]
    return {
        Manner.HONEST: answer,
        Manner.LATE: answer,
        Manner.SILENCE: b"",
        Manner.SHORT: framed(body[:4] + bytes((body[4] - 1,)) + body[_DATA:-2]),
        Manner.LONG: framed(body[:4] + bytes((body[4] + 1 & 0xFF,)) + body[_DATA:] + b"\x12\x34"),
        Manner.WRONG_DEVICE: framed(bytes((body[0] ^ 1,)) + body[1:]),
        Manner.WRONG_FUNCTION: framed(bytes((body[0], body[1] ^ 7)) + body[2:]),
        Manner.CRC_ERROR: answer[:_DATA] + bytes((answer[_DATA] ^ 0x5A,)) + answer[_DATA + 1 :],
        Manner.HALF: answer[: len(answer) // 2],
        Manner.ECHO: question,
        Manner.ECHO_FIRST: question + answer,
        Manner.NOISE_FIRST: NOISE + answer,
        Manner.NOISE_AFTER: answer + NOISE,
        Manner.TWICE: answer + answer,
    }[manner]


class CicFace(RtuFace):
    """Serves one module; everything else as on an RTU line."""

    kind: wiretap.Kind = "cic"
    question_bytes = QUESTION_BYTES
    spoken = staticmethod(spoken)

    def __init__(self, registers: Callable[[], Sequence[int]], *, baudrate: int = 9600) -> None:
        super().__init__({STATION: module(registers)}, baudrate=baudrate)


class CicTalk:
    """A line on which somebody else asks the module. `written` is what the agent put on it."""

    def __init__(self, link: Path, registers: Callable[[], Sequence[int]]) -> None:
        self.written = bytearray()
        self.adapter = PtyAdapter(link, self.written.extend)
        self._module = module(registers)

    async def repeat(self, every_s: float) -> None:
        """Let honest exchanges pass until cancelled."""
        while True:
            self.exchange()
            await asyncio.sleep(every_s)

    def exchange(
        self, manner: Manner = Manner.HONEST, *, address: int = FIRST, count: int = 39
    ) -> None:
        """Let one question and its answer pass, with the answer in a manner."""
        body = bytes((3,)) + address.to_bytes(2) + bytes((count,))
        question = framed(bytes((STATION,)) + body)
        answer = framed(bytes((STATION,)) + self._module(body))
        self.adapter.write(question + spoken(manner, question, answer))
