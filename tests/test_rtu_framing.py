"""RTU frames: nothing but the whole, right answer to a question is taken for it."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.drivers.blocks import Block
from agent.drivers.crc16 import crc16, framed
from agent.drivers.registers import Table
from agent.drivers.rtu_framing import Question, question
from hil.rtu_manners import NOISE, Manner, spoken

ASKED = question(7, Block(Table.HOLDING, 0x10, 3))
ANSWER = framed(bytes((7, 3, 6)) + struct.pack(">3H", 100, 200, 300))
BITS = question(7, Block(Table.DISCRETE, 9, 10))


def test_a_question_is_the_frame_that_the_standard_prints() -> None:
    # MODBUS over serial line, read 10 holding registers of device 1: the checksum is C5 CD.
    asked = question(1, Block(Table.HOLDING, 0, 10))
    assert asked.frame == bytes.fromhex("01 03 00 00 00 0a c5 cd")
    assert asked.length == 25
    assert crc16(asked.frame) == 0


def test_the_answer_gives_its_words_and_bits_as_many_as_were_asked_for() -> None:
    assert tuple(ASKED.judge(ANSWER).words or ()) == (100, 200, 300)
    bits = BITS.judge(framed(bytes((7, 2, 2, 0b10000001, 0b10))))
    assert list(bits.words or ()) == [1, 0, 0, 0, 0, 0, 0, 1, 0, 1]


def test_a_refusal_gives_its_code() -> None:
    refused = ASKED.judge(framed(bytes((7, 0x83, 2))))
    assert (refused.words, refused.refusal) == (None, 2)
    assert ASKED.judge(framed(bytes((7, 0x83, 0)))).refusal == 0
    assert ASKED.judge(framed(bytes((7, 0x84, 2)))).refusal == 0
    assert ASKED.judge(framed(bytes((8, 0x83, 2)))).refusal == 0


@pytest.mark.parametrize("count", range(len(ANSWER)))
def test_of_a_part_of_the_answer_it_says_how_much_is_missing(count: int) -> None:
    verdict = ASKED.judge(ANSWER[:count])
    assert verdict.words is None
    expected = len(ANSWER) - count if count >= 3 else 5 - count
    assert verdict.missing == expected


@pytest.mark.parametrize(
    "manner",
    [
        Manner.SHORT, Manner.LONG, Manner.WRONG_DEVICE, Manner.WRONG_FUNCTION, Manner.CRC_ERROR,
        Manner.HALF, Manner.ECHO, Manner.SILENCE,
    ],
)  # fmt: skip
def test_what_is_not_the_answer_is_not_taken_for_it(manner: Manner) -> None:
    verdict = ASKED.judge(spoken(manner, ASKED.frame, ANSWER))
    assert (verdict.words, verdict.refusal) == (None, 0)
    assert verdict.missing >= 1


@pytest.mark.parametrize(
    "manner", [Manner.ECHO_FIRST, Manner.NOISE_FIRST, Manner.NOISE_AFTER, Manner.TWICE]
)
def test_an_echo_and_noise_around_the_answer_are_no_part_of_it(manner: Manner) -> None:
    verdict = ASKED.judge(spoken(manner, ASKED.frame, ANSWER))
    assert tuple(verdict.words or ()) == (100, 200, 300)


def test_a_foreign_answer_before_the_right_one_is_passed_over() -> None:
    foreign = framed(bytes((8, 3, 6)) + bytes(6))
    longer = framed(bytes((7, 3, 8)) + bytes(8))
    assert tuple(ASKED.judge(foreign + longer + ANSWER).words or ()) == (100, 200, 300)


def test_an_echo_that_has_the_shape_of_an_answer_is_none() -> None:
    # A question for 24 bits at 0x0345 is itself a whole frame with three bytes of bits.
    asked = question(7, Block(Table.COIL, 0x0345, 24))
    assert asked.length == len(asked.frame)
    assert asked.frame.startswith(asked.head)
    assert asked.judge(asked.frame).words is None
    answer = framed(asked.head + b"\x45\x00\x19")
    assert asked.judge(asked.frame + answer).words is not None


def every_block() -> st.SearchStrategy[Block]:
    tables = st.sampled_from(list(Table))
    addresses, counts = st.integers(0, 0xFFFF), st.integers(1, 125)
    return st.builds(Block, table=tables, address=addresses, count=counts)


@given(st.integers(1, 247), every_block())
def test_no_question_is_taken_for_its_own_answer(device: int, block: Block) -> None:
    asked = question(device, block)
    assert asked.judge(asked.frame).words is None
    assert asked.judge(asked.frame * 2).words is None


@settings(max_examples=300)
@given(every_block(), st.integers(0, 2**32), st.data())
def test_no_damage_of_a_few_bits_passes(block: Block, seed: int, data: st.DataObject) -> None:
    asked = question(9, block)
    payload = random.Random(seed).randbytes(asked.head[2])
    answer = bytearray(framed(asked.head + payload))
    for _ in range(data.draw(st.integers(1, 3))):  # up to three: the checksum finds them all
        place = data.draw(st.integers(0, len(answer) * 8 - 1))
        answer[place // 8] ^= 1 << place % 8
    if bytes(answer) != framed(asked.head + payload):
        assert asked.judge(bytes(answer)).words is None


@given(st.binary(max_size=400), every_block())
def test_no_noise_breaks_it(noise: bytes, block: Block) -> None:
    asked = question(9, block)
    verdict = asked.judge(noise)
    assert verdict.words is None or asked.head in noise
    assert verdict.words is not None or verdict.refusal or verdict.missing >= 1
    assert asked.diagnose(noise or asked.frame)


@pytest.mark.parametrize(
    ("came", "says"),
    [
        (ASKED.frame, "only the question itself came back"),
        (spoken(Manner.WRONG_DEVICE, b"", ANSWER), "device 6 answered instead"),
        (spoken(Manner.WRONG_FUNCTION, b"", ANSWER), "answered with function 4"),
        (spoken(Manner.SHORT, b"", ANSWER), "9 bytes came where 11 were asked for"),
        (spoken(Manner.LONG, b"", ANSWER), "13 bytes came where 11 were asked for"),
        (spoken(Manner.HALF, b"", ANSWER), "broke off after 5 of 11 bytes"),
        (spoken(Manner.CRC_ERROR, b"", ANSWER), "the checksum is wrong"),
        (NOISE, "3 bytes that make no frame"),
    ],
)
def test_a_technician_is_told_what_came_and_what_to_check(came: bytes, says: str) -> None:
    assert says in ASKED.diagnose(came)


def test_only_the_four_reading_functions_can_be_asked() -> None:
    asked: list[Question] = [question(1, Block(table, 0, 1)) for table in Table]
    assert {each.frame[1] for each in asked} == {1, 2, 3, 4}


@pytest.mark.parametrize("function", [1, 2, 3, 4, 5, 6, 15, 16])
def test_another_master_is_overheard_wherever_it_stands(function: int) -> None:
    foreign = framed(bytes((7, function)) + bytes.fromhex("0032 0001"))
    assert ASKED.overhears(foreign)
    assert ASKED.overhears(NOISE + foreign + ANSWER)
    assert ASKED.overhears(framed(bytes((9, function)) + bytes.fromhex("0032 0001")))
    assert not ASKED.overhears(foreign[:-1])
    assert not ASKED.overhears(foreign[:-1] + bytes((foreign[-1] ^ 1,)))


def test_neither_its_echo_nor_answers_nor_noise_are_taken_for_another_master() -> None:
    refusal = framed(bytes((7, 0x83, 2)))
    assert not ASKED.overhears(ASKED.frame + NOISE + ANSWER + refusal)
    assert not ASKED.overhears(framed(bytes((7, 0x14)) + bytes.fromhex("0032 0001")))
    assert not ASKED.overhears(b"")
