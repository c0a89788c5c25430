"""No network, no broker, no controller, no synchronised clock, a second agent, a refused password: it runs and raises."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hil.client import ElevatorProcess
from hil.installation import ROOT, AgentProcess, configuration, contacts, controller
from hil.ports import ReservedPort
from tests.e2e import QUICK, standing, whole

WIRED = ("alarm.button", "alarm.end_key")


def command(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `elevator-agent` as a technician would."""
    line = [sys.executable, "-m", "agent", *arguments, "--config", str(config)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def elevator() -> Iterator[ElevatorProcess]:
    with ElevatorProcess("--no-riders") as process:
        yield process


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port where nothing listens."""
    with ReservedPort() as port:
        yield port.number


def alone(folder: Path, nobody: int, **sections: Any) -> Path:
    sections = {"mqtt": {"host": "broker.invalid"}, "monitor": QUICK, **sections}
    return configuration(folder, drivers=[controller(nobody), contacts(*WIRED)], **sections)


def test_with_nothing_reachable_it_raises_journals_and_answers_on_its_socket(
    tmp_path: Path, elevator: ElevatorProcess, nobody: int
) -> None:
    config = alone(tmp_path, nobody)
    with AgentProcess(config, pins_socket=elevator.pins_socket) as agent:
        began_s = time.monotonic()
        agent.start()
        assert time.monotonic() - began_s < 10  # it waits for nobody
        elevator.client.do("press_alarm", seconds=1.0)
        status = agent.wait_until(
            lambda s: {"alarm_button", "signal_lost/controller"} <= set(standing(s))
        )
        assert standing(status)["alarm_button"]["journaled"] is True
        assert status["links"]["contacts"]["up"] is True
        status = agent.wait_until(lambda s: s["links"].get("controller", {}).get("up") is False)
        assert "no connection to tcp://127.0.0.1" in status["links"]["controller"]["reason"]
        status = agent.wait_until(lambda s: "broker.invalid" in s["mqtt"]["reason"], 60)
        assert status["mqtt"]["connected"] is False
        synchronised = Path("/run/systemd/timesync/synchronized").exists()
        assert status["clock"]["synchronised"] is synchronised

        shown = command(config, "status")
        assert shown.returncode == 1  # a warning stands
        assert "Alarm button pressed" in shown.stdout or "报警按钮" in shown.stdout
        assert json.loads(command(config, "status", "--json").stdout)["outbox"]["fault"] is None
        listed = command(config, "events", "--json", "--code", "alarm_button")
        assert listed.returncode == 0
        [event] = [json.loads(line) for line in listed.stdout.splitlines()]
        assert event["type"] == "alarm_button.raised"
        assert event["data"]["clock"] == ("synchronised" if synchronised else "unsynchronised")
        signals = json.loads(command(config, "signals", "--json").stdout)["signals"]
        assert signals["alarm.button"]["q"] == "good"
        assert signals["car.door_zone"] == {
            "v": None, "q": "no_answer", "at": None, "age_ms": None, "driver": "controller",
        }  # fmt: skip
        assert agent.stop() == 0
    assert command(config, "status").returncode == 3


def test_when_the_broker_comes_everything_follows(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.link.cut()
        bench.agent.start()
        bench.press()
        bench.committed("alarm_button")
        bench.link.mend()
        bench.event("alarm_button")
        bench.event("agent_started", "notice")
        assert bench.alarm("alarm_button").json["data"]["journaled"] is True


def test_a_second_agent_on_the_same_journal_exits_2_and_names_the_first(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        other = tmp_path / "other"
        other.mkdir()
        outbox = {"path": str(bench.journal)}
        with AgentProcess(configuration(other, outbox=outbox)) as second:
            second.launch()
            assert second.wait(20) == 2
            said = "\n".join(second.log)
        assert f"process {bench.agent.pid}" in said
        assert "Traceback" not in said
        bench.press()
        bench.event("alarm_button")  # the first is undisturbed


def test_a_second_agent_on_the_same_socket_exits_2_and_leaves_the_first_alone(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        other = tmp_path / "other"
        other.mkdir()
        control = {"path": str(tmp_path / "control.sock")}
        with AgentProcess(configuration(other, control=control)) as second:
            second.launch()
            assert second.wait(20) == 2
            assert any("control.sock" in line for line in second.log)
        assert bench.agent.ask("status")["state"] == "online"


def test_a_refused_password_is_said_and_a_corrected_one_is_taken_without_a_restart(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    mqtt = {"username": "agent", "password_file": str(secret)}
    with whole(tmp_path, drivers=["contacts"], users={"agent": "right"}, mqtt=mqtt) as bench:
        bench.agent.start()
        line = bench.agent.wait_for_log("password")
        assert line.startswith("WARNING agent.uplink")
        assert "mqtt.username" in line
        bench.press()
        bench.committed("alarm_button")
        status = bench.agent.ask("status")
        assert not status["mqtt"]["connected"]
        assert "password" in status["mqtt"]["reason"]
        assert sum("password" in each for each in bench.agent.log) == 1  # said once
        secret.write_text("right\n")
        bench.event("alarm_button", timeout_s=40)
        assert not any("wrong\n" in each or "right" in each for each in bench.agent.log)


def test_a_password_that_systemd_hands_over_is_found_by_its_bare_name(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "broker").write_text("right\n")
    (credentials / "broker").chmod(0o440)
    mqtt = {"username": "agent", "password_file": "broker"}
    with whole(tmp_path, drivers=["contacts"], users={"agent": "right"}, mqtt=mqtt) as bench:
        bench.agent.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        bench.agent.start()
        bench.drained()


def test_mistakes_in_the_configuration_are_all_named_and_exit_2(tmp_path: Path) -> None:
    config = configuration(
        tmp_path,
        mqtt={"prot": 1883, "keepalive_s": 1},
        monitor={"trapped_off_level_s": 0.1},
        drivers=[contacts("alarm.button"), {**contacts("alarm.end_key"), "name": "more"}],
    )
    config.write_text(config.read_text() + '\n"car.moving" = 3\n[elevators]\n')
    with AgentProcess(config) as agent:
        agent.launch()
        assert agent.wait(20) == 2
        said = "\n".join(agent.log)
    for mistake in ("prot", "keepalive_s", "trapped_off_level_s", "car.moving", "elevators"):
        assert mistake in said
    assert "Traceback" not in said


def test_a_recording_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    options = ("--record", str(tmp_path / "no" / "such" / "place"))
    with AgentProcess(configuration(tmp_path), options=options) as agent:
        agent.launch()
        assert agent.wait(20) == 2
        said = "\n".join(agent.log)
    assert "cannot be written" in said
    assert "Traceback" not in said


def test_without_its_socket_it_watches_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    control = {"path": str(tmp_path / "file" / "control.sock")}
    with whole(tmp_path, drivers=["contacts"], control=control) as bench:
        bench.agent.launch()
        bench.agent.wait_for_log("control socket")
        bench.event("agent_started", "notice")
        bench.press()
        bench.event("alarm_button")
        assert bench.agent.stop() == 0


def test_no_port_is_opened(tmp_path: Path) -> None:
    with whole(tmp_path) as bench:
        bench.agent.start()
        bench.drained()
        inodes = {
            link.readlink().name[8:-1]
            for link in Path(f"/proc/{bench.agent.pid}/fd").iterdir()
            if str(link.readlink()).startswith("socket:[")
        }
        listening = []
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                is_open = fields[3] == "0A" or table.startswith("udp")
                if fields[9] in inodes and is_open:
                    listening.append(line)
        assert not listening
