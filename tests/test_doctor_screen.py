"""What `elevator-agent doctor` shows: 80 columns, two languages, failures first; its exit codes and its JSON."""

import asyncio
import importlib.util
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cli.doctor_page import document, page
from agent.cli.layout import columns
from agent.cli.texts import Words
from agent.clock import Clock
from agent.config_problem import Say, same
from agent.doctor.examine import Look, by_gravity, examine, in_order
from agent.doctor.finding import Verdict
from agent.doctor.look_disk import look_at_disk
from agent.doctor.look_port import look_at_port
from agent.doctor.look_system import look_at_clock, look_at_host
from agent.doctor.scene import Scene
from agent.doctor.table import CHECKS
from agent.doctor.unit import SocketFacts
from agent.settings import ElevatorSettings, OutboxSettings, Settings
from hil.host_tree import HostTree
from hil.installation import ROOT, configuration
from tests.doctor_stage import doctor, text_of

EVERYTHING = [
    check.found(
        word,
        "a-driver-with-a-name-as-long-as-it-may-be-0123456789-0123456789",
        Say("measured " * 20, "实测值" * 30),
        **dict.fromkeys(
            ("path", "group", "user", "by_id", "driver", "baudrate", "parity", "device_id", "other", "pin",
             "host", "port", "date", "root", "least", "folder", "text", "allowed", "remedy", "holder", "enough"),
            "x",
        ),
    )
    for check in CHECKS
    for word in check.causes
]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_80_columns_whatever_is_found(lang):
    lines = page(EVERYTHING, 3.2, Words(lang))
    assert [line for line in lines if columns(line) > 80] == []
    assert not any("{" in line for line in lines)


def test_what_is_piped_on_loses_no_figure():
    path = "/".join(f"folder{n}" for n in range(40))
    told = [replace(each, subject=path, measured=same(f"{path} = 42 mm")) for each in EVERYTHING]
    for each in told:
        lines = page([each], 0, Words("en"))
        assert "42mm" in "".join("".join(lines).split())
        assert "…" not in "".join(lines)
        assert max(map(columns, lines)) <= 80


def test_what_must_be_done_comes_first_and_what_is_fine_takes_one_line():
    lines = page(EVERYTHING, 1.0, Words("en"))
    heads = [line.split()[0] for line in lines if line[:1] not in {" ", ""}][:-1]
    order = {"FAILED": 0, "WARNING": 1, "UNKNOWN": 2, "fine": 3}
    assert heads == sorted(heads, key=lambda head: order[head])
    fine = sum(each.verdict is Verdict.FINE for each in EVERYTHING)
    assert sum(line.startswith("fine ") for line in lines) == fine
    assert lines[-1].endswith(f"{fine} fine in 1.0 s")


def test_a_hostile_name_cannot_command_the_terminal():
    found = replace(EVERYTHING[0], subject="\x1b[2J", measured=same("\x1b]0;x\x07"))
    assert not any("\x1b" in line for line in page([found], 0, Words("en")))


def test_the_document_holds_every_finding_in_both_languages():
    told = document(EVERYTHING, "a.toml", running=True, took_ms=7)
    assert sum(told["counts"].values()) == len(told["findings"]) == len(EVERYTHING)
    assert set(told["findings"][0]) == {
        "check", "subject", "verdict", "cause", "measured", "meaning", "next",
    }  # fmt: skip
    for finding in told["findings"]:
        assert finding["measured"]["en"]
        assert finding["meaning"]["zh"]


def test_findings_stand_in_the_order_of_the_table_and_by_gravity():
    assert in_order(EVERYTHING[::-1])[0].check == CHECKS[0].id
    assert [each.verdict for each in by_gravity(EVERYTHING)] == sorted(
        (each.verdict for each in EVERYTHING),
        key=["failed", "warning", "unknown", "fine"].index,
    )


# ---- the command


def test_a_configuration_with_mistakes_is_reported_whole_and_the_rest_is_looked_at(tmp_path):
    config = configuration(tmp_path, mqtt={"port": 0}, monitor={"trapped_at_level": 3})
    said = doctor(config)
    assert said.code == 2
    problems = [each["subject"] for each in said.findings if each["check"] == "config.file"]
    assert sorted(problems) == ["monitor.trapped_at_level", "mqtt.port"]
    assert {"service.unit", "clock.sync", "disk.space", "host.memory"} <= said.checks()


def test_a_wrong_profile_is_a_problem_and_broker_and_disk_are_looked_at_all_the_same(tmp_path):
    driver = {"name": "c", "kind": "modbus", "profile": "no-such", "url": "tcp://127.0.0.1:1"}
    said = doctor(configuration(tmp_path, mqtt={"port": 1}, drivers=[driver]))
    assert said.code == 2
    assert said.cause("config.file") == "problem"
    assert said.cause("broker.tcp") == "refused"


def test_no_configuration_at_all_is_one_finding(tmp_path):
    said = doctor(tmp_path / "none.toml")
    assert said.code == 2
    assert said.cause("config.file") == "problem"


@pytest.mark.parametrize(("lang", "word"), [("en", "FAILED"), ("zh", "故障")])
def test_the_screen_in_both_languages_without_colour_and_without_talk(tmp_path, lang, word):
    done = text_of(configuration(tmp_path, mqtt={"port": 1}), "--lang", lang)
    assert done.returncode == 1
    assert done.stdout.startswith(word)
    assert "service.answer: not_running" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    assert all(columns(line) <= 80 for line in done.stdout.splitlines())


def test_at_a_terminal_it_says_what_it_looks_at_and_leaves_no_trace(tmp_path):
    config = configuration(tmp_path, mqtt={"port": 1})
    master, side = pty.openpty()
    command = [sys.executable, "-m", "agent", "doctor", "--config", str(config), "--lang", "en"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=side) as process:
        os.close(side)
        process.communicate(timeout=60)
    told = os.read(master, 65536).decode()
    os.close(master)
    assert "Looking at: " in told
    assert told.endswith("\r\x1b[K")


# ---- looks at this computer


def scene(root=Path("/"), folder=None, **more):
    settings = None
    if folder is not None:
        elevator = ElevatorSettings(site="s", id="e")
        settings = Settings(
            elevator=elevator, outbox=OutboxSettings(path=str(folder / "outbox.db"))
        )
    socket = SocketFacts(path="x", cause="not_running")
    return Scene(file="a", settings=settings, socket=socket, clock=Clock(), root=root, **more)


def causes_of(look, at):
    return {each.check: each.cause for each in asyncio.run(look(at))}


def test_a_raspberry_pi_is_read_by_its_files(tmp_path):
    tree = HostTree(tmp_path).raspberry_pi()
    assert causes_of(look_at_host, scene(tmp_path)) == {
        "host.temperature": "cool", "host.supply": "steady", "host.throttling": "full_speed",
        "host.memory": "enough",
    }  # fmt: skip
    tree.sensor(1, "rpi_volt", in0_lcrit_alarm=1)
    tree.zone(0, "cpu-thermal", 85_000)
    tree.write("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n")
    told = causes_of(look_at_host, scene(tmp_path))
    assert told["host.supply"] == "under_voltage"
    assert told["host.temperature"] == "hot"
    assert told["host.throttling"] == "throttled"
    tree.sensor(1, "rpi_volt", in0_lcrit_alarm=0)
    tree.write("sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n")
    assert causes_of(look_at_host, scene(tmp_path))["host.supply"] == "was_under_voltage"


def test_a_clock_behind_the_journal_is_wrong(tmp_path):
    journal = tmp_path / "outbox.db"
    journal.touch()
    later_s = time.time() + 3600
    os.utime(journal, (later_s, later_s))
    (finding,) = asyncio.run(look_at_clock(scene(folder=tmp_path)))
    assert finding.cause == "clock_off"
    assert str(journal) in finding.measured.en


def test_the_journal_on_the_disk(tmp_path):
    told = causes_of(look_at_disk, scene(folder=tmp_path))
    assert told["journal.state"] == "no_journal"
    assert told["disk.space"] in {"enough", "disk_low"}
    assert causes_of(look_at_disk, scene(folder=tmp_path / "none"))["disk.space"] == "no_folder"
    (tmp_path / "outbox.db").write_bytes(b"this is no database at all, whatever its name says" * 40)
    assert causes_of(look_at_disk, scene(folder=tmp_path))["journal.state"] == "journal_failed"


def test_a_port_is_judged_by_the_files_of_kernel_and_udev(tmp_path):
    master, side = pty.openpty()
    port = os.ttyname(side)
    name = port.rpartition("/")[2]
    device = Path(port).stat().st_rdev
    tree = HostTree(tmp_path)
    tree.write("proc/cmdline", "console=tty1 console=" + name + ",115200 quiet")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / name).symlink_to(port)
    tree.write(f"run/udev/data/c{os.major(device)}:{os.minor(device)}", "E:ID_MM_PORT_IGNORE=1\n")
    tree.write("proc/77/comm", "minicom\n")
    (tmp_path / "proc/77/fd").mkdir()
    (tmp_path / "proc/77/fd/3").symlink_to(port)
    facts = look_at_port(scene(tmp_path), port)
    assert facts.console
    assert facts.ignored
    assert [(each.pid, each.name) for each in facts.holders] == [(77, "minicom")]
    assert facts.open_error == ""
    os.close(master)
    os.close(side)


def test_a_look_that_hangs_ends_and_is_unknown():
    async def hang(_scene):
        await asyncio.Event().wait()
        return []

    heard: list[str] = []
    found = asyncio.run(examine(scene(), heard.append, [Look("port", hang, 0.05)]))
    late = [each for each in found if each.check == "doctor.time"]
    assert [(each.subject, each.verdict) for each in late] == [("port", Verdict.UNKNOWN)]
    assert heard == ["port", ""]


def test_the_documentation_is_what_the_table_says():
    source = importlib.util.spec_from_file_location("doc", ROOT / "scripts/doctor_doc.py")
    assert source is not None
    assert source.loader is not None
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    for lang, file in module.FILES.items():
        written = file.read_text(encoding="utf-8")
        assert written == module.page(lang), "run: .venv/bin/python scripts/doctor_doc.py"
