"""RDM6300 frames: the known cards are read, damage is no card, and nothing confuses the next frame."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.rdm6300 import PAUSE_US, CardFrame, Frames, printed_number
from hil.card_reader import frame

# The vectors of the reader's manual, and the number printed on the third card.
VECTORS = [("62E3086CED", "08"), ("01000734E0", "D2"), ("100086F444", "26")]
CARD = bytes.fromhex("100086F444")
NUMBER = "0008844356"

cards = st.binary(min_size=5, max_size=5)


def numbers(found: list[CardFrame]) -> list[str | None]:
    return [each.number for each in found]


@pytest.mark.parametrize(("digits", "checksum"), VECTORS)
def test_the_manuals_frames_are_read(digits: str, checksum: str) -> None:
    data = b"\x02" + (digits + checksum).encode() + b"\x03"
    printed = f"{int.from_bytes(bytes.fromhex(digits)[1:]):010d}"
    assert Frames().feed(data, 0) == [CardFrame(data, printed)]
    assert frame(bytes.fromhex(digits)) == data  # the stand-in says the same


def test_the_printed_number_is_the_last_four_bytes_with_ten_digits() -> None:
    assert numbers(Frames().feed(frame(CARD), 0)) == [NUMBER]
    assert printed_number(bytes(6)) == "0000000000"
    assert printed_number(bytes.fromhex("00FFFFFFFF00")) == "4294967295"


def test_a_wrong_checksum_is_a_frame_without_a_card() -> None:
    damaged = b"\x02" + b"100086F44427" + b"\x03"
    assert Frames().feed(damaged, 0) == [CardFrame(damaged, None)]


@given(cards, st.integers(0, 11), st.integers(1, 15))
def test_one_wrong_digit_never_makes_another_card(card: bytes, place: int, flip: int) -> None:
    data = bytearray(frame(card))
    digit = int(chr(data[1 + place]), 16) ^ flip
    data[1 + place] = ord(f"{digit:X}")
    assert numbers(Frames().feed(bytes(data), 0)) == [None]


@pytest.mark.parametrize(
    "what",
    [
        frame(CARD)[:-1],  # no end
        frame(CARD)[1:],  # no start
        b"\x02100086F4442\x03",  # a digit short
        b"\x02100086F444260\x03",  # a digit too many
        b"\x02100086F44\xb426\x03",  # no digit
        b"\x02 00086F44426\x03",  # what int() would accept, and the reader never says
        b"\x0210_086F44426\x03",
        b"",
    ],
)
def test_what_is_no_frame_is_nothing(what: bytes) -> None:
    assert Frames().feed(what, 0) == []


@given(st.lists(cards, max_size=4), st.binary(max_size=30), st.lists(st.integers(1, 20)))
def test_frames_are_found_however_they_are_cut(
    presented: list[bytes], noise: bytes, cuts: list[int]
) -> None:
    """Noise before a frame may end in the start of one; the frame's own start makes it good."""
    noise = noise.replace(b"\x03", b"\x00")  # else the noise may be a frame of its own
    stream = b"".join(noise + frame(card) for card in presented)
    frames, found = Frames(), list[str | None]()
    for cut in cuts:
        found += numbers(frames.feed(stream[:cut], 0))
        stream = stream[cut:]
    found += numbers(frames.feed(stream, 0))
    assert found == [f"{int.from_bytes(card[1:], 'big'):010d}" for card in presented]


def test_a_half_frame_does_not_swallow_the_next() -> None:
    frames = Frames()
    assert frames.feed(frame(CARD)[:7], 0) == []
    assert numbers(frames.feed(frame(CARD), 1)) == [NUMBER]


def test_two_halves_join_up_to_the_pause_and_not_beyond() -> None:
    for pause_us, expected in ((PAUSE_US, [NUMBER]), (PAUSE_US + 1, [])):
        frames = Frames()
        frames.feed(frame(CARD)[:7], 1_000_000)
        assert numbers(frames.feed(frame(CARD)[7:], 1_000_000 + pause_us)) == expected


def test_garbage_neither_crashes_nor_is_kept_nor_hides_a_card() -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    pieces = [b"\x02", b"\x03", b"\x02" * 20, frame(CARD)[:9], b"0123456789AB", b"G\x00\xff"]
    frames = Frames()
    for _ in range(3000):
        piece = chance.choice((chance.choice(pieces), chance.randbytes(chance.randrange(40))))
        for one in frames.feed(piece, 0):
            assert len(one.data) == 14
        assert len(frames._held) < 14
        if chance.random() < 0.1:
            assert numbers(frames.feed(frame(CARD), 0))[-1:] == [NUMBER]
