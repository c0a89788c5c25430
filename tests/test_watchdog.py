"""What systemd is told, heard by a stand-in that aborts and restarts as systemd does."""

import asyncio
import contextlib
import logging
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import watchdog
from agent.watchdog import Supervisor, Systemd, Watchdog, bounds_of, status_of
from hil.installation import configuration
from hil.ports import ReservedPort

WAIT_S = 30  # an upper bound that only a failure reaches
SECOND_US = 1_000_000


# ---- decisions ----


def test_a_loop_may_take_three_intervals_and_never_less_than_10_s():
    assert bounds_of({"contacts": 0, "fast": 3_333_333, "slow": 3_400_000}) == {
        "contacts": 10_000_000,
        "fast": 10_000_000,
        "slow": 10_200_000,
    }


def test_the_status_names_the_links_that_are_down():
    assert status_of({}) == "links up: 0"
    assert status_of({"a": {"up": True}, "b": {"up": True}}) == "links up: 2"
    links = {"a": {"up": False}, "b": {"up": True}, "c": {"up": False}}
    assert status_of(links) == "links up: 1; down: a, c"


@pytest.mark.parametrize(
    ("environment", "heard", "within_s"),
    [
        ({}, False, None),
        ({"NOTIFY_SOCKET": ""}, False, None),
        ({"NOTIFY_SOCKET": "relative", "WATCHDOG_USEC": "1000000"}, False, None),
        ({"NOTIFY_SOCKET": "/s"}, True, None),
        ({"NOTIFY_SOCKET": "@s", "WATCHDOG_USEC": "30000000"}, True, 30.0),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "7"}, True, 1.0),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8"}, True, None),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "0"}, True, None),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "-5"}, True, None),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "soon"}, True, None),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "²"}, True, None),
    ],
)
def test_the_environment_says_where_and_how_often(environment, heard, within_s):
    supervisor = Supervisor.of(environment, 7)
    assert (supervisor.systemd is not None) is heard
    assert supervisor.within_s == within_s


# ---- the socket ----


@contextlib.contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(WAIT_S)
        yield sock


def test_what_is_said_arrives_in_one_datagram(tmp_path):
    with listening(str(tmp_path / "notify")) as sock:
        Systemd(str(tmp_path / "notify")).say("READY=1", "", "STATUS=links up: 1")
        assert sock.recv(999) == b"READY=1\nSTATUS=links up: 1"


def test_an_abstract_address_begins_with_an_at_sign():
    name = f"elevator-agent-test-{os.getpid()}"
    with listening(f"\0{name}") as sock:
        Systemd(f"@{name}").say("WATCHDOG=1")
        assert sock.recv(999) == b"WATCHDOG=1"


def test_a_socket_that_is_gone_is_logged_once_and_used_when_it_is_back(tmp_path, caplog):
    systemd = Systemd(str(tmp_path / "notify"))
    for _ in range(3):
        systemd.say("WATCHDOG=1")
    assert len(caplog.records) == 1
    with listening(str(tmp_path / "notify")) as sock:
        systemd.say("WATCHDOG=1")
        assert sock.recv(999) == b"WATCHDOG=1"


def test_a_socket_that_nobody_reads_holds_nothing_up(tmp_path):
    with listening(str(tmp_path / "notify")):
        systemd = Systemd(str(tmp_path / "notify"))
        for _ in range(2000):
            systemd.say("WATCHDOG=1")


# ---- who feeds it ----


class Time:
    """A clock that moves by hand; the script says what happens in each of the watchdog's sleeps."""

    def __init__(self) -> None:
        self.us = 0

    def uptime_us(self) -> int:
        return self.us


class Kept(Systemd):
    """Keeps what was said."""

    def __init__(self) -> None:
        super().__init__("/unused")
        self.said: list[tuple[str, ...]] = []

    def say(self, *assignments: str) -> None:  # type: ignore[explicit-override]
        self.said.append(assignments)


def story(monkeypatch, turns, *, within_s=30.0, intervals_us=None, status=None):
    """What is said when, before each look, so many seconds pass and then those drivers turn.

    `turns` is a list of (seconds, drivers).
    """
    clock, kept, script = Time(), Kept(), iter(turns)
    states = iter(status or [])
    bounds_us = bounds_of(intervals_us or {"a": 0, "b": 0})
    dog = Watchdog(
        bounds_us,
        lambda: next(states, "links up: 2"),
        clock,  # type: ignore[arg-type]
        Supervisor(kept, within_s),
    )
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if seconds == 0:
            return
        step = next(script, None)
        if step is None:
            raise asyncio.CancelledError
        clock.us += int(step[0] * SECOND_US)
        for driver in step[1]:
            dog.turned(driver)

    monkeypatch.setattr(watchdog, "sleep", sleep)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(dog.run())
    return kept.said, slept


def test_ready_is_said_once_after_the_loop_has_gone_round_and_then_life_at_a_third(monkeypatch):
    said, slept = story(monkeypatch, [(10, "ab"), (10, "ab")])
    assert said == [
        ("READY=1", "WATCHDOG=1", "STATUS=links up: 2"),
        ("WATCHDOG=1",),
        ("WATCHDOG=1",),
    ]
    assert slept[:2] == [0, 10.0]


def test_a_driver_whose_loop_does_not_turn_withholds_the_watchdog_until_it_does(
    monkeypatch, caplog
):
    caplog.set_level(logging.INFO, "agent.watchdog")
    turns = [(5, "b"), (5, "b"), (0.000001, "b"), (5, "b"), (1, "ab")]
    said, _ = story(monkeypatch, turns)
    # 5 s: within the bound. 10 s: still. 10.000001 s and 15 s: beyond. Then it turns again.
    assert said[1:] == [("WATCHDOG=1",), ("WATCHDOG=1",), ("WATCHDOG=1",)]
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "the loop of a does not turn" in caplog.text


def test_a_slow_driver_has_three_of_its_intervals(monkeypatch):
    said, _ = story(monkeypatch, [(90, ""), (0.000001, "")], intervals_us={"pit": 30 * SECOND_US})
    assert said[1:] == [("WATCHDOG=1",)]


def test_the_status_is_said_when_it_changes_even_while_the_watchdog_is_withheld(monkeypatch):
    states = ["links up: 0", "links up: 1", "links up: 1", "links up: 0; down: a"]
    said, _ = story(monkeypatch, [(1, "ab"), (1, "ab"), (20, "")], status=states)
    assert said[1:] == [
        ("WATCHDOG=1", "STATUS=links up: 1"),
        ("WATCHDOG=1",),
        ("STATUS=links up: 0; down: a",),
    ]


def test_without_a_watchdog_in_the_unit_only_ready_and_status_are_said(monkeypatch):
    said, slept = story(monkeypatch, [(1, "ab"), (1, "ab")], within_s=None)
    assert said == [("READY=1", "STATUS=links up: 2")]
    assert slept[1] == watchdog.STATUS_S


def test_without_systemd_nothing_is_done():
    dog = Watchdog({"a": 1}, lambda: "", Time(), Supervisor(None, None))  # type: ignore[arg-type]
    dog.turned("a")
    dog.stopping()
    asyncio.run(dog.run())


# ---- real processes ----

# An agent whose one driver holds the event loop for ever when a file tells it to.
HANGING = """
import sys, asyncio, time
from pathlib import Path
from agent import app
from agent.drivers import table
from agent.drivers.polling import Statistics

class Hanging:
    name, signals = "duty-room", {"intercom.duty_room": 2_000_000}
    statistics = Statistics()

    async def run(self, sink):
        while True:
            sink.turned(self.name)
            if Path(sys.argv[2]).exists():
                Path(sys.argv[2]).unlink()
                time.sleep(3600)
            await asyncio.sleep(0.01)

table.build = lambda *_: Hanging()
sys.exit(app.main(Path(sys.argv[1])))
"""


class StandIn:
    """What systemd does for Type=notify with WatchdogSec= and Restart=always.

    `aborts` counts the processes that were silent for too long; `said` is everything heard.
    """

    def __init__(self, command: list[str], folder: Path, within_s: float) -> None:
        self.aborts = 0
        self.said: list[str] = []
        self._command, self._within_s = command, within_s
        self._log = (folder / "log").open("ab")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        usec = str(int(within_s * SECOND_US))
        told = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": usec}
        self._environment = {**os.environ, **told, "PYTHONFAULTHANDLER": "1"}
        self._start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._socket.close()
        self._log.close()

    def _start(self) -> None:
        self._ready = False
        self._fed_s = time.monotonic()
        self.process = subprocess.Popen(
            self._command, env=self._environment, stderr=self._log, cwd=Path(__file__).parent.parent
        )

    def until(self, holds) -> None:
        """Watch over the process until something was said or done."""
        deadline_s = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline_s, (self.aborts, self.said)
            self._turn()

    def _turn(self) -> None:
        left_s = self._fed_s + self._within_s - time.monotonic()
        heard, _, _ = select.select([self._socket], [], [], max(0.0, left_s))
        if heard:
            self._hear(self._socket.recv(4096).decode().split("\n"))
        elif self._ready:
            self.aborts += 1
            self.process.send_signal(signal.SIGABRT)
            assert self.process.wait(WAIT_S) == -signal.SIGABRT
            self._start()
        else:
            assert self.process.poll() is None
            self._fed_s = time.monotonic()

    def _hear(self, lines: list[str]) -> None:
        self.said += lines
        self._ready = self._ready or "READY=1" in lines
        if not {"READY=1", "WATCHDOG=1"}.isdisjoint(lines):
            self._fed_s = time.monotonic()


def station(port: int) -> dict[str, object]:
    return {
        "name": "duty-room",
        "kind": "intercom",
        "station": "duty_room",
        "address": f"127.0.0.1:{port}",
        "interval_s": 5,
        "timeout_s": 0.5,
    }


def test_a_loop_that_hangs_is_restarted_and_the_log_says_where_it_hung(tmp_path):
    config = configuration(tmp_path, drivers=[station(9)])
    trigger = tmp_path / "hang"
    command = [sys.executable, "-c", HANGING, str(config), str(trigger)]
    with StandIn(command, tmp_path, within_s=2.0) as systemd:
        systemd.until(lambda: systemd.said.count("WATCHDOG=1") >= 2)
        assert systemd.aborts == 0
        trigger.touch()
        systemd.until(lambda: systemd.said.count("READY=1") == 2)
        assert systemd.aborts == 1
        systemd.process.terminate()
        systemd.until(lambda: "STOPPING=1" in systemd.said)
        assert systemd.process.wait(WAIT_S) == 0
    assert "Fatal Python error: Aborted" in (tmp_path / "log").read_text()
    assert "in run" in (tmp_path / "log").read_text()


def test_neither_a_dead_controller_nor_a_silent_station_nor_a_stuck_journal_is_a_reason(tmp_path):
    with ReservedPort() as controller_port, ReservedPort() as station_port:
        controller = {
            "name": "controller",
            "kind": "modbus",
            "profile": "car-top-sensor",
            "url": f"tcp://127.0.0.1:{controller_port.number}",
        }
        config = configuration(tmp_path, drivers=[controller, station(station_port.number)])
        command = [sys.executable, "-m", "agent", "run", "--config", str(config)]
        with StandIn(command, tmp_path, within_s=4.0) as systemd:
            systemd.until(lambda: "READY=1" in systemd.said)
            with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as taken:
                taken.execute("BEGIN EXCLUSIVE")  # whoever writes now waits
                down = "STATUS=links up: 1; down: controller"
                systemd.until(lambda: down in systemd.said)
                alive = systemd.said.count("WATCHDOG=1")
                systemd.until(lambda: systemd.said.count("WATCHDOG=1") >= alive + 4)
            assert systemd.aborts == 0
            assert systemd.said.count("READY=1") == 1
