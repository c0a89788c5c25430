"""The flight recorder around events: what is kept of them, what shares a file, and what a bad disk may not do."""

import asyncio
import gzip
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent import flight_shelf
from agent import recorder as recorder_module
from agent.clock import Clock
from agent.flight_disk import JOBS_MAX, Disk
from agent.flight_names import kept
from agent.flight_shelf import Shelf
from agent.model import SECOND_US, Event, Instant, Reading, Severity, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.replay import replay_events
from agent.settings import ElevatorSettings, MonitorSettings, RecorderSettings, Settings
from tests.e2e import until
from tests.recorders import flushed, names, raise_in_thread, recorder_into

SITE = Settings(elevator=ElevatorSettings(site="site", id="e01"))
DRIVERS = {"box": ("car.moving", "car.door_zone", "door.front", "car.occupied", "car.floor")}
WALL_US = 1_795_420_800_000_000  # 2026-11-23 08:00
START = Instant(uptime_us=10 * SECOND_US, wall_us=WALL_US, synchronised=True)


def at(seconds):
    """An instant so many seconds after the start."""
    us = round(seconds * SECOND_US)
    return Instant(uptime_us=START.uptime_us + us, wall_us=WALL_US + us, synchronised=True)


def raised(code="trapped_passengers", seconds=0.0, severity=Severity.CRITICAL, **more):
    moment = at(seconds).uptime_us
    return Event(code=code, transition=Transition.RAISED, severity=severity, at_us=moment, **more)


class Bench:
    """A recorder over a folder, and the time."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.recorder = recorder_into(
            folder, START, DRIVERS, RecorderSettings(**{"keep_free_mb": 10, **settings})
        )
        self.recorder.begin()
        self.has_ended = False

    def change(self, seconds, **values):
        us = at(seconds).uptime_us
        self.recorder.record(
            [Reading(name.replace("__", "."), value, us) for name, value in values.items()]
        )

    def attach(self, seconds, *events):
        return [e.detail.get("recording") for e in self.recorder.attach(events, at(seconds))]

    def until(self, seconds):
        self.recorder.tick(at(seconds).uptime_us)
        flushed(self.recorder)
        self.recorder.tick(at(seconds).uptime_us)

    def end(self):
        if not self.has_ended:
            self.recorder.close(at(10_000).uptime_us)
            flushed(self.recorder)
            self.recorder.disk.end()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "recordings")
    yield made
    made.end()


def told(file):
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def test_a_raise_names_its_recording_and_the_file_shows_before_and_after(bench):
    bench.change(0, car__floor=1)
    bench.change(100, car__floor=2)
    bench.change(210, car__floor=3)
    (name,) = bench.attach(300, raised(seconds=300))
    bench.change(330, car__floor=4)
    bench.until(359)
    assert names(bench.folder) == [f"{name}.part"]
    bench.until(360)
    assert names(bench.folder) == [name]
    header, *lines = told(bench.folder / name)
    assert header["wall"] == "2026-11-23T08:02:00Z"  # 180 s before
    assert header["signals"] == list(DRIVERS["box"])
    assert lines == [
        {"t": 0.0, "signal": "car.floor", "value": 2},
        {"t": 90.0, "signal": "car.floor", "value": 3},
        {"t": 210.0, "signal": "car.floor", "value": 4},
        {"t": 240.0},
    ]
    assert (bench.folder / name).stat().st_mode & 0o777 == 0o640


def test_before_the_agent_there_is_nothing_to_show(bench):
    (name,) = bench.attach(20, raised(seconds=20))
    bench.until(80)
    header, *lines = told(bench.folder / name)
    assert header["wall"] == "2026-11-23T08:00:00Z"
    assert lines == [{"t": 80.0}]


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.MINOR])
def test_what_is_not_serious_has_no_recording(bench, severity):
    assert bench.attach(1, raised("door_held_open", 1, severity)) == [None]


@pytest.mark.parametrize(
    "transition", [Transition.CLEARED, Transition.NOTICE, Transition.ACKNOWLEDGED]
)
def test_only_a_raise_has_a_recording(bench, transition):
    event = replace(raised(seconds=1), transition=transition)
    assert bench.recorder.attach([event], at(1)) == [event]
    assert bench.recorder.attach([], at(1)) == []


def test_other_details_of_an_event_and_other_events_stay(bench):
    trapped = raised(seconds=1, detail={"rule": "outside_zone"})
    minor = raised("door_held_open", 1, Severity.MINOR)
    one, other = bench.recorder.attach([trapped, minor], at(1))
    assert set(one.detail) == {"rule", "recording"}
    assert one.detail["rule"] == "outside_zone"
    assert other is minor


def test_raises_within_the_window_share_one_file_that_goes_on_for_the_last_of_them(bench):
    (first,) = bench.attach(100, raised(seconds=100))
    (second,) = bench.attach(150, raised("mains_lost", 150, Severity.MAJOR))
    assert first == second
    bench.until(209)
    assert names(bench.folder) == [f"{first}.part"]
    bench.until(210)
    assert told(bench.folder / first)[-1] == {"t": 210.0}
    (third,) = bench.attach(211, raised("mains_lost", 211, Severity.MAJOR))
    assert third not in (None, first)


def test_events_of_one_instant_share_the_most_serious_one_s_file(bench):
    major = raised("stopped_outside_door_zone", 100, Severity.MAJOR)
    one, other = bench.attach(100, major, raised(seconds=100))
    assert one == other
    assert "-critical-trapped_passengers-" in one


def test_a_critical_event_gets_a_file_of_its_own_name_beside_a_major_one_s(bench):
    (major,) = bench.attach(100, raised("mains_lost", 100, Severity.MAJOR))
    (critical,) = bench.attach(110, raised(seconds=110))
    assert "-major-mains_lost-" in major
    assert "-critical-trapped_passengers-" in critical
    bench.until(170)
    assert names(bench.folder) == sorted([major, critical])


def test_many_events_in_a_minute_are_few_files_and_a_chain_of_them_does_not_last_for_ever(bench):
    told_of = [
        bench.attach(second, raised("signal_lost", second, Severity.MAJOR, instance=f"{second}"))[0]
        for second in range(60)
    ]
    assert len(set(told_of)) == 1
    later = [
        bench.attach(second, raised("signal_lost", second, Severity.MAJOR))[0]
        for second in range(60, 1800, 10)
    ]
    assert None not in later
    bench.until(1900)
    assert len(set(told_of + later)) == len(names(bench.folder)) == 3


def test_a_clock_that_is_set_names_files_apart_and_deletes_none_too_early(tmp_path):
    bench = Bench(tmp_path / "recordings")
    (first,) = bench.attach(100, raised(seconds=100))
    bench.until(200)
    stepped = replace(at(300), wall_us=at(100).wall_us)  # back to where it was
    (event,) = bench.recorder.attach([raised(seconds=300)], stepped)
    bench.until(400)
    assert event.detail["recording"] != first
    assert names(bench.folder) == sorted([first, event.detail["recording"]])
    bench.end()


def test_the_folder_stays_within_its_megabytes_and_foreign_files_are_left_alone(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    old = [f"2026112{n}T080031Z-{kind}-mains_lost-0000.jsonl.gz"
           for n, kind in enumerate(["major", "critical", "manual", "major"])]  # fmt: skip
    for name in old:
        (folder / name).write_bytes(bytes(300_000))
    (folder / "notes.txt").write_bytes(bytes(900_000))
    bench = Bench(folder, total_mb=1)
    bench.until(0)
    assert names(folder) == sorted([*old[1:], "notes.txt"])  # at the start already
    (name,) = bench.attach(100, raised(seconds=100))
    bench.until(200)
    assert name in names(folder)
    for kept_by_hand in old[1:]:
        (folder / kept_by_hand).write_bytes(bytes(530_000))
    (name,) = bench.attach(300, raised(seconds=300))
    bench.until(400)
    assert old[1] in names(folder)  # critical; the others went
    assert name in names(folder)
    assert not set(old[2:]) & set(names(folder))
    bench.end()


# ---- disks that fail ----


def test_below_the_floor_nothing_is_written_it_is_said_once_and_the_next_event_says_no_name(
    tmp_path, caplog, monkeypatch
):
    bench = Bench(tmp_path / "recordings")
    free = os.statvfs(tmp_path)
    floor = free.f_bavail * free.f_frsize
    monkeypatch.setattr(bench.recorder.shelf, "_free_min", floor * 2)
    assert bench.attach(10, raised(seconds=10)) != [None]  # nobody waits for a disk to know
    bench.until(11)
    assert names(bench.folder) == []
    assert bench.attach(12, raised(seconds=12)) == [None]
    bench.until(13)
    assert bench.attach(14, raised(seconds=14)) == [None]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Events go on without them" in caplog.text
    monkeypatch.setattr(bench.recorder.shelf, "_free_min", 0)
    assert bench.attach(16, raised(seconds=16)) == [None]  # it looks again, for the next one
    flushed(bench.recorder)
    (name,) = bench.attach(18, raised(seconds=18))
    bench.until(90)
    assert names(bench.folder) == [name]
    assert "written" in caplog.records[-1].getMessage()
    bench.end()


def test_a_folder_that_cannot_be_made_is_logged_once_and_every_event_goes_on(tmp_path, caplog):
    (tmp_path / "recordings").write_text("a file stands where the folder should be")
    bench = Bench(tmp_path / "recordings")
    for second in (10, 200, 400):
        assert len(bench.attach(second, raised(seconds=second))) == 1
        bench.until(second + 100)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    bench.end()


def test_a_card_that_hangs_delays_no_alarm_and_gets_its_files_when_it_answers(bench):
    released = threading.Event()
    bench.change(0, car__floor=1)
    bench.until(0)
    bench.recorder.disk.do(released.wait)
    given = []
    for second in range(100, 3000, 100):
        bench.recorder.tick(at(second).uptime_us)
        given += bench.attach(second, raised(seconds=second))
    assert given[0] is not None
    assert given[-1] is None  # what waits for the card is bounded
    for second in range(3000, 3050):
        bench.change(second, car__floor=second)
        bench.recorder.tick(at(second).uptime_us)
    released.set()
    bench.until(5000)
    written = [name for name in dict.fromkeys(given) if name]
    assert names(bench.folder) == sorted(written)
    assert told(bench.folder / written[0])[1:] == [
        {"t": 0.0, "signal": "car.floor", "value": 1}, {"t": 160.0}
    ]  # fmt: skip
    assert bench.attach(5001, raised(seconds=5001)) != [None]


def test_an_error_in_the_middle_leaves_what_was_written_for_the_next_start(bench, caplog):
    (name,) = bench.attach(10, raised(seconds=10))
    bench.until(11)
    bench.change(12, car__floor=1)
    sink = bench.recorder.under_way[0]._sink._file
    assert sink._file is not None
    os.close(sink._file.fileno())  # as a card that was pulled out
    bench.until(80)
    assert names(bench.folder) == [f"{name}.part"]
    assert len(caplog.records) == 1
    again = Bench(bench.folder)
    flushed(again.recorder)
    assert names(bench.folder) == [name]
    assert told(bench.folder / name)[0]["recording"] == 1
    again.end()


def test_a_file_is_on_the_disk_once_and_before_it_has_its_name(bench, monkeypatch):
    seen, real = [], os.fsync

    def fsync(number):
        real(number)
        seen.append(names(bench.folder))

    monkeypatch.setattr(os, "fsync", fsync)
    (name,) = bench.attach(100, raised(seconds=100))
    bench.until(130)
    bench.until(160)
    assert seen == [[f"{name}.part"]]
    assert names(bench.folder) == [name]


def test_a_clean_stop_ends_what_is_under_way(bench):
    (name,) = bench.attach(100, raised(seconds=100))
    bench.change(102, car__floor=5)

    async def stop():
        bench.recorder.close(at(103).uptime_us)
        await bench.recorder.stop(10)

    asyncio.run(stop())
    bench.has_ended = True
    assert told(bench.folder / name)[1:] == [
        {"t": 102.0, "signal": "car.floor", "value": 5}, {"t": 103.0}
    ]  # fmt: skip


def test_a_stop_does_not_wait_long_for_a_card_that_hangs(bench, caplog):
    released = threading.Event()
    bench.attach(100, raised(seconds=100))
    flushed(bench.recorder)
    bench.recorder.disk.do(released.wait)

    async def stop():
        bench.recorder.close(at(103).uptime_us)
        await bench.recorder.stop(0.01)

    asyncio.run(stop())
    bench.has_ended = True
    assert "the next start looks after them" in caplog.text
    assert names(bench.folder)[0].endswith(".part")
    released.set()


def test_the_time_between_portions_is_bounded_so_that_little_is_lost_by_a_power_cut(bench):
    (name,) = bench.attach(100, raised(seconds=100))
    flushed(bench.recorder)
    bench.change(101, car__floor=1)
    bench.until(102)
    part = bench.folder / f"{name}.part"
    small = part.stat().st_size
    bench.until(131)
    assert part.stat().st_size > small


# ---- what a power cut leaves ----


def part_of(folder, name, content):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.part").write_bytes(content)


NAME = "20261123T080031Z-critical-trapped_passengers-7f3a.jsonl.gz"
HEADER = b'{"recording":1,"wall":"2026-11-23T08:00:00Z","signals":["car.floor"]}\n'
LINES = b"".join(b'{"t":%d.0,"signal":"car.floor","value":%d}\n' % (n, n) for n in range(5000))


def mended(folder):
    bench = Bench(folder)
    flushed(bench.recorder)
    bench.end()


def test_a_file_that_was_cut_anywhere_is_whole_after_the_next_start(tmp_path, caplog):
    first, second = gzip.compress(HEADER + LINES[:400]), gzip.compress(LINES[400:])
    whole = first + second
    for size in range(len(first) + 100, len(whole), 997):
        part_of(tmp_path / f"{size}", NAME, whole[:size])
        mended(tmp_path / f"{size}")
        assert names(tmp_path / f"{size}") == [NAME]
        text = gzip.decompress((tmp_path / f"{size}" / NAME).read_bytes())
        assert (HEADER + LINES).startswith(text)
        assert text.endswith(b"\n")
        assert len(text) >= len(HEADER) + 400 - 50
    assert "cut short" in caplog.text


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1f\x8b", b"nonsense", gzip.compress(b"no newline")],
    ids=["empty", "two bytes", "nonsense", "no newline"],
)
def test_what_holds_no_line_is_deleted(tmp_path, content):
    part_of(tmp_path / "r", NAME, content)
    mended(tmp_path / "r")
    assert names(tmp_path / "r") == []


def test_bytes_that_are_no_gzip_behind_a_good_part_do_no_harm(tmp_path):
    part_of(tmp_path / "r", NAME, gzip.compress(HEADER + LINES) + b"\0" * 5000)
    mended(tmp_path / "r")
    assert gzip.decompress((tmp_path / "r" / NAME).read_bytes()) == HEADER + LINES


def test_an_endless_line_is_not_collected_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(flight_shelf, "_LINE_BYTES_MAX", 1000)
    part_of(tmp_path / "r", NAME, gzip.compress(HEADER + bytes(10_000_000)))
    mended(tmp_path / "r")
    assert gzip.decompress((tmp_path / "r" / NAME).read_bytes()) == HEADER


def test_mending_that_was_cut_begins_again_and_parts_of_others_are_left_alone(tmp_path):
    folder = tmp_path / "r"
    part_of(folder, NAME, gzip.compress(HEADER))
    (folder / f"{NAME}.part.mended").write_bytes(b"half")
    (folder / "download.part").write_bytes(b"not ours")
    mended(folder)
    assert names(folder) == sorted([NAME, "download.part"])


def test_a_file_that_vanishes_while_one_looks_is_passed_over(tmp_path):
    shelf = Shelf(tmp_path, 1000, 0)
    (tmp_path / NAME).symlink_to(tmp_path / "gone")
    assert shelf.files() == []
    assert Shelf(tmp_path / "none", 1000, 0).files() == []


WRITER = """
import sys
from pathlib import Path
from agent.model import Instant, Reading, Event, Severity, Transition
from tests.recorders import recorder_into
start = Instant(uptime_us=0, wall_us=1_795_420_800_000_000, synchronised=True)
recorder = recorder_into(Path(sys.argv[1]), start, {"box": ("car.floor",)})
us = 0
while True:
    us += 1_000_000
    recorder.record([Reading("car.floor", us, us)] * 40)
    now = Instant(uptime_us=us, wall_us=start.wall_us + us, synchronised=True)
    event = Event(code="mains_lost", transition=Transition.RAISED, severity=Severity.MAJOR, at_us=us)
    recorder.attach([event], now)
    recorder.tick(us)
    recorder.disk.call(lambda: None).result()
    print(us, flush=True)
"""


@pytest.mark.parametrize("after", [3, 250, 900])
def test_a_kill_while_writing_leaves_no_half_file_that_looks_whole(tmp_path, after):
    folder = tmp_path / "r"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert writer.stdout is not None
    for _ in range(after):
        assert writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.wait(10)
    writer.stdout.close()
    whole = [name for name in names(folder) if kept(name, 0)]
    assert whole or after < 800
    for name in whole:
        assert set(told(folder / name)[-1]) == {"t"}
    mended(folder)
    assert names(folder)
    for name in names(folder):
        assert kept(name, 0)
        list(replay_events(folder / name, SITE))


# ---- the same event again ----


def entrapment():
    """Somebody gets in at 300 s; the car stops between landings at 330 s."""
    yield 0, {"car__moving": False, "car__door_zone": True, "door__front": "closed",
              "car__occupied": False, "car__floor": 1}  # fmt: skip
    yield 290, {"door__front": "open"}
    yield 295, {"car__occupied": True}
    yield 300, {"door__front": "closed"}
    yield 305, {"car__moving": True}
    yield 307, {"car__door_zone": False}
    yield 330, {"car__moving": False}
    yield 400, {"car__floor": 2}


def test_an_entrapment_s_file_replayed_says_the_same_event(bench):
    """Only a link that fell silent long before is told again, for the recording begins with it."""
    monitor = Monitor(DRIVERS, limits_of(MonitorSettings()), start_us=START.uptime_us)
    live = []
    for seconds, values in entrapment():
        us = at(seconds).uptime_us
        readings = [Reading(n.replace("__", "."), v, us) for n, v in values.items()]
        bench.recorder.record(readings)
        live += bench.recorder.attach(monitor.step(us, readings), at(seconds))
    (trapped,) = live
    assert trapped.at_us == at(345).uptime_us
    bench.until(500)
    name = trapped.detail["recording"]
    again = list(replay_events(bench.folder / name, SITE))
    assert [(e.code, e.transition) for e, _ in again] == [
        ("trapped_passengers", trapped.transition)
    ]
    (event, header) = again[0]
    assert header.wall.timestamp() + event.at_us / SECOND_US == WALL_US / SECOND_US + 345
    assert {n: f.v for n, f in event.evidence.items()} == {
        n: f.v for n, f in trapped.evidence.items()
    }
    assert event.unknown == trapped.unknown


# ---- the thread ----


def test_a_mistake_of_our_own_in_the_thread_is_told():
    told_of: queue.SimpleQueue[BaseException] = queue.SimpleQueue()

    def wrong():
        raise AssertionError("ours")

    Disk(told_of.put).do(wrong)
    assert str(told_of.get(timeout=10)) == "ours"


def test_an_answer_nobody_waits_for_is_not_worked_out():
    disk = Disk(raise_in_thread)
    released = threading.Event()
    disk.do(released.wait)
    asked = []
    answer = disk.call(lambda: asked.append(1))
    assert answer.cancel()
    released.set()
    disk.call(lambda: None).result(10)
    assert asked == []
    disk.end()


def test_a_thread_that_never_began_is_idle_and_needs_no_end():
    disk = Disk(raise_in_thread)
    assert asyncio.run(disk.idle(0.01))
    disk.end()


def test_a_disk_that_hangs_is_asked_for_no_more_than_a_few_things(bench):
    released = threading.Event()
    bench.recorder.disk.do(released.wait)
    for _ in range(100):
        bench.recorder.begin()
    assert bench.recorder.disk.is_behind
    assert bench.recorder.disk._jobs.qsize() <= JOBS_MAX
    released.set()


def test_recordings_go_on_by_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_TICK_S", 0.01)
    clock = Clock()
    now = clock.now()

    async def story():
        recorder = recorder_into(tmp_path / "r", now, DRIVERS)
        running = asyncio.create_task(recorder.run(clock))
        await asyncio.sleep(0)
        tape = recorder.save_by_hand(now, 1)
        await until(lambda: not recorder.under_way)
        running.cancel()
        recorder.disk.end()
        assert tape is not None
        return tape.name

    name = asyncio.run(story())
    assert names(tmp_path / "r") == [name]


def test_problems_of_the_folder_at_the_start_are_logged(tmp_path, caplog, monkeypatch):
    folder = tmp_path / "r"
    folder.mkdir()

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Shelf, "tidy", refuse)
    with caplog.at_level(logging.WARNING):
        mended(folder)
    assert "Permission denied" in caplog.text
