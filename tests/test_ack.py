"""An acknowledgement: what it does to an event, and that the journal and the retained alarm keep it."""

import asyncio
from contextlib import closing
from typing import Any, cast

import pytest

from agent import outbox
from agent.acknowledge import Acknowledgements, NotStandingError
from agent.answers import Board
from agent.delivery import standing_of
from agent.intake import Intake
from agent.model import Event, Lane, Row, Severity, Transition
from agent.monitor.catalog import CATALOG
from agent.monitor.monitor import Monitor, Standing
from agent.outbox import Journal, Search
from agent.outbox_attempt import Attempt, write
from agent.outbox_retention import Sweep
from agent.outbox_rows import Batch
from agent.outbox_schema import migrate
from agent.uplink.alarms import Standing as Shown
from agent.uplink.topics import Topics
from tests.outbox_events import (
    BOOT,
    acknowledged,
    at,
    cleared,
    event,
    notice,
    raised,
    salvaged_here,
)
from tests.timeline import Timeline, between_floors, boarded, us

SITE_ENDS = {
    "overtravel_top": ("overtravel.top", True),
    "overtravel_bottom": ("overtravel.bottom", True),
    "overspeed": ("overspeed.tripped", True),
    "unintended_movement": ("ucm.tripped", True),
}


def ack(car, at_s, code, *, on_site=True, instance=None, by="Li Wei"):
    at_us = car.start_us + us(at_s)
    car.monitor.step(at_us)
    detail = {"by": by, "on_site": on_site}
    return car.monitor.acknowledge(at_us, (code, instance), detail, on_site=on_site)


def transitions(events):
    return [e.transition.value for e in events]


# ---------------------------------------------------------------- what it does to an event


@pytest.mark.parametrize(("code", "signal"), SITE_ENDS.items())
def test_what_only_somebody_there_may_end_ends_by_an_acknowledgement_on_site(code, signal):
    name, value = signal
    car = Timeline(name)
    car.feed(0, **{name: not value})
    car.monitor.step(us(1), [])
    car.feed(2, **{name: value})
    car.feed(9, **{name: not value})
    assert transitions(ack(car, 10, code, on_site=False)) == ["acknowledged"]
    car.until(600)
    assert car.monitor.snapshot.values[f"standing.{code}"] is True
    told = ack(car, 601, code)
    assert transitions(told) == ["acknowledged", "cleared"]
    assert told[1].detail == {"reason": "acknowledged_on_site"}
    assert told[0].severity is told[1].severity is Severity.CRITICAL
    assert [e.at_us for e in told] == [us(601), us(601)]
    assert car.monitor.step(us(1000)) == []


def test_moving_with_doors_open_ends_so_too():
    car = Timeline("moving", "zone", "front")
    car.feed(0, moving=False, zone=True, front="open")
    car.feed(1, moving=True)
    car.feed(2, zone=False)
    car.feed(5, moving=False, front="closed")
    told = ack(car, 6, "moved_with_doors_open")
    assert transitions(told) == ["acknowledged", "cleared"]


def test_every_event_that_the_contract_lets_somebody_on_site_end_and_no_other():
    ends = {entry.code for entry in CATALOG.values() if entry.site_ends}
    assert ends == {*SITE_ENDS, "moved_with_doors_open"}


def test_what_still_holds_is_raised_again_an_instant_later():
    car = Timeline("overtravel.top")
    car.feed(0, **{"overtravel.top": False})
    car.feed(1, **{"overtravel.top": True})
    assert transitions(ack(car, 10, "overtravel_top")) == ["acknowledged", "cleared"]
    assert car.monitor.due_us == us(10) + 1
    (again,) = car.monitor.step(us(11))
    assert (again.code, again.transition, again.at_us) == (
        "overtravel_top", Transition.RAISED, us(10) + 1,
    )  # fmt: skip


@pytest.mark.parametrize("on_site", [True, False])
def test_an_entrapment_is_not_ended_by_anybody_taking_it_up(on_site):
    car = between_floors()
    car.feed(21, call=True)
    car.until(60)
    assert car.heard[-1].endswith("trapped_passengers raised")
    (told,) = ack(car, 61, "trapped_passengers", on_site=on_site)
    assert told.transition is Transition.ACKNOWLEDGED
    assert told.since_us == car.event("trapped_passengers").since_us
    assert told.detail == {"by": "Li Wei", "on_site": on_site}
    assert told.evidence["car.door_zone"].v is False
    assert car.until(1000) == []
    assert transitions(car.events).count("cleared") == 0


def test_after_an_acknowledgement_no_press_is_filtered_until_the_end_of_the_alarm():
    def pressed_again_at_the_landing(*, taken):
        car = boarded()
        car.feed(10, button=True)
        car.feed(20, button=False)
        if taken:
            ack(car, 21, "alarm_button", on_site=False)
        car.feed(30, front="open")
        car.feed(31, button=True)
        car.until(31.6)
        return car, car.event("alarm_button", Transition.NOTICE).detail

    _, detail = pressed_again_at_the_landing(taken=False)
    assert detail == {"repeated": True, "filtered": True}
    car, detail = pressed_again_at_the_landing(taken=True)
    assert detail == {"repeated": True}
    car.feed(40, button=False)
    assert car.until(50) == ["42 alarm_button cleared"]
    car.feed(60, button=True)  # the alarm is over: the filter works again
    car.until(61)
    assert car.event("alarm_button", Transition.NOTICE).detail == {"filtered": True}


def test_what_does_not_stand_or_is_not_watched_cannot_be_taken_up():
    car = boarded()
    assert ack(car, 10, "alarm_button") == []
    assert ack(car, 10, "storage_failed") == []
    assert ack(car, 10, "intercom_silent", instance="pit") == []


def test_what_is_due_comes_first():
    car = boarded()
    car.feed(10, button=True)
    assert ack(car, 10.4, "alarm_button") == []
    car.until(10.5)
    assert transitions(ack(car, 10.5, "alarm_button")) == ["acknowledged"]


def test_memory_keeps_an_acknowledgement():
    car = boarded()
    car.feed(10, button=True)
    car.feed(11, button=False)
    ack(car, 12, "alarm_button")
    other = Monitor(car.drivers, car.limits)
    other.decode(car.monitor.encode())
    assert other.encode() == car.monitor.encode()
    lives = [watch.life for watch in other._watches if watch.life.standing]
    assert [(life.acknowledged, life.on_site) for life in lives] == [(True, True)]


def test_a_restart_keeps_an_acknowledgement_but_ends_nothing_by_it():
    rows = [
        row_of(7, raised("overspeed")),
        row_of(9, acknowledged("overspeed"), 7),
        row_of(10, raised("alarm_button")),
    ]
    standing = standing_of(rows, BOOT)
    assert standing == [
        Standing("overspeed", None, Severity.CRITICAL, None, acknowledged=True),
        Standing("alarm_button", None, Severity.CRITICAL, None),
    ]
    car = Timeline("overspeed.tripped", standing=standing[:1])
    car.feed(0, **{"overspeed.tripped": False})
    assert car.monitor.step(us(100)) == []
    assert car.monitor.snapshot.values["standing.overspeed"] is True


@pytest.mark.parametrize("taken", [True, False])
def test_after_a_restart_no_press_is_filtered_either(taken):
    stood = Standing("alarm_button", None, Severity.CRITICAL, None, acknowledged=taken)
    car = Timeline("moving", "zone", "front", "button", standing=[stood])
    car.feed(0, moving=False, zone=True, front="closed", button=False)
    car.feed(10, front="open")
    car.feed(11, button=True)
    car.until(11.6)
    detail = car.event("alarm_button", Transition.NOTICE).detail
    assert detail == ({"repeated": True} if taken else {"repeated": True, "filtered": True})


# ---------------------------------------------------------------- the journal keeps it


def row_of(seq: int, of: Event, raised_seq: int | None = None) -> Row:
    return Row(
        seq=seq, journal="j", raised_seq=raised_seq or seq, event=of,
        boot_id=BOOT, wall_us=1_000_000, synchronised=True,
    )  # fmt: skip


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox, "salvage", salvaged_here)
    with closing(Journal.open(tmp_path / "outbox.db")) as opened:
        yield opened


def remembered(journal):
    return [(row.seq, row.event.transition.value) for row in journal.remembered()]


def test_the_newest_acknowledgement_of_what_stands_is_known_after_a_restart(journal):
    journal.append([raised(), raised("overspeed"), acknowledged(), acknowledged()], at(1000), BOOT)
    expected = [(1, "raised"), (2, "raised"), (4, "acknowledged")]
    assert remembered(journal) == expected
    journal.close()
    with closing(Journal.open(journal.path)) as again:
        assert remembered(again) == expected
        again.append([cleared(), raised()], at(2000), BOOT)
        assert remembered(again) == [(2, "raised"), (6, "raised")]
        again.reopen()
        assert remembered(again) == [(2, "raised"), (6, "raised")]
        facts = again.look(lambda db: db.execute("SELECT key FROM meta").fetchall())
        assert not [key for (key,) in facts if key.startswith("acknowledged")]


def test_it_does_not_go_while_its_raise_stands(journal):
    minor = ("camera_silent", Severity.MINOR)
    journal.append([raised(*minor), acknowledged(*minor), notice(), notice()], at(1000), BOOT)
    journal.append([notice()] * 8, at(1000), BOOT)
    journal.commit([], BOOT, {Lane.REST: 12})
    drop = journal.look(lambda db: _until_done(Sweep(), db))
    assert drop is not None
    assert not {1, 2} & set(drop.seqs)


def _until_done(sweep, db):
    while not sweep.is_done:
        if (drop := sweep.next(db, "size", 12, 12)) is not None:
            return drop
    return None


def test_it_comes_along_when_the_journal_is_damaged_or_lost(journal):
    journal.append([raised(), acknowledged()], at(1000), BOOT)
    journal.commit([], BOOT)
    attempt = Attempt((Batch((notice(),), at(2000)),), journal.journal, journal.head)
    attempt.fault = outbox.JournalFault("no", corrupt=True)
    path = journal.path
    with closing(Journal.open(path.with_name("other.db"))) as empty:
        del empty
    path.write_bytes(b"\0" * 4096)
    path.with_name("outbox.db-wal").unlink(missing_ok=True)
    rows = write(journal, attempt, {}, BOOT)
    assert [row.event.transition.value for row in rows] == ["raised", "acknowledged", "notice"]
    assert [row.raised_seq == rows[0].seq for row in rows[:2]] == [True, True]
    assert remembered(journal) == [(rows[0].seq, "raised"), (rows[1].seq, "acknowledged")]


def test_what_is_salvaged_of_a_damaged_journal_keeps_it(journal):
    journal.append([raised(), acknowledged()], at(1000), BOOT)
    journal.append([notice()] * 30, at(1000), BOOT)
    journal.close()
    with closing(Journal.open(journal.path, suspect=True)) as again:
        journals = remembered(again)
        again._begin_anew()
        assert remembered(again) == journals == [(1, "raised"), (2, "acknowledged")]
        assert len(again.rows(Search(limit=99))) == 32


# ---------------------------------------------------------------- what stands shows it


TOPIC = Topics("r").alarm("alarm_button", None)


def test_the_retained_alarm_of_a_restart_shows_it_and_a_newer_one_stays():
    standing = Shown(Topics("r"), BOOT)
    rows = [row_of(1, raised()), row_of(2, acknowledged(), 1), row_of(3, raised("overspeed"))]
    assert set(standing.adopt("j", rows)) == {TOPIC, Topics("r").alarm("overspeed", None)}
    shown = standing.on(TOPIC)
    assert shown is not None
    assert shown.acknowledged is not None
    assert shown.acknowledged.seq == 2


def test_what_was_raised_before_the_journal_opened_takes_over_row_and_acknowledgement():
    standing = Shown(Topics("r"), BOOT)
    standing.submitted([raised(at_us=5000)], at(5000))
    standing.overdue(10_000_000)
    standing.adopt("j", [row_of(1, raised()), row_of(2, acknowledged(), 1)])
    shown = standing.on(TOPIC)
    assert shown is not None
    assert shown.envelope.seq == 1
    assert shown.acknowledged is not None


def test_another_journal_s_acknowledgement_is_not_taken_for_one_of_this_raise():
    standing = Shown(Topics("r"), BOOT)
    standing.committed([row_of(3, raised(at_us=5000))])
    assert standing.adopt("other", [row_of(1, raised()), row_of(2, acknowledged(), 1)]) == []
    shown = standing.on(TOPIC)
    assert shown is not None
    assert shown.acknowledged is None


def test_an_acknowledgement_of_what_was_cleared_meanwhile_shows_nothing():
    standing = Shown(Topics("r"), BOOT)
    standing.submitted([raised(at_us=5000), cleared(at_us=6000)], at(6000))
    standing.overdue(10_000_000)
    standing.adopt("j", [row_of(1, raised()), row_of(2, acknowledged(), 1)])
    assert standing.on(TOPIC) is None


def test_the_board_knows_who_took_it_up_at_once_and_its_sequence_with_the_commit():
    board = Board([], BOOT)
    taken = event(Transition.ACKNOWLEDGED, at_us=2000)
    board.submitted([acknowledged()], at(900))  # of nothing that stands
    board.submitted([raised()], at(1000))
    board.committed([row_of(5, raised())])
    board.submitted([taken], at(2000))
    (stands,) = board.standing.values()
    assert stands.acknowledged is not None
    assert (stands.acknowledged.seq, stands.on_site) == (None, False)
    board.committed([row_of(6, taken, 5), row_of(7, taken, 4)])
    (stands,) = board.standing.values()
    assert stands.acknowledged is not None
    assert (stands.envelope.seq, stands.acknowledged.seq) == (5, 6)
    assert Board([row_of(5, raised()), row_of(6, taken, 5)], BOOT).standing == board.standing


# ---------------------------------------------------------------- who does it


class Still:
    """The clock of `Acknowledgements`."""

    def now(self):
        return at(9000)


class NoMonitor:
    """An intake whose monitor watches none of it; `ends` is told before it answers."""

    def __init__(self, ends=lambda: None):
        self.ends = ends

    def acknowledge(self, _key, _detail, *, on_site):
        self.ends()
        assert on_site in (True, False)
        return []


def acknowledgements(board: Board, intake: Any, *, commits: bool = True):
    told: list[Event] = []

    def deliver(events, now):
        told.extend(events)
        board.submitted(events, now)
        if commits:
            board.committed([row_of(20 + n, each, 5) for n, each in enumerate(events)])

    made = Acknowledgements(board, cast("Intake", intake), cast("Any", Still()), deliver)
    return made, told


def stands_failed():
    failed = raised("storage_failed", Severity.MAJOR)
    board = Board([], BOOT)
    board.submitted([failed], at(1000))
    board.committed([row_of(5, failed)])
    return board


def take(made, key=("storage_failed", None), *, by="x", on_site=False, **more):
    return asyncio.run(made.take(key, {"by": by}, on_site=on_site, **more))


def test_what_the_agent_says_of_itself_can_be_taken_up():
    made, told = acknowledgements(stands_failed(), NoMonitor())
    assert made.key_of(5) == ("storage_failed", None)
    taken = take(made)
    assert (taken.raised_seq, taken.acknowledged.seq, taken.already) == (5, 20, False)
    (said,) = told
    assert (said.transition, said.severity, said.at_us) == (
        Transition.ACKNOWLEDGED, Severity.MAJOR, 9000,
    )  # fmt: skip
    assert said.detail == {"by": "x", "on_site": False}


def test_the_second_is_told_of_the_first_and_somebody_on_site_counts_beside_a_request():
    made, told = acknowledgements(stands_failed(), NoMonitor())
    take(made, by="far")
    again = take(made, by="farther")
    assert (again.acknowledged.by, again.already, len(told)) == ("far", True, 1)
    here = take(made, by="here", on_site=True)
    assert (here.acknowledged.by, here.already, len(told)) == ("here", False, 2)
    assert take(made, by="there", on_site=True).acknowledged.by == "here"
    assert take(made, by="far").acknowledged.by == "here"
    assert len(told) == 2


def test_what_does_not_stand_is_refused_and_what_stands_is_named():
    made, told = acknowledgements(stands_failed(), NoMonitor())
    for seq in (4, 6):
        with pytest.raises(NotStandingError) as wrong:
            made.key_of(seq)
        assert wrong.value.stands == ("storage_failed (5)",)
    with pytest.raises(NotStandingError):
        take(made, ("alarm_button", None))
    assert told == []


def test_what_ends_in_the_very_moment_is_not_taken_up():
    board = stands_failed()
    ends = NoMonitor(lambda: board.submitted([cleared("storage_failed")], at(9000)))
    made, told = acknowledgements(board, ends)
    with pytest.raises(NotStandingError):
        take(made)
    assert told == []


def test_a_journal_that_does_not_answer_keeps_nobody_waiting_for_long(monkeypatch):
    monkeypatch.setattr("agent.acknowledge.COMMIT_S", 0.01)
    board = Board([], BOOT)
    board.submitted([raised("intercom_silent", Severity.MAJOR, instance="pit")], at(1000))
    made, told = acknowledgements(board, NoMonitor(), commits=False)
    taken = take(made, ("intercom_silent", "pit"))
    assert (taken.raised_seq, taken.acknowledged.seq, taken.acknowledged.by) == (None, None, "x")
    assert made.standing == ["intercom_silent/pit (not journaled)"]
    assert len(told) == 1
    assert board.followers == set()


def test_a_request_is_recorded_before_what_it_did():
    made, told = acknowledgements(stands_failed(), NoMonitor())
    take(made, request=lambda stands: notice("request", at_us=stands.event.at_us))
    assert [each.code for each in told] == ["request", "storage_failed"]
