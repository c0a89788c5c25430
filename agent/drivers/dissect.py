"""One frame's bytes taken apart for a person to read. Pure; judges shape only, never what a value means.

Knows Modbus TCP, Modbus RTU and the HPMONT CIC link, whose frames look like RTU but repeat the
address and count a byte of registers (elevator-facts 5.a). No bytes make it fail.
"""

import dataclasses
import enum
import struct
from dataclasses import dataclass
from typing import Final

from agent.drivers.crc16 import crc16
from agent.drivers.rtu_framing import READ_FUNCTIONS

_MBAP: Final = struct.Struct(">HHHB")  # transaction, protocol 0, length of what follows, device
_BIT_FUNCTIONS: Final = frozenset({1, 2})


class Framing(enum.Enum):
    """How bytes are framed on a line."""

    TCP = "modbus_tcp"
    RTU = "modbus_rtu"
    CIC = "cic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissected:
    """What a frame says, as far as it can be read; None where it does not say.

    `values` are registers of 16 bits, or bits. `exception` is the code of a refusal, else 0. `wrong`
    is empty, or a word: `empty`, `short`, `length`, `crc`, `noise` (a good frame with other bytes
    around it), `protocol`, `echo`, `foreign` (a question of another master), `unasked` or `other`
    (of another device, function or length than was asked).
    """

    framing: Framing | None = None
    device: int | None = None
    function: int | None = None
    address: int | None = None
    count: int | None = None
    values: tuple[int, ...] = ()
    exception: int = 0
    wrong: str = ""
    transaction: int | None = None
    is_question: bool = False


def framing_of(data: bytes) -> Framing | None:
    """Guess the framing of one frame by its shape; None if it has none of them."""
    if len(data) >= 8:
        _, protocol, length, _ = _MBAP.unpack_from(data)
        if protocol == 0 and length == len(data) - 6:
            return Framing.TCP
    if len(data) < 5 or crc16(data):
        return None
    is_cic = len(data) == 7 + 2 * data[4] or len(data) == 7
    return Framing.CIC if data[1] == 3 and is_cic and data[2] != len(data) - 5 else Framing.RTU


def dissect(framing: Framing | None, data: bytes, *, out: bool) -> Dissected:
    """Take one frame apart; `out` says that the agent sent it."""
    if not data:
        return Dissected(framing=framing, wrong="empty")
    match framing or framing_of(data):
        case Framing.TCP:
            return _tcp(data, out=out)
        case Framing.RTU:
            return _rtu_question(data) if out else _rtu_answer(data)
        case Framing.CIC:
            return _cic(data)
        case _:
            return Dissected()


def _tcp(data: bytes, *, out: bool) -> Dissected:
    if len(data) < 8:
        return Dissected(framing=Framing.TCP, wrong="short")
    transaction, protocol, length, device = _MBAP.unpack_from(data)
    pdu = data[7:]
    wrong = "protocol" if protocol else _compared(len(data), length + 6)
    body = _question(pdu) if out else _answer(pdu)
    return dataclasses.replace(
        body,
        framing=Framing.TCP,
        device=device,
        transaction=transaction,
        wrong=wrong or body.wrong,
    )


def _rtu_question(data: bytes) -> Dissected:
    if len(data) < 4:
        return Dissected(framing=Framing.RTU, wrong="short")
    body = _question(data[1:-2])
    wrong = "crc" if crc16(data) else body.wrong
    return dataclasses.replace(body, framing=Framing.RTU, device=data[0], wrong=wrong)


def _rtu_answer(data: bytes) -> Dissected:
    """Find the first whole frame; without one, say what the beginning looks like."""
    for start in range(len(data) - 4):
        frame = data[start : start + _rtu_length(data[start:])]
        if len(frame) >= 5 and crc16(frame) == 0:
            body = _answer(frame[1:-2])
            wrong = body.wrong if len(frame) == len(data) else "noise"
            return dataclasses.replace(body, framing=Framing.RTU, device=frame[0], wrong=wrong)
    if len(data) == 8 and crc16(data) == 0 and data[1] in READ_FUNCTIONS:
        return dataclasses.replace(_rtu_question(data), wrong="foreign", is_question=False)
    wrong = "short" if len(data) < max(5, _rtu_length(data)) else "crc"
    function = data[1] if len(data) > 1 else None
    return Dissected(framing=Framing.RTU, device=data[0], function=function, wrong=wrong)


def _rtu_length(data: bytes) -> int:
    """How long an answer is that begins so."""
    if len(data) >= 3 and data[1] in READ_FUNCTIONS:
        return 5 + data[2]
    return 5 if len(data) >= 2 and data[1] & 0x80 else len(data)


def _cic(data: bytes) -> Dissected:
    """Take apart a question or an answer; both begin alike, and a question carries no data."""
    if len(data) < 7:
        return Dissected(framing=Framing.CIC, device=data[0], wrong="short")
    device, function, address, count = struct.unpack_from(">BBHB", data)
    payload = data[5:-2]
    is_question = not payload
    wrong = "crc" if crc16(data) else ""
    if not wrong and not is_question:
        wrong = _compared(len(payload), 2 * count)
    return Dissected(
        framing=Framing.CIC,
        device=device,
        function=function,
        address=address,
        count=count,
        values=() if wrong else _words(payload),
        wrong=wrong,
        is_question=is_question,
    )


def _question(pdu: bytes) -> Dissected:
    if pdu[0] not in READ_FUNCTIONS:
        return Dissected(function=pdu[0], is_question=True)
    if len(pdu) != 5:
        return Dissected(function=pdu[0], wrong=_compared(len(pdu), 5), is_question=True)
    address, count = struct.unpack_from(">HH", pdu, 1)
    return Dissected(function=pdu[0], address=address, count=count, is_question=True)


def _answer(pdu: bytes) -> Dissected:
    function = pdu[0]
    if function & 0x80:
        code = pdu[1] if len(pdu) > 1 else 0
        return Dissected(function=function & 0x7F, exception=code, wrong=_compared(len(pdu), 2))
    if function not in READ_FUNCTIONS:
        return Dissected(function=function)
    payload = pdu[2:]
    wrong = _compared(len(pdu), 2 + pdu[1]) if len(pdu) > 1 else "short"
    if function in _BIT_FUNCTIONS:
        return Dissected(function=function, values=_bits(payload), wrong=wrong)
    if len(payload) % 2:
        return Dissected(function=function, wrong=wrong or "length")
    return Dissected(function=function, values=_words(payload), wrong=wrong)


def _compared(came: int, wanted: int) -> str:
    if came < wanted:
        return "short"
    return "length" if came > wanted else ""


def _words(payload: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(payload) // 2}H", payload)


def _bits(payload: bytes) -> tuple[int, ...]:
    return tuple(byte >> n & 1 for byte in payload for n in range(8))


def answering(answer: Dissected, asked: Dissected | None) -> Dissected:
    """Read an answer beside its question: now it has an address, and may be the wrong answer."""
    if asked is None:
        return answer if answer.wrong else dataclasses.replace(answer, wrong="unasked")
    known = dataclasses.replace(
        answer,
        address=asked.address if answer.address is None else answer.address,
        count=asked.count if answer.count is None else answer.count,
    )
    if answer.wrong:
        return known
    if not _is_of(answer, asked):
        return dataclasses.replace(answer, wrong="other")
    if answer.function in _BIT_FUNCTIONS and asked.count is not None:
        return dataclasses.replace(known, values=answer.values[: asked.count])
    return known


def _is_of(answer: Dissected, asked: Dissected) -> bool:
    if (answer.device, answer.function) != (asked.device, asked.function):
        return False
    if answer.address is not None and (answer.address, answer.count) != (
        asked.address,
        asked.count,
    ):
        return False
    if answer.exception or asked.count is None:
        return True
    wanted = asked.count
    if answer.function in _BIT_FUNCTIONS:
        wanted = (wanted + 7) // 8 * 8
    return len(answer.values) == wanted
