"""When a signal is too old to be believed (contract, 1)."""

from agent.freshness import Freshness
from agent.model import Point, Quality, Reading

LIMITS = {"car.floor": 1000, "door.front": 5000}


def good(name, value, at_us):
    return Reading(name, value, at_us)


def failed(name, at_us, quality=Quality.NO_ANSWER):
    return Reading(name, None, at_us, quality)


def test_a_first_reading_is_a_change_and_the_same_again_is_none():
    fresh = Freshness(LIMITS, 0)
    first = good("car.floor", 1, 10)
    assert fresh.accept([first]) == [first]
    assert fresh.accept([good("car.floor", 1, 20)]) == []
    other = good("car.floor", 2, 30)
    assert fresh.accept([other]) == [other]


def test_a_signal_is_unknown_at_its_limit_and_known_just_before():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([good("car.floor", 1, 10)])
    assert fresh.expire(1009) == []
    assert fresh.expire(1010) == [failed("car.floor", 1010)]


def test_it_goes_stale_once_and_at_its_own_instant_however_late_one_asks():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([good("car.floor", 1, 10)])
    assert fresh.expire(9_000) == [failed("car.floor", 1010), failed("door.front", 5000)]
    assert fresh.expire(10_000) == []


def test_an_unchanged_reading_refreshes_the_age():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([good("car.floor", 1, 10)])
    fresh.accept([good("car.floor", 1, 900)])
    assert fresh.expire(1899) == []
    assert fresh.expire(1900) == [failed("car.floor", 1900)]


def test_a_failed_reading_refreshes_nothing_and_changes_nothing_by_itself():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([good("car.floor", 1, 10)])
    assert fresh.accept([failed("car.floor", 500), failed("car.floor", 600, Quality.BAD)]) == []
    assert fresh.points()["car.floor"].value == 1
    assert fresh.expire(1010) == [failed("car.floor", 1010, Quality.BAD)]


def test_the_quality_is_that_of_the_last_failure():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([failed("car.floor", 500, Quality.BAD), failed("car.floor", 600)])
    assert fresh.expire(1000) == [failed("car.floor", 1000)]


def test_a_good_reading_forgives_a_bad_one_before_it():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([failed("car.floor", 500, Quality.BAD), good("car.floor", 1, 600)])
    assert fresh.expire(1600) == [failed("car.floor", 1600)]


def test_a_bad_reading_forgiven_by_the_same_value_does_not_come_back():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([good("car.floor", 1, 100)])
    fresh.accept([failed("car.floor", 200, Quality.BAD)])
    fresh.accept([good("car.floor", 1, 300)])
    assert fresh.expire(1300) == [failed("car.floor", 1300)]


def test_one_that_never_spoke_goes_stale_counted_from_the_start():
    fresh = Freshness(LIMITS, 100)
    assert fresh.expire(1099) == []
    assert fresh.expire(1100) == [failed("car.floor", 1100)]


def test_one_that_is_back_is_a_change_even_with_the_same_value():
    fresh = Freshness(LIMITS, 0)
    fresh.accept([good("car.floor", 1, 10)])
    fresh.expire(2000)
    back = good("car.floor", 1, 2001)
    assert fresh.accept([back]) == [back]


def test_what_expires_comes_in_order_of_time():
    fresh = Freshness({"a": 3000, "b": 1000, "c": 2000}, 0)
    assert [r.signal for r in fresh.expire(5000)] == ["b", "c", "a"]


def test_due_is_the_next_instant_at_which_something_known_or_awaited_grows_stale():
    fresh = Freshness(LIMITS, 0)
    assert fresh.due_us == 1000
    fresh.accept([good("car.floor", 1, 500)])
    assert fresh.due_us == 1500
    fresh.expire(1500)
    assert fresh.due_us == 5000
    fresh.expire(5000)
    assert fresh.due_us is None


def test_points_say_value_quality_and_the_last_good_reading():
    fresh = Freshness(LIMITS, 0)
    assert fresh.points()["car.floor"] == Point(None, Quality.NO_ANSWER, None)
    fresh.accept([good("car.floor", 1, 10)])
    fresh.accept([good("car.floor", 1, 20)])
    assert fresh.points()["car.floor"] == Point(1, Quality.GOOD, 20)
    fresh.expire(1020)
    assert fresh.points() == {
        "car.floor": Point(None, Quality.NO_ANSWER, 20),
        "door.front": Point(None, Quality.NO_ANSWER, None),
    }


def test_true_is_not_taken_for_one():
    fresh = Freshness({"a": 1000}, 0)
    fresh.accept([good("a", False, 1)])
    assert fresh.accept([good("a", True, 2)]) != []
