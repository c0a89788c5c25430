"""The journal on a real disk: numbering, pairing, lanes, cursors, damage, locks."""

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from agent import outbox, outbox_records
from agent.model import Event, Fact, Lane, Severity, Transition
from agent.outbox import Journal, JournalBusy, JournalFault, Search, read_rows
from agent.outbox_schema import migrate
from agent.sequence_reserve import SequenceReserve
from tests.outbox_events import BOOT, acknowledged, at, cleared, notice, raised, salvaged_here

DATA = Path(__file__).parent / "data"


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """An open one. Its tables are made by the migration itself, without the cost of a process each time."""
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox, "salvage", salvaged_here)
    with closing(Journal.open(tmp_path / "outbox.db")) as opened:
        yield opened


def reopened(journal):
    journal.close()
    return Journal.open(journal.path)


def damage(path, first=0):
    content = bytearray(path.read_bytes())
    content[first:] = b"\xa5" * (len(content) - first)
    path.write_bytes(content)


def test_a_new_journal_has_its_own_id_and_begins_with_one(journal):
    assert len(journal.journal) == 8
    assert int(journal.journal, 16) >= 0
    assert journal.head == 0
    assert journal.recovered is None
    assert journal.append([notice()], at(1000), BOOT)[0].seq == 1


def test_rows_come_back_as_they_were_committed(journal):
    event = Event(
        code="trapped_passengers",
        transition=Transition.RAISED,
        severity=Severity.CRITICAL,
        at_us=900,
        since_us=100,
        evidence={"car.door_zone": Fact(v=False, since_us=80, last_known=True)},
        unknown=("car.load_percent",),
        detail={"rule": "a", "filtered": False, "level": 3},
        mode="normal",
        visit=True,
        drill=True,
        stop_recommended=True,
    )
    written = journal.append([event, notice()], at(1000), BOOT)
    again = reopened(journal)
    with closing(again):
        assert tuple(again.rows(Search(limit=9))) == written
        assert written[0].event == event
        assert written[0].wall_us == at(1000).wall_us - 100
        assert again.head == 2


def test_all_events_of_one_batch_are_committed_or_none(journal):
    journal.append([notice()], at(1000), BOOT)
    broken = msgspec.structs.replace(notice(), detail={"not json": object()})
    with pytest.raises(TypeError):
        journal.append([raised(), broken], at(2000), BOOT)
    assert journal.head == 1
    assert journal.append([raised()], at(3000), BOOT)[0].seq == 2


def test_a_transition_names_the_raise_it_belongs_to(journal):
    rows = journal.append(
        [notice("alarm_button"), raised(), notice("alarm_button"), acknowledged(), cleared()],
        at(1000),
        BOOT,
    )
    assert [row.raised_seq for row in rows] == [None, 2, 2, 2, 2]
    assert journal.append([notice("alarm_button")], at(2000), BOOT)[0].raised_seq is None


def test_instances_of_one_code_stand_apart(journal):
    car = raised("intercom_silent", Severity.MAJOR, instance="car")
    pit = raised("intercom_silent", Severity.MAJOR, instance="pit")
    journal.append([car, pit], at(1000), BOOT)
    journal.append([cleared("intercom_silent", Severity.MAJOR, instance="car")], at(2000), BOOT)
    assert [row.event.instance for row in journal.standing()] == ["pit"]


@pytest.mark.parametrize("wrong", [[raised(), raised()], [cleared()], [acknowledged()]])
def test_a_transition_without_its_pair_is_our_mistake_and_touches_nothing(journal, wrong):
    with pytest.raises(AssertionError):
        journal.append(wrong, at(1000), BOOT)
    assert journal.head == 0
    assert journal.append([raised()], at(1000), BOOT)[0].seq == 1


def test_what_stands_is_known_after_a_restart(journal):
    row = journal.append([raised(), raised("mains_lost", Severity.MAJOR)], at(1000), BOOT)[1]
    journal.append([cleared()], at(2000), BOOT)
    with closing(reopened(journal)) as again:
        assert again.standing() == [row]
        with pytest.raises(AssertionError):
            again.append([raised("mains_lost", Severity.MAJOR)], at(3000), BOOT)


def test_a_clear_in_the_same_boot_lasts_by_uptime_even_when_the_wall_steps(journal):
    journal.append([raised(at_us=1_000_000)], at(1_000_000), BOOT)
    row = journal.append(
        [cleared(at_us=3_500_000)], at(3_500_000, wall_us=5, synchronised=False), BOOT
    )[0]
    assert row.duration_ms == 2500


@pytest.mark.parametrize(
    ("raise_synchronised", "clear_synchronised", "expected"),
    [(True, True, 60_000), (True, False, None), (False, True, None), (False, False, None)],
)
def test_a_clear_after_a_reboot_lasts_by_the_wall_only_where_both_ends_are_trusted(
    journal, raise_synchronised, clear_synchronised, expected
):
    journal.append(
        [raised(at_us=500)], at(500, wall_us=10_000_000, synchronised=raise_synchronised), BOOT
    )
    late = at(100, wall_us=70_000_000, synchronised=clear_synchronised)
    assert journal.append([cleared(at_us=100)], late, "boot-b")[0].duration_ms == expected


def test_a_lane_is_fetched_in_order_after_a_cursor_and_at_most_so_many(journal):
    journal.append(
        [raised(), notice(), notice(), cleared(), notice(severity=Severity.MAJOR)], at(1000), BOOT
    )

    def seqs(lane, after, limit):
        return [row.seq for row in journal.fetch(lane, after, limit)]

    assert seqs(Lane.CRITICAL, 0, 9) == [1, 4]
    assert seqs(Lane.REST, 0, 9) == [2, 3, 5]
    assert seqs(Lane.REST, 2, 9) == [3, 5]
    assert seqs(Lane.REST, 2, 1) == [3]
    assert seqs(Lane.REST, 5, 9) == []
    assert journal.count_owed(Lane.REST) == 3
    assert journal.count_owed(Lane.REST, 3) == 1


@pytest.mark.parametrize("rows", [100, 20_000])
def test_fetching_a_lane_takes_as_many_steps_in_a_long_journal_as_in_a_short_one(journal, rows):
    first = 1
    for count in itertools.repeat(min(rows, 1000), rows // min(rows, 1000)):
        journal.append([notice() for _ in range(count)], at(first), BOOT)
    steps = 0

    def step():
        nonlocal steps
        steps += 1
        return 0

    journal._db.set_progress_handler(step, 10)
    journal.fetch(Lane.REST, rows // 2, 16)
    journal.fetch(Lane.CRITICAL, 0, 16)
    assert steps <= 50


def test_cursors_go_with_the_commit_or_alone_and_never_ahead_or_back(journal):
    journal.append([notice(), raised()], at(1000), BOOT)
    journal.append([notice()], at(2000), BOOT, {Lane.CRITICAL: 2, Lane.REST: 1})
    with closing(reopened(journal)) as again:
        assert again.cursors == {Lane.CRITICAL: 2, Lane.REST: 1}
        again.commit([], BOOT, {Lane.REST: 3})
        with pytest.raises(AssertionError):
            again.commit([], BOOT, {Lane.REST: 4})
        with pytest.raises(AssertionError):
            again.commit([], BOOT, {Lane.REST: 2})
        again.append([notice()], at(3000), BOOT)
    with closing(Journal.open(journal.path)) as again:
        assert again.cursors == {Lane.CRITICAL: 2, Lane.REST: 3}


def test_rows_are_searched_by_severity_and_code_from_both_ends(journal):
    journal.append(
        [
            notice(),
            raised(),
            raised("mains_lost", Severity.MAJOR),
            cleared(),
            notice("usage"),
        ],
        at(1000),
        BOOT,
    )

    def seqs(**search):
        return [row.seq for row in journal.rows(Search(**search))]

    assert seqs(limit=9) == [1, 2, 3, 4, 5]
    assert seqs(limit=2, newest_first=True) == [5, 4]
    assert seqs(after=3, limit=9) == [4, 5]
    assert seqs(through=2, limit=9) == [1, 2]
    assert seqs(limit=9, severities=[Severity.CRITICAL, Severity.MAJOR]) == [2, 3, 4]
    assert seqs(limit=9, codes=["usage", "mains_lost"]) == [3, 5]
    assert seqs(limit=9, codes=["usage"], severities=[Severity.CRITICAL]) == []
    assert seqs(limit=9, codes=[]) == []


def test_a_journal_is_read_without_a_service_and_beside_one(journal):
    journal.append([notice(), raised()], at(1000), BOOT)
    live = read_rows(journal.path, 0, 9)
    assert [row.seq for row in live] == [1, 2]
    journal.close()
    assert read_rows(journal.path, 0, 9) == live
    assert read_rows(journal.path, 0, 9, [Severity.CRITICAL]) == live[1:]
    assert read_rows(journal.path, 0, 1, newest_first=True) == live[1:]
    assert not journal.path.with_name("outbox.db-wal").exists()


def test_reading_a_journal_that_is_not_there_says_so(tmp_path):
    with pytest.raises(JournalFault, match=r"no journal .*outbox.db"):
        read_rows(tmp_path / "outbox.db", 0, 9)
    (tmp_path / "outbox.db").write_bytes(b"something else" * 100)
    with pytest.raises(JournalFault, match="not a database"):
        read_rows(tmp_path / "outbox.db", 0, 9)


def test_a_second_opening_names_the_process_that_holds_the_journal(journal):
    code = (
        "import sys; from pathlib import Path; from agent.outbox import Journal, JournalBusy\n"
        "try: Journal.open(Path(sys.argv[1]))\n"
        "except JournalBusy as busy: print(busy.pid, busy)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, journal.path], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(f"{os.getpid()} The journal {journal.path} is held by process")
    with pytest.raises(JournalBusy):
        Journal.open(journal.path)


def test_the_lock_goes_with_the_journal(journal):
    with closing(reopened(journal)) as again:
        assert again.journal == journal.journal


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("missing/outbox.db", "directory .*missing does not exist"),
        ("file/outbox.db", "file is not a directory"),
    ],
)
def test_a_wrong_directory_is_named_with_a_remedy(tmp_path, where, says):
    (tmp_path / "file").touch()
    with pytest.raises(JournalFault, match=says) as caught:
        Journal.open(tmp_path / where)
    assert "outbox.path" in caught.value.reason


def test_the_tables_are_made_by_a_child_process_so_that_sqlite_utils_is_never_imported(tmp_path):
    code = (
        "import sys; from pathlib import Path; from agent.outbox import Journal\n"
        "Journal.open(Path(sys.argv[1])).close(); print(sorted(sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "outbox.db"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "'sqlite3'" in said
    assert not {"sqlite_utils", "click", "rich"} & set(said.split("'"))
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
        assert db.execute("PRAGMA page_size").fetchone() == (1024,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA user_version").fetchone() == (outbox.VERSION,)


def test_a_journal_of_a_newer_program_is_left_alone(tmp_path):
    path = tmp_path / "outbox.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE future (x)")
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(JournalFault, match="version 99"):
        Journal.open(path)
    assert path.read_bytes() == before


def test_making_the_tables_twice_changes_nothing(journal):
    journal.append([notice()], at(1000), BOOT)
    journal.close()
    migrate(str(journal.path))
    assert len(read_rows(journal.path, 0, 9)) == 1


def test_a_power_cut_between_the_file_and_its_tables_leaves_a_journal_that_opens(tmp_path):
    path = tmp_path / "outbox.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA page_size = 1024")
        db.execute("PRAGMA journal_mode = wal")
    with closing(Journal.open(path)) as journal:
        assert journal.append([notice()], at(1000), BOOT)[0].seq == 1


def test_a_journal_of_version_1_opens_with_its_rows_cursors_and_what_stands(tmp_path):
    path = tmp_path / "outbox.db"
    shutil.copy(DATA / "outbox-v1.db", path)
    with closing(Journal.open(path)) as journal:
        assert journal.journal == "0c2d5a91"
        assert [row.event.code for row in journal.rows(Search(limit=99))] == [
            "agent_started", "mode_changed", "trapped_passengers", "trapped_passengers",
            "trapped_passengers", "intercom_silent",
        ]  # fmt: skip
        assert [row.raised_seq for row in journal.rows(Search(limit=99))] == [
            None, None, 3, 3, 3, 6,
        ]  # fmt: skip
        assert journal.rows(Search(after=4, limit=1))[0].duration_ms == 600_000
        assert [row.seq for row in journal.standing()] == [6]
        assert journal.cursors == {Lane.CRITICAL: 4, Lane.REST: 2}
        assert journal.append([notice()], at(1000), BOOT)[0].seq == 7


def test_a_lost_database_goes_on_above_every_number_possibly_used(journal):
    journal.append([notice()] * 3, at(1000), BOOT)
    journal.close()
    journal.path.unlink()
    with closing(Journal.open(journal.path)) as new:
        assert new.journal != journal.journal
        assert new.recovered is not None
        assert "missing" in (new.recovered or "")
        assert new.recovered_range == (1, 1000)
        assert new.cursors == {Lane.CRITICAL: 1000, Lane.REST: 1000}
    with closing(Journal.open(journal.path)) as new:  # a restart before the first event
        assert new.append([notice()], at(1000), BOOT)[0].seq == 1001


def test_a_lost_reserve_falls_back_to_the_head_of_the_database(journal):
    journal.append([notice()] * 3, at(1000), BOOT)
    journal.path.with_suffix(".seq").unlink()
    with closing(reopened(journal)) as again:
        assert again.recovered is None
        assert again.append([notice()], at(1000), BOOT)[0].seq == 4
    assert journal.path.with_suffix(".seq").exists()


def test_an_old_copy_put_back_does_not_repeat_the_numbers_used_since(journal):
    journal.append([notice()] * 3, at(1000), BOOT)
    journal.close()
    shutil.copy(journal.path, journal.path.with_suffix(".copy"))
    with closing(Journal.open(journal.path)) as again:
        for _ in range(2):
            again.append([notice()] * 1000, at(1000), BOOT)
    shutil.copy(journal.path.with_suffix(".copy"), journal.path)
    with closing(Journal.open(journal.path)) as again:
        assert again.recovered is not None
        assert again.recovered_range == (4, again.head)
        assert again.append([notice()], at(1000), BOOT)[0].seq > 2003


def test_a_damaged_database_is_set_aside_and_the_recovery_told_until_it_is_journaled(journal):
    journal.append([raised()], at(1000), BOOT)
    journal.close()
    damage(journal.path)
    with closing(Journal.open(journal.path)) as new:
        assert new.journal != journal.journal
        assert new.standing() == []
        assert "outbox.db.corrupt-1" in (new.recovered or "")
        assert new.recovered_range == (1, 1000)
    assert (journal.path.parent / "outbox.db.corrupt-1").read_bytes()[:1] == b"\xa5"
    with closing(Journal.open(journal.path)) as new:
        assert "outbox.db.corrupt-1" in (new.recovered or "")
        new.append([notice("outbox_recovered", Severity.MAJOR)], at(1000), BOOT)
    with closing(Journal.open(journal.path)) as new:
        assert new.recovered is None
        assert new.recovered_range is None
    damage(journal.path)
    with closing(Journal.open(journal.path)) as new:
        assert "outbox.db.corrupt-2" in (new.recovered or "")
        assert new.head == 2000


def test_damage_inside_names_only_the_numbers_after_the_last_that_can_be_read(journal):
    journal.append([notice()] * 40, at(1000), BOOT)
    journal.path.with_suffix(".seq").unlink()
    journal.close()
    with closing(sqlite3.connect(journal.path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'standing'").fetchone()
    content = bytearray(journal.path.read_bytes())
    content[(page[0] - 1) * 1024 : page[0] * 1024] = b"\xff" * 1024
    journal.path.write_bytes(content)
    with closing(Journal.open(journal.path)) as new:
        assert new.recovered is not None
        assert new.head == 40
        assert new.recovered_range is None


def test_a_missing_table_counts_as_damage(journal):
    journal.close()
    with closing(sqlite3.connect(journal.path)) as db:
        db.execute("DROP TABLE standing")
    with closing(Journal.open(journal.path)) as new:
        assert "outbox.db.corrupt-1" in (new.recovered or "")


def test_a_row_that_cannot_be_read_is_passed_over_and_does_not_end_the_lane(journal, caplog):
    journal.append([raised(), notice(), notice()], at(1000), BOOT)
    journal._db.execute("UPDATE journal SET body = x'7bff' WHERE seq IN (1, 2)")
    assert journal.unreadable == 0
    assert [row.seq for row in journal.fetch(Lane.REST, 0, 1)] == [3]
    assert "Row 2" in caplog.text
    assert journal.unreadable == 1
    with closing(reopened(journal)) as again:
        assert again.journal == journal.journal
        assert again.standing() == []
        assert again.append([raised()], at(1000), BOOT)[0].seq == 4


def test_a_row_that_cannot_be_read_is_counted_and_logged_once_however_often_it_is_met(
    journal, caplog
):
    journal.append([notice()] * 3, at(1000), BOOT)
    journal._db.execute("UPDATE journal SET body = x'7bff' WHERE seq > 1")
    for _ in range(2):
        assert [row.seq for row in journal.fetch(Lane.REST, 0, 9)] == [1]
        assert [row.seq for row in journal.rows(Search(limit=9))] == [1]
    assert journal.unreadable == 2
    assert len(caplog.records) == 2


def test_unreadable_rows_are_counted_up_to_a_bound(journal, monkeypatch):
    monkeypatch.setattr(outbox_records, "MOST_TOLD", 3)
    journal.append([notice()] * 9, at(1000), BOOT)
    journal._db.execute("UPDATE journal SET body = x'7bff'")
    assert journal.fetch(Lane.REST, 0, 9) == []
    assert journal.unreadable == 3


def test_damage_met_while_running_is_set_aside_at_the_next_reopening(journal):
    journal.append([raised(), notice()], at(1000), BOOT)
    old = journal.journal
    journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(journal.path)
    journal._db.execute("PRAGMA shrink_memory")
    with pytest.raises(JournalFault) as caught:
        journal.fetch(Lane.REST, 0, 9)
    assert caught.value.corrupt
    journal.reopen(suspect=True)
    assert journal.journal != old
    assert journal.append([raised()], at(1000), BOOT)[0].seq == 1001
    with closing(reopened(journal)) as again:
        assert [row.seq for row in again.standing()] == [1001]


def test_a_database_that_may_not_be_written_is_a_fault_and_changes_nothing(journal):
    journal.append([notice()], at(1000), BOOT)
    journal._db.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalFault, match="read-only"):
        journal.append([raised()], at(2000), BOOT)
    assert journal.head == 1
    assert journal.standing() == []
    assert [row.seq for row in journal.fetch(Lane.REST, 0, 9)] == [1]
    journal.reopen()
    assert journal.append([raised()], at(2000), BOOT)[0].seq == 2


def test_a_database_locked_by_another_program_is_a_fault_that_says_so(journal, monkeypatch):
    journal._db.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalFault, match="locked"):
            journal.append([notice()], at(1000), BOOT)
        other.execute("ROLLBACK")
    assert journal.append([notice()], at(1000), BOOT)[0].seq == 1


FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.outbox_events import *
from agent.outbox import Journal, JournalFault
journal = Journal.open(Path(sys.argv[1]))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
while True:
    try:
        journal.append([notice()], at(1000), BOOT)
    except JournalFault as fault:
        print(journal.head, fault.reason, flush=True)
        break
assert [row.seq for row in journal.fetch(notice().lane, journal.head - 1, 9)] == [journal.head]
try:
    journal.reopen()
    journal.append([notice()], at(1000), BOOT)
    print("written")
except JournalFault:
    print("still full")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
journal.reopen()
print(journal.append([raised()], at(1000), BOOT)[0].seq)
journal.close()
"""


def test_a_disk_that_takes_no_more_loses_nothing_and_numbers_on_when_it_does(tmp_path):
    path = tmp_path / "outbox.db"
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path, Path(__file__).parents[1]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    head = int(said[0].split()[0])
    assert head > 5
    assert "disk" in said[0]
    assert said[1:] == ["still full", str(head + 1)]
    assert [row.seq for row in read_rows(path, 0, 9999)] == list(range(1, head + 2))


def test_every_number_is_reserved_before_it_is_committed(journal):
    for size in (1, 999, 1, 1000, 7):
        last = journal.append([notice()] * size, at(1000), BOOT)[-1].seq
        assert last <= SequenceReserve(journal.path.with_suffix(".seq")).reserved_through
    assert journal.head == 2008


def test_a_reserve_that_cannot_be_written_is_a_fault_before_anything_is_committed(journal):
    journal.path.with_suffix(".seq").mkdir()
    with pytest.raises(JournalFault):
        journal.append([raised()], at(1000), BOOT)
    assert journal.head == 0
    journal.path.with_suffix(".seq").rmdir()
    assert journal.append([raised()], at(1000), BOOT)[0].seq == 1


def test_damage_that_only_the_loading_meets_is_set_aside_too(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox, "_QUICK_CHECK_BYTES", 0)
    path = tmp_path / "outbox.db"
    with closing(Journal.open(path)) as journal:
        early = [raised(instance=name) for name in ("a", "b", "c")]
        journal.append([*early, *[notice()] * 99], at(1000), BOOT)
        journal.append([raised("mains_lost", Severity.MAJOR), *[notice()] * 99], at(1000), BOOT)
        first = journal.journal
    content = path.read_bytes()
    page = content.index(b'"mains_lost","transition') // 1024 * 1024
    path.write_bytes(content[:page] + b"\xff" * 8 + content[page + 8 :])
    with closing(Journal.open(path)) as journal:
        assert journal.journal != first
        assert "outbox.db.corrupt-1" in str(journal.recovered)
        assert [row.seq for row in journal.standing()] == [1, 2, 3]
        assert {row.journal for row in journal.standing()} == {first}
        assert 103 not in {row.seq for row in journal.rows(Search(limit=999))}
        assert journal.append([raised()], at(4000), BOOT)[0].seq == 1001
    assert path.with_name("outbox.db.corrupt-1").exists()
