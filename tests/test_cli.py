"""The command line: what is printed where, and with which exit code. Live verbs ask a real socket."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from agent import __version__
from agent.__main__ import main
from agent.cli.ask import ForbiddenError
from agent.cli.check import warnings_of
from agent.cli.events import seconds_of
from agent.cli.layout import age, aligned, columns, cut
from agent.cli.main import VERBS
from agent.cli.texts import TEXTS, Words, words_for
from agent.control import ControlServer, RefusedError
from agent.settings import ElevatorSettings, GpioSettings, MonitorSettings, Settings

CONTACTS = """
[[drivers]]
name = "contacts"
kind = "gpio"
[drivers.inputs]
"alarm.button" = { pin = 17 }
"""


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch):
    for name in (
        "LC_ALL",
        "LC_MESSAGES",
        "ELEVATOR_AGENT_CONFIG",
        "NO_COLOR",
        "CREDENTIALS_DIRECTORY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "agent.toml"
    socket_path = tmp_path / "control.sock"
    path.write_text(
        '[elevator]\nsite = "pingluo-01"\nid = "e01"\nname = "3 号楼东梯"\nrescue_code = "640001"\n'
        f'[control]\npath = "{socket_path}"\n',
        encoding="utf-8",
    )
    return path


@contextlib.contextmanager
def service(config, **verbs):
    """A real control server in a thread of its own, answering with canned handlers."""
    ready, stop = threading.Event(), []

    async def serve():
        stopped = asyncio.Event()
        stop.append((asyncio.get_running_loop(), stopped))
        async with ControlServer(config.parent / "control.sock", verbs):
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        assert ready.wait(10)
        yield
    finally:
        loop, stopped = stop[0]
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)


def answering(value):
    async def handler(params, peer):
        return value

    return handler


def streaming(messages, asked=None, hang=False):
    async def handler(params, peer):
        if asked is not None:
            asked.append(params)
        for message in messages:
            yield message
        if hang:
            await asyncio.Event().wait()

    return handler


def command(*arguments, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "agent", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", **more,
    )  # fmt: skip


STATUS: dict[str, Any] = {
    "elevator": {"site": "pingluo-01", "id": "e01", "name": "3 号楼东梯"},
    "state": "online", "reason": "", "version": "0.1.0", "uptime_s": 7384, "boot_id": "9f3ab21c-1",
    "links": {"controller": {"up": True, "reason": "", "since_s": 7000,
                             "statistics": {"polls": 9, "round_trip_p95_ms": 12.4}}},
    "mqtt": {"connected": True, "reason": "", "extra": 1},
    "outbox": {"journal": "ab12cd34", "head": 123, "owed": {"critical": 0, "rest": 3}, "fault": None,
               "waiting": 0},
    "standing": [], "clock": {"synchronised": True},
}  # fmt: skip
ALARM = {
    "code": "trapped_passengers", "instance": None, "severity": "critical", "age_s": 45, "seq": 123,
    "title": {"en": "Passengers trapped", "zh": "困人"}, "since": "2026-11-23T08:00:31.200Z",
    "journaled": True,
}  # fmt: skip


def message(number=1, time="2026-11-23T08:00:31.200Z", **data):
    return {
        "id": f"e01-{number}", "time": time,
        "data": {
            "code": "trapped_passengers", "transition": "raised", "severity": "critical",
            "instance": None, "title": {"en": "Passengers trapped", "zh": "困人"},
            "evidence": {"car.door_zone": {"v": False, "since": "x"}}, "unknown": ["car.load_percent"],
            **data,
        },
    }  # fmt: skip


# ---- the start ----


def test_run_goes_to_the_service_without_loading_the_command_line():
    program = """
import sys, types
app = types.ModuleType("agent.app")
app.main = lambda config, record: print(config, record) or 7
sys.modules["agent.app"] = app
from agent.__main__ import main
code = main(sys.argv[1:])
assert not {"click", "rich", "sqlite_utils", "argparse", "agent.cli"} & set(sys.modules)
sys.exit(code)
"""
    for arguments, printed in (
        (["run", "--config", "/a.toml", "--record=/r.jsonl"], "/a.toml /r.jsonl"),
        (["run"], "/etc/elevator-agent/agent.toml None"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.strip()) == (7, printed), done.stderr


@pytest.mark.parametrize(
    "arguments", [["run", "--confg", "x"], ["run", "now"], ["run", "--config"]]
)
def test_run_with_wrong_options_is_a_usage_error(arguments, capsys):
    assert main(arguments) == 2
    assert "run --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["run", "--help"], ["run", "-h"], ["--lang", "en", "run", "-h"]]
)
def test_run_explains_itself_with_examples(arguments, capsys):
    assert main(arguments) == 0
    assert "elevator-agent run --config ./agent.toml" in capsys.readouterr().out


def test_help_lists_every_verb_in_both_languages_without_loading_them():
    program = """
import sys
from agent.__main__ import main
assert main(sys.argv[1:]) == 0
assert "agent.cli.status" not in sys.modules and "rich" not in sys.modules
"""
    for lang, word in (("en", "One screen"), ("zh", "一屏显示")):
        done = subprocess.run(
            [sys.executable, "-c", program, "--lang", lang, "--help"],
            capture_output=True, text=True, check=True, encoding="utf-8",
        )  # fmt: skip
        assert word in done.stdout
        for verb in VERBS:
            assert f"  {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_verb_explains_itself_within_80_columns_with_an_example(verb, lang, capsys):
    assert main([verb, "--help", "--lang", lang]) == 0
    printed = capsys.readouterr().out
    assert f"elevator-agent {verb}" in printed.split("Examples:" if lang == "en" else "示例")[-1]
    assert max(map(columns, printed.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["status", "--nothing"], ["replay"]])
def test_wrong_usage_is_exit_code_2_and_says_so_on_standard_error(arguments, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "elevator-agent" in captured.err


def test_version_names_the_program_and_python(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"elevator-agent {__version__} (Python 3.")
    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == __version__
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


# ---- languages ----


@pytest.mark.parametrize(
    ("arguments", "environment", "lang"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "de_DE", "LC_MESSAGES": "zh_TW"}, "zh"),
        (["status", "--lang", "zh"], {"LANG": "C"}, "zh"),
        (["--lang=en", "status"], {"LANG": "zh_CN"}, "en"),
        (["events", "--code", "zh"], {}, "en"),
        (["--lang"], {}, "en"),
        (["--lang", "fr"], {"LANG": "zh_CN"}, "zh"),
    ],
)
def test_the_language_is_the_option_else_the_locale(arguments, environment, lang):
    assert words_for(arguments, environment).lang == lang


def test_every_text_takes_the_same_values_in_both_languages():
    def names(text):
        return {part.split("}")[0].split(":")[0].split("!")[0] for part in text.split("{")[1:]}

    for key, (en, zh) in TEXTS.items():
        assert en, key
        if zh:
            assert names(en) == names(zh), key


# ---- check ----


def test_check_lists_all_problems_and_ends_with_2(config, capsys):
    config.write_text('[elevator]\nsit = "x"\n[mqtt]\nport = 0\n')
    assert main(["check", "--config", str(config)]) == 2
    captured = capsys.readouterr()
    for key in ("elevator.sit:", "elevator.site:", "elevator.id:", "mqtt.port:"):
        assert f"agent.toml: {key}" in captured.out
    assert "4 problem" in captured.err
    assert main(["check", "--config", str(config), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    assert document["problems"][0]["remedy"] == {
        "en": 'Did you mean "site"?',
        "zh": "是否应为 “site”？",
    }


def test_check_of_a_missing_file_ends_with_2(capsys):
    assert main(["check", "--config", "/nowhere/agent.toml"]) == 2
    assert "No such file" in capsys.readouterr().out


def test_check_tells_what_can_be_detected(config, capsys):
    config.write_text(config.read_text(encoding="utf-8") + CONTACTS, encoding="utf-8")
    assert main(["check", "--config", str(config)]) == 1
    printed = capsys.readouterr().out
    assert "contacts  gpio  alarm.button" in printed
    assert "mode_changed  missing: car.mode" in printed
    assert "longest_zone_gap_s is left at 20 s" in printed
    main(["check", "--config", str(config), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["drivers"] == [
        {"name": "contacts", "kind": "gpio", "signals": ["alarm.button"]}
    ]
    states = {event["code"]: event["state"] for event in document["events"]}
    assert states["mode_changed"] == "none"
    assert states["alarm_button"] in ("full", "partial")
    assert [warning["code"] for warning in document["warnings"]] == ["zone_gap"]


def test_check_names_an_unknown_profile_and_the_known_ones(config, capsys):
    driver = (
        '[[drivers]]\nname = "c"\nkind = "modbus"\nprofile = "car-top-senser"\nurl = "tcp://h"\n'
    )
    config.write_text(config.read_text(encoding="utf-8") + driver, encoding="utf-8")
    assert main(["check", "--config", str(config)]) == 2
    assert 'Did you mean "car-top-sensor"?' in capsys.readouterr().out


def settings(rescue="1", gap=20.0, drivers=True):
    inputs = (GpioSettings(name="g", inputs={}),) if drivers else ()
    return Settings(
        elevator=ElevatorSettings(site="s", id="e", rescue_code=rescue),
        monitor=MonitorSettings(longest_zone_gap_s=gap),
        drivers=inputs,
    )


@pytest.mark.parametrize(
    ("found", "signals", "expected"),
    [
        (settings(), {"car.moving", "alarm.button"}, []),
        (settings(), {"alarm.button"}, ["zone_gap"]),
        (settings(gap=21), {"alarm.button"}, []),
        (settings(), {"car.moving"}, ["alarm_button"]),
        (settings(rescue=""), {"car.moving", "alarm.button"}, ["rescue_code"]),
        (settings(drivers=False), set(), ["no_drivers"]),
    ],
)
def test_a_warning_stands_only_where_its_reason_does(found, signals, expected):
    assert [key for key, _ in warnings_of(found, signals)] == expected


def test_check_tries_the_password_file_but_not_a_credential(config, capsys):
    text = config.read_text(encoding="utf-8") + CONTACTS
    config.write_text(text + '[mqtt]\npassword_file = "/nowhere/p"\n', encoding="utf-8")
    assert main(["check", "--config", str(config)]) == 2
    assert "mqtt.password_file" in capsys.readouterr().out
    config.write_text(text + '[mqtt]\npassword_file = "mqtt"\n', encoding="utf-8")
    assert main(["check", "--config", str(config)]) == 1
    assert "systemd credential" in capsys.readouterr().out


# ---- status ----


def test_status_shows_one_screen_and_ends_with_0(config, capsys):
    with service(config, status=answering(STATUS)):
        assert main(["status", "--config", str(config)]) == 0
    printed = capsys.readouterr().out
    for part in (
        "pingluo-01/e01  3 号楼东梯",
        "online",
        "2 h 3 min",
        "controller",
        "3 other events",
    ):
        assert part in printed
    assert "\x1b" not in printed


def test_status_shows_how_fast_a_link_that_is_up_answers(config, capsys):
    down = {"down": {"up": False, "reason": "gone", "statistics": {"round_trip_p95_ms": 3.0}}}
    with service(config, status=answering(STATUS | {"links": STATUS["links"] | down})):
        main(["status", "--config", str(config)])
    printed = capsys.readouterr().out
    assert "p95 12 ms" in printed
    assert "p95 3 ms" not in printed


def test_status_as_json_is_the_service_s_answer(config, capsys):
    with service(config, status=answering(STATUS)):
        assert main(["status", "--config", str(config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == STATUS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"state": "degraded", "reason": "storage_failed"}, "storage_failed"),
        ({"standing": [ALARM]}, "困人"),
        ({"mqtt": {"connected": False, "reason": "refused"}}, "refused"),
    ],
)
def test_status_degraded_with_an_alarm_or_without_a_broker_ends_with_1(
    config, capsys, change, told
):
    with service(config, status=answering(STATUS | change)):
        assert main(["status", "--config", str(config), "--lang", "zh"]) == 1
    assert told in capsys.readouterr().out


def test_status_of_the_worst_day_fits_24_lines_of_80_columns(config, capsys):
    worst = STATUS | {
        "elevator": {"site": "s" * 64, "id": "e" * 64, "name": "电梯" * 60},
        "state": "degraded", "reason": "原因" * 60,
        "links": {f"driver-{n}-{'x' * 60}": {"up": n % 2 == 0, "reason": "\x1b[31m无应答" * 30,
                                               "since_s": None} for n in range(20)},
        "mqtt": {"connected": False, "reason": "refused " * 30},
        "outbox": {**STATUS["outbox"], "fault": "disk I/O error " * 20, "head": 10**12},
        "standing": [ALARM | {"instance": "i" * 64, "journaled": n > 3, "seq": None} for n in range(40)],
    }  # fmt: skip
    with service(config, status=answering(worst)):
        for lang in ("en", "zh"):
            assert main(["status", "--config", str(config), "--lang", lang]) == 1
            lines = capsys.readouterr().out.splitlines()
            assert len(lines) < 24
            assert max(map(columns, lines)) <= 80
            assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("verb", ["status", "signals", "events"])
def test_a_live_verb_without_the_service_ends_with_3_and_says_what_to_do(config, capsys, verb):
    assert main([verb, "--config", str(config)]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "systemctl start elevator-agent" in captured.err


def test_a_live_verb_with_a_broken_configuration_ends_with_2(config, capsys):
    config.write_text("[elevator]\nsite = =\n")
    assert main(["status", "--config", str(config)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "line 2, column 8" in captured.err


@pytest.mark.parametrize(("reason", "code"), [("busy", 1), ("bad_params", 2)])
def test_a_refusal_of_the_service_is_shown_with_its_remedy(config, capsys, reason, code):
    async def refuse(params, peer):
        raise RefusedError(reason, "The journal is busy.", "Try again.")

    with service(config, status=refuse):
        assert main(["status", "--config", str(config)]) == code
    assert capsys.readouterr().err == "The journal is busy.\n    Try again.\n"


@pytest.mark.parametrize(("verb", "answer"), [("status", {}), ("signals", {"signals": 3})])
def test_an_answer_of_another_version_is_said_to_be_one(config, capsys, verb, answer):
    with service(config, **{verb: answering(answer)}):
        assert main([verb, "--config", str(config)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "another version" in captured.err


# ---- signals ----


def test_signals_are_a_table_with_unknown_as_a_dash(config, capsys):
    signals = {
        "car.moving": {"v": True, "q": "good", "at": "x", "age_ms": 120, "driver": "controller"},
        "car.floor": {
            "v": None,
            "q": "no_answer",
            "at": None,
            "age_ms": None,
            "driver": "controller",
        },
        "card.hall": {"v": "\x1b]0;x", "q": "good", "age_ms": 1, "driver": "card"},
    }
    with service(config, signals=answering({"signals": signals})):
        assert main(["signals", "--config", str(config)]) == 0
        rows = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert rows == [
            ["signal", "value", "quality", "age", "driver"],
            ["car.floor", "-", "no_answer", "-", "controller"],
            ["car.moving", "true", "good", "0", "s", "controller"],
            ["card.hall", "?]0;x", "good", "0", "s", "card"],
        ]
        assert main(["signals", "--config", str(config), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"signals": signals}


# ---- events ----


def test_events_are_lines_in_local_time_with_what_decided(config, capsys):
    asked: list[dict[str, Any]] = []
    with service(config, events=streaming([message()], asked)):
        code = main(["events", "--config", str(config), "--severity", "major", "--limit", "5"])
    assert code == 0
    assert asked == [{"limit": 5, "severity": "major"}]
    (line,) = capsys.readouterr().out.splitlines()
    for part in (
        "critical",
        "raised",
        "Passengers trapped",
        "car.door_zone=false",
        "car.load_percent=?",
    ):
        assert part in line


def test_events_as_json_are_the_messages_as_they_came(config, capsys):
    messages = [message(n, instance="困") for n in range(200)]
    with service(config, events=streaming(messages)):
        assert main(["events", "--config", str(config), "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == messages


def test_events_since_asks_the_service_for_what_is_not_older(config, capsys):
    asked: list[dict[str, Any]] = []
    with service(config, events=streaming([message(1)], asked)):
        before_ms = int(time.time() * 1000)
        assert main(["events", "--config", str(config), "--since", "2h", "--json"]) == 0
        assert main(["events", "--config", str(config), "--since", "36500d", "--json"]) == 0
    assert [each["limit"] for each in asked] == [10_000, 10_000]
    assert 0 <= asked[0]["since_ms"] - (before_ms - 7_200_000) < 60_000
    assert asked[1]["since_ms"] == 0  # before the clock's zero is from the beginning
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604800), ("0s", 0), ("999999999d", 3153600000),
     ("", None), ("h", None), ("2", None), ("-1h", None), ("1.5h", None), ("2w", None), ("²h", None)],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit(text, seconds):
    assert seconds_of(text) == seconds


def test_a_duration_that_is_none_is_a_usage_error(config, capsys):
    assert main(["events", "--config", str(config), "--since", "soon"]) == 2
    assert "such as 30m" in capsys.readouterr().err


def test_following_prints_each_event_at_once_and_ctrl_c_ends_it_quietly(config):
    with service(config, events=streaming([message(1), message(2)], hang=True)):
        process = command("events", "--config", config, "--follow", "--json")
        assert json.loads(process.stdout.readline())["id"] == "e01-1"
        assert json.loads(process.stdout.readline())["id"] == "e01-2"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (out, err.strip(), process.returncode) == ("", "", 130)


def test_a_service_that_stops_ends_the_following_with_3(config):
    with service(config, events=streaming([message(1)], hang=True)):
        process = command("events", "--config", config, "--follow", "--json")
        assert json.loads(process.stdout.readline())["id"] == "e01-1"
    out, err = process.communicate(timeout=10)
    assert (out, process.returncode) == ("", 3)
    assert "did not answer" in err


def test_a_closed_pipe_ends_quietly(config):
    async def endless(params, peer):
        while True:
            yield message()

    with service(config, events=endless):
        process = command("events", "--config", config)
        assert "Passengers trapped" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(timeout=10) == 0


# ---- replay ----


RECORDING = (
    '{"recording":1,"elevator":"e01","boot_id":"b","wall":"2026-11-23T08:00:00.000Z","t":0.0,'
    '"signals":["alarm.button","car.mode"]}\n'
    '{"t":0.0,"signal":"car.mode","value":"normal"}\n{"t":0.0,"signal":"alarm.button","value":false}\n'
    '{"t":10.0,"signal":"alarm.button","value":true}\n{"t":20.0}\n'
)


def test_replay_prints_the_events_of_a_recording(config, tmp_path, capfd):
    file = tmp_path / "incident.jsonl"
    file.write_text(RECORDING)
    assert main(["replay", str(file), "--config", str(config), "--json"]) == 0
    printed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert "alarm_button.raised" in [each["type"] for each in printed]
    assert main(["replay", str(file), "--config", str(config)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len([line for line in lines if "alarm.button=" in line]) == len(printed)
    assert any("alarm.button=true" in line for line in lines)


def test_replay_of_a_broken_recording_names_file_and_line(config, tmp_path, capsys):
    file = tmp_path / "incident.jsonl"
    file.write_text(RECORDING + "nonsense\n")
    assert main(["replay", str(file), "--config", str(config), "--json"]) == 2
    assert "incident.jsonl, line 6: " in capsys.readouterr().err


def test_replay_of_a_missing_file_ends_with_2(config, tmp_path, capsys):
    for file in (tmp_path / "none.jsonl", tmp_path):
        assert main(["replay", str(file), "--config", str(config)]) == 2
        assert str(file) in capsys.readouterr().err


# ---- on a terminal ----


def test_a_terminal_gets_colour_unless_it_asked_for_none(config):
    pty = pytest.importorskip("pty")

    def printed(verb, **environment):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "agent", verb, "--config", str(config)],
            stdout=theirs, env={**os.environ, "TERM": "xterm", **environment},
        ):  # fmt: skip
            os.close(theirs)
            raw = b""
            with contextlib.suppress(OSError):  # the end of a terminal is an error
                while part := os.read(ours, 4096):
                    raw += part
        os.close(ours)
        return raw.decode()

    signals = {"signals": {"car.moving": {"v": True, "q": "good", "driver": "[red]c"}}}
    with service(config, status=answering(STATUS), signals=answering(signals)):
        assert "\x1b[32monline" in printed("status")
        assert "\x1b" not in printed("status", NO_COLOR="1")
        assert "[red]c" in printed("signals", NO_COLOR="1")


# ---- the layout ----


def test_chinese_takes_two_columns():
    assert columns("困人 a") == 6
    assert cut("困人困人", 5) == "困人…"
    assert cut("困人", 4) == "困人"
    assert aligned([["困人", "x"], ["abcde", "y"]]) == ["困人   x", "abcde  y"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (-1, "0 s"), (119.9, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h 0 min"),
     (172799, "47 h 59 min"), (172800, "2 d 0 h")],
)  # fmt: skip
def test_an_age_has_two_units_at_most(seconds, text):
    assert age(seconds) == text


def test_an_unknown_word_of_the_service_is_shown_as_it_is():
    assert Words("zh").known("severity", "critical") == "紧急"
    assert Words("zh").known("severity", "new") == "new"


def test_the_example_configuration_can_be_checked(capsys):
    example = Path(__file__).parent.parent / "config" / "agent.example.toml"
    assert main(["check", "--config", str(example)]) == 1  # it has no rescue code
    assert "Warning" in capsys.readouterr().out


# ---- outputs that take nothing ----


@pytest.mark.parametrize(
    ("words", "where", "code"),
    [
        ("--help", ">/dev/full", 1),
        ("--version", ">/dev/full", 1),
        ("status --help", ">/dev/full", 1),
        ("version", ">/dev/full", 1),
        ("--help", ">&-", 0),
        ("version", ">&-", 0),
        ("version --json", ">&- 2>&-", 0),
        ("nonsense", "2>&-", 2),
        ("--help", "| head -c 1 >/dev/null", 0),
    ],
)
def test_an_output_that_takes_nothing_is_said_without_a_traceback(words, where, code):
    line = f"set -o pipefail; {sys.executable} -m agent --lang en {words} {where}"
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert ended.returncode == code
    assert ("standard output" in ended.stderr) == ("/dev/full" in where)


@pytest.mark.parametrize("typed", ["nan", "inf", "-inf", "NaN"])
def test_a_number_has_to_be_one(config, capsys, typed):
    for words in (["record", "start", "--minutes"], ["doctor", "--endurance-tb"]):
        assert main([*words, typed, "--config", str(config)]) == 2
        assert capsys.readouterr().err


def test_a_name_that_would_be_obeyed_is_refused_with_the_rule(config, capsys):
    config.write_text('[elevator]\nsite = "s"\nid = "e"\nname = "a\\u202eb"\n', encoding="utf-8")
    assert main(["check", "--config", str(config), "--lang", "en"]) == 2
    assert "none of which controls how it is shown" in " ".join(capsys.readouterr().out.split())


def test_a_journal_whose_service_may_not_be_asked_is_not_said_to_be_without_one(
    config, capsys, monkeypatch
):
    def forbidden(path, *_more):
        raise ForbiddenError(path, "Permission denied")

    monkeypatch.setattr("agent.cli.outbox.ask", forbidden)
    assert main(["outbox", "--config", str(config), "--lang", "en"]) == 3
    assert "may not" in capsys.readouterr().err
