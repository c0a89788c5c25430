"""The life of one event: what makes it speak, and what ends it (contract, 3.1 to 3.3)."""

from typing import Any

import pytest

from agent.model import Event, Severity, Transition
from agent.monitor.alarms import Life, live, reads, standing_term
from agent.monitor.catalog import CATALOG, Ends, Entry
from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.snapshot import Snapshot
from agent.signals import SIGNALS
from tests.timeline import Timeline

LIMITS = Timeline().limits
HOLDS = Condition(holds=True, since_us=3)
TERMS = ("end_key", "runs", "doors", "at_landing", "alarm_over", "visit_mutes", "lock.doubted")


def entry(**changes: Any):
    row: dict[str, Any] = {"code": "x", "severity": Severity.MAJOR, "en": "X", "zh": "某"}
    return Entry(**(row | changes))


IN_SIGHT = {
    "car.door_zone": True,
    "doors": "closed",
    "door.front": "closed",
    "door.rear": "closed",
    "landing_doors.locked": True,
    "lock.doubted": False,
}


class Board:
    """An event's life on a board whose terms a test sets."""

    def __init__(self, **changes):
        self.entry = entry(**changes)
        names = (*SIGNALS, *TERMS, *(standing_term(code) for code in CATALOG))
        self.snapshot = Snapshot(names, SIGNALS, 0)
        self.life = Life()
        self.told: list[Event] = []

    @property
    def event(self):
        """The last transition."""
        return self.told[-1]

    def at(self, at_us, condition, **terms):
        """The transition, if there is one, and when to look again."""
        self.snapshot.at_us = at_us
        for name, value in terms.items():
            if self.snapshot.values[name] != value:
                self.snapshot.values[name] = value
                self.snapshot.since_us[name] = at_us
        self.life, event, due_us = live(
            self.entry, None, self.life, condition, self.snapshot, LIMITS
        )
        if event is not None:
            self.told.append(event)
        return None if event is None else event.transition, due_us

    def put(self, name, value):
        self.snapshot.values[name] = value

    def sees_everything(self):
        """Zone, doors and lock are known, and agree."""
        for name, value in IN_SIGHT.items():
            self.put(name, value)


RAISED, CLEARED, NOTICE = Transition.RAISED, Transition.CLEARED, Transition.NOTICE
CLEAR = LIMITS.clear_us


def test_a_rule_that_holds_raises_once():
    board = Board()
    assert board.at(10, HOLDS) == (RAISED, None)
    assert board.at(20, HOLDS) == (None, None)
    assert (board.life.raised_us, board.life.since_us) == (10, 3)


@pytest.mark.parametrize("condition", [NO, UNKNOWN])
def test_what_does_not_hold_or_is_unknown_raises_nothing(condition):
    assert Board().at(10, condition) == (None, None)


def test_it_clears_once_its_rule_has_not_held_for_2_s():
    board = Board()
    board.at(10, HOLDS)
    assert board.at(20, NO) == (None, 20 + CLEAR)
    assert board.at(20 + CLEAR - 1, NO) == (None, 20 + CLEAR)
    assert board.at(20 + CLEAR, NO) == (CLEARED, None)
    assert board.life == Life()


@pytest.mark.parametrize("condition", [HOLDS, UNKNOWN])
def test_holding_again_or_unknown_begins_the_ending_anew(condition):
    board = Board()
    board.at(10, HOLDS)
    board.at(20, NO)
    assert board.at(30, condition) == (None, None)
    assert board.at(20 + CLEAR, NO) == (None, 20 + 2 * CLEAR)


def test_unknown_never_clears():
    board = Board()
    board.at(10, HOLDS)
    assert board.at(10**15, UNKNOWN) == (None, None)
    assert board.life.standing


def test_a_rule_s_own_severity_and_detail_go_into_its_events():
    board = Board()
    board.at(10, Condition(holds=True, severity=Severity.CRITICAL, detail={"why": 1}))
    assert (board.event.severity, board.event.detail) == (Severity.CRITICAL, {"why": 1})
    board.at(20, NO)
    board.at(20 + CLEAR, NO)
    assert board.event.severity is Severity.CRITICAL
    assert board.event.detail == {"reason": "rule_ended"}


def test_stopping_is_recommended_by_raises_and_clears_and_not_by_notices():
    board = Board(stop_recommended=True)
    board.at(10, Condition(holds=False, notice=True))
    assert not board.event.stop_recommended
    board.at(11, HOLDS)
    assert board.event.stop_recommended


def test_a_notice_is_told_whether_it_stands_or_not_and_changes_nothing():
    board = Board()
    assert board.at(10, Condition(holds=False, notice=True)) == (NOTICE, None)
    assert board.life == Life()


# ---------------------------------------------------------------- muting


@pytest.mark.parametrize(
    ("row", "name", "value"),
    [
        ({}, "car.mode", "inspection"),
        ({}, "car.mode", "learning"),
        ({"visit_mutes": True}, "visit_mutes", True),
        ({"mains_mutes": True}, standing_term("mains_lost"), True),
        ({"yields_to": "trapped_passengers"}, standing_term("trapped_passengers"), True),
    ],
)
def test_what_mutes_it_keeps_it_from_being_raised_until_it_is_over(row, name, value):
    board = Board(**row)
    board.put(name, value)
    assert board.at(10, HOLDS) == (None, None)
    board.put(name, None)
    assert board.at(20, HOLDS) == (RAISED, None)


@pytest.mark.parametrize(
    ("row", "name", "value"),
    [
        ({"inspection_mutes": False}, "car.mode", "inspection"),
        ({}, "car.mode", "rescue"),
        ({}, "car.mode", None),
        ({}, "visit_mutes", True),
        ({}, standing_term("mains_lost"), True),
        ({}, standing_term("trapped_passengers"), True),
        ({"visit_mutes": True}, "visit_mutes", None),
    ],
)
def test_what_does_not_mute_it_does_not(row, name, value):
    board = Board(**row)
    board.put(name, value)
    assert board.at(10, HOLDS) == (RAISED, None)


def test_muting_neither_ends_nor_holds_what_stands():
    board = Board()
    board.at(10, HOLDS)
    board.put("car.mode", "inspection")
    assert board.at(20, HOLDS) == (None, None)
    board.at(30, NO)
    assert board.at(30 + CLEAR, NO) == (CLEARED, None)


# ---------------------------------------------------------------- other endings


@pytest.mark.parametrize(
    ("ends", "term"), [(Ends.AT_LANDING, "at_landing"), (Ends.ALARM_OVER, "alarm_over")]
)
def test_an_ending_of_its_own_needs_to_be_known_true_for_2_s_whatever_the_rule_says(ends, term):
    board = Board(ends=ends)
    board.at(10, HOLDS)
    assert board.at(20, NO) == (None, None)
    assert board.at(30, NO, **{term: False}) == (None, None)
    assert board.at(40, HOLDS, **{term: True}) == (None, 40 + CLEAR)
    assert board.at(40 + CLEAR, HOLDS) == (CLEARED, None)


def test_the_end_key_ends_at_once_what_it_may_and_nothing_else():
    for may, told in ((True, CLEARED), (False, None)):
        board = Board(end_key=may)
        board.at(10, HOLDS, end_key=1)
        assert board.at(11, HOLDS, end_key=1)[0] is None
        assert board.at(12, HOLDS, end_key=2)[0] is told


def test_what_takes_over_ends_it_at_once():
    board = Board(yields_to="trapped_passengers")
    board.at(10, HOLDS)
    board.put(standing_term("trapped_passengers"), True)
    assert board.at(20, HOLDS) == (CLEARED, None)
    assert board.event.detail == {"reason": "taken_over"}


@pytest.mark.parametrize(
    ("only_blind", "doors", "told"),
    [(True, None, CLEARED), (True, "closed", None), (False, "closed", CLEARED)],
)
def test_two_normal_runs_end_what_they_may(only_blind, doors, told):
    board = Board(ends=Ends.AT_LANDING, runs=2, runs_only_blind=only_blind)
    board.sees_everything()
    board.put("doors", doors)
    board.at(10, HOLDS, runs=4)
    assert board.at(20, NO, runs=5) == (None, None)
    assert board.at(30, NO, runs=6)[0] is told


@pytest.mark.parametrize(
    ("name", "value"),
    [*((name, None) for name in IN_SIGHT if name != "lock.doubted"), ("lock.doubted", True)],
)
def test_one_of_them_unknown_or_contradicted_is_enough(name, value):
    board = Board(ends=Ends.AT_LANDING, runs=2, runs_only_blind=True)
    board.sees_everything()
    board.put(name, value)
    board.at(10, HOLDS, runs=4)
    assert board.at(30, NO, runs=6)[0] is CLEARED


def test_runs_end_nothing_where_they_may_not():
    board = Board(ends=Ends.AT_LANDING)
    board.at(10, HOLDS, runs=0)
    assert board.at(20, NO, runs=9) == (None, None)


def test_a_loss_after_the_runs_ends_nothing_until_the_next_run():
    board = Board(ends=Ends.AT_LANDING, runs=2, runs_only_blind=True)
    board.sees_everything()
    board.at(10, HOLDS, runs=0)
    board.at(20, NO, runs=3)
    assert board.at(30, NO, doors=None) == (None, None)
    assert board.at(40, NO, runs=4) == (CLEARED, None)


# ---------------------------------------------------------------- filter and repetition


def test_a_filtered_press_is_one_notice_and_no_raise():
    board = Board(repeats=True)
    filtered = Condition(holds=False, filtered=True, since_us=5)
    assert board.at(10, filtered) == (NOTICE, None)
    assert board.event.severity is Severity.INFO
    assert board.at(11, filtered) == (None, None)
    assert not board.life.standing
    assert board.at(12, Condition(holds=True, since_us=5)) == (RAISED, None)
    assert board.at(13, Condition(holds=True, since_us=5)) == (None, None)


def test_a_new_episode_while_it_stands_is_a_notice_where_it_repeats():
    for repeats, told in ((True, NOTICE), (False, None)):
        board = Board(repeats=repeats)
        board.at(10, HOLDS)
        assert board.at(20, Condition(holds=True, since_us=15))[0] is told


# ---------------------------------------------------------------- what it reads


def test_an_event_reads_what_can_mute_or_end_it():
    plain = entry(inspection_mutes=False)
    assert reads(plain) == ()
    assert set(
        reads(
            entry(
                end_key=True,
                runs=2,
                visit_mutes=True,
                mains_mutes=True,
                ends=Ends.AT_LANDING,
                yields_to="trapped_passengers",
            )
        )
    ) == {
        "car.mode",
        "end_key",
        "runs",
        "visit_mutes",
        standing_term("mains_lost"),
        "at_landing",
        standing_term("trapped_passengers"),
    }


def test_an_event_that_stands_has_a_name_of_its_own():
    assert standing_term("signal_lost", "contacts") == "standing.signal_lost/contacts"
    assert standing_term("mains_lost") == "standing.mains_lost"
