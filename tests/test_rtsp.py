"""RTSP as bytes: the question has what RFC 2326 asks for, and only its own answer is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.rtsp import Question, is_answer

QUESTION = Question("192.168.1.40:554", 7)


def answer(status="200 OK", version="1.0", cseq="7", more=""):
    return f"RTSP/{version} {status}\r\nCSeq: {cseq}\r\n{more}\r\n".encode()


def test_the_question_has_what_a_request_must_have():
    assert QUESTION.request() == (
        b"OPTIONS rtsp://192.168.1.40:554/ RTSP/1.0\r\n"
        b"CSeq: 7\r\n"
        b"User-Agent: elevator-agent\r\n\r\n"
    )


@pytest.mark.parametrize(
    "status",
    ["100 Continue", "200 OK", "301 Moved", "401 Unauthorized", "454 x", "505 x", "551 ", "599 x"],
)
def test_any_answer_is_life_a_refusal_too(status):
    assert QUESTION.is_answered_by(answer(status))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_both_versions_are_read(version):
    assert QUESTION.is_answered_by(answer(version=version))


@pytest.mark.parametrize("status", ["600 x", "099 x", "20 x", "2000 x", "OK", "", "२०० x"])
def test_a_status_outside_100_to_599_is_no_answer(status):
    assert not QUESTION.is_answered_by(answer(status))


@pytest.mark.parametrize("cseq", ["6", "8", "70", "-7", "", "7 7", "x"])
def test_the_answer_to_another_question_is_not_ours(cseq):
    assert is_answer(answer(cseq=cseq))
    assert not QUESTION.is_answered_by(answer(cseq=cseq))


def test_an_answer_without_a_number_is_not_ours():
    assert not QUESTION.is_answered_by(b"RTSP/1.0 200 OK\r\n\r\n")


@pytest.mark.parametrize(
    "other",
    [
        b"HTTP/1.1 200 OK\r\nCSeq: 7\r\n\r\n",
        b"SIP/2.0 200 OK\r\nCSeq: 7 OPTIONS\r\n\r\n",
        b"RTSP/1.1 200 OK\r\nCSeq: 7\r\n\r\n",
        b"XRTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n",
        QUESTION.request(),
        b"",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_rtsp_answer_is_not_taken_for_one(other):
    assert not is_answer(other)
    assert not QUESTION.is_answered_by(other)


def test_names_in_any_case_and_bytes_that_are_no_text_do_not_hide_an_answer():
    message = b"rtsp/1.0 200 OK\r\nServer: \xff\xfe\r\ncseq :  7 \r\n\r\n\x00"
    assert QUESTION.is_answered_by(message)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(data):
    assert not QUESTION.is_answered_by(data)
    assert is_answer(b"RTSP/1.0 200 OK\r\n" + data)
    assert QUESTION.is_answered_by(b"RTSP/1.0 200 OK\r\n" + data) in {True, False}


@given(st.data())
def test_no_change_of_an_answer_breaks_the_reading(data):
    whole = bytearray(answer())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    assert QUESTION.is_answered_by(bytes(whole)) in {True, False}
