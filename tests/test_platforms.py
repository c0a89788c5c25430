"""Number schemes: every row of the shipped ones, what depends on the situation, and what is wrong with a file."""

import json
import re
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.config import ConfigProblems, load
from agent.event_numbers import Numbered, events_of, number_of
from agent.model import Event, Fact, Severity, Transition
from agent.monitor.catalog import CATALOG
from agent.naming import GB24476, naming_of
from agent.platforms import (
    Code,
    PlatformProblems,
    UnknownPlatformError,
    default_folders,
    load_platform,
    platform_names,
    platform_of,
)
from hil.broker import Mosquitto
from hil.installation import TOPIC, AgentProcess, configuration, controller
from hil.ports import ReservedPort
from hil.subscriber import Subscriber

SHIPPED = Path("config/platforms")
NAMES = ("chongqing", "gb24476-2017", "jinhua")


def platform(name):
    return platform_of(name, [SHIPPED])


def event(code, transition=Transition.RAISED, *, mode=None, evidence=None, **detail):
    facts = {name: Fact(value) for name, value in (evidence or {}).items()}
    return Event(
        code=code, transition=transition, severity=Severity.MAJOR, at_us=0, mode=mode,
        evidence=facts, detail=detail,
    )  # fmt: skip


AT_LEVEL = {"evidence": {"car.door_zone": True}, "rule": "doors_not_open"}
BASE = {
    "safety_chain_open": 1, "door_close_failure": 2, "door_open_failure": 3,
    "stopped_outside_door_zone": 4, "unintended_movement": 5, "run_time_limit": 6,
    "position_lost": 7, "start_failure": 8, "mains_lost": 41, "alarm_button": 90,
}  # fmt: skip
MODES = {
    "normal": 40, "out_of_service": 42, "inspection": 43, "fire_recall": 44, "firefighter": 45,
    "emergency_power": 46, "earthquake": 47, "attendant": None,
}  # fmt: skip
JINHUA = {
    "door_close_failure": 2, "door_open_failure": 3, "stopped_outside_door_zone": 4,
    "unintended_movement": 5, "position_lost": 7, "overtravel_top": 9, "overtravel_bottom": 10,
    "overspeed": 11, "moved_with_doors_open": 12, "door_cycling": 14, "alarm_button": 15,
    "start_failure": 99, "trapped_passengers": "Trapped",
}  # fmt: skip


def test_the_shipped_schemes_are_these_three():
    assert platform_names([SHIPPED]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_its_meaning_in_both_languages_and_its_source(name):
    one = platform(name)
    assert one.title_en.isascii()
    assert len(one.notes_en) == len(one.notes_zh)
    for text in (one.title_zh, *one.notes_zh, *(row.zh for row in one.codes)):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
    for row in one.codes:
        assert row.en
        assert row.source


@pytest.mark.parametrize("name", ["gb24476-2017", "chongqing"])
@pytest.mark.parametrize(("code", "number"), BASE.items())
def test_the_base_list(name, code, number):
    assert naming_of(event(code), platform(name)).platform == number
    assert naming_of(event(code)).gb24476 == number


@pytest.mark.parametrize("name", ["gb24476-2017", "chongqing"])
@pytest.mark.parametrize(("mode", "number"), MODES.items())
def test_a_change_of_mode_has_the_number_of_the_mode_entered(name, mode, number):
    change = event("mode_changed", Transition.NOTICE, to=mode)
    assert naming_of(change, platform(name)).platform == number
    assert naming_of(change).gb24476 == number


def test_the_catalog_and_the_file_of_gb24476_say_the_same():
    rows = platform("gb24476-2017").numbers
    assert {(r.event, r.number, str(r.when)) for r in rows} == {
        (r.event, r.number, str(r.when)) for r in GB24476
    }


@pytest.mark.parametrize(
    ("code", "number"), [("overtravel_bottom", 91), ("overtravel_top", 92), ("overspeed", None)]
)
def test_what_chongqing_adds(code, number):
    assert naming_of(event(code), platform("chongqing")).platform == number
    assert naming_of(event(code), platform("gb24476-2017")).platform is None


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        (AT_LEVEL, 93),
        ({"evidence": {"car.door_zone": False}, "rule": "outside_zone"}, None),
        ({"evidence": {"car.door_zone": False}, "rule": "doors_not_open"}, None),
        ({"evidence": {"car.door_zone": None}, "rule": "doors_not_open"}, None),
        ({"rule": "doors_not_open"}, None),
    ],
    ids=["at level", "between landings", "not in the zone", "zone unknown", "zone not fitted"],
)
def test_only_people_shut_in_at_level_are_chongqings_93(facts, number):
    assert naming_of(event("trapped_passengers", **facts), platform("chongqing")).platform == number


@pytest.mark.parametrize(
    ("mode", "number"), [("out_of_service", 8), ("normal", None), (None, None)]
)
def test_a_controllers_fault_is_8_only_if_the_car_cannot_run(mode, number):
    fault = event("controller_fault", mode=mode)
    assert naming_of(fault).gb24476 == number
    assert naming_of(fault, platform("gb24476-2017")).platform == number
    assert naming_of(fault, platform("jinhua")).platform == (99 if number else None)


@pytest.mark.parametrize(("code", "number"), JINHUA.items())
def test_jinhua(code, number):
    assert naming_of(event(code), platform("jinhua")).platform == number


@pytest.mark.parametrize(
    ("code", "rule", "number"),
    [
        ("safety_chain_open", "under_way", 1),
        ("safety_chain_open", "standing", None),
        ("run_time_limit", "reported", 6),
        ("run_time_limit", "no_landing_passed", 13),
    ],
)
def test_jinhuas_numbers_go_by_the_rule_that_held(code, rule, number):
    assert naming_of(event(code, rule=rule), platform("jinhua")).platform == number


def test_jinhuas_08_is_a_door_open_while_running_and_is_none_of_ours():
    (row,) = (row for row in platform("jinhua").codes if row.number == 8)
    assert (row.zh, row.event) == ("运行中开门", None)


@pytest.mark.parametrize("code", ["mains_lost", "mode_changed"])
def test_what_jinhua_tells_in_its_status_has_no_code(code):
    assert naming_of(event(code, to="inspection"), platform("jinhua")).platform is None


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_number_has_none(name):
    numbered = {row.event for row in platform(name).numbers}
    for code in CATALOG.keys() - numbered:
        assert naming_of(event(code), platform(name)).platform is None


# ---- situations ----


def test_a_clear_has_no_number_where_the_number_depends_on_the_situation():
    clear = event("run_time_limit", Transition.CLEARED, reason="rule_ended")
    assert naming_of(clear, platform("jinhua")).platform is None
    assert naming_of(clear, platform("chongqing")).platform == 6
    unpaired = event("run_time_limit", Transition.NOTICE, unpaired="cleared", rule="reported")
    assert naming_of(unpaired, platform("jinhua")).platform is None
    raised = event("run_time_limit", Transition.NOTICE, unpaired="raised", rule="reported")
    assert naming_of(raised, platform("jinhua")).platform == 6


def test_a_value_from_before_the_loss_is_no_situation():
    known = event("trapped_passengers", rule="doors_not_open")
    stale = {"car.door_zone": Fact(v=True, last_known=True)}
    old = Event(
        code=known.code, transition=known.transition, severity=known.severity, at_us=0,
        evidence=stale, detail=known.detail,
    )  # fmt: skip
    assert naming_of(old, platform("chongqing")).platform is None


def test_true_is_not_one():
    rows = [Numbered("door_cycling", 5, {"transitions": 1})]
    assert number_of(rows, event("door_cycling", transitions=True)) is None
    assert number_of(rows, event("door_cycling", transitions=1)) == 5
    assert events_of(rows, 5) == ("door_cycling",)


def test_an_event_of_an_older_program_has_no_number():
    assert naming_of(event("gone"), platform("chongqing")).platform is None


# ---- files ----

HEAD = 'title_en = "x"\ntitle_zh = "某市"\nsource = "s"\n'


def row(**keys):
    said = {"number": 1, "en": "x", "zh": "某", "source": "s", **keys}
    return "[[codes]]\n" + "".join(
        f"{k} = {v if k == 'when' else json.dumps(v)}\n" for k, v in said.items()
    )


def wrong(tmp_path, text):
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlatformProblems) as raised:
        load_platform(file)
    assert all(problem.startswith(str(file)) for problem in raised.value.problems)
    return [problem.removeprefix(str(file)) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"flag": "F"}, "give a number, or the name of a flag"),
        ({"event": "nothing"}, 'there is no event "nothing"'),
        ({"when": '{ rule = "x" }'}, "`when` without `event`"),
        ({"event": "overspeed", "when": '{ speed = "x" }'}, "is nothing that overspeed says"),
        (
            {"event": "overspeed", "when": '{ "door.front" = "open" }'},
            "is nothing that overspeed says",
        ),
        ({"event": "overspeed", "when": '{ rule = "slow" }'}, "rule cannot be 'slow'"),
        ({"event": "overspeed", "when": '{ mode = "sleep" }'}, "mode cannot be 'sleep'"),
        ({"event": "overspeed", "when": '{ "car.moving" = 1 }'}, "car.moving cannot be 1"),
        ({"extra": 1}, "unknown field"),
        ({"number": "1"}, "Expected"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, keys, said):
    (problem,) = wrong(tmp_path, HEAD + row(**keys))
    assert problem.startswith(": codes[0]: ")
    assert said in problem


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    text = HEAD + 'notes_en = ["a"]\n' + row(event="nothing") + row(extra=1)
    assert len(wrong(tmp_path, text)) == 3


def test_a_row_that_is_never_reached_is_a_mistake(tmp_path):
    always, sometimes = row(event="overspeed"), row(event="overspeed", when='{ rule = "reported" }')
    assert "never reached" in wrong(tmp_path, HEAD + always + sometimes)[0]
    file = tmp_path / "y.toml"
    file.write_text(HEAD + sometimes + always, encoding="utf-8")
    assert len(load_platform(file).numbers) == 2


@pytest.mark.parametrize(
    "text", ["no toml", 'title_en = "x"\n', HEAD + "codes = 1\n", "[" * 5000, "x" * 300_000]
)
def test_a_file_that_is_none_is_refused(tmp_path, text):
    assert len(wrong(tmp_path, text)) == 1


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(PlatformProblems, match="No such file"):
        load_platform(tmp_path / "none.toml")


def test_the_sites_own_file_comes_before_the_shipped_one(tmp_path):
    own = tmp_path / "platforms"
    own.mkdir()
    (own / "jinhua.toml").write_text(HEAD + row(event="overspeed", number=77), encoding="utf-8")
    folders = default_folders(tmp_path / "agent.toml")
    assert naming_of(event("overspeed"), platform_of("jinhua", folders)).platform == 77
    assert platform_of("chongqing", folders).name == "chongqing"
    with pytest.raises(UnknownPlatformError, match="chongqing, gb24476-2017, jinhua"):
        platform_of("beijing", folders)


# ---- the configuration ----


def configured(tmp_path, codes):
    file = tmp_path / "agent.toml"
    file.write_text(
        f'[elevator]\nsite = "s"\nid = "e"\n[platform]\ncodes = "{codes}"\n', encoding="utf-8"
    )
    return file


def test_a_scheme_that_there_is_not_is_a_problem_naming_those_there_are(tmp_path, capsys):
    assert main(["check", "--config", str(configured(tmp_path, "chongqin")), "--lang", "en"]) == 2
    printed = capsys.readouterr().out
    assert 'platform.codes: found "chongqin"; allowed: chongqing, gb24476-2017, jinhua' in printed
    assert 'Did you mean "chongqing"?' in printed


def test_a_broken_scheme_is_a_problem_of_the_configuration(tmp_path):
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/ours.toml").write_text(HEAD + row(extra=1), encoding="utf-8")
    file = configured(tmp_path, "ours")
    folders = default_folders(file)
    with pytest.raises(ConfigProblems, match="unknown field"):
        load(file, platform_of=lambda name: platform_of(name, folders))
    assert load(file).platform.codes == "ours"


def test_a_replay_numbers_its_events_by_the_scheme_configured(tmp_path, capfdbinary):
    recording = "docs/examples/entrapment.jsonl"
    arguments = ["replay", recording, "--json", "--config"]
    assert main([*arguments, str(configured(tmp_path, "jinhua"))]) == 0
    raised = json.loads(capfdbinary.readouterr().out.splitlines()[0])["data"]
    assert raised["codes"] == {"gb24476": None, "bacnet": None, "platform": "Trapped"}
    assert main([*arguments, str(configured(tmp_path, "none"))]) == 2


@pytest.mark.parametrize("page", ["platforms.md", "platforms.zh-CN.md"])
def test_the_file_that_the_guide_shows_is_a_right_one(page, tmp_path):
    text = Path("docs", page).read_text(encoding="utf-8")
    _choice, shown = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "city.toml"
    file.write_text(shown, encoding="utf-8")
    city = load_platform(file)
    assert [
        naming_of(event("run_time_limit", rule=rule), city).platform for rule in ("reported", "x")
    ] == [6, 13]
    keys = {*Code.__struct_fields__, *re.findall(r"^(\w+) = ", shown, re.MULTILINE)}
    assert keys <= set(re.findall(r"`(\w+)`", text))


@pytest.mark.broker
def test_the_running_service_sends_and_answers_with_the_numbers_of_the_configured_platform(
    tmp_path,
):
    (tmp_path / "platforms").mkdir()
    own = row(event="agent_started", number=77) + row(event="signal_lost", number=78)
    (tmp_path / "platforms/ours.toml").write_text(HEAD + own, encoding="utf-8")
    with (
        Mosquitto() as broker,
        Subscriber(broker.port, f"{TOPIC}/#") as heard,
        ReservedPort() as nobody,
    ):
        config = configuration(
            tmp_path, mqtt={"port": broker.port}, platform={"codes": "ours"},
            drivers=[controller(nobody.number)],
        )  # fmt: skip
        with AgentProcess(config) as agent:
            agent.start()
            sent = heard.wait_for(lambda all_: numbers(all_) if {77, 78} <= numbers(all_) else None)
            told = {event["data"]["codes"]["platform"] for event in agent.ask("events")}
            assert agent.stop() == 0
    assert sent == told == {77, 78}


def numbers(messages):
    """The platform's numbers among the events and alarms that were heard."""
    of_events = (m.json for m in messages if "/event/" in m.topic and m.payload)
    return {event["data"]["codes"]["platform"] for event in of_events}


def test_the_service_does_not_start_with_a_scheme_that_there_is_not(tmp_path):
    config = configuration(tmp_path, platform={"codes": "nowhere"})
    with AgentProcess(config) as agent:
        agent.launch()
        assert agent.wait(20) == 2
    assert any("platform.codes" in line for line in agent.log)


def test_a_folder_that_cannot_be_looked_into_has_no_files(tmp_path):
    assert platform_names([tmp_path / ("x" * 300), tmp_path / "none"]) == ()
