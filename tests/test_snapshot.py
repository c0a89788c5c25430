"""What is known, since when, and what is evidence."""

from agent.model import Fact, Quality
from agent.monitor.snapshot import Snapshot


def board():
    return Snapshot(["a", "b", "c"], ["a", "b"], start_us=5)


def test_everything_is_unknown_since_the_start_and_nothing_is_lost():
    snapshot = board()
    assert snapshot.values == {"a": None, "b": None, "c": None}
    assert set(snapshot.since_us.values()) == {5}
    assert not snapshot.lost


def test_a_value_begins_when_it_changes_and_not_when_it_is_repeated():
    snapshot = board()
    snapshot.at_us = 10
    assert snapshot.set_signal("a", True, Quality.GOOD) == (True, False)
    snapshot.at_us = 20
    assert snapshot.set_signal("a", True, Quality.GOOD) == (False, False)
    assert snapshot.since_us["a"] == 10


def test_a_bad_reading_is_unknown_whatever_it_says():
    snapshot = board()
    snapshot.set_signal("a", 7, Quality.GOOD)
    assert snapshot.set_signal("a", 8, Quality.BAD) == (True, True)
    assert snapshot.values["a"] is None
    assert snapshot.lost == {"a"}


def test_one_that_never_spoke_and_does_not_answer_is_lost_though_its_value_did_not_change():
    snapshot = board()
    assert snapshot.set_signal("a", None, Quality.NO_ANSWER) == (False, True)
    assert snapshot.set_signal("a", None, Quality.BAD) == (False, False)


def test_a_lost_signal_comes_back_with_a_good_reading():
    snapshot = board()
    snapshot.set_signal("a", None, Quality.NO_ANSWER)
    snapshot.set_signal("b", None, Quality.NO_ANSWER)
    assert snapshot.set_signal("a", 1, Quality.GOOD) == (True, True)
    assert snapshot.lost == {"b"}
    assert snapshot.set_signal("a", 2, Quality.GOOD) == (True, False)


def test_evidence_names_what_is_fitted_known_or_unknown():
    snapshot = board()
    snapshot.at_us = 9
    snapshot.set_signal("a", False, Quality.GOOD)
    snapshot.set_signal("c", True, Quality.GOOD)
    assert snapshot.facts(["a", "b", "c"]) == ({"a": Fact(False, 9)}, ("b",))
