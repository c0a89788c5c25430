"""`elevator-agent doctor` beside a service that hangs, that lost a device, or that nobody can ask: real processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.doctor.lock_holder import runs_with
from agent.doctor.scene import Own, Scene, Service, Status, runner_of, service_user
from agent.doctor.unit import SocketFacts
from hil.installation import ROOT, AgentProcess, configuration, controller
from hil.modbus_face import ModbusFace
from tests.doctor_stage import doctor, served

FULL = 40  # more than the queue of a control socket holds


@contextlib.contextmanager
def hung(folder, *, is_full):
    """A service that has stopped in the middle, with its queue of callers full or not."""
    config = configuration(folder, mqtt={"port": 1})
    with AgentProcess(config) as agent, contextlib.ExitStack() as callers:
        agent.start()
        os.kill(agent.pid, signal.SIGSTOP)
        try:
            for _ in range(FULL if is_full else 0):
                caller = callers.enter_context(socket.socket(socket.AF_UNIX))
                caller.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    caller.connect(str(folder / "control.sock"))
            yield config
        finally:
            os.kill(agent.pid, signal.SIGCONT)


def test_a_service_that_hangs_with_a_full_queue_is_stuck_and_not_stopped(tmp_path):
    with hung(tmp_path, is_full=True) as config:
        said = doctor(config)
        status = [sys.executable, "-m", "agent", "--lang", "en", "status", "--config", str(config)]
        told = subprocess.run(status, capture_output=True, text=True, cwd=ROOT, check=False)
    assert said.cause("service.answer") == "no_answer"
    assert "systemctl restart elevator-agent" in said.of("service.answer")["next"]["en"]
    assert "bundle" in said.of("service.answer")["next"]["en"]
    assert said.cause("journal.state") == "readable"  # nobody else holds it
    assert told.returncode == 3
    assert "not running" not in told.stderr


PATIENT = """
import sys
from agent.cli import doctor_scene
doctor_scene._ANSWER_S = 300.0
from agent.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_ends_a_doctor_that_waits_for_a_service_that_hangs(tmp_path):
    with hung(tmp_path, is_full=False) as config:
        command = [sys.executable, "-c", PATIENT, "doctor", "--config", str(config)]
        looking = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        deadline_s = time.monotonic() + 30
        while not asks(looking.pid):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        looking.send_signal(signal.SIGINT)
        assert looking.wait(60) == 130


def asks(pid):
    """Whether a process has a socket open."""
    with contextlib.suppress(OSError):
        fds = list(Path(f"/proc/{pid}/fd").iterdir())
        return any(str(each.readlink()).startswith("socket:") for each in fds)
    return False


def test_a_service_on_another_socket_than_its_configuration_says_now_is_no_second_agent(tmp_path):
    config = configuration(tmp_path, mqtt={"port": 1})
    with AgentProcess(config) as agent:
        agent.start()
        moved = configuration(
            tmp_path, mqtt={"port": 1}, control={"path": str(tmp_path / "o.sock")}
        )
        assert moved == config
        assert doctor(moved).cause("journal.state") == "held_by_service"


@pytest.mark.parametrize(
    ("words", "environment", "ours"),
    [
        ("python -m agent run --config agent.toml", "", True),
        ("elevator-agent run --config=/etc/x/agent.toml", "", True),
        ("elevator-agent run", "A=b ELEVATOR_AGENT_CONFIG=/etc/x/agent.toml", True),
        ("elevator-agent run", "A=b", False),
        ("elevator-agent run --config /etc/y/agent.toml", "", False),
        ("elevator-agent run --config", "", False),
        ("sqlite3 outbox.db --config agent.toml", "", False),
    ],
)
def test_an_agent_is_known_by_the_configuration_it_was_started_with(
    tmp_path, words, environment, ours
):
    process = tmp_path / "proc/7"
    process.mkdir(parents=True)
    (process / "cwd").symlink_to("/etc/x")
    (process / "cmdline").write_bytes(words.replace(" ", "\0").encode())
    (process / "environ").write_bytes(environment.replace(" ", "\0").encode())
    file = Path("/etc/x/agent.toml")
    assert runs_with(tmp_path, 7, file) is ours
    assert not runs_with(tmp_path, 8, file)


def test_a_device_that_went_away_is_tried_again_while_the_service_runs(tmp_path):
    face = ModbusFace(lambda: [0] * 19, first=0x10, device_id=247)
    with served(lambda: face.start(0), face.close):
        config = configuration(tmp_path, mqtt={"port": 1}, drivers=[controller(face.port)])
        agent = AgentProcess(config)
        agent.start()
        agent.wait_until(lambda s: s["links"].get("controller", {}).get("up"))
        assert doctor(config).cause("tcp.connect") == "connects"
    with agent:
        agent.wait_until(lambda s: s["links"]["controller"]["up"] is False)
        said = doctor(config)
    assert said.cause("tcp.connect") == "refused"
    assert said.cause("bus.answer") == "lost"
    assert "no answer for" in said.of("bus.answer")["measured"]["en"]
    assert "no connection to" in said.of("bus.answer")["measured"]["en"]


def test_a_line_of_the_service_is_left_alone_under_another_configuration_and_spelling(
    tmp_path, monkeypatch
):
    (tmp_path / "own").mkdir()
    face = ModbusFace(lambda: [0] * 19, first=0x10, device_id=247)
    with served(lambda: face.start(0), face.close):
        usual = configuration(tmp_path / "own", mqtt={"port": 1}, drivers=[controller(face.port)])
        other = {**controller(face.port), "url": f"tcp://0.0.0.0:{face.port}"}
        config = configuration(tmp_path, mqtt={"port": 1}, drivers=[other])
        monkeypatch.setenv("ELEVATOR_AGENT_CONFIG", str(usual))
        with AgentProcess(usual) as agent:
            agent.start()
            agent.wait_until(lambda s: s["links"].get("controller", {}).get("up"))
            said = doctor(config, "--scan", "--yes")
    assert said.cause("bus.answer") == "not_asked"
    assert "the running service is on this line" in said.of("bus.answer")["measured"]["en"]
    assert said.cause("bus.scan") == "line_busy"
    assert "tcp.connect" not in said.checks()


def test_the_service_s_user_is_whose_its_process_or_socket_is(tmp_path, monkeypatch):
    monkeypatch.setattr("agent.doctor.scene.SERVICE_USER", "nobody")
    socket_file = tmp_path / "control.sock"
    scene = Scene(
        file="",
        settings=None,
        socket=SocketFacts(path=str(socket_file)),
        clock=Clock(),
        root=tmp_path,
    )
    assert service_user(runner_of(scene))[0] == "nobody"
    socket_file.touch()
    assert service_user(runner_of(scene))[1] == os.geteuid()  # not the one of the package
    (tmp_path / "proc/77").mkdir(parents=True)
    service = Service(status=Status(), signals={}, own=Own(pid=77))
    assert (
        runner_of(replace(scene, socket=SocketFacts(path="/no"), service=service)) == os.geteuid()
    )
    assert service_user(54_321) == ("54321", 54_321, frozenset())
