"""Frames taken apart: Modbus TCP, RTU and the CIC link, right ones and wrong ones."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.crc16 import framed
from agent.drivers.dissect import Dissected, Framing, answering, dissect, framing_of
from agent.drivers.dissect_talk import KEPT_QUESTIONS, Talk

TCP, RTU, CIC = Framing.TCP, Framing.RTU, Framing.CIC


def mbap(pdu, transaction=1, unit=247, protocol=0, length=None):
    length = len(pdu) + 1 if length is None else length
    return struct.pack(">HHHB", transaction, protocol, length, unit) + bytes(pdu)


def rtu(*body):
    return framed(bytes(body))


ASK_TCP = mbap([3, 0, 0x11, 0, 2])
SAY_TCP = mbap([3, 4, 5, 0, 3, 15])
ASK_RTU = rtu(7, 3, 0, 0x11, 0, 2)
SAY_RTU = rtu(7, 3, 4, 5, 0, 3, 15)
ASK_CIC = rtu(2, 3, 0xC8, 0, 2)
SAY_CIC = rtu(2, 3, 0xC8, 0, 2, 0, 9, 1, 0)


@pytest.mark.parametrize(
    ("framing", "frames", "device", "address", "values"),
    [
        (TCP, (ASK_TCP, SAY_TCP), 247, 0x11, (0x500, 0x30F)),
        (RTU, (ASK_RTU, SAY_RTU), 7, 0x11, (0x500, 0x30F)),
        (CIC, (ASK_CIC, SAY_CIC), 2, 0xC800, (9, 0x100)),
    ],
)
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "guessed"])
def test_an_answer_is_read_at_the_address_of_its_question(
    framing, frames, device, address, values, is_told
):
    question, answer = frames
    talk = Talk({"d": framing} if is_told else {})
    asked = talk.heard("d", question, out=True)
    assert (asked.device, asked.function, asked.address, asked.count) == (device, 3, address, 2)
    assert (asked.is_question, asked.values, asked.wrong) == (True, (), "")
    said = talk.heard("d", answer, out=False)
    assert (said.framing, said.device, said.function) == (framing, device, 3)
    assert (said.address, said.count, said.values, said.wrong) == (address, 2, values, "")


def test_bits_are_as_many_as_were_asked_for():
    talk = Talk({"d": RTU})
    talk.heard("d", rtu(7, 1, 0, 4, 0, 10), out=True)
    said = talk.heard("d", rtu(7, 1, 2, 0b101, 0b10), out=False)
    assert (said.address, said.values, said.wrong) == (4, (1, 0, 1, 0, 0, 0, 0, 0, 0, 1), "")


def test_a_refusal_keeps_the_address_that_was_refused():
    for framing, question, answer in (
        (TCP, ASK_TCP, mbap([0x83, 2])),
        (RTU, ASK_RTU, rtu(7, 0x83, 2)),
    ):
        talk = Talk({"d": framing})
        talk.heard("d", question, out=True)
        said = talk.heard("d", answer, out=False)
        assert (said.function, said.exception, said.address, said.count) == (3, 2, 0x11, 2)
        assert said.wrong == ""


@pytest.mark.parametrize(
    ("framing", "answer", "wrong"),
    [
        (TCP, b"", "empty"),
        (TCP, SAY_TCP[:7], "short"),
        (TCP, SAY_TCP[:-1], "short"),
        (TCP, SAY_TCP + b"\0", "length"),
        (TCP, mbap([3, 4, 5, 0, 3, 15], protocol=1), "protocol"),
        (TCP, mbap([3]), "short"),
        (TCP, mbap([3, 3, 5, 0, 3]), "length"),
        (TCP, mbap([3, 4, 5, 0, 3]), "short"),
        (TCP, mbap([0x83]), "short"),
        (TCP, mbap([3, 2, 5, 0]), "other"),
        (TCP, mbap([4, 4, 5, 0, 3, 15]), "other"),
        (TCP, mbap([3, 4, 5, 0, 3, 15], unit=1), "other"),
        (TCP, mbap([3, 4, 5, 0, 3, 15], transaction=9), "unasked"),
        (TCP, mbap([43, 4, 5]), "other"),
        (RTU, b"\x07", "short"),
        (RTU, SAY_RTU[:4], "short"),
        (RTU, SAY_RTU[:-1], "short"),
        (RTU, SAY_RTU[:-1] + b"\0", "crc"),
        (RTU, b"\xff" + SAY_RTU, "noise"),
        (RTU, SAY_RTU + b"\0", "noise"),
        (RTU, b"\x07\x60\x01\x02\x03\x04", "crc"),
        (RTU, ASK_RTU, "echo"),
        (RTU, rtu(1, 3, 0, 0x30, 0, 4), "foreign"),
        (RTU, rtu(8, 3, 4, 5, 0, 3, 15), "other"),
        (RTU, rtu(7, 3, 2, 5, 0), "other"),
        (RTU, rtu(7, 43, 2, 5, 0), "other"),
        (CIC, SAY_CIC[:6], "short"),
        (CIC, SAY_CIC[:-1] + b"\0", "crc"),
        (CIC, rtu(2, 3, 0xC8, 0, 2, 0, 9), "short"),
        (CIC, rtu(2, 3, 0xC8, 0, 2, 0, 9, 1, 0, 1, 1), "length"),
        (CIC, rtu(2, 3, 0xC8, 1, 2, 0, 9, 1, 0), "other"),
        (CIC, rtu(2, 3, 0xC8, 0, 3, 0, 9, 1, 0, 0, 0), "other"),
        (CIC, ASK_CIC, "echo"),
    ],
)
def test_what_is_wrong_with_an_answer_is_named(framing, answer, wrong):
    talk = Talk({"d": framing})
    talk.heard("d", {TCP: ASK_TCP, RTU: ASK_RTU, CIC: ASK_CIC}[framing], out=True)
    assert talk.heard("d", answer, out=False).wrong == wrong


@pytest.mark.parametrize(
    ("framing", "question", "wrong"),
    [
        (TCP, ASK_TCP + b"\0", "length"),
        (TCP, mbap([3, 0, 0x11, 0]), "short"),
        (RTU, b"\x07\x03\x00", "short"),
        (RTU, ASK_RTU[:-1] + b"\0", "crc"),
        (RTU, rtu(7, 3, 0, 0x11, 0), "short"),
        (RTU, rtu(7, 3, 0, 0x11, 0, 2, 9), "length"),
    ],
)
def test_what_is_wrong_with_a_question_is_named(framing, question, wrong):
    assert dissect(framing, question, out=True).wrong == wrong


def test_a_function_that_does_not_read_is_named_and_no_more():
    for framing, data in ((TCP, mbap([6, 0, 1, 0, 2])), (RTU, rtu(7, 6, 0, 1, 0, 2))):
        said = dissect(framing, data, out=True)
        assert (said.function, said.address, said.values, said.wrong) == (6, None, (), "")


def test_a_master_heard_on_a_listening_link_is_no_echo():
    talk = Talk({"d": CIC})
    assert talk.heard("d", ASK_CIC, out=False).is_question
    assert talk.heard("d", ASK_CIC, out=False).wrong == ""
    assert talk.heard("d", SAY_CIC, out=False).values == (9, 0x100)


def test_an_odd_number_of_bytes_is_no_registers():
    assert dissect(RTU, rtu(7, 3, 3, 1, 2, 3), out=False).wrong == "length"


def test_an_answer_nobody_asked_for_says_so_and_a_damaged_one_stays_damaged():
    assert answering(Dissected(), None).wrong == "unasked"
    assert answering(Dissected(wrong="crc"), None).wrong == "crc"


def test_the_questions_of_each_driver_are_its_own_and_old_ones_are_forgotten():
    talk = Talk({"a": TCP, "b": TCP})
    talk.heard("a", ASK_TCP, out=True)
    first = talk.heard("b", SAY_TCP, out=False)  # its question was before we listened
    assert (first.wrong, first.address, first.values) == ("", None, (0x500, 0x30F))
    for n in range(2, 2 + KEPT_QUESTIONS):
        talk.heard("a", mbap([3, 0, 0, 0, 1], transaction=n), out=True)
    assert talk.heard("a", SAY_TCP, out=False).wrong == "unasked"


def test_bytes_without_any_known_shape_are_left_alone():
    assert framing_of(b"OPTIONS sip:car@10.0.0.9 SIP/2.0") is None
    assert framing_of(b"\x01\x02\x03\x04") is None
    assert framing_of(b"\x00\x01\x00\x00\x00\x07\x01\x03\x00") is None
    assert Talk().heard("d", b"OPTIONS", out=True) == Dissected()
    assert Talk().heard("d", b"", out=True).wrong == "empty"


@given(
    framing=st.sampled_from([None, *Framing]),
    frames=st.lists(
        st.tuples(
            st.one_of(
                st.binary(max_size=300),
                st.binary(min_size=1, max_size=260).map(framed),
                st.binary(min_size=1, max_size=250).map(mbap),
                st.sampled_from([ASK_TCP, SAY_TCP, ASK_RTU, SAY_RTU, ASK_CIC, SAY_CIC]),
            ),
            st.booleans(),
        ),
        max_size=8,
    ),
)
def test_no_bytes_in_any_order_break_it(framing, frames):
    talk = Talk({} if framing is None else {"d": framing})
    for data, out in frames:
        said = talk.heard("d", data, out=out)
        assert said.count is None or 0 <= said.count <= 0xFFFF
        assert all(0 <= value <= 0xFFFF for value in said.values)
        assert len(said.values) <= 8 * len(data)
