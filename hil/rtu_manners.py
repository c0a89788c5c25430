"""How an RTU device answers, and misanswers: what goes on the wire for one question. Pure."""

import enum

from agent.drivers.crc16 import framed

READ_BYTES = 8  # a reading question; also what a write of one register takes


class Manner(enum.Enum):
    """The ways; LATE is HONEST after a delay."""

    HONEST = "honest"
    LATE = "late"
    SILENCE = "silence"
    SHORT = "short"
    LONG = "long"
    WRONG_DEVICE = "wrong_device"
    WRONG_FUNCTION = "wrong_function"
    CRC_ERROR = "crc_error"
    HALF = "half"
    ECHO = "echo"
    ECHO_FIRST = "echo_first"
    NOISE_FIRST = "noise_first"
    NOISE_AFTER = "noise_after"
    TWICE = "twice"


NOISE = b"\x00\xff\x03"


def spoken(manner: Manner, question: bytes, answer: bytes) -> bytes:
    """Give the bytes that come instead of `answer`, a whole frame."""
    body = answer[:-2]
    return {
        Manner.HONEST: answer,
        Manner.LATE: answer,
        Manner.SILENCE: b"",
        Manner.SHORT: framed(body[:2] + bytes((max(0, body[2] - 2),)) + body[3:-2]),
        Manner.LONG: framed(body[:2] + bytes((body[2] + 2 & 0xFF,)) + body[3:] + b"\x12\x34"),
        Manner.WRONG_DEVICE: framed(bytes((body[0] ^ 1,)) + body[1:]),
        Manner.WRONG_FUNCTION: framed(bytes((body[0], body[1] ^ 7)) + body[2:]),
        Manner.CRC_ERROR: answer[:3] + bytes((answer[3] ^ 0x5A,)) + answer[4:],
        Manner.HALF: answer[: len(answer) // 2],
        Manner.ECHO: question,
        Manner.ECHO_FIRST: question + answer,
        Manner.NOISE_FIRST: NOISE + answer,
        Manner.NOISE_AFTER: answer + NOISE,
        Manner.TWICE: answer + answer,
    }[manner]
