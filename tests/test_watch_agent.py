"""The live view of a real agent that watches a simulated elevator: an entrapment is seen, and it costs little to see."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.client import ElevatorProcess
from hil.installation import AgentProcess, configuration, contacts, controller
from tests.e2e import QUICK
from tests.terminal import Window

FLOORS = 8
RIDES_S = 5.0  # how long bytes are counted
BAUD_BYTES_S = 960  # of a line of 9600 baud


@pytest.fixture(scope="module")
def elevator() -> Iterator[ElevatorProcess]:
    with ElevatorProcess(
        "--no-riders", "--floors", str(FLOORS), "--seed", "3", "--speedup", "2"
    ) as elevator:
        yield elevator


@pytest.fixture(scope="module")
def agent(
    elevator: ElevatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("watched")
    config = configuration(
        folder,
        elevator={"site": "bench", "id": "e01", "floors": FLOORS},
        monitor=QUICK,
        drivers=[controller(elevator.modbus_port, 200), contacts()],
    )
    with AgentProcess(config, pins_socket=elevator.pins_socket) as agent:
        agent.start()
        yield agent


def test_riding_fits_a_line_of_9600_baud(
    elevator: ElevatorProcess, agent: AgentProcess, tmp_path: Path
) -> None:
    with Window(tmp_path, "watch", "--config", agent.config, "--lang", "en") as window:
        window.until("landing 0", "front")
        sent = window.record()
        began_s = time.monotonic()
        elevator.client.do("ride", to=FLOORS - 1)
        window.until("moving up", "^^")
        elevator.client.wait_until(lambda _: time.monotonic() - began_s > RIDES_S)
        passed_s = time.monotonic() - began_s
        rate = sent.stat().st_size / passed_s
        print(f"{rate:.0f} bytes a second while it rides")
        assert 0 < rate < BAUD_BYTES_S


def test_an_entrapment_is_seen_from_the_picture_to_its_end(
    elevator: ElevatorProcess, agent: AgentProcess, tmp_path: Path
) -> None:
    with Window(tmp_path, "watch", "--config", agent.config, "--lang", "zh") as window:
        window.until("报警    无")
        elevator.client.do("entrap")
        window.until("紧急     困人", "不在门区，停止", "   ||   ")
        elevator.client.do("press_alarm", seconds=6)
        window.until("报警按钮按下", "*|")
        window.press("e")
        window.until("日志最新事件", "困人", "发生")
        window.press("e")
        elevator.client.do("release")
        window.until(holds=lambda shown: "紧急     困人" not in shown and "不在门区" not in shown)
