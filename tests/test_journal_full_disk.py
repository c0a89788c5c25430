"""A disk without room: the ballast goes, alarms are taken, what may go goes, and all is well when there is room again."""

import asyncio
import contextlib
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from agent import outbox, outbox_retention, outbox_upkeep, writer
from agent.clock import Clock
from agent.model import Severity
from agent.outbox import Journal, JournalFault, Search, read_rows
from agent.outbox_ballast import Ballast
from agent.outbox_retention import Bounds
from agent.outbox_schema import migrate
from agent.outbox_upkeep import Upkeep
from agent.outbox_verify import verify
from agent.writer import Outbox
from tests.outbox_events import at, cleared, notice, raised
from tests.test_journal_bounds import report
from tests.test_writer import Ear

SIZE = 12 << 20


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(writer, "_STALL_S", 30)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 12 MiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int = 0):
    """Take all room but so many bytes."""
    found = os.statvfs(folder)
    size = found.f_bavail * found.f_frsize - leave
    with (folder / "other").open("ab") as file, contextlib.suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, file.seek(0, 2) + size)


# ---------------------------------------------------------------- the ballast


def test_the_ballast_is_real_room_made_once_and_given_up_once(tmp_path):
    ballast = Ballast(tmp_path / "ballast", 1 << 20)
    assert [ballast.is_there, ballast.make(), ballast.is_there] == [False, True, True]
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= 1 << 20
    assert ballast.make()
    assert ballast.release()
    assert not ballast.release()
    assert not ballast.is_there


def test_an_empty_file_in_its_place_is_no_ballast(tmp_path):
    (tmp_path / "ballast").write_bytes(b"")
    os.truncate(tmp_path / "ballast", 1 << 20)
    ballast = Ballast(tmp_path / "ballast", 1 << 20)
    assert not ballast.is_there
    assert ballast.make()
    assert ballast.is_there


def test_the_ballast_never_takes_the_last_room(small_disk):
    ballast = Ballast(small_disk / "ballast", 4 << 20)
    fill(small_disk, leave=(8 << 20) - 8192)
    assert not ballast.make()
    (small_disk / "other").unlink()
    assert ballast.make()
    fill(small_disk)
    ballast.release()
    assert not ballast.make()
    assert not (small_disk / "ballast").exists()


def test_a_ballast_where_nothing_may_be_written_is_no_error(tmp_path):
    assert not Ballast(tmp_path / "missing" / "ballast").make()
    assert not Ballast(tmp_path / "missing" / "ballast").release()


# ---------------------------------------------------------------- the whole


@contextlib.asynccontextmanager
async def an_outbox(path):
    ear = Ear()
    bounds = Bounds(most_bytes=10**9, keep_us=10**16)
    upkeep = Upkeep(path, bounds, report)
    box = Outbox(path, Clock(), on_committed=ear.committed, on_fault=ear.fault, upkeep=upkeep)
    await box.start()
    try:
        yield box, ear, upkeep
    finally:
        await box.stop(5)


async def until(holds):
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def flood(box, ear, count, severity=Severity.INFO):
    """So many notices, a few hundred at a time."""
    for _ in range(count // 200):
        before = len(ear.rows)
        box.submit([notice(severity=severity)] * 200, at(1000))
        await ear.until_rows(before + 200)


def test_on_a_full_disk_alarms_are_committed_info_goes_and_the_chain_holds(small_disk, monkeypatch):
    path = small_disk / "outbox.db"
    monkeypatch.setattr(outbox_upkeep, "_BALLAST_US", 100_000)
    monkeypatch.setattr(writer, "_IDLE_S", 0.1)
    monkeypatch.setattr(outbox_upkeep, "ROOM_BYTES", 200_000)

    async def story():
        async with an_outbox(path) as (box, ear, upkeep):
            await flood(box, ear, 2000)
            assert upkeep.has_ballast
            box.acknowledged(notice().lane, box.head)
            fill(small_disk)
            alarms = 0
            for index in range(3000):  # several times what the log and the ballast hold
                before = len(ear.rows)
                box.submit([raised(), cleared()] if index % 3 == 0 else [notice()], at(index))
                alarms += index % 3 == 0
                await ear.until_rows(before + 1)
            assert not upkeep.has_ballast
            assert upkeep.is_tight
            (small_disk / "other").unlink()
            await until(lambda: upkeep.has_ballast)
            return alarms

    alarms = asyncio.run(story())
    rows = read_rows(path, 0, 99_999)
    codes = [row.event.code for row in rows]
    assert codes.count("alarm_button") == 2 * alarms
    told = [row.event.detail for row in rows if row.event.code == "records_dropped"]
    assert {each["reason"] for each in told} == {"disk_full"}
    assert all(set(each) == {"reason", "info", "ranges", "undelivered"} for each in told)
    with outbox.reading(path) as db:
        assert verify(db, lambda *_: None).broken is None


def test_a_full_disk_without_anything_to_drop_silences_nothing_and_loses_nothing(small_disk):
    path = small_disk / "outbox.db"

    async def story():
        async with an_outbox(path) as (box, ear, upkeep):
            await flood(box, ear, 200, Severity.CRITICAL)
            fill(small_disk)
            written = 200
            while box.fault is None and written < 60_000:
                box.submit([notice(severity=Severity.CRITICAL)] * 200, at(1000))
                written += 200
                wanted = written
                await ear.until(lambda: len(ear.rows) >= wanted or box.fault is not None)  # noqa: B023
            assert not upkeep.has_ballast
            await ear.until_failed()
            assert "disk is full" in str(box.fault)
            assert box.waiting
            (small_disk / "other").unlink()
            await ear.until_back()
            await ear.until_rows(written)
            return written

    written = asyncio.run(story())
    rows = [row for row in read_rows(path, 0, 99_999) if row.event.code == "mode_changed"]
    assert len(rows) == written
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)


def test_a_drop_that_the_disk_does_not_take_is_given_up_and_holds_up_no_event(
    tmp_path, monkeypatch
):
    path = tmp_path / "outbox.db"
    monkeypatch.setattr(outbox_retention, "_ROWS_WORTH", 1)
    monkeypatch.setattr(outbox_retention, "_ROWS_ENOUGH", 1)
    refused = []

    class Grudging(Journal):
        def commit(self, batches, boot_id, cursors=None, drop=None):  # type: ignore[explicit-override]
            if drop is not None:
                refused.append(drop)
                raise JournalFault("Journal: the disk is full.", full=True)
            return super().commit(batches, boot_id, cursors, drop)

    async def story():
        ear = Ear()
        upkeep = Upkeep(path, Bounds(most_bytes=30_000, keep_us=10**16), report)
        box = Outbox(
            path,
            Clock(),
            on_committed=ear.committed,
            on_fault=ear.fault,
            opener=Grudging.open,
            upkeep=upkeep,
        )
        await box.start()
        await flood(box, ear, 400)
        await until(lambda: bool(refused))
        box.submit([raised()], at(2000))
        await ear.until_rows(401)
        await box.stop(5)

    asyncio.run(story())
    assert len(refused) == 1
    with closing(Journal.open(path)) as journal:
        assert len(journal.rows(Search(limit=999))) == 401


def test_the_size_bound_holds_in_a_running_service(tmp_path, monkeypatch):
    path = tmp_path / "outbox.db"
    monkeypatch.setattr(outbox_retention, "STUBS_MOST", 200)

    async def story():
        ear = Ear()
        upkeep = Upkeep(path, Bounds(most_bytes=300_000, keep_us=10**16), report)
        box = Outbox(path, Clock(), on_committed=ear.committed, on_fault=ear.fault, upkeep=upkeep)
        await box.start()
        for _ in range(20):
            await flood(box, ear, 200)
        withheld = [box.withheld_from]
        await until(lambda: not upkeep.busy)
        box.acknowledged(notice().lane, box.head)
        assert [*withheld, box.withheld_from] == [1, None]
        used, _ = await box.look(outbox.usage_of)
        await box.stop(5)
        assert used <= 300_000 + 256 * 300

    asyncio.run(story())
    gone = [
        int(str(row.event.detail["undelivered"]))
        for row in read_rows(path, 0, 9999)
        if row.event.code == "records_dropped"
    ]
    assert sum(gone) + len(read_rows(path, 0, 9999)) - len(gone) == 4000
