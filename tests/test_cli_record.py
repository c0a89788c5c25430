"""`elevator-agent record`: recordings by hand over a real control socket, from a real recorder, into real files."""

import asyncio
import contextlib
import json
import logging
import os
import threading
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.clock import Clock
from agent.control import ControlServer
from agent.flight_answer import RecordAnswer
from agent.flight_disk import JOBS_MAX
from agent.model import Event, Reading, Severity, Transition
from agent.recorder import Recorder
from agent.replay import replay_changes, replay_events
from agent.settings import ElevatorSettings, RecorderSettings, Settings
from tests.recorders import flushed, names, recorder_into

SITE = Settings(elevator=ElevatorSettings(site="site", id="e01"))
DRIVERS = {"box": ("car.floor",)}


class Service:
    """A recorder behind a control socket, in a loop of its own; changes are made in that loop."""

    def __init__(self, folder, settings):
        self.folder = folder
        self.clock = Clock()
        self._settings = settings
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve()])
        self._thread.start()
        assert self._ready.wait(10)

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.recorder: Recorder = recorder_into(
            self.folder / "recordings", self.clock.now(), DRIVERS, self._settings
        )
        answer = RecordAnswer(self.recorder, self.clock)
        running = asyncio.create_task(self.recorder.run(self.clock))
        async with ControlServer(self.folder / "control.sock", {"record": answer.record}):
            self._ready.set()
            await self._stop.wait()
        running.cancel()
        self.recorder.close(self.clock.uptime_us())
        await self.recorder.stop(10)

    def do(self, job):
        async def work():
            return job()

        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(10)

    def change(self, floor):
        self.do(lambda: self.recorder.record([Reading("car.floor", floor, self.clock.uptime_us())]))

    def end(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[elevator]\nsite = "site"\nid = "e01"\n[control]\npath = "{tmp_path / "control.sock"}"\n',
        encoding="utf-8",
    )
    return path


@contextlib.contextmanager
def running(config, **settings):
    service = Service(config.parent, RecorderSettings(**{"keep_free_mb": 10, **settings}))
    try:
        yield service
    finally:
        service.end()


@pytest.fixture
def service(config):
    with running(config) as made:
        yield made


@pytest.fixture
def record(config, capfd):
    def run(*arguments, code=0):
        ended = main(["--lang", "en", "record", *arguments, "--config", str(config)])
        assert ended == code
        told = capfd.readouterr()
        return told.err if code else told.out

    return run


def folder(config):
    return config.parent / "recordings"


def floors(file):
    _, changes = replay_changes(file)
    return [reading.value for _, readings in changes for reading in readings]


def test_what_happens_between_start_and_stop_is_in_the_file_and_who_asked_in_the_log(
    service, record, config, caplog
):
    caplog.set_level(logging.INFO)
    service.change(1)
    service.change(2)
    started = json.loads(record("start", "--json"))
    assert names(folder(config)) == [started["name"] + ".part"]
    service.change(3)
    stopped = json.loads(record("stop", "--json"))
    assert (stopped["name"], stopped["whole"], stopped["kind"]) == (started["name"], True, "manual")
    service.change(4)
    assert floors(folder(config) / stopped["name"]) == [2, 3]
    list(
        replay_events(folder(config) / stopped["name"], SITE)
    )  # it can be taken to another machine
    said = [r.getMessage() for r in caplog.records if r.name == "agent.recorder"]
    assert said == [
        f"User {os.getuid()} started the recording {started['name']}, 10 min.",
        f"User {os.getuid()} ended the recording {started['name']}.",
    ]


def test_the_last_minutes_can_be_saved_afterwards(service, record, config, caplog):
    caplog.set_level(logging.INFO)
    for floor in range(5):
        service.change(floor)
    path = record("save").removeprefix("Written: ").strip()
    assert floors(Path(path)) == [0, 1, 2, 3, 4]
    assert f"User {os.getuid()} saved" in caplog.text
    short = json.loads(record("save", "--minutes", "0.000001", "--json"))
    assert floors(folder(config) / short["name"]) == [4]


def test_people_are_told_where_the_file_is_and_until_when_it_runs(service, record, config):
    told = record("start", "--minutes", "2.5")
    assert told.startswith("Recording until ")
    assert str(folder(config)) in told
    assert record("stop").startswith(f"Written: {folder(config)}/")


def test_a_recording_ends_by_itself(service, record, config):
    started = json.loads(record("start", "--minutes", "0.0005", "--json"))
    deadline = threading.Event()
    for _ in range(500):
        if names(folder(config)) == [started["name"]]:
            break
        deadline.wait(0.02)
    assert names(folder(config)) == [started["name"]]
    assert "No recording by hand is under way" in record("stop", code=1)


def test_one_recording_by_hand_at_a_time(service, record):
    started = json.loads(record("start", "--json"))
    assert f"A recording is under way: {started['name']}" in record("start", code=1)
    record("stop")
    record("start")


def test_the_list_shows_what_is_kept_and_what_is_under_way(service, record, config):
    told = record("list")
    assert f"No recordings in {folder(config)}." in told
    now = service.clock.now()
    event = Event(code="mains_lost", transition=Transition.RAISED, severity=Severity.MAJOR,
                  at_us=now.uptime_us)  # fmt: skip
    service.do(lambda: service.recorder.attach([event], now))
    saved = json.loads(record("save", "--json"))
    listed = json.loads(record("list", "--json"))
    assert [each["name"] for each in listed["recordings"]] == [saved["name"]]
    assert listed["recordings"][0]["bytes"] == (folder(config) / saved["name"]).stat().st_size
    assert [each["code"] for each in listed["under_way"]] == ["mains_lost"]
    assert listed["under_way"][0]["whole"] is False
    assert listed["bytes_max"] == 64 * 1024 * 1024
    lines = record("list").splitlines()
    assert lines[0].split() == ["recording", "why", "size"]
    assert "major" in lines[1]
    assert "under way until" in lines[1]
    assert "by hand" in lines[2]


def test_a_long_list_names_the_newest_and_counts_the_others(service, record, config):
    folder(config).mkdir()
    for n in range(400):
        (
            folder(config) / f"20261123T08{n // 60:02d}{n % 60:02d}Z-major-mains_lost-0000.jsonl.gz"
        ).touch()
    listed = json.loads(record("list", "--json"))
    assert (len(listed["recordings"]), listed["older"]) == (300, 100)
    assert listed["recordings"][0]["name"].startswith("20261123T080639Z")
    assert "and 100 older ones" in record("list")


def test_what_cannot_be_asked_for_is_refused(service, record, config):
    assert "--minutes is for start and save" in record("stop", "--minutes", "5", code=2)
    assert "1440" in record("start", "--minutes", "1441", code=2)
    assert record("start", "--minutes", "0", code=2)
    from agent.cli.ask import RefusedError, ask

    for params in (
        {"action": "erase"},
        {"action": "start", "minutes": -1},
        {},
        {"action": "list", "x": 1},
    ):
        with pytest.raises(RefusedError) as refused:
            ask(config.parent / "control.sock", "record", params)
        assert refused.value.failure.code == "bad_params"


def test_a_disk_without_room_is_said_at_once(config, record):
    free = os.statvfs(config.parent)
    over = free.f_bavail * free.f_frsize // (1024 * 1024) * 2
    with running(config) as service:
        service.recorder.shelf._free_min = over * 1024 * 1024
        for action in ("start", "save"):
            assert "too full" in record(action, code=1)
    assert names(folder(config)) == []


def test_a_folder_that_cannot_be_written_is_said_at_once(service, record, config):
    folder(config).write_text("a file in its place")
    assert "See that the service may write to" in record("save", code=1)


def test_too_many_recordings_and_a_disk_that_hangs_are_said(service, record):
    released = threading.Event()
    service.recorder.disk.do(released.wait)
    for second in range(10):
        now = service.clock.now()
        service.do(lambda now=now, n=second: service.recorder._shelved("major", f"a{n}", now, 0, 0))
    released.set()
    flushed(service.recorder)
    again = threading.Event()
    service.recorder.disk.do(again.wait)
    for _ in range(JOBS_MAX + 1):
        service.recorder.disk.do(lambda: None)
    assert "The disk does not answer" in record("list", code=1)
    again.set()


def test_when_too_many_are_under_way_a_person_is_told_to_wait(service, record, monkeypatch):
    monkeypatch.setattr("agent.recorder._TAPES_MAX", 0)
    assert "Too many recordings" in record("save", code=1)


def test_a_folder_that_cannot_be_read_is_said(service, record, monkeypatch):
    def refuse():
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(service.recorder.shelf, "files", refuse)
    assert "Permission denied" in record("list", code=1)


def test_without_the_service_there_is_nothing_to_ask(record):
    assert "not running" in record("list", code=3)
