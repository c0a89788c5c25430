"""Modbus TCP against a hostile peer: every fault, and what must come of it.

Each cell: no wrong value is accepted while the peer errs, values are back within three polls of its
first answer, the link is up, and a second device polled meanwhile never misses a poll's worth.
"""

import asyncio
import random
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from agent.model import Reading
from tests.tcp_stage import FLOOR, SPEED, UNIT, Server, device, frame_of, polled, until

WRONG = 77  # in every wrong answer and in no honest one
POLLS = 3
Errs = Callable[["Peer", int, int, bytes], Awaitable[bytes | None]]


@dataclass
class Peer(Server):
    """A device that errs until it is told to behave."""

    erred: int = 0

    def misbehave(self, errs: Errs) -> None:
        async def answer(tid: int, unit: int, pdu: bytes) -> bytes | None:
            self.erred += 1
            return await errs(self, tid, unit, pdu)

        self.answer = answer

    def behave(self) -> None:
        self.answer = None


def wrong(pdu: bytes) -> bytes:
    """Give an answer of the right form with a wrong number in it."""
    count = int.from_bytes(pdu[3:5], "big")
    return bytes([pdu[0], 2 * count]) + struct.pack(">H", WRONG) * count


async def late(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    await asyncio.sleep(0.09)  # behind the time-out of 60 ms
    return frame_of(tid, unit, wrong(pdu))


async def short(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([pdu[0], 0]))


async def shorter_than_it_says(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, wrong(pdu)[:-1])


async def long(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([pdu[0], 4, 0, WRONG, 0, WRONG]))


async def wrong_device(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit + 1, wrong(pdu))


async def wrong_function(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([pdu[0] ^ 7]) + wrong(pdu)[1:])


async def bits_for_registers(_peer: Peer, tid: int, unit: int, _pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([1, 1, WRONG]))


async def unknown_function(_peer: Peer, tid: int, unit: int, _pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([0x63, 2, 0, WRONG]))


async def lying_byte_count(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([pdu[0], 9, 0, WRONG]))


async def empty(_peer: Peer, tid: int, unit: int, _pdu: bytes) -> bytes:
    return struct.pack(">HHHB", tid, 0, 0, unit)


async def write_function(_peer: Peer, tid: int, unit: int, _pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([6, 0, 3, 0, WRONG]))


async def wrong_transaction(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid ^ 1, unit, wrong(pdu))


async def no_transaction(_peer: Peer, _tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(0, unit, wrong(pdu))


async def previous_transaction(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid - 1, unit, wrong(pdu))


async def exception(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([pdu[0] | 0x80, 6]))


async def exception_of_another_function(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, bytes([(pdu[0] ^ 7) | 0x80, 2]))


async def garbage(peer: Peer, _tid: int, _unit: int, _pdu: bytes) -> bytes:
    return random.Random(peer.erred).randbytes(200)


async def flood(peer: Peer, _tid: int, _unit: int, _pdu: bytes) -> bytes:
    return random.Random(peer.erred).randbytes(20_000)


async def another_protocol(_peer: Peer, _tid: int, _unit: int, _pdu: bytes) -> bytes:
    return b"HTTP/1.1 400 Bad Request\r\n\r\n"


async def echo(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, pdu)


async def silence(_peer: Peer, _tid: int, _unit: int, _pdu: bytes) -> None:
    return None


async def half_then_silence(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, wrong(pdu))[:9]


async def header_then_silence(_peer: Peer, tid: int, unit: int, pdu: bytes) -> bytes:
    return frame_of(tid, unit, wrong(pdu))[:6]


async def dropped(peer: Peer, _tid: int, _unit: int, _pdu: bytes) -> None:
    peer.cut()


async def dropped_within_a_frame(peer: Peer, tid: int, unit: int, pdu: bytes) -> None:
    peer.say(frame_of(tid, unit, wrong(pdu))[:9])
    await asyncio.sleep(0.01)
    peer.cut()


FAULTS: dict[str, Errs] = {
    fault.__name__: fault
    for fault in (
        late, short, shorter_than_it_says, long, lying_byte_count, empty, wrong_device,
        wrong_function, bits_for_registers, unknown_function, write_function,
        wrong_transaction, no_transaction, previous_transaction, exception,
        exception_of_another_function, garbage, flood, another_protocol, echo, silence,
        half_then_silence, header_then_silence, dropped, dropped_within_a_frame,
    )
}  # fmt: skip


def values(readings: list[Reading]) -> set[object]:
    return {reading.value for reading in readings}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_wrong_value_is_accepted_and_the_right_ones_are_back_within_three_polls(
    fault: str,
) -> None:
    async def story() -> None:
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        peer = Peer()
        await peer.start()
        async with device() as other, polled(other, FLOOR) as (beside, _):
            async with polled(peer, FLOOR, SPEED) as (heard, driver):
                await until(lambda: heard.states == [True])
                peer.misbehave(FAULTS[fault])
                await until(lambda: peer.erred >= 5)
                good, others = len(heard.all()), len(beside.all())
                peer.behave()
                answered = driver.statistics.answered
                await until(lambda: driver.statistics.answered > answered)
                polls = driver.statistics.polls
                await until(
                    lambda: len(heard.all()) > good or driver.statistics.polls > polls + POLLS
                )
                assert len(heard.all()) > good, "no value within three polls of an answer"
                await until(lambda: {"car.floor", "car.speed_mm_s"} <= signals(heard.all()[good:]))
                assert driver.statistics.polls <= polls + POLLS
                assert values(heard.all()) == {103, 104}
                assert heard.states[-1] is True
                await until(lambda: len(beside.all()) > others)
            assert beside.states == [True]
            assert values(beside.all()) == {103}
        await peer.stop()
        assert complaints == []

    asyncio.run(story())


def signals(readings: list[Reading]) -> set[str]:
    return {reading.signal for reading in readings}


@pytest.mark.parametrize("fault", ["late", "silence", "flood", "half_then_silence", "dropped"])
def test_a_device_that_errs_delays_nobody_else(fault: str) -> None:
    """The other's polls keep to their grid: as many answers as polls, and none missed."""

    async def story() -> None:
        peer = Peer()
        await peer.start()
        peer.misbehave(FAULTS[fault])
        async with device() as other, polled(peer, FLOOR, timeout_ms=2000):
            await until(lambda: peer.erred >= 1)
            asked = len(peer.asked_s)
            async with polled(other, FLOOR) as (beside, driver):
                await until(lambda: len(beside.all()) >= 10)
                facts = driver.statistics.facts()
            if fault == "silence":
                assert len(peer.asked_s) <= asked + 1
        assert (facts["timeouts"], facts["drops"]) == (0, 0)
        assert values(beside.all()) == {103}
        await peer.stop()

    asyncio.run(story())


def test_the_honest_registers_hold_no_wrong_number() -> None:
    assert WRONG not in Server().registers
    assert UNIT + 1 <= 247
