"""A modem's answer to AT+CSQ: strength, refusal, and all that it says between."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.csq import QUESTION, Answer, Verdict, strength_of
from agent.model import Quality

GOOD = b"\r\n+CSQ: 18,99\r\n\r\nOK\r\n"


def judged(*pieces: bytes) -> Verdict | None:
    answer = Answer()
    found = [answer.feed(piece) for piece in pieces]
    assert all(verdict is None for verdict in found[:-1])
    return found[-1]


@pytest.mark.parametrize(("rssi", "dbm"), [(0, -113), (1, -111), (18, -77), (30, -53), (31, -51)])
def test_the_number_is_two_dbm_a_step(rssi: int, dbm: int) -> None:
    assert strength_of(rssi) == Verdict(dbm)
    assert judged(f"\r\n+CSQ: {rssi},99\r\n\r\nOK\r\n".encode()) == Verdict(dbm)


def test_99_is_not_known_and_the_rest_means_nothing() -> None:
    assert strength_of(99).dbm is None
    assert strength_of(99).quality is Quality.NO_ANSWER
    for rssi in (32, 98, 100, 199, 999):
        assert strength_of(rssi).quality is Quality.BAD
        assert str(rssi) in strength_of(rssi).wrong


@pytest.mark.parametrize(
    "form", [b"+CSQ: 031,000", b"+CSQ: 31, 99", b"+CSQ:31,99", b" +CSQ: 31,0 "]
)
def test_makers_write_it_differently(form: bytes) -> None:
    assert judged(form + b"\r\nOK\r\n") == Verdict(-51)


@pytest.mark.parametrize(
    "between",
    [
        b"",
        QUESTION,
        b"RING\r\n",
        b"+CREG: 1\r\n",
        b"\xff\x00\r\n",
        b"^RSSI:18\r\n",
        b"x" * 999 + b"\n",
    ],
)
def test_what_is_said_between_does_not_matter(between: bytes) -> None:
    for said in (between + GOOD, GOOD[:16] + between + GOOD[16:]):
        assert judged(said) == Verdict(-77)


@given(st.lists(st.integers(1, 8), min_size=1))
def test_an_answer_may_come_in_pieces(cuts: list[int]) -> None:
    answer, rest = Answer(), QUESTION + GOOD
    found = []
    for cut in [*cuts, len(rest)]:
        found.append(answer.feed(rest[:cut]))
        rest = rest[cut:]
    assert [each for each in found if each] == [Verdict(-77)]


@pytest.mark.parametrize("text", [b"ERROR", b"+CME ERROR: 10", b"+CMS ERROR: 500"])
def test_a_refusal_is_told_with_its_words(text: bytes) -> None:
    verdict = judged(b"\r\n" + text + b"\r\n")
    assert verdict is not None
    assert (verdict.dbm, verdict.quality) == (None, Quality.NO_ANSWER)
    assert text.decode() in verdict.wrong


def test_an_ok_without_a_strength_ends_nothing() -> None:
    assert judged(b"OK\r\n") is None
    assert judged(b"OK\r\n", GOOD) == Verdict(-77)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"+CSQ: 18,99\r\n",
        b"OK",
        b"+CSQ: ,\r\nOK\r\n",
        b"+CSQ: 1000,99\r\nOK\r\n",
        b"+CSQ: -1,99\r\nOK\r\n",
    ],
)
def test_half_an_answer_is_none(said: bytes) -> None:
    assert judged(said) is None


def test_garbage_neither_crashes_nor_is_kept() -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    pieces = [b"+CSQ: ", b"18,99", b"\r\n", b"\r", b"OK", b"ERROR", b"AT+CSQ", b"RING"]
    answer = Answer()
    for _ in range(3000):
        verdict = answer.feed(chance.choice((chance.choice(pieces), chance.randbytes(60))))
        assert verdict is None or verdict.dbm is None or -113 <= verdict.dbm <= -51
        assert len(answer._line) <= 256
