"""The journal and times that became known late: what is dated, by whom, and what never changes."""

import sqlite3
from functools import partial
from pathlib import Path

import msgspec
import pytest

from agent import outbox_retention
from agent.clock_anchor import CODE, detail_of
from agent.model import Event, Row, Severity
from agent.outbox import Journal, Search, read_rows
from agent.outbox_anchors import Anchors, boot_of
from agent.power import cut_told
from agent.uplink.events import Envelope, age_us, corrected, dated
from tests.outbox_events import at, cleared, notice, raised

A, B, C = "boot-a", "boot-b", "boot-c"
ANCHOR_US = 1_790_000_000_000_000
YEAR_US = 31_557_600_000_000


def unset(us: int):
    return at(us, wall_us=us, synchronised=False)


def corrects(us: int, anchor_us: int = ANCHOR_US) -> Event:
    now = at(us, wall_us=anchor_us + us)
    told = detail_of("synchronised", anchor_us, now, 0)
    event: Event = notice(CODE, Severity.INFO, at_us=us)
    return msgspec.structs.replace(event, detail=told)


@pytest.fixture
def journal(tmp_path: Path):
    one = Journal.open(tmp_path / "outbox.db")
    yield one
    one.close()


def rows(journal: Journal) -> list[Row]:
    return journal.rows(Search(limit=1000))


def test_the_notice_names_the_sequences_of_its_boot_before_it(journal: Journal) -> None:
    journal.append([raised(at_us=5)], unset(9), A)
    journal.append([notice("usage")] * 2, unset(2_000), B)
    journal.append([notice("usage")], unset(3_000), B)
    [row] = journal.append([corrects(4_000)], at(4_000, wall_us=ANCHOR_US + 4_000), B)
    assert (row.event.detail["applies_from"], row.event.detail["applies_to"]) == (2, 4)


def test_a_first_row_that_is_the_notice_applies_to_nothing(journal: Journal) -> None:
    journal.append([notice("usage")], unset(9), A)
    [row] = journal.append([corrects(4_000)], at(4_000), B)
    assert (row.event.detail["applies_from"], row.event.detail["applies_to"]) == (2, 1)


def test_rows_of_a_boot_are_dated_by_its_anchor_in_this_boot_and_in_later_ones(
    journal: Journal,
) -> None:
    journal.append([notice("usage")], unset(1_000), A)
    journal.append([notice("usage")], unset(1_000), B)
    assert [row.is_dated for row in rows(journal)] == [False, False]
    journal.append([corrects(7_000_999)], at(7_000_999, wall_us=ANCHOR_US + 7_000_999), B)
    journal.append([notice("usage")], unset(8_000), B)
    journal.append([notice("usage")], unset(9), C)
    path = journal.path
    for found in (rows(journal), read_rows(path, 0, 100)):
        assert [row.anchor_us for row in found] == [None, ANCHOR_US, None, ANCHOR_US, None]
        assert [row.told_us for row in found][1] == ANCHOR_US + found[1].event.at_us
        assert [row.wall_us for row in found][1] == found[1].event.at_us  # as written
    journal.close()
    again = Journal.open(path)
    try:
        assert [row.anchor_us for row in rows(again)] == [None, ANCHOR_US, None, ANCHOR_US, None]
        assert again.look(lambda db: boot_of(db, B, again.head)).anchor_us == ANCHOR_US
    finally:
        again.close()


def test_what_a_boot_left_is_found_however_it_lies_in_the_journal(journal: Journal) -> None:
    assert journal.look(lambda db: boot_of(db, A, 0)).is_undated is False
    for boot, count, synchronised in ((A, 5, False), (B, 17, True), (C, 3, False)):
        now = at(1_000, synchronised=synchronised)
        journal.append([notice("usage")] * count, now, boot)
        found = journal.look(partial(boot_of, boot_id=boot, head=journal.head))
        assert (found.anchor_us, found.is_undated) == (None, not synchronised)
    journal.look(lambda db: db.execute("DELETE FROM journal WHERE seq IN (6, 7, 23)"))
    assert journal.look(lambda db: boot_of(db, C, journal.head)).is_undated


def test_the_duration_over_a_restart_counts_where_both_ends_are_dated(journal: Journal) -> None:
    journal.append([raised(at_us=1_000)], unset(1_000), A)
    journal.append([raised("mains_lost", at_us=1_000)], unset(1_000), A)
    journal.append([corrects(2_000)], at(2_000, wall_us=ANCHOR_US + 2_000), A)
    path = journal.path
    journal.close()
    later = Journal.open(path)
    try:
        minute = at(5, wall_us=ANCHOR_US + 60_001_000)
        [known] = later.append([cleared(at_us=5)], minute, B)
        [unknown] = later.append([cleared("mains_lost", at_us=5)], unset(5), B)
    finally:
        later.close()
    assert (known.duration_ms, unknown.duration_ms) == (60_000, None)


def test_within_a_boot_the_duration_is_the_uptimes_whatever_was_stepped(journal: Journal) -> None:
    journal.append([raised(at_us=1_000)], unset(1_000), A)
    [row] = journal.append([cleared(at_us=9_000)], at(9_000, wall_us=70 * YEAR_US), A)
    assert row.duration_ms == 8


def test_the_anchors_outlive_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    first = Journal.open(path)
    first.append([notice("usage")], unset(1_000), A)
    first.append([corrects(2_000)], at(2_000, wall_us=ANCHOR_US + 2_000), A)
    first.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE standing")
    db.close()
    second = Journal.open(path)
    try:
        assert second.recovered
        assert rows(second)[0].anchor_us == ANCHOR_US
    finally:
        second.close()


def test_a_power_cut_is_timed_by_a_corrected_clock() -> None:
    last = Row(
        seq=1, journal="j", raised_seq=None, event=notice("usage"), boot_id=A,
        wall_us=5, synchronised=False, anchor_us=ANCHOR_US,
    )  # fmt: skip
    now = at(5, wall_us=last.told_us + 3_000_000)
    told = cut_told(last, [], now)
    assert told["down_ms"] == 3000
    assert str(told["down_since"]) > "2026"


def envelope(**more: object) -> Envelope:
    fields = {
        "journal": "j",
        "seq": 1,
        "raised_seq": 1,
        "boot_id": A,
        "wall_us": 5,
        "clock": "unsynchronised",
    }
    return Envelope(**{**fields, **more})  # type: ignore[arg-type]


def test_only_what_is_of_this_boot_and_not_dated_is_told_by_its_anchor() -> None:
    assert corrected(envelope(), A, None) == envelope()
    assert corrected(envelope(), B, 7) == envelope()
    sure = envelope(clock="synchronised")
    assert corrected(sure, A, 7) == sure
    assert corrected(envelope(), A, 7) == envelope(clock="corrected", anchor_us=7)


@pytest.mark.parametrize("years", [-60, -1, 0, 1, 60])
def test_within_its_boot_an_event_is_historical_by_the_uptime_alone(years: int) -> None:
    event = raised(at_us=1_000_000)
    for passed_us, late in ((60_000_000, False), (60_000_001, True)):
        now = at(1_000_000 + passed_us, wall_us=ANCHOR_US + years * YEAR_US)
        assert dated(event, envelope(), A, now, ANCHOR_US).historical is late


def test_over_a_restart_a_corrected_event_is_as_old_as_its_corrected_time() -> None:
    event = raised(at_us=1_000_000)
    now = at(10, wall_us=ANCHOR_US + 3_601_000_000)
    known = envelope(clock="corrected", anchor_us=ANCHOR_US)
    assert age_us(event, known, B, now) == 3_600_000_000
    assert age_us(event, envelope(), B, now) == 10


def test_more_boots_than_are_remembered_are_looked_up_again(journal: Journal) -> None:
    boots = [f"boot-{n}" for n in range(70)]
    for n, boot in enumerate(boots):
        journal.append([corrects(1_000, n * 1_000)], at(1_000, wall_us=n * 1_000 + 1_000), boot)
    anchors = journal.look(Anchors)
    for _ in range(2):
        assert [anchors.of(boot) for boot in boots] == [n * 1_000 for n in range(70)]
    assert anchors.of("another") is None


def test_a_notice_that_is_not_delivered_never_goes(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who heard what was told before depends on it."""
    monkeypatch.setattr(outbox_retention, "_ROWS_WORTH", 1)
    journal.append([notice("usage")] * 3, unset(1_000), A)
    journal.append([corrects(2_000)], at(2_000), A)
    sweep, drop = outbox_retention.Sweep(), None
    while drop is None and not sweep.is_done:
        drop = journal.look(lambda db: sweep.next(db, "disk_full", 0, 4))
    assert drop is not None
    assert drop.seqs == (1, 2, 3)
