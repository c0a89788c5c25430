"""`elevator-agent bus` and a whole running service: three lines, three framings, and nobody is held up."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections import defaultdict

import pytest

from agent.control_frames import Request, pack
from hil.cic_face import CicFace
from hil.installation import AgentProcess, configuration, controller
from hil.modbus_face import ModbusFace
from hil.rtu_face import RtuFace

HEAD = 'title = "t"\nsource = "the bench"\n[protocol]\n'
PROFILES = {
    "weight": HEAD
    + 'readable = { holding = [[0x03, 0x04]] }\n[points."car.load_percent"]\n'
    + 'table = "holding"\naddress = 0x03\nsource = "s"\n',
    "runs": HEAD
    + 'framing = "cic"\nreadable = { holding = [[51206, 51207]] }\n[points."controller.run_count"]\n'
    + 'table = "holding"\naddress = 51206\ntype = "u32"\nsource = "s"\n',
}
RUNS = 70_000


def weigh(_question):
    return bytes((3, 2, 0, 42))


@contextlib.contextmanager
def lines(folder):
    """A box on TCP, a scale on RTU and a CIC module, in a loop of their own."""
    ready = threading.Event()
    faces: list[ModbusFace | RtuFace] = []
    ended = []
    words = [0] * 6 + [RUNS >> 16, RUNS & 0xFFFF] + [0] * 31

    async def serve():
        box = ModbusFace(lambda: [0] * 19, first=0x10, device_id=247)
        scale = RtuFace({9: weigh}, baudrate=115200)
        module = CicFace(lambda: words, baudrate=115200)
        faces.extend((box, scale, module))
        await box.start(0)
        await scale.start(folder / "scale")
        await module.start(folder / "cic")
        stop = asyncio.Event()
        ended.append((asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        for face in faces:
            await face.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        assert ready.wait(10)
        yield faces[0]
    finally:
        loop, stop = ended[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@pytest.fixture
def service(tmp_path):
    (tmp_path / "controllers").mkdir()
    for name, text in PROFILES.items():
        (tmp_path / "controllers" / f"{name}.toml").write_text(text, encoding="utf-8")
    with lines(tmp_path) as box:
        serial = f"serial://{tmp_path}/%s?baudrate=115200&parity=N"
        drivers = [
            controller(box.port),
            {"name": "scale", "kind": "modbus", "profile": "weight", "url": serial % "scale",
             "device_id": 9, "poll_interval_ms": 100},
            {"name": "module", "kind": "serial", "profile": "runs", "url": serial % "cic",
             "poll_interval_ms": 100},
        ]  # fmt: skip
        config = configuration(tmp_path, mqtt={"port": 1}, drivers=drivers)
        with AgentProcess(config) as agent:
            agent.start()
            agent.wait_until(lambda status: all(each["up"] for each in status["links"].values()))
            yield agent
            agent.stop()


def bus(config, *options):
    command = [sys.executable, "-m", "agent", "bus", "--config", str(config), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_every_framing_is_taken_apart_with_the_signals_it_carries(service):
    heard = defaultdict(list)
    for text in bus(service.config, "--kept", "--json", "--limit", "60").splitlines():
        frame = json.loads(text)
        heard[frame["driver"]].append(frame)
    for driver, framing, signal, value in (
        ("controller", "modbus_tcp", "car.moving", False),
        ("scale", "modbus_rtu", "car.load_percent", 42),
        ("module", "cic", "controller.run_count", RUNS),
    ):
        assert {frame["framing"] for frame in heard[driver]} == {framing}
        assert {frame["way"] for frame in heard[driver]} == {"out", "in"}
        assert not any(frame["wrong"] or frame["note"] for frame in heard[driver])
        answers = [frame for frame in heard[driver] if frame["way"] == "in"][1:]
        assert answers  # the question of the first may have passed before
        assert all(frame["signals"][signal] == value for frame in answers)


def test_one_driver_is_listened_to_for_itself(service):
    text = bus(service.config, "--driver", "module", "--limit", "4")
    assert [" module " in line for line in text.splitlines()] == [True] * 4
    assert "controller.run_count 70000" in text


def test_who_listens_and_does_not_read_holds_nobody_up(service):
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.connect(str(service.config.parent / "control.sock"))
        deaf.sendall(pack(Request("bus", {"kept": True})))
        bus(service.config, "--driver", "controller", "--limit", "100")
        assert all(link["up"] for link in service.ask("status")["links"].values())
    assert service.running
