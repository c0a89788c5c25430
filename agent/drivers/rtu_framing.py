"""Modbus RTU frames: a question as bytes, and whether what came is its answer. Pure.

RTU numbers no question, so an answer is known by its shape alone: nothing counts but one whole
frame of this device, this function and exactly the length asked for, with a right checksum.
"""

import struct
from dataclasses import dataclass
from typing import Final

from agent.drivers.blocks import Block
from agent.drivers.crc16 import crc16, framed
from agent.drivers.exchange import Verdict
from agent.drivers.registers import Words
from agent.drivers.rtu_diagnosis import REFUSAL_BYTES, diagnosis

READ_FUNCTIONS: Final = frozenset({1, 2, 3, 4})
_OF_MASTERS: Final = frozenset({1, 2, 3, 4, 5, 6, 15, 16})  # that have frames of 8 bytes
_MASTERS_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Question:
    """One block asked of one device.

    `frame` is what is sent, `head` how its answer begins (device, function, number of data bytes)
    and `length` of how many bytes the answer is.
    """

    block: Block
    frame: bytes
    head: bytes
    length: int

    def judge(self, came: bytes) -> Verdict:
        """Look for the answer in all that came since the question was sent.

        Bytes before it are noise. An echo of the question is none, though it may look like one: a
        question for 24 bits at 0x0300 is itself a proper answer to it.
        """
        start = came.find(self.head)
        while 0 <= start <= len(came) - self.length:
            answer = came[start : start + self.length]
            if crc16(answer) == 0 and not answer.startswith(self.frame[: self.length]):
                return Verdict(self._words(answer[3:-2]), span=(start, start + self.length))
            start = came.find(self.head, start + 1)
        missing = REFUSAL_BYTES - len(came) if start < 0 else start + self.length - len(came)
        return self._refusal(came) or Verdict(missing=max(1, missing))

    def overhears(self, came: bytes) -> bool:
        """Whether another master's question, or what is answered to its writing, is among these bytes.

        Nothing tells an answer to it from one to a question of ours.
        """
        frames = (came[n : n + _MASTERS_BYTES] for n in range(len(came) - _MASTERS_BYTES + 1))
        return any(
            frame[1] in _OF_MASTERS and frame != self.frame and crc16(frame) == 0
            for frame in frames
        )

    def diagnose(self, came: bytes) -> str:
        """Say why these bytes, all that came within the time, are no answer, and what to do."""
        return diagnosis(self.frame, self.head, self.length, came)

    def _refusal(self, came: bytes) -> Verdict | None:
        head = bytes((self.head[0], self.head[1] | 0x80))
        start = came.find(head)
        while 0 <= start <= len(came) - REFUSAL_BYTES:
            refusal = came[start : start + REFUSAL_BYTES]
            if crc16(refusal) == 0 and refusal[2]:
                return Verdict(refusal=refusal[2], span=(start, start + REFUSAL_BYTES))
            start = came.find(head, start + 1)
        return None

    def _words(self, data: bytes) -> Words:
        if not self.block.table.is_bits:
            return struct.unpack(f">{self.block.count}H", data)
        bits = int.from_bytes(data, "little")
        return [bits >> n & 1 for n in range(self.block.count)]


def question(device_id: int, block: Block) -> Question:
    """Make the question for a block; only the four reading functions exist here."""
    function = block.table.function
    assert function in READ_FUNCTIONS, "this agent only reads"
    frame = framed(struct.pack(">BBHH", device_id, function, block.address, block.count))
    data_bytes = (block.count + 7) // 8 if block.table.is_bits else 2 * block.count
    head = bytes((device_id, function, data_bytes))
    return Question(block, frame, head, len(head) + data_bytes + 2)
