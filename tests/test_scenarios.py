"""The corpus of labelled stories: every expected event in its window, no forbidden one."""

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from agent.model import Event, Quality, Severity, Transition
from agent.monitor.catalog import CATALOG, ENTRIES, Entry
from agent.replay import replay_events
from agent.settings import ElevatorSettings, Settings
from hil.scenarios.corpus import Case, cases, judge, play, write
from hil.scenarios.installations import CAR_TOP_BOX, CONTACTS, FULL
from hil.scenarios.labels import Label, Labels, Silence, verdict
from hil.scenarios.script import RATED_MM_S, Script

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_story_comes_out_as_it_is_told(case: Case) -> None:
    assert judge(case).wrong == []


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


# ---------------------------------------------------------------- what the stories are about

# About the agent's own computer and what it counts: no story of the elevator.
OF_THE_AGENT = {"disk_low", "host_undervoltage", "host_hot", "usage"}
OF_THE_ELEVATOR = [e for e in ENTRIES if not e.agent and e.code not in OF_THE_AGENT]
# Reported by a contact, raised at once: there is nothing that they just do not do.
AT_ONCE = {"overtravel_top", "overtravel_bottom", "battery_fault", "pit_water", "signal_lost"}


@cache
def shown() -> dict[str, set[str]]:
    """What the corpus shows of each event: that it is raised, is cleared, and the ways in which it stays silent."""
    found: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        labels = case.script().labels
        for label in labels.expected:
            found[label.code].add("notice" if label.notice else "raised")
            if label.clears_s is not None:
                found[label.code].add("cleared")
        for code, why in labels.silences:
            found[code].add(why.value)
    return found


def wanted_of(entry: Entry) -> set[str]:
    if entry.code == "mode_changed":
        return {"notice", "just not", "unknown"}
    wanted = {"raised", "cleared", "just not", "unknown"}
    if entry.inspection_mutes or entry.visit_mutes or entry.mains_mutes:
        wanted.add("muted")
    if entry.code == "signal_lost":
        wanted.remove("unknown")
    return wanted - {"just not"} if entry.code in AT_ONCE else wanted


@pytest.mark.parametrize("entry", OF_THE_ELEVATOR, ids=[e.code for e in OF_THE_ELEVATOR])
def test_every_event_of_the_elevator_has_its_stories(entry: Entry) -> None:
    assert wanted_of(entry) - shown()[entry.code] == set()


def test_stories_name_events_of_the_catalog() -> None:
    for case in CASES:
        labels = case.script().labels
        named = {label.code for label in labels.expected} | {code for code, _ in labels.silences}
        assert named | labels.allowed <= set(CATALOG), case.name


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_story_of_muting_or_of_not_knowing_has_something_that_mutes_or_is_unknown(
    case: Case,
) -> None:
    script = case.script()
    why = {reason for _, reason in script.labels.silences}
    if Silence.UNKNOWN in why:
        assert any(reading.quality is not Quality.GOOD for reading in script.readings)
    if Silence.MUTED in why:
        said = {(reading.signal, reading.value) for reading in script.readings}
        other_mode = any(name == "car.mode" and value != "normal" for name, value in said)
        assert other_mode or {("visit.active", True), ("power.mains", False)} & said


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
    elevator = ElevatorSettings(site="s", id="e", rated_speed_mm_s=RATED_MM_S)
    settings = Settings(elevator=elevator)
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


def test_what_was_expected_as_a_notice_is_no_raise() -> None:
    notice = said("alarm_button", 10.0, Transition.NOTICE)
    assert judged(Label("alarm_button", 10.0, notice=True), notice) == []
    assert judged(Label("alarm_button", 10.0, notice=True), said("alarm_button", 10.0)) != []
    assert judged(Label("alarm_button", 10.0), notice) != []


def test_nobody_hears_what_is_said_while_the_agent_is_down() -> None:
    script = Script(CONTACTS).wait(10).agent_stops().wait(1)
    script.says({"alarm.button": True}).wait(1).says({"alarm.button": False}).agent_starts()
    pressed = [r for r in script.readings if r.signal == "alarm.button" and r.value is True]
    assert pressed == []
    assert {r.signal for r in script.readings if r.at_us == script.at_us()} == set(CONTACTS.signals)


def test_a_story_with_a_restart_is_written_from_its_last_start(tmp_path: Path) -> None:
    case = next(c for c in CASES if c.name == "the-agent-is-killed-before-the-delay-is-over@full")
    write(case, tmp_path / "story.jsonl")
    settings = Settings(elevator=ElevatorSettings(site="s", id="e"))
    replayed = [event for event, _ in replay_events(tmp_path / "story.jsonl", settings)]
    (start_us,) = (up_us for _, up_us in case.script().downtimes)
    assert [(e.code, e.at_us + start_us) for e in replayed] == [
        (e.code, e.at_us) for e in play(case.script()) if e.at_us >= start_us
    ]


def test_a_contact_lets_a_delay_run_only_while_it_is_away_from_its_rest() -> None:
    script = Script(FULL).chatters("power.mains", 1, 0.06, 0.04)
    spoken = [reading.value for reading in script.readings if reading.signal == "power.mains"]
    assert spoken == [True, *[False, True] * 10]


def test_the_car_top_box_knows_doors_by_one_bit_and_speed_in_steps() -> None:
    script = Script(CAR_TOP_BOX).says({"door.front": "closing", "car.speed_mm_s": 1190})
    assert [reading.value for reading in script.readings[-2:]] == ["open", 1100]
