"""Passengers trapped, end to end: simulated elevator, agent and broker as processes, one run observed from outside.

The only run with the contract's own 15 s; every claim about it is a test of its own.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.config import load
from agent.outbox import read_rows
from agent.replay import replay_events
from hil.installation import RESCUE_CODE, ROOT, TOPIC
from tests.e2e import Whole, events, sequences, standing, whole

AROUND = {"agent_started", "usage"}  # the start and the clean stop, which no recording holds
BOTH = {"trapped_passengers", "alarm_button"}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass
class Run:
    """What is left when it is over."""

    bench: Whole
    recording: Path
    standing: dict[str, Any] = field(default_factory=dict)
    while_trapped: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    exit_code: int = -1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Two people are trapped between landings, press the button, are freed; then the agent is stopped."""
    folder = tmp_path_factory.mktemp("entrapment")
    recording = folder / "recording.jsonl"
    options = ("--record", str(recording))
    with whole(folder, speedup=2, options=options, monitor={}) as bench:
        bench.agent.start()
        bench.do("entrap")
        bench.event("trapped_passengers", timeout_s=40)
        bench.do("press_alarm", seconds=2.0)  # of the elevator's time: 1 s of ours
        bench.event("alarm_button")
        story = Run(bench, recording)
        story.standing = bench.agent.wait_until(lambda s: set(standing(s)) >= BOTH)
        story.while_trapped = bench.retained()
        bench.elevator.client.wait_until(lambda s: not s["signals"]["alarm.button"])
        bench.do("release")
        bench.event("trapped_passengers", "cleared")
        bench.event("alarm_button", "cleared")
        story.codes = bench.elevator.client.state()["modbus_functions"]
        story.exit_code = bench.agent.stop()
        bench.heard.fence()
        yield story


def raised(run: Run) -> dict[str, Any]:
    return run.bench.event("trapped_passengers", timeout_s=1)


def test_the_event_has_every_field_of_the_contract_and_of_the_right_type(run: Run) -> None:
    event = raised(run)
    data = event["data"]
    assert set(event) == {
        "specversion", "id", "source", "type", "time", "subject", "sequence", "datacontenttype",
        "dataschema", "data",
    }  # fmt: skip
    contract = {
        "code": str, "transition": str, "severity": str, "instance": type(None), "raised_seq": int,
        "journal": str, "lane": str, "title": dict, "evidence": dict, "unknown": list, "since": str,
        "duration_ms": type(None), "codes": dict, "rescue_code": str, "boot_id": str,
        "uptime_ms": int, "clock": str, "historical": bool, "replayed": bool, "mode": type(None),
        "visit": bool, "drill": bool, "stop_recommended": bool,
    }  # fmt: skip
    assert {key: type(data[key]) for key in contract} == contract
    beside = {"rule", "person_by", "recording"}
    beside |= set() if data["clock"] == "synchronised" else {"believed_time"}
    assert set(data) - set(contract) == beside


def test_the_event_says_what_happened(run: Run) -> None:
    event = raised(run)
    data = event["data"]
    journal, seq = data["journal"], data["raised_seq"]
    assert event["specversion"] == "1.0"
    assert event["id"] == f"e01-{journal}-{seq:012d}"
    assert event["sequence"] == f"{seq:012d}"
    assert event["source"] == TOPIC
    assert event["type"] == "trapped_passengers.raised"
    assert event["subject"] == "trapped_passengers"
    assert event["datacontenttype"] == "application/json"
    assert event["dataschema"] == "urn:elevator-agent:event:1"
    assert re.fullmatch(r"[0-9a-f]{8}", journal)
    assert data["title"] == {"en": "Passengers trapped", "zh": "困人"}
    assert (data["code"], data["transition"]) == ("trapped_passengers", "raised")
    assert (data["severity"], data["lane"]) == ("critical", "critical")
    assert data["codes"] == {"gb24476": None, "bacnet": None, "platform": None}
    assert data["rescue_code"] == RESCUE_CODE
    assert data["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert data["clock"] in ("synchronised", "unsynchronised")
    assert data["stop_recommended"] is True
    assert not any(data[flag] for flag in ("historical", "replayed", "visit", "drill"))


def test_its_evidence_names_what_decided_since_when_and_what_was_unknown(run: Run) -> None:
    data = raised(run)["data"]
    assert data["rule"] == "outside_zone"
    assert "car_call" in data["person_by"]
    evidence = data["evidence"]
    assert evidence["car.door_zone"]["v"] is False
    assert evidence["car.moving"]["v"] is False
    assert evidence["door.front"]["v"] == "closed"
    assert evidence["car.call_registered"]["v"] is True
    assert evidence["alarm.button"]["v"] is False
    assert {"car.occupied", "car.floor"} <= set(evidence)
    assert data["unknown"] == []  # everything wired was known; what is not fitted is not unknown
    for fact in evidence.values():
        assert set(fact) == {"v", "since"}
        assert ISO.fullmatch(fact["since"])
        assert fact["since"] <= raised(run)["time"]


def test_its_times_agree_with_each_other(run: Run) -> None:
    event = raised(run)
    data = event["data"]
    assert ISO.fullmatch(event["time"])
    stood = moment(event["time"]) - moment(data["since"])
    assert abs(stood - timedelta(seconds=15)) <= timedelta(milliseconds=1)
    # Nobody was seen to move after the car had stopped, so its stop is when the condition began.
    assert data["since"] == data["evidence"]["car.moving"]["since"]
    first = events(run.bench.heard.messages)[0]
    by_uptime = timedelta(milliseconds=data["uptime_ms"] - first["data"]["uptime_ms"])
    by_wall = moment(event["time"]) - moment(first["time"])
    assert abs(by_uptime - by_wall) < timedelta(milliseconds=50)  # unless the wall clock is stepped


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_topics_quality_of_service_and_retention_are_the_contracts(run: Run) -> None:
    own = [m for m in run.bench.heard.messages if m.topic.startswith(TOPIC)]
    names = {m.topic.removeprefix(f"{TOPIC}/") for m in own}
    assert {
        "status", "asset", "state", "event/info/agent_started", "event/critical/trapped_passengers",
        "event/critical/alarm_button", "alarm/trapped_passengers", "alarm/alarm_button",
    } <= names  # fmt: skip
    for message in own:
        kind = message.topic.removeprefix(f"{TOPIC}/").partition("/")[0]
        assert message.qos == 1
        assert message.retain is (kind != "event")
        assert message.expiry_s == (180 if kind == "state" else None)
        if kind in ("event", "alarm") and message.payload:
            assert message.content_type == "application/cloudevents+json"


def test_while_people_are_trapped_the_retained_topics_say_so(run: Run) -> None:
    stands = run.while_trapped["alarm/trapped_passengers"]
    event = raised(run)
    assert stands["data"].pop("journaled") is True
    assert stands == event
    assert run.while_trapped["alarm/alarm_button"]["type"] == "alarm_button.raised"
    assert run.while_trapped["status"]["state"] == "online"
    signals = run.while_trapped["state"]["signals"]
    assert set(run.while_trapped["state"]) == {"sent_at", "boot_id", "uptime_ms", "signals"}
    assert all(set(point) == {"v", "q", "at", "age_ms"} for point in signals.values())
    assert {point["q"] for point in signals.values()} == {"good"}
    assert {"car.door_zone", "door.front", "car.speed_mm_s", "alarm.button"} <= set(signals)
    asset = run.while_trapped["asset"]
    assert asset["capabilities"]["trapped_passengers"]["state"] == "full"
    assert asset["rescue_code"] == RESCUE_CODE


def test_the_socket_says_the_same(run: Run) -> None:
    said = standing(run.standing)
    assert said["trapped_passengers"]["seq"] == raised(run)["data"]["raised_seq"]
    assert said["trapped_passengers"]["journaled"] is True
    assert run.standing["state"] == "online"


def test_when_they_are_free_it_is_cleared_with_its_raise_and_duration(run: Run) -> None:
    up, down = raised(run), run.bench.event("trapped_passengers", "cleared", 1)
    assert down["data"]["raised_seq"] == up["data"]["raised_seq"]
    assert down["data"]["severity"] == "critical"
    assert down["data"]["lane"] == "critical"
    took_ms = down["data"]["uptime_ms"] - up["data"]["uptime_ms"]
    assert abs(down["data"]["duration_ms"] - took_ms) <= 1
    assert down["data"]["since"] == up["data"]["since"]
    assert down["data"]["reason"] == "doors_open_in_zone"
    assert [t for t in run.bench.retained() if t.startswith("alarm/")] == []


def test_everything_journaled_was_delivered_once_and_the_good_bye_says_it(run: Run) -> None:
    head = max(sequences(run.bench.heard.messages))
    assert sorted(sequences(run.bench.heard.messages)) == list(range(1, head + 1))
    assert run.exit_code == 0
    status = run.bench.retained("status")["status"]
    assert (status["state"], status["reason"]) == ("offline", "stopped")
    assert status["delivered_through"] == status["seq_head"] == head


def test_only_read_functions_were_seen_on_the_wire(run: Run) -> None:
    assert set(run.codes) <= {"1", "2", "3", "4"}
    assert run.codes["3"] > 100


def test_its_recording_replayed_gives_the_same_events(run: Run) -> None:
    """To the microsecond: the recording begins at the uptime that its header's wall time labels."""
    live = [row.event for row in read_rows(run.bench.journal, 0, 1000)]
    live = [unfiled(event) for event in live if event.code not in AROUND]
    again = [event for event, _ in replay_events(run.recording, load(run.bench.agent.config))]
    start_us = live[0].at_us - again[0].at_us
    assert [shifted(event, start_us) for event in again] == live


def unfiled(event: Any) -> Any:
    """The event as the monitor made it, before the recorder named its file."""
    detail = {key: value for key, value in event.detail.items() if key != "recording"}
    return msgspec.structs.replace(event, detail=detail)


def test_its_own_file_was_written_and_replayed_gives_the_same_event(run: Run) -> None:
    """Though the agent was stopped before the minute after the event was over."""
    name = raised(run)["data"]["recording"]
    assert name.startswith(raised(run)["time"][:13].replace("-", "").replace(":", ""))
    assert "-critical-trapped_passengers-" in name
    file = run.bench.folder / "recordings" / name
    again = replay_events(file, load(run.bench.agent.config))
    event, header = next((e, h) for e, h in again if e.code == "trapped_passengers")
    at = header.wall + timedelta(microseconds=event.at_us)
    assert abs(at - moment(raised(run)["time"])) < timedelta(milliseconds=50)
    evidence = raised(run)["data"]["evidence"]
    assert {n: f.v for n, f in event.evidence.items()} == {n: f["v"] for n, f in evidence.items()}
    assert event.detail["rule"] == raised(run)["data"]["rule"]


def test_events_of_one_story_share_a_file_and_their_clears_name_none(run: Run) -> None:
    pressed = run.bench.event("alarm_button", timeout_s=1)["data"]
    assert pressed["recording"] == raised(run)["data"]["recording"]
    assert "recording" not in run.bench.event("trapped_passengers", "cleared", 1)["data"]


def shifted(event: Any, by_us: int) -> Any:
    def later(at_us: int | None) -> int | None:
        return None if at_us is None else at_us + by_us

    evidence = {
        name: msgspec.structs.replace(fact, since_us=later(fact.since_us))
        for name, fact in event.evidence.items()
    }
    return msgspec.structs.replace(
        event, at_us=event.at_us + by_us, since_us=later(event.since_us), evidence=evidence
    )


def test_the_replay_command_prints_them_in_the_payload_form(run: Run) -> None:
    command = [sys.executable, "-m", "agent", "replay", str(run.recording)]
    config = ["--config", str(run.bench.agent.config), "--json"]
    done = subprocess.run(
        [*command, *config], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    printed = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
    live = [e for e in events(run.bench.heard.messages) if e["subject"] not in AROUND]
    live.sort(key=lambda event: event["sequence"])
    assert [event["type"] for event in printed] == [event["type"] for event in live]
    for mine, theirs in zip(printed, live, strict=True):
        assert set(mine) == set(theirs)
        assert set(mine["data"]) == set(theirs["data"]) - {"recording", "believed_time"}
        apart = abs(moment(mine["time"]) - moment(theirs["time"]))
        assert apart < timedelta(milliseconds=50)  # the header's wall time and the event's own
        assert mine["data"]["duration_ms"] == theirs["data"]["duration_ms"]
