"""A damaged journal: what can be read of it comes along, under its old name, and nothing else does."""

import sqlite3
from contextlib import closing

import pytest

from agent import outbox, outbox_salvage
from agent.model import Lane, Severity
from agent.outbox import Journal, Search, reading
from agent.outbox_schema import migrate
from agent.outbox_verify import verify
from tests.outbox_events import BOOT, at, cleared, notice, raised, salvaged_here

PAGE = 1024


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """Two hundred rows: an alarm that stands, one that is over, and the broker has the first fifty."""
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox, "salvage", salvaged_here)
    with closing(Journal.open(tmp_path / "outbox.db")) as opened:
        opened.append(
            [raised(instance="a"), raised(instance="b"), cleared(instance="a")], at(1), BOOT
        )
        for _ in range(197):
            opened.append(
                [notice()], at(1), BOOT, {Lane.CRITICAL: 3, Lane.REST: min(opened.head, 50)}
            )
    return opened


def leaves(path):
    """The pages of the table that hold rows, in order."""
    content = path.read_bytes()
    return [
        number
        for number in range(1, len(content) // PAGE)
        if content[number * PAGE] == 0x0D and b'{"code"' in content[number * PAGE :][:PAGE]
    ]


def spoil(path, *pages):
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(b"\xff" * 64)


def verdict(path):
    with reading(path) as db:
        return verify(db, lambda *_: None)


def opened_anew(journal):
    return closing(Journal.open(journal.path, suspect=True))


def test_every_readable_row_comes_along_under_its_old_journal_and_the_lost_are_named(journal):
    pages = leaves(journal.path)
    spoil(journal.path, pages[10])
    with opened_anew(journal) as new:
        rows = new.rows(Search(limit=999))
        lost = {*range(1, 201)} - {row.seq for row in rows}
        assert 1 <= len(lost) <= 8
        assert {row.journal for row in rows} == {journal.journal}
        assert new.journal != journal.journal
        assert new.recovered_detail == {
            "salvaged": 200 - len(lost),
            "unreadable": len(lost),
            "lost": [f"{min(lost)}-{max(lost)}"],
            "previous_journal": journal.journal,
            "previous_chain_head": journal.chain_head.hex(),
        }
        assert new.recovered_range == (201, 1000)
        assert new.head == 1000
        [row] = new.append([notice()], at(9), BOOT)
        assert (row.seq, row.journal) == (1001, new.journal)
        assert verdict(new.path).broken is None
        assert verdict(new.path).chain_head == new.chain_head.hex()


def test_what_stood_stands_and_what_was_owed_is_owed(journal):
    spoil(journal.path, leaves(journal.path)[-1])
    with opened_anew(journal) as new:
        assert [(row.seq, row.journal) for row in new.standing()] == [(2, journal.journal)]
        assert new.cursors == {Lane.CRITICAL: 3, Lane.REST: 50}
        assert new.fetch(Lane.REST, 50, 1)[0].seq == 51
        assert new.append([cleared(instance="b")], at(9), BOOT)[0].raised_seq == 2


def test_where_the_table_of_what_stands_is_lost_the_rows_tell(journal):
    with closing(sqlite3.connect(journal.path)) as db:
        [page] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'standing'").fetchone()
    spoil(journal.path, page - 1)
    with opened_anew(journal) as new:
        assert len(new.rows(Search(limit=999))) == 200
        assert [row.seq for row in new.standing()] == [2]
        assert new.recovered_detail["unreadable"] == 0


def test_a_row_that_is_not_what_was_written_does_not_come_along(journal):
    with closing(sqlite3.connect(journal.path)) as db, db:
        db.execute("UPDATE journal SET severity = 'critical' WHERE seq = 100")
    spoil(journal.path, leaves(journal.path)[10])
    with opened_anew(journal) as new:
        seqs = {row.seq for row in new.rows(Search(limit=999))}
        assert 100 not in seqs
        assert {99, 101} <= seqs
        assert "100" in str(new.recovered_detail["lost"])


def test_a_second_damage_keeps_apart_what_each_journal_wrote(journal):
    spoil(journal.path, leaves(journal.path)[10])
    with opened_anew(journal) as second:
        second.append([notice()] * 60, at(9), BOOT)
        second_name = second.journal
    spoil(journal.path, leaves(journal.path)[-2])
    with opened_anew(journal) as third:
        names = {row.seq: row.journal for row in third.rows(Search(limit=999))}
        assert names[1] == names[200] == journal.journal
        assert names[1001] == second_name
        assert third.append([notice()], at(9), BOOT)[0].journal == third.journal
        assert verdict(third.path).broken is None


def test_nothing_at_all_can_be_read(journal):
    journal.path.write_bytes(b"\xa5" * 9000)
    with opened_anew(journal) as new:
        assert new.rows(Search(limit=9)) == []
        assert new.recovered_detail == {}
        assert new.recovered_range == (1, 1000)
        assert new.cursors[Lane.REST] == 1000


def test_the_time_of_a_salvage_is_bounded_and_what_it_did_not_reach_is_named(journal, monkeypatch):
    monkeypatch.setattr(outbox_salvage, "SECONDS_MOST", -1)
    spoil(journal.path, leaves(journal.path)[10])
    with opened_anew(journal) as new:
        assert new.recovered_detail["salvaged"] == 0
        assert new.recovered_detail["lost"] == ["1-200"]
        assert new.append([notice()], at(9), BOOT)[0].seq == 1001


def test_lost_ranges_are_named_up_to_a_bound_and_all_counted(journal, monkeypatch):
    monkeypatch.setattr(outbox_salvage, "RANGES_MOST", 2)
    spoil(journal.path, *leaves(journal.path)[4:20:4])
    with opened_anew(journal) as new:
        assert len(new.recovered_detail["lost"]) == 2
        assert new.recovered_detail["unreadable"] >= 4


def test_a_salvage_that_fails_leaves_an_empty_journal_that_works(journal, monkeypatch, caplog):
    def fails(aside, path):
        monkeypatch.setattr(outbox_salvage, "salvage", None)
        migrate(str(path))

    monkeypatch.setattr(outbox, "salvage", fails)
    spoil(journal.path, leaves(journal.path)[10])
    with opened_anew(journal) as new:
        assert new.rows(Search(limit=9)) == []
        assert new.append([raised(severity=Severity.CRITICAL)], at(9), BOOT)[0].seq == 1001


def test_it_runs_as_a_process_of_its_own(journal, monkeypatch):
    monkeypatch.undo()
    spoil(journal.path, leaves(journal.path)[10])
    with opened_anew(journal) as new:
        assert new.recovered_detail["salvaged"] >= 190
        assert journal.path.with_name("outbox.db.corrupt-1").exists()


def test_a_process_that_cannot_read_it_says_so_in_the_log(journal, monkeypatch, caplog):
    monkeypatch.undo()
    journal.path.write_bytes(b"no database at all" * 99)
    with opened_anew(journal) as new:
        assert new.head == 1000
    assert any("was salvaged" in line for line in caplog.messages)
