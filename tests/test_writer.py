"""The journal for the event loop: order, waiting, a disk that fails, hangs, lies and comes back."""

import asyncio
import contextlib
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from agent import outbox, outbox_attempt, writer
from agent.clock import Clock
from agent.model import Lane, Severity, Transition
from agent.outbox import Journal, JournalBusy, JournalFault, read_rows
from agent.outbox_records import NEWEST_CURSORS
from agent.outbox_schema import migrate
from agent.writer import Outbox
from tests.outbox_events import (
    BOOT,
    Card,
    acknowledged,
    at,
    cleared,
    notice,
    raised,
    salvaged_here,
)

MAJOR = Severity.MAJOR


class Ear:
    """Hears an Outbox and lets a test wait for what it wants to hear."""

    def __init__(self):
        self.transactions = []
        self.faults = []
        self.replaced_after_rows = []
        self._something = asyncio.Event()

    def committed(self, rows):
        self.transactions.append(rows)
        self._something.set()

    def fault(self, reason):
        self.faults.append(reason)
        self._something.set()

    def replaced(self):
        self.replaced_after_rows.append(len(self.rows))

    @property
    def rows(self):
        return [row for rows in self.transactions for row in rows]

    @property
    def seqs(self):
        return [row.seq for row in self.rows]

    async def until(self, wanted):
        async with asyncio.timeout(20):
            while not wanted():
                self._something.clear()
                await self._something.wait()

    async def until_rows(self, count):
        await self.until(lambda: len(self.rows) >= count)

    async def until_failed(self):
        await self.until(lambda: self.faults and self.faults[-1] is not None)

    async def until_back(self):
        await self.until(lambda: self.faults and self.faults[-1] is None)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox, "salvage", salvaged_here)
    monkeypatch.setattr(writer, "_STALL_S", 30)  # a slow disk under test is no fault


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outbox.db"


@pytest.fixture
def card():
    """A disk that is let go at the end, so that no thread hangs on."""
    one = Card()
    yield one
    one.failing = False
    one.answering.set()


@contextlib.asynccontextmanager
async def an_outbox(path, card, wait_s=5.0, deadline_s=5.0):
    ear = Ear()
    box = Outbox(
        path,
        Clock(),
        on_committed=ear.committed,
        on_fault=ear.fault,
        on_replaced=ear.replaced,
        opener=card.open,
    )
    await box.start(wait_s)
    try:
        yield box, ear
    finally:
        card.failing, card.refusing_reads = False, False
        card.answering.set()
        await box.stop(deadline_s)


def test_events_are_committed_in_order_each_submission_in_one_transaction(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            assert len(box.journal) == 8
            assert box.head == 0
            box.submit([notice(), raised()], at(1000))
            box.submit([cleared()], at(2000))
            box.submit([], at(3000))
            assert box.waiting == 3
            await ear.until_rows(3)
            assert ear.seqs == [1, 2, 3]
            assert box.head == 3
            assert box.waiting == 0
            assert all(row.journal == box.journal for row in ear.rows)
            assert {row.boot_id for row in ear.rows} == {Clock().boot_id}
            assert [row.wall_us for row in ear.rows] == [at(1000).wall_us] * 2 + [
                at(2000).wall_us - 1000
            ]
            assert ear.faults == []

    asyncio.run(story())
    assert [row.seq for row in read_rows(path, 0, 9)] == [1, 2, 3]


def test_what_waits_during_a_commit_goes_together_in_the_next(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            card.answering.clear()
            box.submit([notice()], at(1000))
            await asyncio.sleep(0)
            for index in range(20):
                box.submit([notice(), notice()], at(2000 + index))
            card.answering.set()
            await ear.until_rows(41)
            assert [len(rows) for rows in ear.transactions] in ([1, 40], [41])
            assert ear.seqs == list(range(1, 42))

    asyncio.run(story())


def test_the_start_names_the_process_that_holds_the_journal(path, card):
    async def story():
        with pytest.raises(JournalBusy) as caught:
            async with an_outbox(path, card):
                pass
        assert caught.value.pid is not None

    with closing(Journal.open(path)):
        asyncio.run(story())


def test_a_slow_commit_holds_up_no_loop_and_is_a_fault_until_it_answers(path, card, monkeypatch):
    monkeypatch.setattr(writer, "_STALL_S", 0.2)

    async def story():
        async with an_outbox(path, card) as (box, ear):
            card.answering.clear()
            box.submit([raised()], at(1000))
            turns = 0
            while not ear.faults:
                await asyncio.sleep(0.001)
                turns += 1
            assert turns > 10
            assert "does not answer" in box.fault
            assert box.waiting == 1
            assert ear.rows == []
            card.answering.set()
            await ear.until_back()
            assert ear.seqs == [1]
            assert box.fault is None

    asyncio.run(story())


def test_while_commits_fail_events_wait_and_then_none_is_lost_or_doubled(path, card, caplog):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice()], at(1000))
            await ear.until_rows(1)
            card.failing = True
            for index in range(50):
                box.submit([raised(at_us=2000), notice(), cleared(at_us=5000)], at(5000 + index))
                await asyncio.sleep(0.001)
            await ear.until_failed()
            assert "card fails" in box.fault
            assert box.waiting == 150
            assert box.head == 1
            card.failing = False
            await ear.until_back()
            await ear.until_rows(151)
            assert ear.seqs == list(range(1, 152))
            clears = [row for row in ear.rows if row.event.transition is Transition.CLEARED]
            assert all(row.duration_ms == 3 for row in clears)
            assert all(row.raised_seq == row.seq - 2 for row in clears)
            assert ear.faults[-1] is None

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert [row.seq for row in read_rows(path, 0, 999)] == list(range(1, 152))


def test_a_commit_that_reported_a_fault_but_reached_the_disk_is_not_repeated(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            card.failing, card.lands_anyway = True, True
            box.submit([raised(), notice()], at(1000))
            await ear.until_failed()
            box.submit([cleared()], at(2000))
            card.failing = False
            await ear.until_rows(3)
            assert ear.seqs == [1, 2, 3]
            assert [row.raised_seq for row in ear.rows] == [1, None, 1]

    asyncio.run(story())
    assert len(read_rows(path, 0, 9)) == 3


def test_a_disk_that_cannot_be_opened_lets_the_start_return_and_is_opened_later(path, card):
    async def story():
        card.failing = True
        async with an_outbox(path, card, wait_s=0.1) as (box, ear):
            assert "card fails" in box.fault
            assert box.journal == ""
            assert await box.fetch(Lane.CRITICAL, 0, 9) == []
            assert await box.owed(Lane.CRITICAL) == 0
            with pytest.raises(JournalFault, match="card fails"):
                await box.rows(0, 9)
            box.submit([raised()], at(1000))
            assert box.waiting == 1
            card.failing = False
            await ear.until_back()
            await ear.until_rows(1)
            assert box.journal == ear.rows[0].journal

    asyncio.run(story())


def test_a_disk_that_hangs_at_the_opening_lets_the_start_return(path, card):
    async def story():
        card.answering.clear()
        async with an_outbox(path, card, wait_s=0.05) as (box, ear):
            assert "does not answer" in box.fault
            card.answering.set()
            await ear.until_back()
            assert len(box.journal) == 8

    asyncio.run(story())


def test_another_agent_that_lets_go_late_is_waited_for_once_started(path, card):
    async def story():
        card.failing = True
        async with an_outbox(path, card, wait_s=0.05) as (box, ear):
            with closing(Journal.open(path)):
                card.failing = False
                await ear.until(lambda: "held by" in (box.fault or ""))
            await ear.until_back()

    asyncio.run(story())


def test_a_journal_opened_late_already_holds_a_raise_so_the_new_one_becomes_a_notice(path, card):
    with closing(Journal.open(path)) as journal:
        journal.append([raised(), raised("mains_lost", MAJOR)], at(1000), BOOT)

    async def story():
        card.failing = True
        async with an_outbox(path, card, wait_s=0.05) as (box, ear):
            box.submit([raised()], at(5000))
            card.failing = False
            await ear.until_rows(1)
            assert [row.event.code for row in box.standing] == ["alarm_button", "mains_lost"]
            box.submit([acknowledged(), cleared(), cleared("mains_lost", MAJOR)], at(6000))
            box.submit([raised()], at(7000))
            await ear.until_rows(5)
            assert [(r.seq, r.event.transition.value, r.raised_seq) for r in ear.rows] == [
                (3, "notice", 1),
                (4, "acknowledged", 1),
                (5, "cleared", 1),
                (6, "cleared", 2),
                (7, "raised", 7),
            ]
            assert ear.rows[0].event.detail == {"unpaired": "raised"}

    asyncio.run(story())


def test_a_raise_of_an_earlier_run_that_this_run_has_ended_does_not_stand_at_a_late_opening(
    path, card
):
    with closing(Journal.open(path)) as journal:
        journal.append([raised(), raised("mains_lost", MAJOR)], at(1000), BOOT)

    async def story():
        card.failing = True
        async with an_outbox(path, card, wait_s=0.05) as (box, ear):
            box.submit([raised(), notice("mains_lost")], at(5000))
            box.submit([cleared()], at(6000))
            card.failing = False
            await ear.until_back()
            assert [row.event.code for row in box.standing] == ["mains_lost"]
            with pytest.raises(AssertionError, match="no pair"):
                box.submit([cleared()], at(7000))
            box.submit([raised()], at(8000))
            await ear.until_rows(4)
            assert [(r.seq, r.event.transition.value, r.raised_seq) for r in ear.rows] == [
                (3, "notice", 1),
                (4, "notice", 2),
                (5, "cleared", 1),
                (6, "raised", 6),
            ]

    asyncio.run(story())


def test_what_this_run_raised_again_stands_at_a_late_opening(path, card):
    with closing(Journal.open(path)) as journal:
        journal.append([raised()], at(1000), BOOT)

    async def story():
        card.failing = True
        async with an_outbox(path, card, wait_s=0.05) as (box, ear):
            box.submit([raised(), cleared(), raised()], at(5000))
            card.failing = False
            await ear.until_back()
            assert [row.event.code for row in box.standing] == ["alarm_button"]
            box.submit([cleared()], at(6000))
            await ear.until_rows(4)
            assert [(r.seq, r.event.transition.value, r.raised_seq) for r in ear.rows] == [
                (2, "notice", 1),
                (3, "cleared", 1),
                (4, "raised", 4),
                (5, "cleared", 4),
            ]

    asyncio.run(story())


def test_what_stood_at_the_opening_is_told_and_can_be_cleared(path, card):
    with closing(Journal.open(path)) as journal:
        journal.append([raised(), notice()], at(1000), BOOT, None)
        journal.commit([], BOOT, {Lane.CRITICAL: 1})

    async def story():
        async with an_outbox(path, card) as (box, ear):
            assert [row.seq for row in box.standing] == [1]
            assert box.head == 2
            assert box.cursor(Lane.CRITICAL) == 1
            assert box.cursor(Lane.REST) == 0
            with pytest.raises(AssertionError):
                box.submit([raised()], at(2000))
            box.submit([cleared()], at(2000))
            await ear.until_rows(1)

    asyncio.run(story())


@pytest.mark.parametrize("wrong", [[raised(), raised()], [cleared()], [acknowledged()]])
def test_a_transition_its_caller_cannot_mean_is_refused_at_once(path, card, wrong):
    async def story():
        async with an_outbox(path, card) as (box, _):
            with pytest.raises(AssertionError, match="no pair"):
                box.submit(wrong, at(1000))

    asyncio.run(story())


def test_memory_is_bounded_while_the_disk_does_not_answer(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            card.answering.clear()
            box.submit([notice("first")], at(1000))
            await asyncio.sleep(0.01)
            for index in range(1200):
                box.submit([notice(f"n{index}")], at(1000))
            box.submit([raised("mains_lost", MAJOR), raised()], at(1000))
            assert box.waiting == 1000
            assert box.dropped == {Severity.INFO: 203}
            card.answering.set()
            await ear.until_rows(1000)
            codes = [row.event.code for row in ear.rows]
            assert codes[:2] == ["first", "n203"]
            assert codes[-2:] == ["mains_lost", "alarm_button"]
            assert ear.seqs == list(range(1, 1001))

    asyncio.run(story())


def test_a_clear_after_its_raise_was_dropped_becomes_a_notice_that_says_so(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            card.answering.clear()
            box.submit([notice("first")], at(1000))
            await asyncio.sleep(0.01)
            box.submit([raised("camera_silent", Severity.MINOR)], at(1000))
            for _ in range(999):
                box.submit([notice(severity=Severity.CRITICAL)], at(1000))
            assert box.dropped == {Severity.MINOR: 1}
            card.answering.set()
            await ear.until_rows(1000)
            box.submit([cleared("camera_silent", Severity.MINOR)], at(2000))
            box.submit([raised("camera_silent", Severity.MINOR)], at(3000))
            await ear.until_rows(1002)
            assert ear.rows[-2].event.detail == {"unpaired": "cleared"}
            assert ear.rows[-2].event.transition is Transition.NOTICE
            assert ear.rows[-1].event.transition is Transition.RAISED

    asyncio.run(story())


def committed_cursors(path):
    """As another process finds them now."""
    with closing(sqlite3.connect(path)) as db:
        carried = db.execute(NEWEST_CURSORS).fetchone() or (0, 0)
        alone = dict(db.execute("SELECT key, value FROM meta WHERE key GLOB 'cursor.*'"))
    return {
        lane: max(at, alone[f"cursor.{lane.value}"])
        for lane, at in zip((Lane.CRITICAL, Lane.REST), carried, strict=True)
    }


def test_acknowledgements_are_written_with_the_next_commit(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice(), raised()], at(1000))
            await ear.until_rows(2)
            commits = card.commits
            box.acknowledged(Lane.REST, 1)
            box.acknowledged(Lane.CRITICAL, 2)
            assert box.cursor(Lane.REST) == 1
            await box.rows(0, 1)
            assert card.commits == commits
            assert committed_cursors(path) == {Lane.CRITICAL: 0, Lane.REST: 0}
            box.submit([notice()], at(2000))
            await ear.until_rows(3)
            assert committed_cursors(path) == {Lane.CRITICAL: 2, Lane.REST: 1}

    asyncio.run(story())


def test_acknowledgements_are_written_alone_after_256_and_at_a_clean_stop(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice() for _ in range(300)], at(1000))
            await ear.until_rows(300)
            for seq in range(1, 256):
                box.acknowledged(Lane.REST, seq)
            await box.rows(0, 1)
            assert committed_cursors(path)[Lane.REST] == 0
            box.acknowledged(Lane.REST, 256)
            while committed_cursors(path)[Lane.REST] == 0:
                await box.rows(0, 1)
            assert committed_cursors(path)[Lane.REST] == 256
            box.acknowledged(Lane.REST, 260)
            box.acknowledged(Lane.REST, 259)
            assert box.cursor(Lane.REST) == 260
            assert await box.owed(Lane.REST) == 40
        assert committed_cursors(path)[Lane.REST] == 260

    asyncio.run(story())


def test_acknowledgements_are_written_hourly(path, card, monkeypatch):
    monkeypatch.setattr(writer, "_HOUR_S", 0.05)

    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice()], at(1000))
            await ear.until_rows(1)
            box.acknowledged(Lane.REST, 1)
            async with asyncio.timeout(10):
                while committed_cursors(path)[Lane.REST] == 0:
                    await box.rows(0, 1)

    asyncio.run(story())


def test_an_acknowledgement_of_what_was_never_journaled_is_our_mistake(path, card):
    async def story():
        async with an_outbox(path, card) as (box, _):
            with pytest.raises(AssertionError):
                box.acknowledged(Lane.REST, 1)

    asyncio.run(story())


def test_a_disk_that_cannot_be_read_gives_nothing_and_says_so_until_it_can(path, card):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice()], at(1000))
            await ear.until_rows(1)
            assert [row.seq for row in await box.fetch(Lane.REST, 0, 9)] == [1]
            card.refusing_reads = True
            assert await box.fetch(Lane.REST, 0, 9) == []
            assert "does not read" in ear.faults[0]
            card.refusing_reads = False
            await ear.until_back()
            assert [row.seq for row in await box.fetch(Lane.REST, 0, 9)] == [1]

    asyncio.run(story())


def test_reads_given_up_by_whoever_asked_do_not_stand_in_line_before_a_commit(
    path, card, monkeypatch
):
    asked = []
    real = Journal.count_owed

    def counted(self, *args):
        asked.append(args)
        card.answering.wait(60)
        return real(self, *args)

    monkeypatch.setattr(Journal, "count_owed", counted)

    async def story():
        async with an_outbox(path, card) as (box, ear):
            card.answering.clear()
            for _ in range(20):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await box.owed(Lane.REST)
            box.submit([raised()], at(1000))
            card.answering.set()
            await ear.until_rows(1)
            assert len(asked) == 1
            assert await box.owed(Lane.REST) == 0
            assert len(asked) == 2
            assert ear.faults == []

    asyncio.run(story())


def test_a_read_given_up_before_it_failed_is_a_fault_that_passes(path, card, monkeypatch):
    real = Journal.count_owed

    def refused(self, *_):
        card.answering.wait(60)
        monkeypatch.setattr(Journal, "count_owed", real)
        raise JournalFault("Journal: the card does not read.")

    async def story():
        async with an_outbox(path, card) as (box, ear):
            monkeypatch.setattr(Journal, "count_owed", refused)
            card.answering.clear()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await box.owed(Lane.REST)
            card.answering.set()
            await ear.until_back()
            assert await box.owed(Lane.REST) == 0

    asyncio.run(story())


def test_rows_that_cannot_be_read_are_counted(path, card):
    async def story():
        card.failing = True
        async with an_outbox(path, card, wait_s=0.05) as (box, ear):
            assert box.unreadable == 0
            card.failing = False
            await ear.until_back()
            box.submit([notice(), notice(), notice()], at(1000))
            await ear.until_rows(3)
            with closing(sqlite3.connect(path)) as db, db:
                db.execute("UPDATE journal SET body = x'7bff' WHERE seq = 2")
            assert [row.seq for row in await box.fetch(Lane.REST, 0, 9)] == [1, 3]
            assert box.unreadable == 1
            assert ear.faults[-1] is None

    asyncio.run(story())


def test_a_long_search_goes_stretch_by_stretch_from_either_end(path, card, monkeypatch):
    monkeypatch.setattr(outbox_attempt, "_SCAN", 10)

    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice("odd" if n % 2 else "even") for n in range(1, 48)], at(1000))
            await ear.until_rows(47)

            async def seqs(*args, **search):
                return [row.seq for row in await box.rows(*args, **search)]

            assert await seqs(0, 999) == list(range(1, 48))
            assert await seqs(40, 999) == list(range(41, 48))
            assert await seqs(0, 12, codes=["odd"]) == list(range(1, 25, 2))
            assert await seqs(0, 12, codes=["even"], newest_first=True) == list(range(46, 22, -2))
            assert await seqs(0, 5, [Severity.MAJOR]) == []
            assert await seqs(47, 5) == []

    asyncio.run(story())


def test_a_stop_commits_what_waits_and_what_comes_during_it(path, card):
    async def story():
        ear = Ear()
        late = iter([[notice("late")]])

        def committed(rows):
            ear.committed(rows)
            for events in late:
                box.submit(events, at(2000))

        box = Outbox(path, Clock(), on_committed=committed, on_fault=ear.fault, opener=card.open)
        await box.start()
        box.submit([raised()], at(1000))
        await box.stop(5)
        assert ear.seqs == [1, 2]
        with pytest.raises(AssertionError):
            box.submit([notice()], at(3000))

    asyncio.run(story())
    assert len(read_rows(path, 0, 9)) == 2
    with closing(Journal.open(path)) as journal:
        assert journal.head == 2


@pytest.mark.parametrize("how", ["hangs", "fails"])
def test_a_stop_is_over_by_its_deadline_whatever_the_disk_does(path, card, how, caplog):
    async def story():
        ear = Ear()
        box = Outbox(
            path, Clock(), on_committed=ear.committed, on_fault=ear.fault, opener=card.open
        )
        await box.start()
        if how == "hangs":
            card.answering.clear()
        card.failing = how == "fails"
        box.submit([raised()], at(1000))
        async with asyncio.timeout(10):
            await box.stop(0.3)

    asyncio.run(story())
    assert "did not take 1 events" in caplog.text


def test_a_stop_before_the_journal_ever_opened_returns(path, card):
    async def story():
        card.failing = True
        ear = Ear()
        box = Outbox(
            path, Clock(), on_committed=ear.committed, on_fault=ear.fault, opener=card.open
        )
        await box.start(0.05)
        async with asyncio.timeout(10):
            await box.stop(9)

    asyncio.run(story())


@pytest.fixture
def damage(path, monkeypatch):
    """Spoils the journal; the next read of a lane meets it."""

    def spoil():
        real = Journal.fetch
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        def damaged(self, *args):
            monkeypatch.setattr(Journal, "fetch", real)
            path.write_bytes(b"\xa5" * path.stat().st_size)
            raise JournalFault("damaged", corrupt=True)

        monkeypatch.setattr(Journal, "fetch", damaged)

    return spoil


def test_damage_found_while_running_begins_a_new_journal_and_goes_on(path, card, damage):
    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([notice(), notice()], at(1000))
            await ear.until_rows(2)
            assert ear.replaced_after_rows == []
            old = box.journal
            damage()
            assert await box.fetch(Lane.REST, 0, 9) == []
            await ear.until_back()
            assert ear.replaced_after_rows == [2]
            assert box.journal != old
            assert "outbox.db.corrupt-1" in box.recovered
            assert box.head == 1000
            assert box.cursor(Lane.REST) == 1000
            box.acknowledged(Lane.REST, 2)
            box.submit([raised()], at(2000))
            await ear.until_rows(3)
            assert [(row.seq, row.raised_seq) for row in ear.rows[2:]] == [(1001, 1001)]

    asyncio.run(story())


def test_what_stood_in_a_journal_that_was_replaced_stands_in_the_new_one(path, card, damage):
    with closing(Journal.open(path)) as journal:
        earlier = journal.append([raised("mains_lost", MAJOR)], at(900), BOOT)[0]

    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([raised(at_us=1500), raised("camera_silent", MAJOR)], at(2000))
            await ear.until_rows(2)
            box.submit([cleared("camera_silent", MAJOR)], at(2500))
            await ear.until_rows(3)
            damage()
            assert await box.fetch(Lane.REST, 0, 9) == []
            await ear.until_back()
            await ear.until_rows(5)
            assert ear.replaced_after_rows == [3]
            mains, button = ear.rows[3:]
            assert (mains.event, mains.boot_id, mains.wall_us) == (
                earlier.event,
                BOOT,
                earlier.wall_us,
            )
            assert (button.event, button.wall_us) == (ear.rows[0].event, ear.rows[0].wall_us)
            assert button.boot_id == Clock().boot_id
            assert [row.raised_seq for row in (mains, button)] == [1001, 1002]
            assert box.standing == (mains, button)
            box.submit([cleared(at_us=4500)], at(4500))
            await ear.until_rows(6)
            assert (ear.rows[5].raised_seq, ear.rows[5].duration_ms) == (1002, 3)

    asyncio.run(story())
    with closing(Journal.open(path)) as journal:
        assert [row.event.code for row in journal.standing()] == ["mains_lost"]


def test_a_journal_replaced_on_a_disk_that_fails_again_is_written_as_soon_as_it_can(
    path, card, damage, monkeypatch
):
    real = Journal.commit

    def refused(self, *args):
        monkeypatch.setattr(Journal, "commit", real)
        raise JournalFault("Journal: the card fails again.")

    async def story():
        async with an_outbox(path, card) as (box, ear):
            box.submit([raised(), notice()], at(1000))
            await ear.until_rows(2)
            box.acknowledged(Lane.REST, 2)
            damage()
            monkeypatch.setattr(Journal, "commit", refused)
            assert await box.fetch(Lane.REST, 0, 9) == []
            await ear.until_rows(3)
            assert ear.rows[2].event == ear.rows[0].event
            assert box.head == box.cursor(Lane.REST) + 1 == 1001
            assert ear.replaced_after_rows == [2]

    asyncio.run(story())


def test_an_error_of_our_own_reaches_the_loop_and_the_next_caller(path, card, monkeypatch):
    async def story():
        heard = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().set_exception_handler(lambda _, what: heard.set_result(what))
        ear = Ear()
        box = Outbox(
            path, Clock(), on_committed=ear.committed, on_fault=ear.fault, opener=card.open
        )
        await box.start()

        def wrong(*_):
            raise AssertionError("our own")

        monkeypatch.setattr(Journal, "commit", wrong)
        box.submit([notice()], at(1000))
        async with asyncio.timeout(10):
            assert isinstance((await heard)["exception"], AssertionError)
        with pytest.raises(RuntimeError):
            box.submit([notice()], at(1000))
        await box.stop(1)

    asyncio.run(story())
    with closing(Journal.open(path)):
        pass


def test_the_service_imports_neither_sqlite_utils_nor_click():
    code = "import sys, agent.writer; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sqlite3" in said
    assert not {"sqlite_utils", "click", "rich"} & set(said)


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from agent.clock import Clock
from agent.writer import Outbox
from tests.outbox_events import *
from tests.test_writer import Ear

async def story():
    ear = Ear()
    box = Outbox(Path(sys.argv[1]), Clock(), on_committed=ear.committed, on_fault=ear.fault)
    await box.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    count = 0
    while box.fault is None:
        box.submit([raised(), cleared()], at(1000))
        count += 2
        await asyncio.sleep(0.001)
    box.submit([raised(), cleared()], at(1000))
    assert [row.seq for row in await box.fetch(ear.rows[0].event.lane, 0, 2)] == [1, 2]
    assert 0 < box.head < count
    print(box.fault)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await ear.until_rows(count + 2)
    await box.stop(5)
    assert ear.seqs == list(range(1, count + 3)), ear.seqs
    assert box.dropped == {}
    print(ear.faults[-1], count + 2)
asyncio.run(story())
"""


def test_a_disk_that_takes_no_more_and_then_does_loses_and_doubles_nothing(path):
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path, Path(__file__).parents[1]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert said.returncode == 0, said.stderr
    fault, outcome = said.stdout.splitlines()
    assert "disk" in fault
    assert outcome.startswith("None ")
    rows = read_rows(path, 0, 99_999)
    assert [row.seq for row in rows] == list(range(1, int(outcome.split()[1]) + 1))
