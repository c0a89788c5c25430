"""What `doctor` tells apart that looks alike: slow from silent, one silent from all, old values from none. Pure judges."""

from dataclasses import replace

import pytest

from agent.doctor.answer import ANSWER, AnswerFacts, beside, judge_answer, judge_errors
from agent.doctor.inputs import CHATTER_LEAST, InputFacts, judge_toggled
from agent.doctor.modem import ModemFacts, judge_modem
from agent.doctor.pins import PinFacts, judge_pin
from agent.doctor.port import PortFacts, judge_port

SILENT = AnswerFacts(driver="d", where="port 9600 N id 1", timeouts=2, timeout_ms=200)


def test_a_device_that_answers_later_is_slow_and_the_advice_leaves_a_margin():
    found = judge_answer(replace(SILENT, late_ms=310.0))
    assert found.cause == "late"
    assert "310 ms" in found.measured.en
    assert found.step is not None
    assert "timeout_ms = 500" in found.step.en
    assert judge_answer(SILENT).cause == "silent"


def test_a_gateway_that_disowns_its_values_has_lost_its_source():
    found = judge_answer(replace(SILENT, timeouts=0, exceptions=2, refuted="0x06 is 0: no cable"))
    assert found.cause == "source_lost"
    assert "no cable" in found.measured.en


def test_a_refusal_tells_its_code():
    found = judge_answer(replace(SILENT, timeouts=0, exceptions=2, exception=1))
    assert found.cause == "refused"
    assert "exception 1 to 2 of 2" in found.measured.en


def test_one_refused_question_is_enough_and_one_damaged_is_not():
    asked = replace(SILENT, timeouts=0, answered=5)
    refused, damaged = (
        judge_errors(replace(asked, exceptions=1)),
        judge_errors(replace(asked, malformed=1)),
    )
    assert refused is not None
    assert damaged is not None
    assert (refused.cause, damaged.cause) == ("exceptions", "too_few")


def test_a_device_is_silent_alone_only_beside_one_that_answers():
    silent = judge_answer(SILENT)
    other = replace(SILENT, driver="o", timeouts=0)
    answers = judge_answer(replace(other, answered=3))
    garbled = judge_answer(replace(other, malformed=1))
    assert [each.cause for each in beside([silent, answers])] == ["silent_alone", "answers"]
    assert [each.cause for each in beside([silent, garbled])] == ["silent", "garbled"]
    assert ANSWER.causes["silent_alone"].step != ANSWER.causes["silent"].step


@pytest.mark.parametrize(
    ("changes", "watched_s", "cause"),
    [
        (CHATTER_LEAST, 10, "chatters"),
        (CHATTER_LEAST - 1, 10, "seen"),
        (CHATTER_LEAST, CHATTER_LEAST, "seen"),
        (0, 10, "never"),
        (0, None, "not_watched"),
    ],
)
def test_a_contact_chatters_that_changes_more_than_once_a_second_all_the_time(
    changes, watched_s, cause
):
    facts = InputFacts(
        signal="power.mains", pin=4, watched_s=watched_s, changes=changes, changed_ago_s=1
    )
    assert judge_toggled(facts).cause == cause


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"dbm": -70, "answered": 1}, "signal"),
        ({"answered": 1}, "no_signal"),
        ({}, "silent"),
        ({"asked": False}, "not_asked"),
    ],
)
def test_a_modem_without_a_signal_is_not_a_silent_one(more, cause):
    assert judge_modem(ModemFacts(url="/dev/modem", **more)).cause == cause


def test_a_pair_that_contradicts_itself_is_no_lost_pin():
    pin = PinFacts(signal="alarm.button", pin=4, served=True, lost=True)
    assert judge_pin(pin).cause == "pin_lost"
    assert judge_pin(replace(pin, contradicts=True)).cause == "pair_contradicts"


def test_a_link_that_leads_nowhere_is_told_from_no_name_at_all():
    gone = PortFacts(path="/dev/lift", exists=False)
    assert judge_port(gone).cause == "no_such_port"
    dangling = judge_port(replace(gone, points_to="ttyUSB0"))
    assert dangling.cause == "dangling_link"
    assert "ttyUSB0" in dangling.measured.en
