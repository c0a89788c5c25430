"""Every Modbus TCP frame is told to the tap as it was on the wire, and what became of a bad one."""

import asyncio
import struct
from collections.abc import Callable

import pytest

from agent.drivers.tap import Frame, Tap
from tests.tcp_stage import FLOOR, UNIT, device, frame_of, polled, silence, until

ANSWER = bytes([3, 2, 0, 77])
Frames = Callable[[int], bytes]  # transaction → what comes


def question(transaction: int) -> bytes:
    return frame_of(transaction, UNIT, bytes([3, 0, 3, 0, 1]))


async def heard_of(frames: Frames, *, count: int = 4) -> list[Frame]:
    """Poll a device that answers so; give the first frames that passed."""
    tap = Tap()
    async with device() as server:

        async def answer(tid: int, _unit: int, _pdu: bytes) -> bytes:
            return frames(tid)

        server.answer = answer
        async with polled(server, FLOOR, tap=tap):
            await until(lambda: len(tap.kept) >= count)
    return list(tap.kept)


def test_each_question_and_each_answer_is_told_with_its_header() -> None:
    passed = asyncio.run(heard_of(lambda tid: frame_of(tid, UNIT, ANSWER)))
    assert [(f.way, f.data, f.note) for f in passed[:4]] == [
        ("out", question(1), ""),
        ("in", frame_of(1, UNIT, ANSWER), ""),
        ("out", question(2), ""),
        ("in", frame_of(2, UNIT, ANSWER), ""),
    ]
    assert {frame.driver for frame in passed} == {"controller"}
    times = [frame.at_us for frame in passed]
    assert times == sorted(times)


BAD: dict[str, tuple[Frames, str]] = {
    "refused": (lambda tid: frame_of(tid, UNIT, bytes([0x83, 2])), "exception 2"),
    "another device": (lambda tid: frame_of(tid, UNIT + 1, ANSWER), "of another device"),
    "another question": (lambda tid: frame_of(tid + 1, UNIT, ANSWER), "another question"),
    "another function": (lambda tid: frame_of(tid, UNIT, bytes([4, 2, 0, 77])), "another question"),
    "another length": (lambda tid: frame_of(tid, UNIT, bytes([3, 4, 0, 7, 0, 7])), "another"),
    "no transaction": (lambda _: frame_of(0, UNIT, ANSWER), "another question"),
    "no function of ours": (lambda tid: frame_of(tid, UNIT, bytes([0x63, 1])), "not believed"),
    "half": (lambda tid: frame_of(tid, UNIT, ANSWER)[:-1], "the rest never came"),
    "no Modbus": (lambda _: b"HTTP/1.1 400 Bad Request\r\n" * 30, "not Modbus TCP"),
    "nothing in it": (lambda tid: struct.pack(">HHHB", tid, 0, 0, UNIT) + b"\0\0", "another"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_answer_is_told_with_what_became_of_it(bad: str) -> None:
    frames, note = BAD[bad]
    passed = asyncio.run(heard_of(frames))
    out, came = passed[0], passed[1]
    assert (out.way, out.data) == ("out", question(1))
    assert came.way == "in"
    assert frames(1).startswith(came.data)
    assert note in came.note


def test_of_several_frames_at_once_each_is_told() -> None:
    def twice(tid: int) -> bytes:
        return frame_of(tid, UNIT + 1, ANSWER) + frame_of(tid, UNIT, ANSWER)

    passed = asyncio.run(heard_of(twice, count=3))
    assert passed[1].data == frame_of(1, UNIT + 1, ANSWER)
    assert "another device" in passed[1].note
    assert (passed[2].data, passed[2].note) == (frame_of(1, UNIT, ANSWER), "")


def test_an_answer_that_nobody_waits_for_any_more_is_told_as_late() -> None:
    async def story() -> None:
        tap = Tap()
        async with device() as server:

            async def late(tid: int, unit: int, _pdu: bytes) -> bytes:
                await asyncio.sleep(0.08)
                return frame_of(tid, unit, ANSWER)

            server.answer = late
            async with polled(server, FLOOR, timeout_ms=60, answer_max_ms=2000, tap=tap) as (
                heard,
                _,
            ):
                await until(lambda: len(tap.kept) >= 2)
                assert tap.kept[1].data == frame_of(1, UNIT, ANSWER)
                assert "nobody waits for it: late" in tap.kept[1].note
                assert not heard.all()

    asyncio.run(story())


def test_silence_is_only_a_question_and_what_is_kept_is_bounded() -> None:
    async def story() -> None:
        tap = Tap()
        async with device() as server:
            server.answer = silence
            async with polled(server, FLOOR, tap=tap):
                await until(lambda: len(tap.kept) >= 2)
            assert {frame.way for frame in tap.kept} == {"out"}
        async with device() as server, polled(server, FLOOR, interval_ms=20, tap=tap) as (heard, _):
            await until(lambda: bool(heard.all()))
        assert len(tap.kept) <= 256

    asyncio.run(story())
