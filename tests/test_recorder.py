"""The recorder told to keep everything (`run --record`): a replay says the same, a failing disk disturbs nobody."""

import json
import os
import resource
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings

from agent import recorder as recorder_module
from agent.model import Instant, Quality, Reading
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.replay import replay_events
from agent.settings import ElevatorSettings, MonitorSettings, Settings
from tests.histories import DRIVERS, histories
from tests.recorders import flushed, recorder_into

SITE = Settings(elevator=ElevatorSettings(site="site", id="e01"))
START = Instant(uptime_us=5_000_000, wall_us=1_795_420_800_000_000, synchronised=True)


def begun(path, drivers=DRIVERS):
    recorder = recorder_into(path.parent / "recordings", START, drivers)
    recorder.keep(path, START)
    return recorder


def ended(recorder, at_us):
    recorder.close(at_us)
    flushed(recorder)
    recorder.tick(at_us)
    recorder.disk.end()


def record(path, history=(), drivers=DRIVERS):
    recorder = begun(path, drivers)
    for _, readings in history:
        recorder.record(readings)
    ended(recorder, history[-1][0] if history else START.uptime_us)
    return recorder


def shifted(history):
    return [
        (
            at_us + START.uptime_us,
            [Reading(r.signal, r.value, at_us + START.uptime_us, r.quality) for r in readings],
        )
        for at_us, readings in history
    ]


def test_the_first_line_is_the_header_of_the_contract(tmp_path):
    record(tmp_path / "r.jsonl", drivers={"a": ["car.floor"], "b": ["door.front"]})
    first = json.loads((tmp_path / "r.jsonl").read_bytes().splitlines()[0])
    assert first == {
        "recording": 1,
        "elevator": "e01",
        "boot_id": "boot",
        "wall": "2026-11-23T08:00:00Z",
        "t": 0.0,
        "signals": ["car.floor", "door.front"],
        "drivers": {"a": ["car.floor"], "b": ["door.front"]},
    }


def test_each_change_is_a_line_and_the_last_line_moves_time_on(tmp_path):
    lost = Reading("car.door_zone", None, 6_000_000, Quality.NO_ANSWER)
    history = [(5_500_000, [Reading("car.floor", 1, 5_500_000)]), (6_000_000, [lost])]
    record(tmp_path / "r.jsonl", [*history, (9_000_000, [])])
    assert (tmp_path / "r.jsonl").read_text().splitlines()[1:] == [
        '{"t":0.5,"signal":"car.floor","value":1}',
        '{"t":1.0,"signal":"car.door_zone","quality":"no_answer"}',
        '{"t":4.0}',
    ]


def test_every_batch_is_on_its_way_to_the_disk_before_the_next(tmp_path):
    recorder = begun(tmp_path / "r.jsonl")
    flushed(recorder)
    recorder.record([Reading("car.floor", 1, 6_000_000)])
    flushed(recorder)
    assert len((tmp_path / "r.jsonl").read_bytes().splitlines()) == 2
    ended(recorder, 6_000_000)


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_replay_gives_the_events_that_were_heard_live(tmp_path_factory, history):
    path = tmp_path_factory.getbasetemp() / "live.jsonl"
    live = Monitor(DRIVERS, limits_of(MonitorSettings()), start_us=START.uptime_us)
    heard = [event for at_us, batch in shifted(history) for event in live.step(at_us, batch)]
    record(path, shifted(history))
    replayed = [event for event, _ in replay_events(path, SITE)]
    told = [(e.code, e.instance, e.transition, e.at_us - START.uptime_us) for e in heard]
    assert [(e.code, e.instance, e.transition, e.at_us) for e in replayed] == told


def test_a_late_reading_does_not_turn_time_back(tmp_path):
    history = [
        (7_000_000, [Reading("car.floor", 1, 7_000_000)]),
        (7_000_000, [Reading("car.floor", 2, 6_900_000)]),
        (7_100_000, []),
    ]
    record(tmp_path / "r.jsonl", history)
    assert list(replay_events(tmp_path / "r.jsonl", SITE)) == []
    assert '{"t":2.0,"signal":"car.floor","value":2}' in (tmp_path / "r.jsonl").read_text()


def test_a_file_that_cannot_be_opened_is_the_user_s_to_mend(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        begun(tmp_path / "missing" / "r.jsonl")


@pytest.mark.parametrize("kind", ["pipe", "pipe without a reader", "device", "folder"])
def test_nothing_but_a_regular_file_is_written_to(tmp_path, kind):
    path = Path("/dev/full") if kind == "device" else tmp_path / "there"
    reader = None
    if kind == "folder":
        path.mkdir()
    elif kind != "device":
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if kind == "pipe" else None
    says = "Is a directory|No such device|not a regular file"
    with pytest.raises(OSError, match=says) as refused:
        recorder_into(tmp_path / "recordings", START, DRIVERS).keep(path, START)
    assert refused.value.strerror
    if reader is not None:
        assert os.read(reader, 1) == b""  # nothing was written, and nobody holds it open
        os.close(reader)


def test_an_old_recording_is_replaced_also_through_a_link(tmp_path):
    (tmp_path / "old").write_text("old\n" * 1000)
    (tmp_path / "r.jsonl").symlink_to(tmp_path / "old")
    record(tmp_path / "r.jsonl")
    assert len((tmp_path / "old").read_bytes().splitlines()) == 2


def test_a_full_disk_ends_the_recording_once_and_disturbs_nobody(tmp_path, caplog):
    path = tmp_path / "r.jsonl"
    recorder = begun(path)
    flushed(recorder)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 9, usual[1]))
        recorder.record([Reading("car.floor", 1, 6_000_000)])
        flushed(recorder)
        recorder.tick(6_500_000)
        recorder.record([Reading("car.floor", 2, 7_000_000)])
        ended(recorder, 8_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert [record.getMessage().split(": ")[0] for record in caplog.records] == [
        f"The recording {path} ended"
    ]


def test_a_forgotten_recording_ends_before_it_fills_the_card(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(recorder_module, "PLAIN_BYTES_MAX", 1000)
    recorder = begun(tmp_path / "r.jsonl", {"a": ["car.floor"]})
    for second in range(1000):
        recorder.record([Reading("car.floor", second, 6_000_000 + second)])
    ended(recorder, 9_000_000)
    assert (tmp_path / "r.jsonl").stat().st_size < 1400
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_disk_that_hangs_holds_up_nobody_and_ends_the_recording(tmp_path, caplog):
    path, released = tmp_path / "r.jsonl", threading.Event()
    recorder = begun(path, {"a": ["car.floor"]})
    recorder.disk.do(released.wait)  # as a write would on a card that answers no more
    for floor in range(20_000):
        recorder.record([Reading("car.floor", floor, 6_000_000 + floor)])
    assert [record.getMessage() for record in caplog.records] == [
        f"The recording {path} ended: the disk does not answer."
    ]
    recorder.tick(7_000_000)
    released.set()
    ended(recorder, 9_000_000)
    lines = path.read_text().splitlines()
    assert 1000 < len(lines) < 15_000  # what had found room in memory, and the line that ends it
    assert "signal" not in json.loads(lines[-1])


def test_closing_twice_is_closing_once(tmp_path):
    recorder = begun(tmp_path / "r.jsonl")
    recorder.close(8_000_000)
    recorder.close(9_000_000)
    recorder.record([Reading("car.floor", 1, 9_000_000)])
    flushed(recorder)
    assert len((tmp_path / "r.jsonl").read_bytes().splitlines()) == 2


def test_an_empty_batch_is_no_line(tmp_path):
    recorder = begun(tmp_path / "r.jsonl")
    recorder.record([])
    ended(recorder, 5_000_000)
    assert len((tmp_path / "r.jsonl").read_bytes().splitlines()) == 2
