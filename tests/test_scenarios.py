"""The corpus of labelled stories: every expected event in its window, no forbidden one."""

from pathlib import Path

import pytest

from agent.model import Event, Severity, Transition
from agent.replay import replay_events
from agent.settings import ElevatorSettings, Settings
from hil.scenarios.corpus import Case, cases, judge, play, write
from hil.scenarios.installations import CONTACTS, FULL
from hil.scenarios.labels import Label, Labels, verdict
from hil.scenarios.script import Script

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_story_comes_out_as_it_is_told(case: Case) -> None:
    assert judge(case).wrong == []


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


# ---------------------------------------------------------------- the judge itself


def said(code: str, at_s: float, transition: Transition = Transition.RAISED) -> Event:
    at_us = round(at_s * 1_000_000)
    return Event(
        code=code,
        transition=transition,
        severity=Severity.CRITICAL,
        at_us=at_us,
        since_us=at_us,
    )


def judged(label: Label | None, *events: Event) -> list[str]:
    labels = Labels()
    if label is not None:
        labels.expect(label)
    return verdict(labels, events).wrong


def test_what_was_expected_may_be_half_a_second_late_and_not_early() -> None:
    label = Label("alarm_button", 10.0)
    assert judged(label, said("alarm_button", 10.0)) == []
    assert judged(label, said("alarm_button", 10.5)) == []
    assert judged(label, said("alarm_button", 10.6)) != []
    assert judged(label, said("alarm_button", 9.9)) != []
    assert judged(label) != []


def test_another_severity_than_the_expected_is_wrong() -> None:
    event = said("alarm_button", 10.0)
    assert judged(Label("alarm_button", 10.0, severity="critical"), event) == []
    assert judged(Label("alarm_button", 10.0, severity="major"), event) != []


def test_whatever_nobody_expected_is_forbidden_unless_allowed() -> None:
    event = said("alarm_button", 10.0)
    assert judged(None, event) == ["alarm_button raised at 10 s is forbidden"]
    assert verdict(Labels(allowed={"alarm_button"}), [event]).wrong == []


def test_an_event_said_twice_is_once_too_often() -> None:
    twice = [said("alarm_button", 10.0), said("alarm_button", 10.3)]
    assert judged(Label("alarm_button", 10.0), *twice) != []


def test_the_end_is_judged_when_the_story_tells_it() -> None:
    raised, cleared = said("mains_lost", 1), said("mains_lost", 30, Transition.CLEARED)
    assert judged(Label("mains_lost", 1), raised) == []
    assert judged(Label("mains_lost", 1, clears_s=30), raised, cleared) == []
    assert judged(Label("mains_lost", 1, clears_s=30), raised) != []
    assert judged(Label("mains_lost", 1, clears_s=28), raised, cleared) != []
    assert judged(Label("mains_lost", 1, stands=True), raised) == []
    assert judged(Label("mains_lost", 1, stands=True), raised, cleared) != []


def test_a_story_written_as_a_recording_says_the_same_events(tmp_path: Path) -> None:
    case = CASES[0]
    write(case, tmp_path / "story.jsonl")
    settings = Settings(elevator=ElevatorSettings(site="s", id="e"))
    replayed = [event for event, _ in replay_events(tmp_path / "story.jsonl", settings)]
    assert replayed == play(case.script())


def test_signals_that_are_not_wired_say_nothing() -> None:
    script = Script(CONTACTS)
    assert {reading.signal for reading in script.readings} == set(CONTACTS.signals)
    script.rides_to(3)
    assert {reading.signal for reading in script.readings} <= set(CONTACTS.signals)


def test_a_dead_sensor_is_silent_until_it_revives() -> None:
    script = Script(FULL)
    script.dies("car.moving").starts().arrives()
    spoken = [reading.value for reading in script.readings if reading.signal == "car.moving"]
    assert spoken == [False, None]
    script.revives()
    assert script.readings[-1].value is False
