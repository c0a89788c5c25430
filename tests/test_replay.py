"""Replay: the recordings beside this file give the events beside them, in the payload form (contract, 2 and 4)."""

import gzip
import json
from pathlib import Path

import pytest

from agent.replay import RecordingError, replay_events, replay_file
from agent.settings import ElevatorSettings, Settings
from agent.wiring import Wiring

RECORDINGS = Path(__file__).parent / "recordings"
SITE = Settings(elevator=ElevatorSettings(site="pingluo-01", id="e01", rescue_code="640001"))


def replayed(file, wiring=None):
    return [json.loads(message) for message in replay_file(file, SITE, wiring)]


def brief(message):
    """One event as the `.events` files write it."""
    return f"{message['time'][11:]} {message['type']} {message['data']['severity']}"


@pytest.mark.parametrize("file", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda file: file.stem)
def test_a_recording_gives_its_events(file):
    expected = file.with_suffix(".events").read_text().splitlines()
    assert [brief(message) for message in replayed(file)] == expected


def test_every_detector_of_the_first_slice_has_a_recording():
    lines = [line for f in RECORDINGS.glob("*.events") for line in f.read_text().splitlines()]
    told = {line.split()[1].split(".")[0] for line in lines}
    assert told >= {
        "trapped_passengers",
        "alarm_button",
        "stopped_outside_door_zone",
        "mode_changed",
        "signal_lost",
    }


def test_the_message_is_the_contract_s(tmp_path):
    raised, cleared = replayed(RECORDINGS / "trapped_outside_zone.jsonl")
    assert raised == {
        "specversion": "1.0",
        "id": "e01-replay-000000000001",
        "source": "elevator/v1/pingluo-01/e01",
        "type": "trapped_passengers.raised",
        "time": "2026-11-23T08:00:35.000Z",
        "subject": "trapped_passengers",
        "sequence": "000000000001",
        "datacontenttype": "application/json",
        "dataschema": "urn:elevator-agent:event:1",
        "data": {
            "code": "trapped_passengers",
            "transition": "raised",
            "severity": "critical",
            "instance": None,
            "raised_seq": 1,
            "journal": "replay",
            "lane": "critical",
            "title": {"en": "Passengers trapped", "zh": "困人"},
            "evidence": {
                "car.door_zone": {"v": False, "since": "2026-11-23T08:00:11.000Z"},
                "car.moving": {"v": False, "since": "2026-11-23T08:00:20.000Z"},
                "door.front": {"v": "closed", "since": "2026-11-23T08:00:05.000Z"},
                "car.occupied": {"v": True, "since": "2026-11-23T08:00:04.000Z"},
            },
            "unknown": ["car.load_percent"],
            "since": "2026-11-23T08:00:20.000Z",
            "duration_ms": None,
            "codes": {"gb24476": None, "bacnet": None, "platform": None},
            "rescue_code": "640001",
            "boot_id": "b1",
            "uptime_ms": 35_000,
            "clock": "synchronised",
            "historical": False,
            "replayed": False,
            "mode": None,
            "visit": False,
            "drill": False,
            "stop_recommended": True,
            "rule": "outside_zone",
            "person_by": ["presence"],
        },
    }
    data = cleared["data"]
    assert cleared["sequence"] == "000000000002"
    assert (data["raised_seq"], data["duration_ms"], data["reason"]) == (
        1,
        67_000,
        "doors_open_in_zone",
    )


def test_sequences_count_from_1_and_a_plain_notice_belongs_to_no_raise():
    messages = replayed(RECORDINGS / "mode_changed.jsonl")
    assert [m["sequence"] for m in messages] == ["000000000001", "000000000002"]
    assert [m["data"]["raised_seq"] for m in messages] == [None, None]
    assert [m["data"]["codes"]["gb24476"] for m in messages] == [43, 40]
    assert (messages[0]["data"]["from"], messages[0]["data"]["to"]) == ("normal", "inspection")


def test_a_packed_recording_is_recognised_by_its_content(tmp_path):
    file = RECORDINGS / "trapped_outside_zone.jsonl"
    packed = tmp_path / "no-ending"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert replayed(packed) == replayed(file)


def test_a_packed_recording_cut_short_is_replayed_as_far_as_it_goes_and_says_so(tmp_path):
    file, cut = RECORDINGS / "trapped_outside_zone.jsonl", tmp_path / "cut.gz"
    whole = gzip.compress(file.read_bytes() + b'{"t":200.0}\n' * 100_000)
    for packed in (whole[:-400], gzip.compress(file.read_bytes())[:-6]):
        cut.write_bytes(packed)
        heard: list[dict[str, object]] = []
        with pytest.raises(RecordingError, match="cut short"):
            heard.extend(json.loads(m) for m in replay_file(cut, SITE))
        assert [m["type"] for m in heard] == [m["type"] for m in replayed(file)][: len(heard)]
        assert heard


@pytest.mark.parametrize("piece", [1, 7, 64, 1000])
def test_how_much_is_unpacked_at_once_changes_nothing(tmp_path, monkeypatch, piece):
    file, packed = RECORDINGS / "trapped_outside_zone.jsonl", tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()) + gzip.compress(b'{"t":200.0}\n' * 999))
    monkeypatch.setattr("agent.replay._PIECE_BYTES", piece)
    assert replayed(packed) == replayed(file)


def test_members_of_a_packed_recording_follow_each_other(tmp_path):
    file, packed = RECORDINGS / "trapped_outside_zone.jsonl", tmp_path / "two.gz"
    text = file.read_bytes()
    half = text.index(b"\n", len(text) // 2) + 1
    packed.write_bytes(gzip.compress(text[:half]) + gzip.compress(text[half:]))
    assert replayed(packed) == replayed(file)


def test_an_endless_line_and_endless_brackets_are_said_so(tmp_path):
    file = tmp_path / "endless"
    header = (RECORDINGS / "trapped_outside_zone.jsonl").read_bytes().split(b"\n")[0]
    for rest in (b"x" * 3_000_000, b'{"t":0,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"):
        file.write_bytes(header + b"\n" + rest)
        with pytest.raises(RecordingError):
            list(replay_file(file, SITE))


def test_a_small_file_that_unpacks_to_more_than_a_recording_can_be_is_given_up(
    tmp_path, monkeypatch
):
    file = RECORDINGS / "trapped_outside_zone.jsonl"
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(file.read_bytes() + b'{"t":200.0}\n' * 400_000))
    assert replayed(bomb) == replayed(file)
    monkeypatch.setattr("agent.replay.UNPACKED_BYTES_MAX", 3 * 1024 * 1024)
    heard: list[bytes] = []
    with pytest.raises(RecordingError, match="unpacks to more than 3 MiB"):
        heard.extend(replay_file(bomb, SITE))
    assert len(heard) == len(replayed(file))  # what came before is told


def test_line_after_line_of_nothing_is_no_recording(tmp_path):
    header = (RECORDINGS / "trapped_outside_zone.jsonl").read_bytes().split(b"\n")[0] + b"\n"
    file = tmp_path / "blank"
    file.write_bytes(header + b"\n" * 200 + b'{"t":1.0}\n')
    assert list(replay_file(file, SITE)) == []
    file.write_bytes(header + b"\n" * 5_000)
    with pytest.raises(RecordingError, match="blank lines"):
        list(replay_file(file, SITE))


def test_a_recording_s_own_drivers_come_first_then_the_configured_ones(tmp_path):
    file = tmp_path / "drivers.jsonl"
    signals = ["car.moving", "car.door_zone", "car.floor"]
    header = {
        "recording": 1,
        "wall": "2026-11-23T08:00:00Z",
        "signals": signals,
        "drivers": {"recorded": ["car.moving"]},
    }
    lines = [
        header,
        *({"t": 1, "signal": name, "quality": "no_answer"} for name in signals),
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    wiring = Wiring({"configured": ["car.door_zone", "car.moving"]}, {"configured": 0})
    subjects = [message["subject"] for message in replayed(file, wiring)]
    assert subjects == [f"signal_lost/{d}" for d in ("configured", "recorded", "recording")]


def test_slow_polls_of_several_drivers_stretch_the_delays():
    file = RECORDINGS / "trapped_outside_zone.jsonl"
    wiring = Wiring(
        {"a": ["car.moving", "door.front"], "b": ["car.door_zone"]},
        {"a": 10_000_000, "b": 0},
    )
    assert next(brief(m) for m in replayed(file, wiring)).startswith("08:00:40.000Z")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"none\.jsonl"):
        list(replay_file(tmp_path / "none.jsonl", SITE))


def test_an_empty_file_has_no_header(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(RecordingError, match="line 1: the header cannot be read"):
        list(replay_events(tmp_path / "empty", SITE))


def test_events_before_a_wrong_line_are_told(tmp_path):
    file = tmp_path / "wrong.jsonl"
    text = (RECORDINGS / "mode_changed.jsonl").read_bytes()
    file.write_bytes(text + b'{"t":0.0}\n')
    events = replay_events(file, SITE)
    assert next(events)[0].code == "mode_changed"
    with pytest.raises(RecordingError):
        next(events)
