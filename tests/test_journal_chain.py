"""The hash chain: whoever changes, removes or inserts a row is found, and at which sequence."""

import json
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import outbox
from agent.outbox import Journal, Search, reading
from agent.outbox_chain import HASH_BYTES, Entry, Origin, Walk, link_of
from agent.outbox_schema import migrate
from agent.outbox_verify import verify
from tests.outbox_events import BOOT, at, cleared, notice, raised

DATA = Path(__file__).parent / "data"


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    with closing(Journal.open(tmp_path / "outbox.db")) as opened:
        opened.append([notice(), raised(), notice()], at(1000), BOOT)
        opened.append([cleared(), notice()], at(2000), BOOT)
        yield opened


def verdict_on(path, told=None):
    with reading(path) as db:
        return verify(db, lambda *how_far: None if told is None else told.append(how_far))


def tampered(journal, statement):
    journal.close()
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as db:
        db.execute(statement)
    return verdict_on(journal.path)


def test_a_whole_chain_is_followed_beside_a_running_service_to_the_head_it_publishes(journal):
    told: list[tuple[int, int]] = []
    found = verdict_on(journal.path, told)
    assert (found.broken, found.rows, found.ranges, found.seq) == (None, 5, 0, 5)
    assert found.chain_head == journal.chain_head.hex()
    assert len(journal.chain_head) == HASH_BYTES
    assert told == [(5, 5)]
    journal.append([notice()], at(3000), BOOT)
    assert verdict_on(journal.path).chain_head == journal.chain_head.hex() != found.chain_head


def test_the_head_of_the_chain_is_the_same_after_a_restart(journal):
    head = journal.chain_head
    journal.close()
    with closing(Journal.open(journal.path)) as again:
        assert again.chain_head == head


def test_the_chain_is_what_the_consumers_guide_says_by_other_means(journal):
    with closing(sqlite3.connect(journal.path)) as db:
        rows = db.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    first = ["elevator-agent journal", journal.journal, None, None, None]
    link = sha256(json.dumps(first, separators=(",", ":")).encode()).digest()
    for *columns, body, stored in rows:
        told = json.dumps(columns, separators=(",", ":"), ensure_ascii=False).encode()
        link = sha256(link + sha256(told + body).digest()).digest()
        assert link == stored
    assert link == journal.chain_head


def test_an_empty_journal_has_a_head_made_from_its_id(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    with closing(Journal.open(tmp_path / "outbox.db")) as empty:
        assert empty.chain_head == Origin(journal=empty.journal).link
        assert verdict_on(empty.path).chain_head == empty.chain_head.hex()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE journal SET body = CAST(replace(body, 'alarm', 'alarn') AS BLOB) WHERE seq = 2", 2),
        ("UPDATE journal SET wall_us = wall_us + 1 WHERE seq = 3", 3),
        ("UPDATE journal SET severity = 'info' WHERE seq = 4", 4),
        ("UPDATE journal SET acked_rest = 1 WHERE seq = 1", 1),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 5", 5),
        ("UPDATE journal SET hash = NULL WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 3", 4),
        ("DELETE FROM journal WHERE seq = 1", 2),
        ("UPDATE journal SET seq = 7 WHERE seq = 5", 7),
        (("INSERT INTO journal SELECT 9, lane, code, severity, transition, boot_id, uptime_us, wall_us,"
          " synchronised, raised_seq, duration_ms, acked_critical, acked_rest, body, hash"
          " FROM journal WHERE seq = 1"), 9),
        ("UPDATE meta SET value = '{\"journal\":\"deadbeef\"}' WHERE key = 'origin'", 1),
    ],
)  # fmt: skip
def test_whoever_touches_a_row_is_found_at_its_sequence(journal, statement, broken):
    found = tampered(journal, statement)
    assert found.broken == broken
    assert found.seq < broken


def test_a_tail_that_was_cut_off_shows_in_the_head_alone(journal):
    head = journal.chain_head.hex()
    found = tampered(journal, "DELETE FROM journal WHERE seq = 5")
    assert found.broken is None
    assert found.chain_head != head


def test_rows_of_the_first_version_are_linked_when_it_is_opened_and_guarded_from_then_on(tmp_path):
    path = tmp_path / "outbox.db"
    shutil.copy(DATA / "outbox-v1.db", path)
    with closing(Journal.open(path)) as journal:
        found = verdict_on(path)
        assert (found.broken, found.rows, found.chained_after) == (None, 6, 6)
        journal.append([notice()], at(1000), BOOT)
        assert verdict_on(path).chain_head == journal.chain_head.hex()
        assert tampered(journal, "UPDATE journal SET wall_us = 1 WHERE seq = 2").broken == 2


V2_HEAD = "cd0b462be9767d41083ebdd253a1c7b7d9892bc5a76971d684807ef7483b5673"


def test_a_journal_of_the_second_version_opens_with_its_chain_and_what_was_dropped_from_it(
    tmp_path,
):
    path = tmp_path / "outbox.db"
    shutil.copy(DATA / "outbox-v2.db", path)
    with closing(Journal.open(path)) as journal:
        found = verdict_on(path)
        assert (found.broken, found.seq, found.rows, found.ranges) == (None, 7, 7, 0)
        assert found.chain_head == journal.chain_head.hex() == V2_HEAD
        assert [row.seq for row in journal.rows(Search(limit=9))] == [2, 3, 5, 6, 7]
        assert [row.seq for row in journal.standing()] == [3]
        assert journal.withheld == (4, 7)


@given(
    st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=12),
    st.data(),
)
def test_a_stub_leads_over_its_row_and_a_changed_one_breaks_the_chain(digests, data):
    link, entries = b"origin", []
    for seq, digest in enumerate(digests, 1):
        link = link_of(link, digest)
        entries.append(Entry(seq, seq, digest, link))
    walk = Walk(b"origin")
    assert all(walk.step(entry) for entry in entries)
    assert (walk.link, walk.rows) == (link, len(digests))
    bad = data.draw(st.integers(0, len(digests) - 1))
    entries[bad] = Entry(bad + 1, bad + 1, digests[bad] + b"!", entries[bad].link)
    walk = Walk(b"origin")
    assert not all(walk.step(entry) for entry in entries)
    assert walk.broken == bad + 1


def test_a_range_is_believed_and_what_lies_behind_the_walk_is_passed_over():
    first, second = link_of(b"origin", b"1"), b"after five"
    walk = Walk(b"origin")
    assert walk.step(Entry(1, 1, b"1", first))
    assert walk.step(Entry(1, 5, None, second))
    assert walk.step(Entry(3, 3, b"x", b"y"))
    assert walk.step(Entry(6, 6, b"6", link_of(second, b"6")))
    assert (walk.rows, walk.ranges, walk.seq) == (2, 1, 6)
    assert not walk.step(Entry(7, 9, None, None))
    assert walk.broken == 7
