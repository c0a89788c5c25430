"""Doors open, closed, between, unknown (contract, 3.1)."""

import pytest

from tests.timeline import LOST, Timeline


@pytest.mark.parametrize(
    ("state", "doors"),
    [
        ("open", "open"),
        ("closed", "closed"),
        ("opening", "between"),
        ("closing", "between"),
        ("stopped", "between"),
        ("fault", "between"),
        (LOST, None),
    ],
)
def test_one_door(state, doors):
    car = Timeline("front")
    car.feed(0, front=state)
    assert car.term("doors") == doors


@pytest.mark.parametrize(
    ("front", "rear", "doors"),
    [
        ("open", "closed", "open"),
        ("closed", "open", "open"),
        ("open", "fault", "open"),
        ("closed", "closed", "closed"),
        ("closed", "opening", "between"),
        ("closed", LOST, "closed"),
        (LOST, "closed", "closed"),
        ("open", LOST, "open"),
        (LOST, "stopped", "between"),
        (LOST, LOST, None),
    ],
)
def test_two_doors_any_open_opens_every_closed_closes_and_a_dead_one_is_left_out(
    front, rear, doors
):
    car = Timeline("front", "rear")
    car.feed(0, front=front, rear=rear)
    assert car.term("doors") == doors


def test_a_second_door_that_never_speaks_does_not_block():
    car = Timeline("front", "rear")
    car.feed(0, front="closed")
    assert car.term("doors") == "closed"


@pytest.mark.parametrize(("locked", "doors"), [(True, "between"), (False, "open"), (LOST, None)])
def test_an_open_car_door_needs_an_unlocked_landing_door_where_fitted(locked, doors):
    car = Timeline("front", "landing")
    car.feed(0, front="open", landing=locked)
    assert car.term("doors") == doors


def test_closed_does_not_ask_the_landing_doors():
    car = Timeline("front", "landing")
    car.feed(0, front="closed", landing=LOST)
    assert car.term("doors") == "closed"


def test_a_contact_that_is_not_closed_counts_as_open_after_10_s():
    car = Timeline("front")
    car.feed(0, front="not_closed")
    car.until(9.999999)
    assert car.term("doors") == "between"
    car.until(10)
    assert car.term("doors") == "open"


def test_a_contact_that_closes_at_10_s_was_never_open():
    car = Timeline("front")
    car.feed(0, front="not_closed")
    car.feed(10, front="closed")
    assert car.term("doors") == "closed"
    car.feed(11, front="not_closed")
    car.until(20.999999)
    assert car.term("doors") == "between"


def test_of_two_contacts_the_first_that_opened_counts():
    car = Timeline("front", "rear")
    car.feed(0, front="not_closed", rear="closed")
    car.feed(6, rear="not_closed")
    car.until(10)
    assert car.term("doors") == "open"


def test_a_contact_open_10_s_needs_an_unlocked_landing_door_too():
    car = Timeline("front", "landing")
    car.feed(0, front="not_closed", landing=True)
    car.until(10)
    assert car.term("doors") == "between"
    car.feed(11, landing=False)
    assert car.term("doors") == "open"


def test_a_contact_beside_an_open_door_does_not_wait():
    car = Timeline("front", "rear")
    car.feed(0, front="open", rear="not_closed")
    assert car.term("doors") == "open"


def test_a_contact_lost_for_a_moment_pauses_its_10_s():
    car = Timeline("front")
    car.feed(0, front="not_closed")
    car.feed(4, front=LOST)
    car.feed(6.999999, front="not_closed")
    car.until(12.999998)
    assert car.term("doors") == "between"
    car.until(12.999999)
    assert car.term("doors") == "open"


def test_a_contact_lost_for_3_s_begins_its_10_s_anew():
    car = Timeline("front")
    car.feed(0, front="not_closed")
    car.feed(4, front=LOST)
    car.feed(7, front="not_closed")
    car.until(16.999999)
    assert car.term("doors") == "between"
    car.until(17)
    assert car.term("doors") == "open"


def test_a_contact_lost_once_open_is_open_again_when_it_is_back_within_3_s():
    car = Timeline("front")
    car.feed(0, front="not_closed")
    car.feed(15, front=LOST)
    assert car.term("doors") is None
    car.feed(17, front="not_closed")
    assert car.term("doors") == "open"


# ---------------------------------------------------------------- the second door is lost


def two_doors():
    car = Timeline("zone", "moving", "front", "rear", "button")
    car.feed(0, zone=True, moving=False, front="closed", rear="open", button=False)
    return car


def test_an_open_door_that_is_lost_is_unknown_for_3_s_and_then_left_out():
    car = two_doors()
    car.feed(10, rear=LOST)
    assert car.term("doors") is None
    car.until(12.999999)
    assert car.term("doors") is None
    car.until(13.000001)
    assert car.term("doors") == "closed"


def test_a_closed_door_that_is_lost_is_left_out_at_once():
    car = two_doors()
    car.feed(5, rear="closed")
    car.feed(10, rear=LOST)
    assert car.term("doors") == "closed"


def test_a_filtered_press_is_not_raised_by_an_instant_without_the_open_door():
    car = two_doors()
    car.feed(5, button=True)
    car.feed(10, rear=LOST)
    car.feed(10.001, rear="open")
    car.until(60)
    assert car.of("alarm_button") == ["5.5 notice"]


def test_a_filtered_press_is_raised_when_the_open_door_stays_away():
    car = two_doors()
    car.feed(5, button=True)
    car.feed(10, rear=LOST)
    car.until(60)
    assert car.of("alarm_button") == ["5.5 notice", "13 raised"]
