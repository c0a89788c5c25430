"""The link to the broker is cut and the agent is killed at the worst instants: nothing is lost, little comes twice.

Duplicates may be what was unacknowledged (a window of 16), and after a kill what was acknowledged since the cursors were
last written (at most 256).
"""

import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from agent.model import Lane
from agent.outbox import Journal
from hil.link import Direction
from tests.e2e import (
    Whole,
    assert_no_gap,
    assert_same_under_one_id,
    events,
    sequences,
    whole,
)

WINDOW, UNSAVED = 16, 256


def test_cut_off_killed_and_back_every_sequence_arrives_and_the_alarm_topics_tell_what_stands(
    tmp_path: Path,
) -> None:
    with whole(tmp_path) as bench:
        bench.agent.start()
        bench.do("entrap")
        bench.event("trapped_passengers")

        bench.link.cut()
        bench.agent.wait_until(lambda s: not s["mqtt"]["connected"])
        assert bench.retained("status")["status"]["reason"] == "connection_lost"
        heard_before = len(sequences(bench.heard.messages))
        bench.press()
        bench.committed("alarm_button")
        bench.do("silence")
        bench.committed("signal_lost")
        assert len(sequences(bench.heard.messages)) == heard_before

        bench.restart()
        bench.do("silence", on=False)
        bench.committed("signal_lost", "cleared")
        bench.link.mend()
        bench.agent.wait_until(lambda s: s["mqtt"]["connected"])
        head = bench.agent.wait_until(lambda s: s["outbox"]["owed"] == {"critical": 0, "rest": 0})
        bench.delivered(head["outbox"]["head"])

        retained = bench.retained()
        stands = {t.removeprefix("alarm/") for t in retained if t.startswith("alarm/")}
        assert stands == {"trapped_passengers", "alarm_button"}
        for code in stands:
            assert retained[f"alarm/{code}"]["type"] == f"{code}.raised"
            assert retained[f"alarm/{code}"]["data"]["journaled"] is True
        assert retained["status"]["state"] == "online"
        assert bench.agent.stop() == 0

        bench.heard.fence()
        heard = sequences(bench.heard.messages)
        last = assert_no_gap(bench.journal)
        status = bench.retained("status")["status"]
        assert status["delivered_through"] == status["seq_head"] == last
        assert set(heard) == set(range(1, last + 1))
        assert len(heard) - len(set(heard)) <= WINDOW + UNSAVED
        assert_rising_within_lanes(bench)
        assert_same_under_one_id(bench.heard.messages)


def assert_rising_within_lanes(bench: Whole) -> None:
    """First deliveries rise by sequence within a lane."""
    firsts: dict[str, list[int]] = {}
    seen: set[int] = set()
    for event in events(bench.heard.messages):
        seq = int(event["sequence"])
        if seq not in seen:
            seen.add(seq)
            firsts.setdefault(event["data"]["lane"], []).append(seq)
    for lane in firsts.values():
        assert lane == sorted(lane)


def test_on_connect_status_comes_first_then_what_stands_then_the_journal(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.link.cut()
        bench.agent.start()
        bench.press()
        bench.committed("alarm_button")
        bench.link.mend()
        bench.event("agent_started", "notice")
        bench.heard.fence()
        order = [m.topic.split("/", 4)[4] for m in bench.heard.messages if "bench" in m.topic]
        first = {topic: index for index, topic in reversed(list(enumerate(order)))}
        assert (
            first["status"]
            < first["alarm/alarm_button"]
            < first["event/critical/alarm_button"]
            < first["event/info/agent_started"]
        )


def test_killed_between_commit_and_puback_the_event_is_sent_again_with_the_same_id(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.drained()
        bench.link.withhold(Direction.TO_CLIENT)  # the broker has it, and its answer is on the way
        bench.do("press_alarm", seconds=8.0)
        first = bench.event("alarm_button")
        bench.agent.kill()
        bench.link.mend()
        bench.agent.start()
        seq = int(first["sequence"])
        bench.heard.wait_for(lambda all_: sequences(all_).count(seq) == 2 or None)
        bench.drained()
        bench.heard.fence()
        heard = Counter(sequences(bench.heard.messages))
        assert heard[seq] == 2
        assert set(heard) == set(range(1, assert_no_gap(bench.journal) + 1))
        assert_same_under_one_id(bench.heard.messages)


def test_killed_after_the_puback_and_before_the_cursor_is_written_nothing_is_lost(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.press()
        bench.committed("alarm_button")
        bench.drained()
        bench.agent.kill()
        cursor = cursors(bench.journal)[Lane.CRITICAL]
        last = assert_no_gap(bench.journal)
        assert cursor < last  # it was acknowledged, and not written down yet
        bench.agent.start()
        bench.heard.wait_for(lambda all_: sequences(all_).count(last) == 2 or None)
        bench.drained()
        bench.heard.fence()
        heard = Counter(sequences(bench.heard.messages))
        assert set(heard) == set(range(1, assert_no_gap(bench.journal) + 1))
        assert max(heard.values()) <= 2


def test_a_clean_stop_writes_the_cursors_so_that_nothing_comes_twice(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.press()
        bench.committed("alarm_button")
        bench.drained()
        began_s = time.monotonic()
        assert bench.agent.stop() == 0
        assert time.monotonic() - began_s < 5
        status = bench.retained("status")["status"]
        assert (status["state"], status["reason"]) == ("offline", "stopped")
        assert cursors(bench.journal)[Lane.CRITICAL] == bench.committed("alarm_button")
        bench.agent.start()
        bench.agent.wait_until(
            lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 2
        )
        bench.heard.fence()
        assert max(Counter(sequences(bench.heard.messages)).values()) == 1
        assert bench.retained("status")["status"]["state"] == "online"
        assert "alarm/alarm_button" in bench.retained()


def cursors(path: Path) -> dict[Lane, int]:
    journal = Journal.open(path)
    try:
        return dict(journal.cursors)
    finally:
        journal.close()


def test_a_stop_while_the_broker_is_silent_still_ends_within_5_s(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.drained()
        bench.link.hold()
        began_s = time.monotonic()
        assert bench.agent.stop() == 0
        assert time.monotonic() - began_s < 5


def test_a_new_alarm_overtakes_the_backlog(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        fill(bench.journal, 2000)
        bench.agent.start()
        bench.heard.wait_for(lambda all_: len(sequences(all_)) > 50 or None)
        bench.link.cut()
        bench.press()
        seq = bench.committed("alarm_button")
        bench.link.mend()
        alarm = bench.event("alarm_button", timeout_s=40)
        assert int(alarm["sequence"]) == seq
        bench.delivered(seq, timeout_s=40)
        order = sequences(bench.heard.messages)
        assert order.index(seq) < order.index(seq - 1)
        historical = {
            int(e["sequence"]): e["data"]["historical"] for e in events(bench.heard.messages)
        }
        assert historical[1] is True  # a year old
        assert historical[seq] is False


def fill(path: Path, rows: int) -> None:
    """A backlog of a year ago, from another boot."""
    from agent.model import Event, Instant, Severity, Transition

    journal = Journal.open(path)
    now = Instant(uptime_us=10**9, wall_us=1_760_000_000_000_000, synchronised=True)
    notice = Event(
        code="mode_changed",
        transition=Transition.NOTICE,
        severity=Severity.INFO,
        at_us=10**9,
        detail={"from": "normal", "to": "inspection"},
    )
    for _ in range(rows // 500):
        journal.append([notice] * 500, now, "another boot")
    journal.close()


@pytest.mark.parametrize("says", [b"", b"\x20\x02\x00\x05", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_hostile_bytes_from_the_broker_end_the_connection_and_nothing_else(
    tmp_path: Path, says: bytes
) -> None:
    with (
        whole(tmp_path, drivers=["contacts"]) as bench,
        socket.create_server(("127.0.0.1", 0)) as liar,
    ):
        bench.link.target = liar.getsockname()
        bench.agent.start()
        for _ in range(2):
            answer(liar, says)
        bench.press()
        bench.committed("alarm_button")
        assert bench.agent.running


def answer(liar: socket.socket, says: bytes) -> None:
    liar.settimeout(20)
    connection, _ = liar.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(says)
