"""Stopped, outside, moved; motion inferred from zone passages (contract, 3.1)."""

import pytest

from tests.timeline import LOST, Timeline


@pytest.mark.parametrize(
    ("moving", "zone", "stopped", "outside"),
    [
        (False, True, True, False),
        (False, False, True, True),
        (True, False, False, False),
        (True, True, False, False),
        (False, LOST, True, None),
        (True, LOST, False, False),
        (LOST, True, None, False),
        (LOST, False, None, None),
        (LOST, LOST, None, None),
    ],
)
def test_what_is_said_at_once(moving, zone, stopped, outside):
    car = Timeline("moving", "zone")
    car.feed(0, moving=moving, zone=zone)
    assert (car.term("stopped"), car.term("outside")) == (stopped, outside)


def test_motion_unknown_for_5_s_is_inferred_from_the_zone():
    car = Timeline("moving", "zone")
    car.feed(0, moving=True, zone=True)
    car.feed(1, moving=LOST)
    car.until(5.999999)
    assert car.term("stopped") is None
    car.until(6)
    assert car.term("stopped") is True


def test_motion_that_is_back_within_5_s_was_never_inferred():
    car = Timeline("moving", "zone")
    car.feed(0, moving=True, zone=True)
    car.feed(1, moving=LOST)
    car.feed(6, moving=True)
    assert car.term("stopped") is False


def test_motion_that_never_spoke_is_inferred_after_5_s():
    car = Timeline("moving", "zone")
    car.feed(0, zone=True)
    assert car.term("stopped") is None
    car.until(5)
    assert car.term("stopped") is True


def test_without_a_motion_signal_the_car_stands_once_the_longest_gap_has_elapsed():
    car = Timeline("zone")
    car.feed(0, zone=True)
    assert car.term("stopped") is True
    car.feed(1, zone=False)
    car.until(20.999999)
    assert (car.term("stopped"), car.term("outside")) == (False, False)
    car.until(21)
    assert (car.term("stopped"), car.term("outside")) == (True, True)


def test_a_passage_at_the_gap_s_end_begins_another_gap():
    car = Timeline("zone")
    car.feed(0, zone=False)
    car.feed(20, zone=True)
    car.feed(20.1, zone=False)
    car.until(40.099999)
    assert car.term("stopped") is False
    car.until(40.1)
    assert car.term("stopped") is True


def test_the_gap_is_configured():
    car = Timeline("zone", longest_zone_gap_s=8)
    car.feed(0, zone=False)
    car.until(8)
    assert car.term("stopped") is True


def test_motion_unknown_outside_the_zone_counts_the_gap_from_leaving_it():
    car = Timeline("moving", "zone")
    car.feed(0, moving=True, zone=False)
    car.feed(17, moving=LOST)
    car.until(21.999999)
    assert car.term("stopped") is None
    car.until(22)
    assert car.term("stopped") is True


def test_without_motion_and_zone_nothing_is_known():
    car = Timeline("front")
    car.feed(0, front="closed")
    car.until(1000)
    assert (car.term("stopped"), car.term("outside")) == (None, None)


def test_a_zone_lost_for_a_moment_pauses_the_gap():
    car = Timeline("zone")
    car.feed(0, zone=True)
    car.feed(1, zone=False)
    car.feed(11, zone=LOST)
    assert car.term("stopped") is None
    car.feed(13.999999, zone=False)
    car.until(23.999998)
    assert car.term("stopped") is False
    car.until(23.999999)
    assert car.term("stopped") is True


def test_a_zone_lost_for_3_s_begins_the_gap_anew():
    car = Timeline("zone")
    car.feed(1, zone=False)
    car.feed(11, zone=LOST)
    car.feed(14, zone=False)
    car.until(33.999999)
    assert car.term("stopped") is False
    car.until(34)
    assert car.term("stopped") is True


def test_moved_begins_as_true_and_ends_where_people_can_leave():
    car = Timeline("moving", "zone", "front")
    assert car.term("moved") is True
    car.feed(0, moving=False, zone=True, front="open")
    assert car.term("moved") is False
    car.feed(5, front="closed")
    assert car.term("moved") is False
    car.feed(6, moving=True)
    assert car.term("moved") is True
    car.feed(20, moving=False, front="open", zone=False)
    assert car.term("moved") is True
    car.feed(30, zone=True)
    assert car.term("moved") is False


@pytest.mark.parametrize(
    ("moving", "zone", "front", "landing"),
    [
        (False, True, "open", True),
        (False, True, LOST, False),
        (LOST, True, "open", False),
        (False, LOST, "open", False),
        (False, False, LOST, False),
    ],
)
def test_at_landing_is_never_true_by_halves(moving, zone, front, landing):
    car = Timeline("moving", "zone", "front", "landing")
    car.feed(0, moving=moving, zone=zone, front=front, landing=landing)
    assert car.term("at_landing") is not True


def test_one_known_no_decides_at_landing_whatever_is_unknown():
    car = Timeline("moving", "zone", "front")
    car.feed(0, moving=True, zone=LOST, front=LOST)
    assert car.term("at_landing") is False


def test_an_alarm_is_over_only_with_the_button_known_released():
    car = Timeline("moving", "zone", "front", "button")
    car.feed(0, moving=False, zone=True, front="open")
    assert car.term("alarm_over") is None
    car.feed(1, button=True)
    assert car.term("alarm_over") is False
    car.feed(2, button=False)
    assert car.term("alarm_over") is True
