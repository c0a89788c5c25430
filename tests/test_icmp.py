"""ICMP echo as bytes: only the reply to this very probe is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.icmp import Echo

TOKEN = bytes(range(32))
V4, V6 = Echo(v6=False, token=TOKEN), Echo(v6=True, token=TOKEN)


def reply(kind: int, code: int = 0, token: bytes = TOKEN) -> bytes:
    return bytes((kind, code, 0x12, 0x34, 0, 9, 0, 3)) + token


def test_the_request_is_an_echo_of_its_family():
    assert V4.request(1) == bytes((8, 0, 0, 0, 0, 0, 0, 1)) + TOKEN
    assert V6.request(1) == bytes((128, 0, 0, 0, 0, 0, 0, 1)) + TOKEN


def test_numbers_go_round():
    assert V4.request(65_536 + 7)[6:8] == bytes((0, 7))


def test_the_reply_with_our_content_is_life():
    assert V4.is_answered_by(reply(0))
    assert V6.is_answered_by(reply(129))


@pytest.mark.parametrize(
    "message",
    [
        reply(129),
        reply(3),
        reply(0, code=1),
        reply(0, token=TOKEN[:-1]),
        reply(0, token=TOKEN + b"\x00"),
        reply(0, token=bytes(32)),
        V4.request(1),
        reply(0)[:7],
        b"",
    ],
)
def test_anything_else_is_not(message):
    assert not V4.is_answered_by(message)


def test_a_reply_of_the_other_family_is_not():
    assert not V6.is_answered_by(reply(0))


@given(st.binary(max_size=100))
def test_no_bytes_break_the_reading(data):
    assert not V4.is_answered_by(data)
    assert V6.is_answered_by(reply(129)[:8] + data) is (data == TOKEN)
