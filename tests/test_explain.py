"""`elevator-agent explain`: everything about an event, for somebody in a machine room without a network."""

import json

import pytest

from agent.__main__ import main
from agent.cli.explain_find import find
from agent.cli.explain_here import here
from agent.cli.layout import columns
from agent.config import ConfigProblems
from agent.event_texts import EventTexts, limits_in_words, limits_of_text, read_texts
from agent.monitor.catalog import CATALOG, ENTRIES
from agent.platforms import platform_names, platform_of
from agent.settings import MonitorSettings
from tests.test_platforms import HEAD, SHIPPED, row

ROWS = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.code for entry in ENTRIES])
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("ELEVATOR_AGENT_CONFIG", str(tmp_path / "none.toml"))
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)


def configuration(tmp_path, more=""):
    file = tmp_path / "agent.toml"
    file.write_text(
        '[elevator]\nsite = "s"\nid = "e"\n' + more
        + '[[drivers]]\nname = "contacts"\nkind = "gpio"\n[drivers.inputs]\n'
        '"car.door_zone" = { pin = 5 }\n"alarm.button" = { pin = 17 }\n',
        encoding="utf-8",
    )  # fmt: skip
    return file


def explained(capsys, *arguments, code=0):
    assert main(["explain", *map(str, arguments)]) == code
    return capsys.readouterr()


def facts(capfdbinary, *arguments):
    assert main(["explain", *map(str, arguments), "--json"]) == 0
    return json.loads(capfdbinary.readouterr().out)


# ---- texts ----


def test_every_event_has_texts_and_no_text_is_without_an_event():
    assert read_texts()["event"].keys() == CATALOG.keys()


@ROWS
def test_every_event_has_every_text_in_both_languages(entry):
    said = read_texts()["event"][entry.code]
    for name in ("means", "causes", "checks"):
        en, zh = said[f"{name}_en"], said[f"{name}_zh"]
        if name != "means":
            assert len(en) == len(zh) > 0
        for english, chinese in [(en, zh)] if name == "means" else zip(en, zh, strict=True):
            assert english.isascii()
            assert english.strip()[0].isupper() or english[0] == "`"
            assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


@ROWS
def test_both_languages_name_the_same_limits(entry):
    said = read_texts()["event"][entry.code]
    for name in limits_of_text(entry.code):
        assert f"{{{name}}}" in said["zh"]
    texts = [EventTexts(lang, limits_in_words(MonitorSettings())) for lang in ("en", "zh")]
    assert all("{" not in each.holds(entry.code) for each in texts)


# ---- the page ----


@LANGS
@ROWS
def test_every_page_fits_a_terminal_of_80_columns(entry, lang, capsys, tmp_path):
    config = configuration(tmp_path)
    printed = explained(capsys, entry.code, "--lang", lang, "--config", config).out
    assert max(map(columns, printed.splitlines())) <= 80 + len(str(config))
    wide = [line for line in printed.splitlines() if columns(line) > 80]
    assert all(str(config) in line for line in wide)
    title = entry.en if lang == "en" else entry.zh
    assert printed.startswith(f"{entry.code}  {title}")


@LANGS
def test_the_list_names_every_event(lang, capsys):
    lines = explained(capsys, "--lang", lang).out.splitlines()
    assert max(map(columns, lines)) <= 80 or "none.toml" in "".join(lines)
    assert [line.split()[0] for line in lines[: len(ENTRIES)]] == list(CATALOG)


def test_safety_comes_before_the_first_step(capsys):
    printed = explained(capsys, "overspeed").out
    safety, first = printed.index("lock-out procedure"), printed.index("  1. ")
    assert safety < first


def test_the_configured_limit_stands_in_the_text(capsys, tmp_path):
    config = configuration(tmp_path, "[monitor]\ntrapped_off_level_s = 17\n")
    assert "outside the zone for 17 s" in flat(
        explained(capsys, "trapped_passengers", "--config", config)
    )
    assert "outside the zone for 15 s" in flat(explained(capsys, "trapped_passengers"))


def test_a_limit_that_slow_devices_lengthen_is_the_one_that_counts(tmp_path, capfdbinary):
    slow = (
        '[[drivers]]\nname = "box"\nkind = "modbus"\nprofile = "car-top-sensor"\n'
        'url = "tcp://127.0.0.1:502"\npoll_interval_ms = 12000\n'
        '[[drivers]]\nname = "lock"\nkind = "gpio"\ninputs."landing_doors.locked" = { pin = 6 }\n'
    )
    config = tmp_path / "agent.toml"
    config.write_text('[elevator]\nsite = "s"\nid = "e"\n' + slow, encoding="utf-8")
    assert main(["explain", "trapped_passengers", "--config", str(config)]) == 0
    printed = " ".join(capfdbinary.readouterr().out.decode().split())
    assert "outside the zone for 24 s" in printed
    assert "trapped_off_level_s is 24 s instead of 15 s" in printed
    (event,) = facts(capfdbinary, "trapped_passengers", "--config", config)["events"]
    assert event["limits"]["trapped_off_level_s"] == "24"
    assert event["limits"]["trapped_at_level_s"] == "90"


def test_a_limit_of_never_is_told_as_it_is_written(capsys, tmp_path):
    config = configuration(tmp_path, "[monitor]\nparks_with_doors_open = true\n")
    printed = flat(explained(capsys, "door_held_open", "--config", config))
    assert "fully open for 600 s" in printed
    assert "switched off: monitor.parks_with_doors_open" in printed


def flat(captured):
    return " ".join(captured.out.split())


def test_what_is_wired_and_what_is_missing_is_shown(capsys, tmp_path):
    printed = flat(explained(capsys, "trapped_passengers", "--config", configuration(tmp_path)))
    assert "with a person in the car [wired]" in printed
    assert "[missing: door.front door.rear]" in printed
    assert "Here: detected in part" in printed
    assert "a person is known only by alarm.button" in printed
    none = flat(explained(capsys, "pit_water", "--config", configuration(tmp_path)))
    assert "Here: not detected" in none
    speed = flat(explained(capsys, "overspeed", "--config", configuration(tmp_path)))
    assert "not configured: elevator.rated_speed_mm_s" in speed


def test_the_agents_own_events_need_no_signal(capsys, tmp_path):
    printed = flat(explained(capsys, "storage_failed", "--config", configuration(tmp_path)))
    assert "Always detected" in printed
    assert "Muted" not in printed


def test_numbers_elsewhere_stand_with_their_situation(capsys, tmp_path):
    config = configuration(tmp_path, '[platform]\ncodes = "chongqing"\n')
    printed = flat(explained(capsys, "trapped_passengers", "--config", config))
    assert "chongqing 93" in printed
    assert "if rule doors_not_open, car.door_zone true; configured" in printed
    assert "jinhua Trapped" in printed
    assert "GB/T 24476-2017 no number" in printed


# ---- the configuration ----


def test_without_a_configuration_the_defaults_are_told(capsys):
    printed = explained(capsys, "trapped_passengers").out
    assert "no configuration was found" in printed
    assert "Here:" not in printed


def test_a_broken_configuration_keeps_nobody_from_reading(capsys, tmp_path, monkeypatch):
    (tmp_path / "broken.toml").write_text("nonsense", encoding="utf-8")
    monkeypatch.setenv("ELEVATOR_AGENT_CONFIG", str(tmp_path / "broken.toml"))
    assert "cannot be used" in explained(capsys, "trapped_passengers").out
    assert here(None).site is None


def test_one_that_was_asked_for_by_name_must_be_right(capsys, tmp_path):
    assert "No such file" in explained(capsys, "--config", tmp_path / "x.toml", code=2).err
    with pytest.raises(ConfigProblems):
        here(tmp_path / "x.toml")


# ---- which event ----

PLATFORMS = {name: platform_of(name, [SHIPPED]) for name in platform_names([SHIPPED])}


@pytest.mark.parametrize(
    "text", ["trapped_passengers", "Trapped-Passengers", " passengers trapped ", "困人"]
)
def test_a_code_or_a_title_is_found(text):
    assert find(text, PLATFORMS, None).codes == ("trapped_passengers",)


@pytest.mark.parametrize(
    ("text", "platform", "codes"),
    [
        ("93", "chongqing", ("trapped_passengers",)),
        ("93", None, ("trapped_passengers",)),
        ("08", "gb24476-2017", ("start_failure", "controller_fault")),
        ("06", "jinhua", ("run_time_limit",)),
        ("99", "jinhua", ("start_failure", "controller_fault")),
        ("trapped", "jinhua", ("trapped_passengers",)),
        ("08", "jinhua", ()),
        ("93", "jinhua", ()),
        ("9" * 5000, None, ()),
        ("٩", None, ()),
    ],
)
def test_a_number_is_found(text, platform, codes):
    assert find(text, PLATFORMS, platform).codes == codes


def test_a_number_of_one_platform_is_explained_with_what_it_means_there(capsys):
    printed = flat(explained(capsys, "93", "--platform", "chongqing"))
    assert printed.startswith("93 on platform chongqing: Passengers shut in at a landing")
    assert "trapped_passengers Passengers trapped" in printed


def test_a_number_without_an_event_is_told_all_the_same(capsys):
    printed = explained(capsys, "8", "--platform", "jinhua").out
    assert "Door open while running" in printed
    assert "No event of this program has this number." in printed


def test_a_number_with_two_meanings_wants_a_platform(capsys):
    said = explained(capsys, "8", code=2).err
    assert "jinhua: Door open while running" in said
    assert "--platform" in said


def test_the_configured_platform_decides(capsys, tmp_path):
    config = configuration(tmp_path, '[platform]\ncodes = "jinhua"\n')
    assert "Door open while running" in explained(capsys, "8", "--config", config).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["overspeeed"], "did you mean overspeed?"),
        (["trap"], "did you mean trapped_passengers"),
        (["关门"], "door_close_failure"),
        (["zzzzzz"], 'There is no event "zzzzzz"\n'),
        (["77", "--platform", "jinhua"], "Platform jinhua has no 77"),
        (["77"], 'There is no event "77"'),
        (["8", "--platform", "jinhu"], "did you mean jinhua?"),
        (["--platform", "nowhere"], "Found: chongqing, gb24476-2017, jinhua"),
        (["\x1b[31m"], 'There is no event "?[31m"'),
    ],
)
def test_what_is_not_found_is_answered_with_what_is_near(arguments, said, capsys):
    captured = explained(capsys, *arguments, "--lang", "en", code=2)
    assert said in captured.err
    assert captured.out == ""


@LANGS
@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platforms_numbers_are_listed_with_notes(name, lang, capsys):
    printed = explained(capsys, "--platform", name, "--lang", lang).out
    assert max(map(columns, printed.splitlines())) <= 80
    for each in PLATFORMS[name].codes:
        assert f"{each.mark}  {each.en if lang == 'en' else each.zh}"[:40] in printed
    first = (PLATFORMS[name].notes_en if lang == "en" else PLATFORMS[name].notes_zh)[0]
    assert first[:20] in printed.replace("\n    ", "" if lang == "zh" else " ")


def test_a_broken_file_of_another_platform_is_said_and_does_not_matter(capsys, tmp_path):
    config = configuration(tmp_path)
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/ours.toml").write_text(HEAD + row(extra=1), encoding="utf-8")
    captured = explained(capsys, "overspeed", "--config", config)
    assert "ours.toml: codes[0]" in captured.err
    assert captured.out.startswith("overspeed")


# ---- for programs ----


def test_json_of_one_event(capfdbinary, tmp_path):
    config = configuration(tmp_path)
    told = facts(capfdbinary, "93", "--platform", "chongqing", "--config", config)
    assert told["configuration"] == str(config)
    assert told["numbers"][0]["meaning"]["zh"] == "平层关人"
    (event,) = told["events"]
    assert event["state"] == "partial"
    assert event["ways"][1]["missing"] == ["door.front", "door.rear"]
    assert event["checks"]["en"][0].startswith("Speak to the car")
    numbers = {each["vocabulary"]: each["number"] for each in event["codes"]}
    assert numbers == {"gb24476": None, "bacnet": None, "chongqing": 93, "jinhua": "Trapped"}


def test_json_of_the_lists(capfdbinary):
    told = facts(capfdbinary)
    assert told["configuration"] is None
    assert [event["code"] for event in told["events"]] == list(CATALOG)
    assert {event["state"] for event in told["events"]} == {None}
    numbers = facts(capfdbinary, "--platform", "jinhua")["numbers"]
    assert [each["number"] for each in numbers][:3] == ["Trapped", 0, 1]
    (agent,) = facts(capfdbinary, "storage_failed")["events"]
    assert (agent["muted"], agent["missing"], agent["note"]) == (None, None, None)


def test_a_platform_without_notes_is_listed_without(capsys, tmp_path):
    config = configuration(tmp_path)
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/ours.toml").write_text(HEAD + row(event="overspeed"), encoding="utf-8")
    printed = explained(capsys, "--platform", "ours", "--config", config).out
    assert "Worth knowing" not in printed
    assert "overspeed" in printed
