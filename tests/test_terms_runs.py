"""Normal runs: in mode normal, zone to zone, longer than 3 s (contract, 3.1)."""

import pytest

from tests.timeline import LOST, Timeline


def ride(car, at, seconds, **end):
    car.feed(at, moving=True)
    car.feed(at + 0.5, zone=False)
    car.feed(at + seconds, moving=False, **end)


def standing(*names, **values):
    car = Timeline("moving", "zone", *names)
    car.feed(0, moving=False, zone=True, **values)
    return car


def test_a_run_longer_than_3_s_counts():
    car = standing()
    ride(car, 10, 3.000001, zone=True)
    assert car.term("runs") == 1


def test_a_run_of_exactly_3_s_does_not_count():
    car = standing()
    ride(car, 10, 3, zone=True)
    assert car.term("runs") == 0


def test_a_run_that_ends_outside_the_zone_does_not_count():
    car = standing()
    ride(car, 10, 10)
    assert car.term("runs") == 0


def test_a_run_that_begins_outside_the_zone_does_not_count():
    car = Timeline("moving", "zone")
    car.feed(0, moving=False, zone=False)
    car.feed(10, moving=True)
    car.feed(20, moving=False, zone=True)
    assert car.term("runs") == 0


def test_leaving_the_zone_and_moving_in_one_batch_counts():
    car = standing()
    car.feed(10, moving=True, zone=False)
    car.feed(20, moving=False, zone=True)
    assert car.term("runs") == 1


@pytest.mark.parametrize("mode", ["inspection", "rescue", "attendant", "fire_recall", "learning"])
def test_a_run_in_another_mode_does_not_count(mode):
    car = standing("mode", mode=mode)
    ride(car, 10, 10, zone=True)
    assert car.term("runs") == 0


def test_a_run_that_changes_mode_on_the_way_does_not_count():
    car = standing("mode", mode="normal")
    car.feed(10, moving=True)
    car.feed(12, mode="inspection")
    car.feed(13, mode="normal")
    car.feed(20, moving=False, zone=True)
    assert car.term("runs") == 0


def test_an_unknown_mode_counts_as_normal():
    car = standing("mode")
    ride(car, 10, 10, zone=True)
    assert car.term("runs") == 1


def test_motion_lost_on_the_way_neither_ends_nor_breaks_a_run():
    car = standing()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(12, moving=LOST)
    car.feed(14, moving=True)
    car.feed(20, moving=False, zone=True)
    assert car.term("runs") == 1


def test_where_the_zone_is_unknown_the_movement_alone_counts():
    car = Timeline("moving", "zone")
    car.feed(0, moving=False)
    car.feed(10, moving=True)
    car.feed(20, moving=False)
    assert car.term("runs") == 1


@pytest.mark.parametrize(("floor", "runs"), [(1, 0), (2, 1), (LOST, 1)])
def test_with_the_zone_unknown_a_retry_at_the_same_floor_is_no_run(floor, runs):
    car = Timeline("moving", "floor")
    car.feed(0, moving=False, floor=1)
    car.feed(10, moving=True)
    car.feed(20, moving=False, floor=floor)
    assert car.term("runs") == runs


def test_a_run_by_zone_passages_alone():
    car = Timeline("zone")
    car.feed(0, zone=True)
    car.feed(10, zone=False)
    car.feed(18, zone=True)
    assert car.term("runs") == 1


def test_a_car_that_is_first_seen_moving_without_a_zone():
    car = Timeline("moving")
    car.feed(0, moving=True)
    car.feed(1, moving=True)
    car.feed(8, moving=False)
    car.feed(9, moving=False)
    assert car.term("runs") == 1
