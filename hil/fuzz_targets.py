"""What is fuzzed: one row for each framing and decoder, and one small function that feeds it.

A row's function makes a round; a round feeds some hostile bytes, and counts what was taken for a
frame though no such frame was sent. A new framing is one more row.
"""

import random
import struct
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from agent.drivers import cic_framing, rtsp, rtu_framing, sip
from agent.drivers.blocks import Block, Compiled, compile_blocks
from agent.drivers.crc16 import framed
from agent.drivers.exchange import Exchange
from agent.drivers.heads import LONGEST_HEAD, EndlessError, Stream
from agent.drivers.profiles import load_profile
from agent.drivers.rdm6300 import Frames
from agent.drivers.registers import Table
from agent.model import Quality
from agent.signals import signal_for
from hil.fuzz import Round, Tally, Target, hostile

CRC16: Final = 2.0**-16
XOR: Final = 2.0**-4  # two damaged digits of one column cancel out so often
LONGEST_CIC: Final = cic_framing.QUESTION_BYTES + 2 * cic_framing.MOST_REGISTERS
CONTROLLERS: Final = Path(__file__).parent.parent / "config/controllers"


def _rtu() -> Round:
    def one(chance: random.Random, tally: Tally) -> None:
        table = chance.choice(list(Table))
        block = Block(table, chance.randrange(0x10000), chance.randint(1, 60))
        device = chance.randint(1, 247)
        asked = rtu_framing.question(device, block)
        answer = framed(asked.head + chance.randbytes(asked.head[2]))
        refusal_head = bytes((device, asked.head[1] | 0x80))
        foreign = framed(bytes((device ^ 1,)) + answer[1:-2])
        frames = [answer, asked.frame, framed(refusal_head + b"\x02"), foreign]
        heads = [asked.head, refusal_head, asked.frame]
        came = hostile(chance, frames, heads)
        tally.chances += came.count(refusal_head)
        _judge(chance, asked, asked.head, came, frames, tally)

    return one


def _cic() -> Round:
    def one(chance: random.Random, tally: Tally) -> None:
        block = Block(Table.HOLDING, chance.randrange(0x10000), chance.randint(1, 60))
        asked = cic_framing.question(block)
        head = asked.frame[:5]
        answer = framed(head + chance.randbytes(2 * block.count))
        foreign = framed(bytes((3,)) + answer[1:-2])
        frames = [answer, asked.frame, foreign]
        came = hostile(chance, frames, [head, asked.frame, cic_framing.HEAD])
        _judge(chance, asked, head, came, frames, tally)

    return one


def _judge(
    chance: random.Random,
    asked: Exchange,
    head: bytes,
    came: bytes,
    frames: list[bytes],
    tally: Tally,
) -> None:
    """Let bytes come a few at a time, as a line hands them over, and look for the answer."""
    tally.fed += len(came)
    tally.chances += came.count(head)
    end = 0
    while end < len(came):
        end += chance.randint(1, 100)
        verdict = asked.judge(came[:end])
        if verdict.words is not None or verdict.refusal:
            start, stop = verdict.span
            tally.accepted += came[start:stop] not in frames
            return
        if verdict.missing < 1:
            tally.wrong(f"it waits for nothing: {came[:end].hex()}")
    asked.diagnose(came)


def _cic_talk() -> Round:
    kept, true = b"", deque[bytes](maxlen=LONGEST_CIC)  # a true frame may be damaged around it

    def one(chance: random.Random, tally: Tally) -> None:
        nonlocal kept
        count = chance.randint(1, 60)
        frame = framed(cic_framing.HEAD + struct.pack(">HB", chance.randrange(0x10000), count))
        answer = framed(frame[:5] + chance.randbytes(2 * count))
        true.append(answer)
        came = hostile(chance, [answer, frame], [cic_framing.HEAD, frame])
        tally.fed += len(came)
        tally.chances += 2 * came.count(cic_framing.HEAD)
        found = cic_framing.hear(kept + came, over=chance.random() < 0.2)
        tally.accepted += sum(h.block is not None and h.data not in true for h in found.heard)
        if b"".join(h.data for h in found.heard) != (kept + came)[: found.used]:
            tally.wrong("bytes were lost")
        kept = (kept + came)[found.used :]
        if len(kept) >= LONGEST_CIC or found.missing < 1:
            tally.wrong(f"{len(kept)} bytes are kept, {found.missing} missing")

    return one


def _text(
    make: Callable[[random.Random], tuple[bytes, Iterable[bytes], Callable[[bytes], bool]]],
) -> Callable[[], Round]:
    """Answers in text: an answer, what it must hold to be one, and who takes it for one."""

    def begin() -> Round:
        stream = Stream()

        def one(chance: random.Random, tally: Tally) -> None:
            nonlocal stream
            answer, marks, is_answer = make(chance)
            came = hostile(chance, [answer], [answer[:12], b"\r\n\r\n", b"\r\n \r\n", answer[:60]])
            tally.fed += len(came)
            is_answer(came)
            try:
                heads = list(stream.feed(came))
            except EndlessError:
                stream, heads = Stream(), []
            for head in heads:
                if is_answer(head) and not all(mark in head for mark in marks):
                    tally.wrong(f"taken for an answer: {head!r}")
                if len(head) > LONGEST_HEAD + len(came):
                    tally.wrong(f"a head of {len(head)} bytes was kept")

        return one

    return begin


def _sip(chance: random.Random) -> tuple[bytes, Iterable[bytes], Callable[[bytes], bool]]:
    token, number = f"{chance.getrandbits(64):016x}", chance.randint(1, 9999)
    probe = sip.Probe("127.0.0.1:5060", "127.0.0.1:5061", "udp", token, number)
    marks = (probe.branch.encode(), probe.call_id.encode())
    answer = (
        f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5061;branch={probe.branch};rport\r\n"
        f"Call-ID: {probe.call_id}\r\nCSeq: {number} OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    return answer.encode(), marks, probe.is_answered_by


def _rtsp(chance: random.Random) -> tuple[bytes, Iterable[bytes], Callable[[bytes], bool]]:
    asked = rtsp.Question("127.0.0.1:554", chance.randint(10_000, 99_999))
    answer = f"RTSP/1.0 401 Unauthorized\r\nCSeq: {asked.number}\r\nServer: x\r\n\r\n"
    return answer.encode(), (str(asked.number).encode(),), asked.is_answered_by


def _cards() -> Round:
    frames = Frames()
    at_us = 0

    def one(chance: random.Random, tally: Tally) -> None:
        nonlocal at_us
        at_us += chance.randrange(200_000)
        card = chance.randbytes(5)
        folded = card[0] ^ card[1] ^ card[2] ^ card[3] ^ card[4]
        frame = b"\x02" + (card + bytes((folded,))).hex().upper().encode() + b"\x03"
        came = hostile(chance, [frame], [frame[:1], frame[:5]])
        tally.fed += len(came)
        for found in frames.feed(came, at_us):
            other = found.data.upper() != frame
            tally.chances += other
            tally.accepted += other and found.number is not None

    return one


def _profiles() -> Round:
    """Every shipped profile: whatever the registers say, a good value is one of its signal."""
    profiles = [load_profile(path) for path in sorted(CONTROLLERS.glob("*.toml"))]
    compiled = [each for p in profiles for each in compile_blocks(p.points, p.limits)]

    def one(chance: random.Random, tally: Tally) -> None:
        each = chance.choice(compiled)
        data = chance.randbytes(2 * each.block.count)
        words = struct.unpack(f">{each.block.count}H", data)
        tally.fed += len(data)
        _decode(each, words, tally)
        _decode(each, words[: chance.randrange(len(words))], tally)

    return one


def _decode(compiled: Compiled, words: tuple[int, ...], tally: Tally) -> None:
    readings = compiled.decode(words, 1)
    if len(words) != compiled.block.count:
        if readings:
            tally.wrong(f"{len(words)} words were read for {compiled.block}")
        return
    compiled.refutes(words)
    for reading in readings:
        row = signal_for(reading.signal)
        good = reading.quality is Quality.GOOD
        if good and (row is None or reading.value is None or not row.accepts(reading.value)):
            tally.wrong(f"{reading} from {words}")


TARGETS: Mapping[str, Target] = {
    "rtu": Target(_rtu, CRC16),
    "cic": Target(_cic, CRC16),
    "cic-talk": Target(_cic_talk, CRC16),
    "sip": Target(_text(_sip)),
    "rtsp": Target(_text(_rtsp)),
    "rdm6300": Target(_cards, XOR),
    "profiles": Target(_profiles),
}
