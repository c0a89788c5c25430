"""The CIC link's frames: what is an answer, what is not, and what is heard of others' talk."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.drivers.blocks import Block
from agent.drivers.cic_framing import HEAD, NOISE, CicQuestion, hear, question
from agent.drivers.crc16 import crc16, framed
from agent.drivers.hearing import Heard
from agent.drivers.registers import Table
from hil import rtu_manners
from hil.cic_face import spoken
from hil.rtu_manners import Manner

BLOCK = Block(Table.HOLDING, 51205, 3)
ASKED = question(BLOCK)
ANSWER = framed(bytes.fromhex("02 03 c8 05 03 00 1b 00 01 86 a0"))
WORDS = (0x1B, 1, 0x86A0)
FOREIGN = (Manner.SHORT, Manner.LONG, Manner.WRONG_DEVICE, Manner.WRONG_FUNCTION)


def words_of(came: bytes, asked: CicQuestion = ASKED) -> tuple[int, ...] | None:
    words = asked.judge(came).words
    return None if words is None else tuple(words)


def test_a_question_is_the_profile_s_reading_request_and_nothing_else() -> None:
    # As the vendor's server asks: station 2, function 3, 39 registers from 0xC800.
    asked = question(Block(Table.HOLDING, 51200, 39))
    assert asked.frame == bytes.fromhex("02 03 c8 00 27 9c 60")
    assert asked.length == 85
    for table in (Table.INPUT, Table.COIL, Table.DISCRETE):
        with pytest.raises(AssertionError):
            question(Block(table, 0, 1))
    for count in (0, 256):
        with pytest.raises(AssertionError):
            question(Block(Table.HOLDING, 0, count))


def test_the_answer_gives_its_words_and_where_it_stood() -> None:
    assert words_of(ANSWER) == WORDS
    assert ASKED.judge(b"\0" + ANSWER + b"\0").span == (1, 1 + len(ANSWER))


@pytest.mark.parametrize("count", range(len(ANSWER)))
def test_of_a_part_of_the_answer_it_says_how_much_is_missing(count: int) -> None:
    verdict = ASKED.judge(ANSWER[:count])
    assert verdict.words is None
    assert verdict.missing == (len(ANSWER) - count if count >= 5 else 7 - count)


@pytest.mark.parametrize(
    "manner", [*FOREIGN, Manner.CRC_ERROR, Manner.HALF, Manner.ECHO, Manner.SILENCE]
)
def test_what_is_not_the_answer_is_not_taken_for_it(manner: Manner) -> None:
    verdict = ASKED.judge(spoken(manner, ASKED.frame, ANSWER))
    assert verdict.words is None
    assert verdict.missing >= 1


@pytest.mark.parametrize(
    "manner", [Manner.ECHO_FIRST, Manner.NOISE_FIRST, Manner.NOISE_AFTER, Manner.TWICE]
)
def test_an_echo_and_noise_around_the_answer_are_no_part_of_it(manner: Manner) -> None:
    assert words_of(spoken(manner, ASKED.frame, ANSWER)) == WORDS


def test_an_answer_to_another_block_of_the_same_length_is_none() -> None:
    other = framed(bytes.fromhex("02 03 c8 06 03 00 1b 00 01 86 a0"))
    assert words_of(other) is None
    assert words_of(other + ANSWER) == WORDS


def echo_whose_window_has_a_right_checksum() -> tuple[CicQuestion, bytes]:
    """Find an echo and the answer behind it that together begin like one whole answer."""
    for address in range(0x10000):
        asked = question(Block(Table.HOLDING, address, 8))
        for first in range(0x100):
            answer = framed(asked.frame[:5] + bytes((0, first)) + bytes(14))
            window = (asked.frame + answer)[: asked.length]
            if crc16(window) == 0:
                return asked, answer
    raise AssertionError("there is one")


def test_no_echo_passes_for_an_answer_though_its_checksum_came_out_right() -> None:
    asked, answer = echo_whose_window_has_a_right_checksum()
    came = asked.frame + answer
    assert crc16(came[: asked.length]) == 0
    assert words_of(came[: asked.length], asked) is None
    assert words_of(came, asked) == tuple(answer[n] << 8 | answer[n + 1] for n in range(5, 21, 2))
    heard = hear(came, over=True).heard
    assert [each.data for each in heard] == [asked.frame, answer]


def test_an_answer_that_begins_with_its_own_head_s_checksum_is_an_answer() -> None:
    head = ASKED.frame[:5]
    answer = framed(ASKED.frame + b"\x00\x01\x00\x02")
    assert answer[:5] == head
    assert words_of(answer) == (int.from_bytes(ASKED.frame[5:]), 1, 2)
    assert [each.data for each in hear(answer, over=True).heard] == [answer]


@given(st.integers(0, 0xFFFF), st.integers(1, 255))
def test_no_question_is_taken_for_its_own_answer(address: int, count: int) -> None:
    asked = question(Block(Table.HOLDING, address, count))
    assert asked.judge(asked.frame).words is None
    assert asked.judge(asked.frame * 2).words is None


@settings(max_examples=200)
@given(st.integers(1, 60), st.integers(0, 2**32), st.data())
def test_no_damage_of_a_few_bits_passes(count: int, seed: int, data: st.DataObject) -> None:
    asked = question(Block(Table.HOLDING, 51200, count))
    whole = framed(asked.frame[:5] + random.Random(seed).randbytes(2 * count))
    answer = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):  # up to three: the checksum finds them all
        place = data.draw(st.integers(0, len(answer) * 8 - 1))
        answer[place // 8] ^= 1 << place % 8
    if bytes(answer) != whole:
        assert asked.judge(bytes(answer)).words is None


@pytest.mark.parametrize(
    ("came", "says"),
    [
        (ASKED.frame, "only the question itself came back"),
        (spoken(Manner.WRONG_DEVICE, b"", ANSWER), "station 3 answered instead"),
        (spoken(Manner.WRONG_FUNCTION, b"", ANSWER), "answered with function 4"),
        (spoken(Manner.SHORT, b"", ANSWER), "the answer to another question"),
        (spoken(Manner.HALF, b"", ANSWER), "broke off after 6 of 13 bytes"),
        (spoken(Manner.CRC_ERROR, b"", ANSWER), "the checksum is wrong"),
        (rtu_manners.NOISE, "3 bytes that make no frame"),
    ],
)
def test_a_technician_is_told_what_came_and_what_to_check(came: bytes, says: str) -> None:
    assert says in ASKED.diagnose(came)


# ---------------------------------------------------------------- what others say to each other


def heard(came: bytes, *, over: bool = False) -> tuple[list[str], int, int]:
    """Give what was made of it in words, how much of it is left, and how much is missing."""
    found = hear(came, over=over)
    assert b"".join(each.data for each in found.heard) == came[: found.used]
    return [_said(each) for each in found.heard], len(came) - found.used, found.missing


def _said(each: Heard) -> str:
    if each.note:
        assert each.note == NOISE
        return f"noise {len(each.data)}"
    return "question" if each.block is None else f"{each.block.address}+{len(each.words)}"


def test_a_question_and_its_answer_are_heard_as_what_they_are() -> None:
    assert heard(ASKED.frame + ANSWER) == (["question", "51205+3"], 0, 1)
    found = hear(ASKED.frame + ANSWER, over=False).heard[1]
    assert (found.block, tuple(found.words)) == (BLOCK, WORDS)


def test_a_question_alone_is_known_as_one_when_the_line_falls_silent_or_the_next_frame_begins() -> (
    None
):
    assert heard(ASKED.frame) == ([], 7, 6)
    assert heard(ASKED.frame, over=True) == (["question"], 0, 1)
    assert heard(ASKED.frame + HEAD[:1]) == (["question"], 1, 1)
    assert heard(ASKED.frame + HEAD) == (["question"], 2, 5)
    assert heard(ASKED.frame + b"\xff" * 9) == (["question", "noise 9"], 0, 1)


def test_half_an_answer_is_waited_for_until_the_line_falls_silent() -> None:
    assert heard(ANSWER[:1]) == ([], 1, 1)
    assert heard(ANSWER[:3]) == ([], 3, 4)
    assert heard(ANSWER[:9]) == ([], 9, 4)
    assert heard(ANSWER[:9], over=True) == (["noise 9"], 0, 1)
    assert heard(ANSWER[:3], over=True) == (["noise 3"], 0, 1)
    assert heard(ANSWER[:1], over=True) == (["noise 1"], 0, 1)


def test_noise_is_told_and_hides_no_frame_behind_it() -> None:
    assert heard(b"\xff\x02\x07" + ANSWER) == (["noise 3", "51205+3"], 0, 1)
    assert heard(ANSWER[:8] + ANSWER, over=True) == (["noise 8", "51205+3"], 0, 1)
    assert heard(b"\xff" * 5 + b"\x02") == (["noise 5"], 1, 1)
    assert heard(spoken(Manner.CRC_ERROR, b"", ANSWER) + ANSWER) == (["noise 13", "51205+3"], 0, 1)
    assert heard(b"") == ([], 0, 1)


@given(st.lists(st.sampled_from([ASKED.frame, ANSWER]), max_size=6), st.integers(1, 20))
def test_frames_are_heard_alike_in_whatever_pieces_they_come(
    frames: list[bytes], piece: int
) -> None:
    came, told = b"".join(frames), list[bytes]()
    kept = b""
    for start in range(0, len(came), piece):
        kept += came[start : start + piece]
        found = hear(kept, over=False)
        told += [each.data for each in found.heard]
        kept = kept[found.used :]
    told += [each.data for each in hear(kept, over=True).heard]
    assert told == frames


@given(st.binary(max_size=600), st.booleans())
def test_no_noise_breaks_it_and_no_byte_is_lost(noise: bytes, over: bool) -> None:
    found = hear(noise, over=over)
    assert b"".join(each.data for each in found.heard) == noise[: found.used]
    assert found.missing >= 1
    assert not over or found.used == len(noise)
    ASKED.diagnose(noise or ASKED.frame)
