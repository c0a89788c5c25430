"""The HPMONT CIC link's frames, which look like Modbus RTU but are not. Pure.

Question: station, function, address (2 bytes, high first), count (1 byte), checksum. Answer: the
same five bytes, then the registers (2 bytes each, high first), then the checksum. It is Modbus'
CRC-16; the station is 2 and the function 3. An answer repeats address and count, so a late one is
not taken for the answer to another block.

Source: the vendor's server (github.com/hpmont001/minaserver, CicConnect.java) and its register
sheet. Neither states the baud rate, or an answer that refuses.
"""

import struct
from dataclasses import dataclass
from typing import Final

from agent.drivers.blocks import Block
from agent.drivers.cic_diagnosis import diagnosis
from agent.drivers.crc16 import crc16, framed
from agent.drivers.exchange import Verdict
from agent.drivers.hearing import Heard, Hearing
from agent.drivers.registers import Table, Words

STATION: Final = 2
READ: Final = 3  # the only function there is here
HEAD: Final = bytes((STATION, READ))
QUESTION_BYTES: Final = 7
MOST_REGISTERS: Final = 255  # the count is one byte
NOISE: Final = "noise: no whole frame of this link"


@dataclass(frozen=True, slots=True)
class CicQuestion:
    """One block asked of the module. `frame` is what is sent; its answer has `length` bytes."""

    block: Block
    frame: bytes
    length: int

    def judge(self, came: bytes) -> Verdict:
        """Look for the answer in all that came since the question was sent.

        Bytes before it are noise, and an echo of the question is none of it.
        """
        head = self.frame[:-2]
        start = came.find(head)
        while 0 <= start <= len(came) - self.length:
            answer = came[start : start + self.length]
            if crc16(answer) == 0 and not _is_question(came, start):
                return Verdict(_words(answer), span=(start, start + self.length))
            start = came.find(head, start + 1)
        missing = QUESTION_BYTES - len(came) if start < 0 else start + self.length - len(came)
        return Verdict(missing=max(1, missing))

    def overhears(self, came: bytes) -> bool:  # noqa: ARG002 - whatever it is
        """Never: an answer says which block it gives, whoever asked for it."""
        return False

    def diagnose(self, came: bytes) -> str:
        """Say why these bytes, all that came within the time, are no answer, and what to do."""
        return diagnosis(self.frame, self.length, came)


def question(block: Block) -> CicQuestion:
    """Make the question for a block of holding registers; nothing else can be asked here."""
    assert block.table is Table.HOLDING, "the link has registers only"
    assert 1 <= block.count <= MOST_REGISTERS, "the count is one byte"
    frame = framed(HEAD + struct.pack(">HB", block.address, block.count))
    return CicQuestion(block, frame, QUESTION_BYTES + 2 * block.count)


def hear(came: bytes, *, over: bool) -> Hearing:
    """Take apart what passed on the line, questions and answers; `over`: no more follows at once."""
    heard: list[Heard] = []
    done = at = 0  # bytes told of, and looked at
    missing = 0
    while (start := came.find(HEAD, at)) >= 0 and not missing:
        length, missing = _frame_at(came, start, over=over)
        if length:
            heard += _noise(came[done:start])
            heard.append(_frame(came[start : start + length]))
            done = at = start + length
        elif not missing:
            at = start + 1
    end = start if missing else _end_of_noise(came, over=over)
    heard += _noise(came[done:end])
    return Hearing(tuple(heard), max(done, end), missing or 1)


def _frame_at(came: bytes, start: int, *, over: bool) -> tuple[int, int]:
    """Give the length of the frame there, 0 if there is none, or how many bytes are missing."""
    rest = len(came) - start
    if rest < QUESTION_BYTES:
        return 0, 0 if over else QUESTION_BYTES - rest
    if _is_question(came, start):
        return QUESTION_BYTES, 0
    length = QUESTION_BYTES + 2 * came[start + 4]
    if rest < length:
        # A question of its own looks like the beginning of an answer until something follows.
        alone = QUESTION_BYTES if crc16(came[start : start + QUESTION_BYTES]) == 0 else 0
        return (alone, 0) if over else (0, length - rest)
    for end in (length, QUESTION_BYTES):
        if crc16(came[start : start + end]) == 0:
            return end, 0
    return 0, 0


def _is_question(came: bytes, start: int) -> bool:
    """Whether a question stands there: whole, and the next frame begins right behind it.

    Else it may be the beginning of an answer whose first register happens to equal the checksum of
    its head. Without this look, one echoed question in 65,536 would pass for an answer, with the
    bytes behind it as registers.
    """
    end = start + QUESTION_BYTES
    follows = came[end : end + 2]
    return bool(follows) and HEAD.startswith(follows) and crc16(came[start:end]) == 0


def _end_of_noise(came: bytes, *, over: bool) -> int:
    """Where noise ends that holds no beginning of a frame: before a last byte that may be one."""
    return len(came) - (came[-1:] == HEAD[:1] and not over)


def _frame(data: bytes) -> Heard:
    if len(data) == QUESTION_BYTES:
        return Heard(data)
    address, count = struct.unpack_from(">HB", data, 2)
    return Heard(data, Block(Table.HOLDING, address, count), _words(data))


def _noise(data: bytes) -> list[Heard]:
    return [Heard(data, note=NOISE)] if data else []


def _words(answer: bytes) -> Words:
    return struct.unpack(f">{answer[4]}H", answer[5:-2])
