"""An alarm of another agent, or of another journal, is left where it is until nobody can live who would miss it."""

from agent.uplink.conflict import Conflict
from agent.uplink.held import Held

S = 1_000_000


def test_what_is_held_goes_after_ten_minutes_of_connection_in_all() -> None:
    held = Held()
    held.connected(0)
    assert held.keep("a", 5 * S)
    assert not held.keep("a", 50 * S)
    assert held.due_us == 605 * S
    held.disconnected(305 * S)
    assert held.release(5_000 * S) == []  # there is no connection
    held.connected(5_000 * S)
    assert held.release(5_300 * S - 1) == []
    assert held.release(5_300 * S) == ["a"]
    assert held.release(5_301 * S) == []


def test_every_sign_of_another_agent_begins_the_ten_minutes_anew() -> None:
    held = Held()
    held.connected(0)
    assert not held.is_wary(0)
    held.keep("a", 0)
    held.disconnected(100 * S)
    held.sign(150 * S)
    held.connected(200 * S)
    held.sign(500 * S)
    assert held.is_wary(1_100 * S - 1)
    assert held.release(1_100 * S - 1) == []
    assert not held.is_wary(1_100 * S)
    assert held.release(1_100 * S) == ["a"]


def test_what_its_owner_takes_away_is_held_no_more() -> None:
    held = Held()
    held.connected(0)
    held.keep("a", 0)
    held.forget("a")
    assert held.due_us is None


def test_no_more_is_held_than_has_room() -> None:
    held = Held(most=2)
    held.connected(0)
    assert [held.keep(topic, 0) for topic in "abc"] == [True, True, False]
    assert held.release(600 * S) == ["a", "b"]


def test_another_boots_will_where_ours_stood_counts_from_the_second_within_ten_minutes() -> None:
    conflict = Conflict()
    assert not conflict.displaced("other", 0)  # of an earlier boot of this computer
    conflict.ours_stands()
    assert conflict.displaced("other", 10 * S)
    assert not conflict.displaced("other", 11 * S)
    assert not conflict.holds(11 * S)
    conflict.ours_stands()
    assert conflict.displaced("other", 40 * S)
    assert conflict.holds(40 * S)
    assert (conflict.reason, conflict.other_boot_id) == ("status_of_another_boot", "other")


def test_a_takeover_and_the_status_it_leaves_are_one_sign() -> None:
    conflict = Conflict()
    conflict.ours_stands()
    conflict.taken_over(10 * S)
    assert not conflict.displaced("other", 12 * S)
    assert not conflict.holds(12 * S)
