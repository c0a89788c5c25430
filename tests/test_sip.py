"""SIP as bytes: the question has what RFC 3261 asks for, and only its own answer is taken for one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.heads import LONGEST_HEAD, EndlessError, Stream
from agent.drivers.sip import Probe

PROBE = Probe("192.168.1.30:5060", "192.168.1.5:40000", "udp", "0123456789abcdef", 7)


def answer(status="200 OK", via=None, call_id=None, cseq="7 OPTIONS", more=""):
    via = via or f"SIP/2.0/UDP 192.168.1.5:40000;branch={PROBE.branch};rport=40000"
    call_id = call_id or PROBE.call_id
    head = f"SIP/2.0 {status}\r\nVia: {via}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{more}\r\n"
    return head.encode()


# ---- the question ----


def test_the_question_has_every_header_a_request_must_have():
    lines = PROBE.request().decode().split("\r\n")
    assert lines[0] == "OPTIONS sip:192.168.1.30:5060;transport=udp SIP/2.0"
    assert lines[-2:] == ["", ""]
    headers = dict(line.split(": ", 1) for line in lines[1:-2])
    assert headers["Via"] == ("SIP/2.0/UDP 192.168.1.5:40000;branch=z9hG4bK0123456789abcdef;rport")
    assert headers["Max-Forwards"] == "70"
    assert headers["From"].endswith(">;tag=01234567")
    assert "tag" not in headers["To"]
    assert headers["CSeq"] == "7 OPTIONS"
    assert headers["Content-Length"] == "0"
    assert {"Call-ID", "Contact", "Accept"} <= headers.keys()


def test_a_question_over_tcp_says_so():
    request = Probe("h:5060", "[::1]:40000", "tcp", "0123456789abcdef", 1).request()
    assert b"SIP/2.0/TCP [::1]:40000;" in request
    assert b"sip:h:5060;transport=tcp SIP/2.0" in request


# ---- the answer ----


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "486 Busy Here", "503 x", "699 "])
def test_any_final_answer_is_life(status):
    assert PROBE.is_answered_by(answer(status))


@pytest.mark.parametrize("status", ["100 Trying", "180 Ringing", "199 x"])
def test_a_provisional_answer_is_not(status):
    assert not PROBE.is_answered_by(answer(status))


@pytest.mark.parametrize("status", ["700 x", "099 x", "2000 x", "20 x", "OK", "", "२०० x"])
def test_a_status_outside_100_to_699_is_no_answer(status):
    assert not PROBE.is_answered_by(answer(status))


@pytest.mark.parametrize(
    "wrong",
    [
        {"via": "SIP/2.0/UDP h;branch=z9hG4bKffffffffffffffff"},
        {"via": f"SIP/2.0/UDP h;branch={PROBE.branch}0"},
        {"via": "SIP/2.0/UDP h"},
        {"call_id": "other@elevator-agent"},
        {"cseq": "6 OPTIONS"},
        {"cseq": "7 INVITE"},
        {"cseq": "7"},
        {"via": f"SIP/2.0/UDP proxy;branch=z9hG4bKother, SIP/2.0/UDP h;branch={PROBE.branch}"},
    ],
)
def test_the_answer_to_another_question_is_not_ours(wrong):
    assert not PROBE.is_answered_by(answer(**wrong))


def test_a_request_is_no_answer_even_our_own_sent_back():
    assert not PROBE.is_answered_by(PROBE.request())


def test_names_in_any_case_short_forms_and_folded_lines_are_read():
    message = (
        f"sip/2.0 200\r\nv:SIP/2.0/UDP h\r\n ;Branch={PROBE.branch}\r\n"
        f"I : {PROBE.call_id}\r\nCSEQ:\t7   OPTIONS\r\n\r\n"
    )
    assert PROBE.is_answered_by(message.encode())


def test_keep_alives_before_an_answer_and_bytes_that_are_no_text_do_not_hide_it():
    assert PROBE.is_answered_by(b"\r\n\r\n" + answer(more="Server: \xff\xfe\r\n") + b"\x00\xff")


def test_only_the_first_of_two_headers_of_a_name_counts():
    assert PROBE.is_answered_by(answer(more="Call-ID: other\r\n"))


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(data):
    assert not PROBE.is_answered_by(data)
    assert not PROBE.is_answered_by(b"SIP/2.0 200 OK\r\n" + data)


@given(st.data())
def test_no_change_of_an_answer_breaks_the_reading(data):
    whole = bytearray(answer())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    assert PROBE.is_answered_by(bytes(whole)) in {True, False}


# ---- a stream ----


@given(st.integers(1, 200), st.booleans())
def test_a_stream_is_cut_into_the_same_heads_however_it_arrives(size, keep_alive):
    body = "v=0\r\n\r\no=x"
    first = answer("100 Trying", more=f"l: {len(body)}\r\n") + body.encode()
    second = answer("200 OK", more="Content-Length: 0\r\n")
    whole = first + (b"\r\n\r\n" if keep_alive else b"") + second
    stream = Stream()
    heads = [h for at in range(0, len(whole), size) for h in stream.feed(whole[at : at + size])]
    assert [PROBE.is_answered_by(head) for head in heads] == [False, True]


def test_a_body_of_any_size_costs_no_memory():
    stream = Stream()
    assert list(stream.feed(answer(more="Content-Length: 100000000\r\n"))) != []
    for _ in range(100):
        assert list(stream.feed(b"SIP/2.0 200 OK\r\n\r\n" * 1000)) == []
    assert len(stream._held) == 0


@pytest.mark.parametrize("length", ["-1", "9999999999", "x", "", "1 2"])
def test_a_length_that_is_none_counts_as_no_body(length):
    stream = Stream()
    heads = list(stream.feed(answer("100 T", more=f"Content-Length: {length}\r\n") + answer()))
    assert [PROBE.is_answered_by(head) for head in heads] == [False, True]


def test_a_message_without_an_end_is_given_up_at_the_bound():
    stream = Stream()
    assert list(stream.feed(b"x" * LONGEST_HEAD)) == []
    with pytest.raises(EndlessError):
        list(stream.feed(b"x"))


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_no_stream_breaks_the_cutting(parts):
    stream = Stream()
    with contextlib.suppress(EndlessError):
        for part in parts:
            for head in stream.feed(part):
                assert head.endswith(b"\r\n\r\n")
    assert len(stream._held) <= LONGEST_HEAD + 60
