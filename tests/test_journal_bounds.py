"""The journal's bounds: what goes, in which order, what is said about it, and that the chain goes on over it."""

from contextlib import closing

import pytest

from agent import outbox, outbox_retention, outbox_upkeep
from agent.model import Event, Instant, Lane, Severity, Transition
from agent.outbox import Journal, Search, reading
from agent.outbox_retention import Bounds, Sweep
from agent.outbox_rows import Batch
from agent.outbox_schema import migrate
from agent.outbox_upkeep import Upkeep
from agent.outbox_verify import verify
from agent.settings import OutboxSettings
from agent.uplink.health import delivered_through
from agent.uplink.lanes import Lanes
from tests.outbox_events import BOOT, at, event, notice, raised
from tests.publisher_stage import FakeJournal

INFO, MINOR, MAJOR, CRITICAL = Severity
DAY_US = 86_400_000_000


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox_retention, "_ROWS_ENOUGH", 1)
    monkeypatch.setattr(outbox_retention, "_ROWS_WORTH", 1)
    with closing(Journal.open(tmp_path / "outbox.db")) as opened:
        yield opened


def report(drop, at_us):
    detail = {"reason": drop.reason, **drop.severities}
    ranges = [f"{a}-{b}" for a, b in drop.ranges]
    return Event(
        code="records_dropped",
        transition=Transition.NOTICE,
        severity=MAJOR,
        at_us=at_us,
        detail={**detail, "ranges": ranges, "undelivered": drop.undelivered},
    )


def one(severity):
    return notice("usage", severity)


def seqs(journal):
    return [row.seq for row in journal.rows(Search(limit=99_999))]


def dropped(journal, sweep, cursor=None, reason="size"):
    """Drop once; the drop, or None when nothing may go."""
    cursor = journal.cursors[Lane.REST] if cursor is None else cursor
    drop, sweep.is_done = None, False
    while drop is None and not sweep.is_done:
        drop = journal.look(lambda db: sweep.next(db, reason, cursor, journal.head))
    if drop is not None:
        told = Batch((report(drop, 1000),), at(1000))
        journal.commit([told], BOOT, {Lane.REST: cursor}, drop)
    return drop


def verdict(journal):
    with reading(journal.path) as db:
        return verify(db, lambda *_: None)


def test_what_the_broker_has_goes_first_and_of_that_info_then_minor_then_major(journal):
    kinds = [INFO, MINOR, MAJOR, CRITICAL]
    journal.append([one(kind) for kind in kinds * 2], at(1000), BOOT)
    sweep = Sweep()
    gone: list[tuple[tuple[int, ...], int]] = []
    while (drop := dropped(journal, sweep, cursor=4)) is not None and len(gone) < 9:
        gone.append((drop.seqs, drop.undelivered))
    # delivered: 1 info, 2 minor, 3 major; owed: 5, 6, 7; critical 4 and 8 stay, and so do owed reports
    assert gone == [((1,), 0), ((2,), 0), ((3,), 0), ((5,), 1), ((6,), 1), ((7,), 1)]
    assert [row.seq for row in journal.rows(Search(limit=99, through=8))] == [4, 8]
    assert verdict(journal).broken is None


def test_critical_events_never_go(journal):
    journal.append([one(CRITICAL)] * 9, at(1000), BOOT, {})
    journal.commit([], BOOT, {Lane.CRITICAL: 9, Lane.REST: 9})
    assert dropped(journal, Sweep()) is None
    assert len(seqs(journal)) == 9


def test_a_raise_that_stands_never_goes_and_the_clear_of_one_that_went_still_works(journal):
    journal.append([raised("camera_silent", MINOR, instance=name) for name in "ab"], at(1000), BOOT)
    journal.append([event(Transition.CLEARED, "camera_silent", MINOR, instance="a")], at(1), BOOT)
    journal.commit([], BOOT, {Lane.REST: 3})
    drop = dropped(journal, Sweep())
    assert drop is not None
    assert drop.seqs == (1, 3)
    assert [row.seq for row in journal.standing()] == [2]
    row = journal.append(
        [event(Transition.CLEARED, "camera_silent", MINOR, instance="b")], at(9), BOOT
    )
    assert row[0].raised_seq == 2


def test_the_report_is_in_the_same_transaction_and_names_exactly_what_is_gone(journal):
    journal.append([one(INFO), one(INFO), one(MAJOR), one(INFO)], at(1000), BOOT)
    journal.commit([], BOOT, {Lane.REST: 4})
    dropped(journal, Sweep())
    told = journal.rows(Search(after=4, limit=9))[0].event.detail
    assert told == {"reason": "size", "info": 3, "ranges": ["1-2", "4-4"], "undelivered": 0}
    assert seqs(journal) == [3, 5]


def test_a_range_spans_what_went_before(journal):
    journal.append([one(MINOR), one(INFO), one(MINOR), one(MAJOR)], at(1000), BOOT)
    journal.commit([], BOOT, {Lane.REST: 4})
    sweep = Sweep()
    dropped(journal, sweep)
    drop = dropped(journal, sweep)
    assert drop is not None
    assert drop.ranges == ((1, 3),)


def test_a_failed_drop_leaves_everything(journal):
    journal.append([one(INFO)] * 3, at(1000), BOOT)
    drop = journal.look(lambda db: Sweep().next(db, "size", 3, 3))
    assert drop is not None
    journal._db.execute("PRAGMA query_only = ON")
    with pytest.raises(outbox.JournalFault):
        journal.commit([Batch((report(drop, 1),), at(1))], BOOT, {Lane.REST: 3}, drop)
    journal.reopen()
    assert seqs(journal) == [1, 2, 3]
    assert journal.withheld is None


def test_many_are_found_a_stretch_at_a_time_and_at_most_so_many_go_at_once(journal, monkeypatch):
    monkeypatch.setattr(outbox_retention, "STRETCH", 7)
    monkeypatch.setattr(outbox_retention, "ROWS_MOST", 5)
    monkeypatch.setattr(outbox_retention, "RANGES_MOST", 2)
    journal.append([one(MAJOR)] * 20 + [one(INFO), one(MAJOR)] * 4 + [one(INFO)] * 9, at(1), BOOT)
    journal.commit([], BOOT, {Lane.REST: 37})
    sweep = Sweep()
    found = [dropped(journal, sweep).seqs for _ in range(4)]
    assert found == [(21,), (23, 25), (27, 29, 30, 31, 32), (33, 34, 35, 36, 37)]
    assert verdict(journal).broken is None


def test_a_handful_is_not_worth_a_report_which_is_a_row_itself(journal, monkeypatch):
    monkeypatch.setattr(outbox_retention, "_ROWS_ENOUGH", 100)
    monkeypatch.setattr(outbox_retention, "_ROWS_WORTH", 8)
    journal.append([one(INFO)] * 4 + [one(MINOR)] * 3, at(1), BOOT)
    journal.commit([], BOOT, {Lane.REST: 7})
    assert dropped(journal, Sweep()) is None
    journal.append([one(MAJOR)], at(1), BOOT, {})
    journal.commit([], BOOT, {Lane.REST: 8})
    assert dropped(journal, Sweep()).seqs == (1, 2, 3, 4, 5, 6, 7, 8)


# ---------------------------------------------------------------- what is not delivered


def test_what_the_broker_never_had_counts_as_delivered_only_with_the_report(journal):
    journal.append([one(INFO)] * 4, at(1000), BOOT)
    assert dropped(journal, Sweep(), cursor=1).seqs == (1,)
    assert not journal.withheld
    sweep = Sweep()
    assert dropped(journal, sweep, cursor=1).seqs == (2, 3, 4)
    assert journal.withheld == (2, 6)
    journal.close()
    with closing(Journal.open(journal.path)) as again:
        assert again.withheld == (2, 6)
        assert [row.seq for row in again.fetch(Lane.REST, 1, 9)] == [5, 6]
        again.append([one(INFO)], at(2000), BOOT, {Lane.REST: 6})
        assert again.withheld is None


def test_delivered_through_stays_below_what_is_withheld():
    lanes = Lanes(critical_cursor=9, rest_cursor=9, window=4)
    assert delivered_through(FakeJournal(), lanes) == 9
    owed = FakeJournal()
    owed.withheld_from = 4
    assert delivered_through(owed, lanes) == 3


def test_a_second_report_holds_both_until_it_has_arrived(journal):
    journal.append([one(INFO), one(MINOR)], at(1000), BOOT)
    sweep = Sweep()
    dropped(journal, sweep, cursor=0)
    assert journal.withheld == (1, 3)
    dropped(journal, sweep, cursor=0)
    assert journal.withheld == (1, 4)


# ---------------------------------------------------------------- stubs and ranges


def test_a_stub_stays_for_each_row_until_there_are_many_and_then_a_range(journal, monkeypatch):
    monkeypatch.setattr(outbox_retention, "STUBS_MOST", 6)
    monkeypatch.setattr(outbox_retention, "ROWS_MOST", 4)
    sweep, heads = Sweep(), set()
    found = verdict(journal)
    for _ in range(6):
        journal.append([one(INFO), one(INFO), one(MAJOR), one(INFO)], at(1), BOOT)
        journal.commit([], BOOT, {Lane.REST: journal.head})
        dropped(journal, sweep)
        found = verdict(journal)
        assert found.broken is None
        assert found.chain_head == journal.chain_head.hex()
        heads.add(found.chain_head)
    assert found.ranges > 0
    assert len(heads) == 6
    stubs = journal.look(lambda db: db.execute("SELECT count(*) FROM dropped").fetchone()[0])
    assert stubs < 18


def test_a_row_beside_stubs_is_still_guarded(journal):
    journal.append([one(INFO), one(MAJOR), one(INFO), one(MAJOR)], at(1), BOOT)
    journal.commit([], BOOT, {Lane.REST: 4})
    dropped(journal, Sweep())
    journal._db.execute("UPDATE journal SET wall_us = 5 WHERE seq = 2")
    assert verdict(journal).broken == 2


# ---------------------------------------------------------------- age


def aged(journal, sweep, before_us, cursor):
    now_us = before_us + 10 * DAY_US
    return journal.look(lambda db: sweep.next_old(db, now_us, before_us, cursor))


def test_by_age_goes_what_is_delivered_and_was_dated_by_a_clock_that_was_right(journal):
    old, young = at(1000, wall_us=DAY_US), at(1000, wall_us=3 * DAY_US)
    guessed = at(1000, wall_us=DAY_US, synchronised=False)
    journal.append([one(INFO), one(CRITICAL), one(MAJOR)], old, BOOT)  # 1, 2, 3
    journal.append([one(INFO)], guessed, BOOT)  # 4
    journal.append([one(INFO)], young, BOOT)  # 5
    journal.append([one(INFO)], old, BOOT)  # 6, not delivered
    drop = aged(journal, Sweep(), 2 * DAY_US, 5)
    assert drop is not None
    assert (drop.seqs, drop.reason) == ((1, 3), "age")
    assert aged(journal, Sweep(), DAY_US, 5) is None


def test_what_no_clock_dated_is_as_old_as_what_follows_it_and_holds_up_nothing(
    journal, monkeypatch
):
    monkeypatch.setattr(outbox_retention, "STRETCH", 4)
    old, young = at(1000, wall_us=DAY_US), at(1000, wall_us=3 * DAY_US)
    unset, ahead = at(1, wall_us=0, synchronised=False), at(1, wall_us=9000 * DAY_US)
    journal.append([one(INFO)], unset, BOOT)  # 1
    journal.append([one(INFO)], ahead, BOOT)  # 2
    journal.append([one(CRITICAL), one(INFO)], old, BOOT)  # 3, 4
    journal.append([one(INFO)], unset, BOOT)  # 5, as young as 6 for all that is known
    journal.append([one(INFO)], young, BOOT)  # 6
    sweep = Sweep()
    drop = aged(journal, sweep, 2 * DAY_US, 6)
    assert drop is not None
    assert drop.seqs == (1, 2, 4)
    journal.commit([Batch((report(drop, 1),), at(1))], BOOT, {}, drop)
    assert [aged(journal, sweep, 2 * DAY_US, 6) for _ in range(3)] == [None] * 3


def test_age_goes_on_behind_a_stretch_where_nothing_is_left_to_drop(journal, monkeypatch):
    monkeypatch.setattr(outbox_retention, "STRETCH", 3)
    journal.append([one(CRITICAL)] * 3 + [one(INFO)], at(1000, wall_us=DAY_US), BOOT)
    sweep = Sweep()
    assert aged(journal, sweep, 2 * DAY_US, 4) is None
    drop = aged(journal, sweep, 2 * DAY_US, 4)
    assert drop is not None
    assert drop.seqs == (4,)


# ---------------------------------------------------------------- when


class Times:
    """Instants that rise by so many seconds."""

    def __init__(self, wall_us=10_000 * DAY_US):
        self.s, self.wall_us = 0, wall_us

    def later(self, s, synchronised=True):
        self.s += s
        us = self.s * 1_000_000
        return Instant(uptime_us=us, wall_us=self.wall_us + us, synchronised=synchronised)


def upkeep_of(journal, most_bytes, keep_days=9000):
    return Upkeep(journal.path, Bounds(most_bytes=most_bytes, keep_us=keep_days * DAY_US), report)


def settled(upkeep, journal, times):
    """What it finds in the end."""
    drop = upkeep.look(journal, journal.head, times.later(1))
    while drop is None and upkeep.busy:
        drop = upkeep.look(journal, journal.head, times.later(1))
    return drop


def test_above_the_bound_records_go_until_it_is_below_by_a_hundredth(journal):
    upkeep, times = upkeep_of(journal, 200_000), Times()
    for _ in range(3):
        journal.append([one(INFO)] * 300, at(1), BOOT)
    journal.commit([], BOOT, {Lane.REST: 900})
    rounds = 0
    upkeep.busy = True
    while upkeep.busy:
        if (drop := upkeep.look(journal, 900, times.later(1))) is not None:
            journal.commit([Batch((report(drop, 1),), at(1))], BOOT, {}, drop)
            rounds += 1
    assert rounds >= 1
    assert journal.usage()[0] <= 198_000
    assert not upkeep.busy
    assert verdict(journal).broken is None


def test_no_commit_is_followed_by_a_look_without_need(journal):
    upkeep, times = upkeep_of(journal, 10_000_000), Times()
    assert upkeep.is_due(0, times.later(1))
    upkeep.look(journal, 0, times.later(1))
    assert not upkeep.is_due(255, times.later(1))
    assert upkeep.is_due(256, times.later(1))
    assert upkeep.is_due(0, times.later(61))


def test_nothing_goes_below_the_bound_and_nothing_is_looked_at_without_news(journal):
    upkeep, times = upkeep_of(journal, 10_000_000), Times()
    journal.append([one(INFO)] * 300, at(1), BOOT)
    assert upkeep.look(journal, 300, times.later(1)) is None
    assert upkeep.has_ballast


def test_a_journal_full_of_what_may_not_go_is_said_once_an_hour(journal, caplog):
    upkeep, times = upkeep_of(journal, 50_000), Times()
    for _ in range(4):
        journal.append([one(CRITICAL)] * 300, at(1), BOOT)
        assert settled(upkeep, journal, times) is None
    assert sum("nothing in it may go" in line for line in caplog.messages) == 1
    journal.append([one(INFO)] * 300, at(1), BOOT)
    times.later(3700)
    assert settled(upkeep, journal, times) is not None


def test_a_clock_that_is_years_ahead_costs_one_step_an_hour_and_an_unset_one_nothing(
    journal, monkeypatch
):
    monkeypatch.setattr(outbox_upkeep, "ROWS_MOST", 4)
    monkeypatch.setattr(outbox_retention, "ROWS_MOST", 4)
    journal.append([one(INFO)] * 20, at(1, wall_us=DAY_US), BOOT)
    journal.commit([], BOOT, {Lane.REST: 20})
    upkeep, times = upkeep_of(journal, 10_000_000, keep_days=4 * 365), Times()
    assert upkeep.look(journal, 20, times.later(1, synchronised=False)) is None
    day = [upkeep.look(journal, 20, times.later(60)) for _ in range(24 * 60 - 1)]
    assert not any(day)  # somebody has seen it by then
    found = [upkeep.look(journal, 20, times.later(60)) for _ in range(120)]
    assert len([drop for drop in found if drop is not None]) == 2


def test_the_defaults_keep_four_years_at_a_thousand_events_a_day():
    settings = OutboxSettings()
    bounds = Bounds.of(settings)
    assert (
        bounds.most_bytes / (4 * 365.25 * 1000) >= 600
    )  # bytes a row, of which a plain one takes half
    assert bounds.keep_us >= 4 * 365.25 * DAY_US
