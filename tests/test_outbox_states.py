"""The journal against a list: whatever is appended, acknowledged, cut off or lost, in any order."""

import os
import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from typing_extensions import override

from agent import outbox
from agent.model import Lane, Severity, Transition
from agent.outbox import Journal, Search
from agent.outbox_schema import migrate
from tests.outbox_events import BOOT, at, event, salvaged_here

EXAMPLES = int(os.environ.get("PROVE_N", "25"))
CODES = ("alarm_button", "mains_lost", "camera_silent")
SEVERITY = dict(zip(CODES, (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR), strict=True))
moves = st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(Transition)), max_size=6)


class JournalMachine(RuleBasedStateMachine):
    """`rows` is what the journal promised; `cursors` what was said to be saved; `used` every number ever given out."""

    def __init__(self):
        super().__init__()
        self.directory = TemporaryDirectory()
        self.path = Path(self.directory.name) / "0" / "outbox.db"
        self.path.parent.mkdir()
        self.journal = Journal.open(self.path)
        self.begin()
        self.used = set()
        self.now_us = 1000

    def begin(self):
        """What a new database promises: nothing yet."""
        self.rows = []
        self.cursors = dict(self.journal.cursors)

    @override
    def teardown(self):
        self.journal.close()
        self.directory.cleanup()

    @property
    def stands(self):
        standing = set()
        for row in self.rows:
            if row.event.transition is Transition.RAISED:
                standing.add(row.event.code)
            elif row.event.transition is Transition.CLEARED:
                standing.discard(row.event.code)
        return standing

    @rule(moves=moves, moved=st.booleans(), data=st.data())
    def append(self, moves, moved, data):
        stands, events = self.stands, []
        for code, transition in moves:
            if transition is Transition.RAISED and code in stands:
                continue
            if transition in (Transition.CLEARED, Transition.ACKNOWLEDGED) and code not in stands:
                continue
            events.append(event(transition, code, SEVERITY[code]))
            if transition is Transition.RAISED:
                stands.add(code)
            elif transition is Transition.CLEARED:
                stands.discard(code)
        if not events:
            return
        self.now_us += 1000
        if moved:
            self.cursors = self.some_cursors(data)
        rows = self.journal.append(
            events, at(self.now_us), BOOT, dict(self.cursors) if moved else None
        )
        assert [row.event for row in rows] == events
        assert not self.used & {row.seq for row in rows}
        self.used |= {row.seq for row in rows}
        self.rows += rows

    @rule(size=st.sampled_from([600, 1000]))
    def append_many(self, size):
        rows = self.journal.append([event(Transition.NOTICE, "usage")] * size, at(1000), BOOT)
        assert not self.used & {row.seq for row in rows}
        self.used |= {row.seq for row in rows}
        self.rows += rows

    def some_cursors(self, data):
        return {
            lane: data.draw(st.integers(self.cursors[lane], self.journal.head)) for lane in Lane
        }

    @rule(data=st.data())
    def acknowledge(self, data):
        self.cursors = self.some_cursors(data)
        self.journal.commit([], BOOT, self.cursors)

    @rule()
    def reopen(self):
        self.journal.reopen()

    @rule(keep=st.sampled_from(["all", "no reserve", "no database", "damaged database"]))
    def cut_off(self, keep):
        """Power goes: the files as they are now, found by the next start somewhere else."""
        new = self.path.parent.with_name(str(int(self.path.parent.name) + 1))
        shutil.copytree(self.path.parent, new)
        self.journal.close()
        self.path = new / "outbox.db"
        if keep == "no reserve":
            (new / "outbox.seq").unlink(missing_ok=True)
        if keep == "no database":
            for name in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
                (new / name).unlink()
        if keep == "damaged database":
            self.path.write_bytes(b"\0" * 700 + self.path.read_bytes()[700:])
            (new / "outbox.db-wal").unlink(missing_ok=True)  # it would heal the first page
        old = self.journal.journal
        self.journal = Journal.open(self.path)
        if keep in ("no database", "damaged database"):
            assert self.journal.journal != old
            assert all(self.journal.head >= seq for seq in self.used)
            self.begin()

    @invariant()
    def holds_what_it_promised(self):
        assert self.journal.rows(Search(after=0, limit=99_999)) == self.rows
        if self.rows:
            first = self.rows[0].seq
            assert [row.seq for row in self.rows] == list(range(first, first + len(self.rows)))
            assert self.journal.head == self.rows[-1].seq

    @invariant()
    def sends_each_lane_whole_after_its_cursor(self):
        for lane in Lane:
            after = self.cursors[lane]
            owed = [row for row in self.rows if row.event.lane is lane and row.seq > after]
            assert self.journal.cursors[lane] == after <= self.journal.head
            assert self.journal.fetch(lane, after, 99_999) == owed
            assert self.journal.count_owed(lane) == len(owed)

    @invariant()
    def knows_what_stands(self):
        assert {row.event.code for row in self.journal.standing()} == self.stands
        for row in self.journal.standing():
            assert row in self.rows
            assert row.event.transition is Transition.RAISED


def test_the_journal_keeps_every_promise_in_any_order_of_deeds(monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setattr(outbox, "salvage", salvaged_here)
    run_state_machine_as_test(
        JournalMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_cursors_are_those_of_the_last_commit_even_when_the_row_carried_them(tmp_path):
    with closing(Journal.open(tmp_path / "outbox.db")) as journal:
        journal.append([event(Transition.NOTICE)], at(1000), BOOT)
        journal.commit([], BOOT, {Lane.REST: 1})
        journal.append([event(Transition.NOTICE)], at(1000), BOOT, {Lane.REST: 1})
        with pytest.raises(AssertionError):
            journal.append([event(Transition.NOTICE)], at(1000), BOOT, {Lane.REST: 0})
    with closing(Journal.open(tmp_path / "outbox.db")) as journal:
        assert journal.cursors[Lane.REST] == 1
