"""The programs of docs/consumer.md, taken from the page: against a real agent and a real broker that is made to lose."""

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from paho.mqtt import publish

from agent.cli.ask import stream
from agent.outbox import read_rows
from hil.broker import Mosquitto
from hil.installation import TOPIC, AgentProcess, configuration
from hil.link import CuttableLink
from tests.clock_stage import StagedAgent

pytestmark = pytest.mark.broker

PAGE = Path(__file__).parent.parent / "docs/consumer.md"


def programs() -> list[str]:
    page = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


class Consumer:
    """The page's first program as a process; what it printed, as lines without the topic."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        program = programs()[0]
        assert len(program.splitlines()) <= 45, "it is to be read in three minutes"
        self._file, self._folder = folder / "consumer.py", folder
        # The wait is shortened, which is all that differs from the page.
        self._file.write_text(program.replace("Timer(5,", "Timer(0.5,"), encoding="utf-8")
        self._arguments = [broker.host, str(broker.port), str(folder / "consumer.db")]
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, self._file, *self._arguments], stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.lines.append(line.removeprefix(f"{TOPIC} ").rstrip("\n"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    @property
    def heard(self) -> list[int]:
        return [int(line.split()[0]) for line in self.lines if "LOST" not in line]

    @property
    def lost(self) -> list[int]:
        return [int(line.split()[0]) for line in self.lines if "LOST" in line]

    def wait_for(self, holds: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + 30
        while not holds():
            assert self._process.poll() is None, "the program ended"
            assert time.monotonic() < deadline_s, "\n".join(self.lines)
            time.sleep(0.02)


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """It keeps little for a client that is away, and drops the rest without a word."""
    with Mosquitto(lines=("max_queued_messages 5",)) as broker:
        yield broker


def subscribed(broker: Mosquitto, consumer: Consumer) -> None:
    consumer.wait_for(lambda: "Sending SUBACK to consumer" in broker.log)


def head(folder: Path) -> int:
    return len(read_rows(folder / "outbox.db", 0, 10_000))


def live(folder: Path, port: int, times: int = 1) -> int:
    """Lives of an agent, each of which journals its start and its stop; the last sequence."""
    agent = AgentProcess(configuration(folder, mqtt={"port": port}))
    for _ in range(times):
        with agent:
            agent.start()
            agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0)
            assert agent.stop() == 0
    return head(folder)


def test_every_event_is_heard_once_whatever_is_cut_or_killed(
    tmp_path: Path, broker: Mosquitto
) -> None:
    consumer = Consumer(tmp_path, broker)
    with CuttableLink(broker.port) as link:
        agent = AgentProcess(configuration(tmp_path, mqtt={"port": link.port}))
        with consumer, agent:
            subscribed(broker, consumer)
            agent.start()
            consumer.wait_for(lambda: consumer.heard)
            link.cut()
            agent.wait_until(lambda s: not s["mqtt"]["connected"])
            agent.kill()  # what was acknowledged since the cursors were written comes again
            link.mend()
            agent.start()
            agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 1)
            agent.stop()
            last = head(tmp_path)
            consumer.wait_for(lambda: len(consumer.heard) == last)
        with consumer:  # started again, it hears nothing twice
            last = live(tmp_path, broker.port)
            consumer.wait_for(lambda: len(consumer.heard) == last)
    assert sorted(consumer.heard) == list(range(1, last + 1))
    assert consumer.lost == []


@pytest.mark.parametrize("gone", [0, 2])
def test_what_the_broker_dropped_while_it_was_away_is_asked_for_again(
    tmp_path: Path, broker: Mosquitto, gone: int
) -> None:
    """All of it comes, but for what the elevator has not either: that is named."""
    consumer = Consumer(tmp_path, broker)
    with consumer:
        subscribed(broker, consumer)
        before = live(tmp_path, broker.port)
        consumer.wait_for(lambda: len(consumer.heard) == before)
    away = live(tmp_path, broker.port, times=8)
    lost = [before + 7 + number for number in range(gone)]
    spoil(tmp_path, lost)
    agent = AgentProcess(configuration(tmp_path, mqtt={"port": broker.port}))
    with consumer:
        consumer.wait_for(lambda: len(consumer.heard) > before)
        assert len(consumer.heard) < away - 5
        with agent:
            agent.start()
            head = agent.wait_until(lambda s: s["mqtt"]["connected"])["mqtt"]["seq_head"]
            consumer.wait_for(lambda: len(consumer.heard + consumer.lost) >= head)
            agent.stop()
    whole = sorted(consumer.heard + consumer.lost)
    assert whole == list(range(1, whole[-1] + 1))
    assert consumer.lost == lost
    assert [line.split()[1:] for line in consumer.lines if "LOST" in line] == [
        ["LOST", "unreadable"]
    ] * gone


def spoil(folder: Path, seqs: Sequence[int]) -> None:
    """Make records unreadable in the elevator's own journal."""
    with contextlib.closing(sqlite3.connect(folder / "outbox.db")) as db:
        for seq in seqs:
            db.execute("UPDATE journal SET body = x'ff' WHERE seq = ?", (seq,))
        db.commit()


def test_one_that_comes_late_misses_nothing_of_its_own_time(
    tmp_path: Path, broker: Mosquitto
) -> None:
    before = live(tmp_path, broker.port)
    consumer = Consumer(tmp_path, broker)
    with consumer:
        subscribed(broker, consumer)
        last = live(tmp_path, broker.port, times=2)
        consumer.wait_for(lambda: last in consumer.heard)
        time.sleep(1)
    assert consumer.heard == list(range(before + 1, last + 1))
    assert consumer.lost == []


def test_a_status_that_is_taken_away_ends_nothing(tmp_path: Path, broker: Mosquitto) -> None:
    consumer = Consumer(tmp_path, broker)
    with consumer:
        subscribed(broker, consumer)
        other = TOPIC.rpartition("/")[0] + "/e09"
        for payload in (b"{}", b""):
            publish.single(
                f"{other}/status", payload, 1, retain=True, hostname=broker.host, port=broker.port
            )
        last = live(tmp_path, broker.port)
        consumer.wait_for(lambda: last in consumer.heard)
    assert consumer.heard == list(range(1, last + 1))


def dated(folder: Path) -> list[list[str]]:
    """What the page's second program prints: time, id and type of every event."""
    file = folder / "times.py"
    file.write_text(programs()[1], encoding="utf-8")
    command = [sys.executable, str(file), str(folder / "consumer.db")]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=30)
    return [line.split(maxsplit=2) for line in told.stdout.splitlines()]


def test_what_was_told_before_the_clock_was_right_is_dated_by_the_anchor(
    tmp_path: Path, broker: Mosquitto
) -> None:
    consumer = Consumer(tmp_path, broker)
    agent = StagedAgent(configuration(tmp_path, mqtt={"port": broker.port}))
    with consumer, agent:
        subscribed(broker, consumer)
        agent.start()
        consumer.wait_for(lambda: consumer.heard)
        assert [time for time, *_ in dated(tmp_path)] == ["unknown"]
        agent.clock(off_s=0, marked=True)
        consumer.wait_for(lambda: any("clock_corrected" in line for line in consumer.lines))
        socket = tmp_path / "control.sock"
        told = [json.loads(each) for each in stream(socket, "events", {}, 30)]
        assert agent.stop() == 0
    assert told[0]["data"]["clock"] == "corrected"
    assert dated(tmp_path)[: len(told)] == [[e["time"], e["id"], e["type"]] for e in told]
