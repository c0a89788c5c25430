"""The whole agent as a process: stations by datagrams, by topic and by TCP, and a camera; its ports and its broker."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hil.broker import Mosquitto
from hil.installation import AgentProcess, configuration
from hil.subscriber import Subscriber
from tests.test_intercom_heartbeat import free_port

WAIT_S = 30.0
STATION_TOPIC = "stations/pit"


@contextlib.contextmanager
def repeating(work: Callable[[], object]) -> Iterator[None]:
    """Do something again and again while the block runs: a station's heartbeat."""
    ending = threading.Event()

    def run() -> None:
        while not ending.wait(0.2):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def signals_become(agent: AgentProcess, expected: dict[str, Any]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    said: dict[str, Any] = {}
    while time.monotonic() < deadline_s:
        answer = agent.ask("signals")["signals"]
        said = {name: (one["v"], one["q"]) for name, one in answer.items()}
        if said == expected:
            return
        time.sleep(0.1)
    pytest.fail(f"the signals are {said}, not {expected}")


def open_ports(pid: int) -> set[int]:
    """The ports of this computer on which a process takes datagrams or connections."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    ports = set()
    for table, state in (("udp", "07"), ("udp6", "07"), ("tcp", "0A"), ("tcp6", "0A")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
            columns = line.split()
            if columns[9] in inodes and columns[3] == state:
                ports.add(int(columns[1].rpartition(":")[2], 16))
    return ports


def station(name: str, where: str, probe: str, **keys: object) -> dict[str, object]:
    return {"name": name, "kind": "intercom", "station": where, "probe": probe, **keys}


def test_every_station_is_heard_only_the_configured_port_is_open_and_the_broker_may_go(tmp_path):
    heartbeat_port, silent_port = free_port(), free_port(socket.SOCK_STREAM)
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto())
        config = configuration(
            tmp_path,
            mqtt={"port": broker.port},
            drivers=[
                station("pit", "pit", "mqtt", topic=STATION_TOPIC, interval_s=5),
                station("car", "car", "udp", address=f"127.0.0.1:{heartbeat_port}", interval_s=5),
                station("room", "duty_room", "tcp", address=f"127.0.0.1:{broker.port}", interval_s=5),
                {"name": "eye", "kind": "camera", "camera": "car", "interval_s": 5,
                 "address": f"127.0.0.1:{silent_port}"},
            ],
        )  # fmt: skip
        sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        people = stack.enter_context(Subscriber(broker.port))
        agent = stack.enter_context(AgentProcess(config))
        agent.start()
        stack.enter_context(repeating(lambda: sock.sendto(b"alive", ("127.0.0.1", heartbeat_port))))
        good = {
            "intercom.pit": (True, "good"),
            "intercom.car": (True, "good"),
            "intercom.duty_room": (True, "good"),
            "camera.car": (False, "good"),
        }
        with repeating(lambda: people._client.publish(STATION_TOPIC, b"alive", 1, retain=True)):
            signals_become(agent, good)
        assert open_ports(agent.pid) == {heartbeat_port}
        signals_become(agent, good | {"intercom.pit": (False, "good")})
        broker.stop()
        agent.wait_for_log("Not connected to the broker")
        broker.start()
        with repeating(lambda: people._client.publish(STATION_TOPIC, b"alive", 1)):
            signals_become(agent, good)
        assert agent.stop() == 0
