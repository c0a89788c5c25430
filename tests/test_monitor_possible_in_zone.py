"""Possibly trapped in a car that stands shut at a landing and whose doors or motion are lost (contract, 3.2)."""

import pytest

from agent.model import Severity
from tests.second import parked
from tests.timeline import LOST

CODE, TRAPPED = "entrapment_possible", "trapped_passengers"
APART = {
    "drive": ("moving", "front", "call"),
    "contacts": ("zone", "mains", "occupied", "key"),
}
DOOR_APART = {"drive": ("moving", "call", "mode"), "door": ("front",), "contacts": ("zone", "key")}


def rides(**settings):
    """Somebody boards at 10 s and rides from 27 s on; outside the zone since 28 s."""
    car = parked(**settings)
    car.feed(10, front="open")
    car.feed(18, call=True)
    car.feed(25, front="closed")
    car.feed(27, moving=True)
    car.feed(28, zone=False)
    return car


def arrived(**settings):
    """The same car, standing in the zone since 40 s; its doors do not open."""
    car = rides(**settings)
    car.feed(38, zone=True)
    car.feed(40, moving=False)
    return car


def told(car):
    return car.of(CODE), car.of(TRAPPED)


# ---- the link goes while the car stands shut in the zone


@pytest.mark.parametrize("lost_s", [41, 45, 60, 100, 129.9])
def test_a_link_lost_with_somebody_shut_in_at_a_landing(lost_s):
    car = arrived(drivers=APART)
    car.lose(lost_s, *APART["drive"])
    car.until(3600)
    assert told(car) == ([f"{lost_s + 30:g} raised"], [])
    assert car.event(CODE).severity is Severity.MAJOR


def test_with_the_mains_it_is_critical():
    car = arrived(drivers=APART)
    car.lose(45, *APART["drive"])
    car.feed(46, mains=False)
    car.until(3600)
    assert car.of(CODE) == ["75 raised"]
    assert car.event(CODE).severity is Severity.CRITICAL


def test_mains_and_doors_lost_under_way_are_lost_together_however_long_the_car_coasts():
    car = rides(drivers={**APART, "drive": ("moving", "call"), "door": ("front",)})
    car.feed(30, mains=False)
    car.lose(31, "front")
    car.feed(52, zone=True)
    car.feed(53, moving=False)
    car.until(3600)
    assert car.of(CODE) == ["83 raised"]
    assert car.event(CODE).severity is Severity.CRITICAL


def test_a_link_lost_under_way_and_a_zone_that_lives_and_is_reached():
    car = rides(drivers=APART)
    car.lose(35, *APART["drive"])
    car.feed(38, zone=True)
    car.until(3600)
    assert car.of(CODE) == ["65 raised"]


def test_of_a_car_last_known_to_move_a_glimpse_of_somebody_is_enough():
    car = parked(drivers=APART)
    car.feed(27, moving=True)
    car.feed(28, zone=False, occupied=True)
    car.feed(30, occupied=False)
    car.lose(35, *APART["drive"])
    car.feed(38, zone=True)
    car.until(3600)
    assert car.of(CODE) == ["65 raised"]
    assert car.event(CODE).detail["person_by"] == ["presence_latched"]


# ---- the doors go, or doors and motion one after the other


@pytest.mark.parametrize("apart_s", [0.5, 1, 4.9, 5, 10, 20])
def test_doors_and_then_motion(apart_s):
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    car.lose(60 + apart_s, "moving")
    car.until(3600)
    assert car.of(CODE) == ["90 raised"]


@pytest.mark.parametrize("apart_s", [0.5, 1, 4.9, 5, 10, 20])
def test_motion_and_then_doors(apart_s):
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "moving")
    car.lose(60 + apart_s, "front")
    car.until(3600)
    assert car.of(CODE) == [f"{90 + apart_s:g} raised"]


def test_doors_lost_and_one_levelling_that_only_pauses():
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    car.feed(75, moving=True)
    car.feed(80, moving=False)
    car.until(3600)
    assert car.of(CODE) == ["95 raised"]


def test_doors_lost_under_way_and_the_stop_in_the_zone():
    car = rides(drivers=DOOR_APART)
    car.lose(35, "front")
    car.feed(38, zone=True)
    car.feed(40, moving=False)
    car.until(3600)
    assert car.of(CODE) == ["70 raised"]


def test_a_stop_of_less_than_30_s_is_silent():
    car = rides(drivers=DOOR_APART)
    car.lose(35, "front")
    car.feed(38, zone=True)
    car.feed(40, moving=False)
    car.feed(70, front="closed")
    car.until(100)
    assert car.of(CODE) == []


# ---- what ends it, or keeps it from being raised for this loss


def a_run(car, at):
    car.feed(at, moving=True)
    car.feed(at + 1, zone=False)
    car.feed(at + 9, zone=True)
    car.feed(at + 10, moving=False)


def test_one_normal_run_ends_it_and_it_is_not_raised_again_for_that_loss():
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    for at in (200, 400, 600):
        a_run(car, at)
    car.until(3600)
    assert car.of(CODE) == ["90 raised", "210 cleared"]


def test_a_run_within_the_30_s_keeps_it_silent():
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    a_run(car, 80)
    car.until(3600)
    assert car.of(CODE) == []


def test_a_run_in_rescue_does_not():
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    car.feed(79, mode="rescue")
    a_run(car, 80)
    car.until(3600)
    assert car.of(CODE) == ["120 raised"]


def test_what_is_lost_besides_is_asked_about_anew():
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    a_run(car, 80)
    car.lose(200, "moving")
    car.until(3600)
    assert car.of(CODE) == ["230 raised"]


@pytest.mark.parametrize(("key_s", "expected"), [(70, []), (100, ["90 raised", "100 cleared"])])
def test_the_end_key_although_the_call_is_still_pending(key_s, expected):
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    car.feed(key_s, key=True)
    car.until(3600)
    assert car.of(CODE) == expected


def test_doors_known_again_and_open_for_2_s_end_it():
    car = arrived(drivers=DOOR_APART)
    car.lose(60, "front")
    car.feed(100, front="open")
    car.until(200)
    assert car.of(CODE) == ["90 raised", "102 cleared"]


# ---- near misses


def test_a_parked_empty_car_is_silent():
    car = parked(drivers=APART)
    car.lose(60, *APART["drive"])
    car.until(3600)
    assert told(car) == ([], [])


def test_a_ride_with_nobody_in_the_car_is_silent():
    car = parked(drivers=DOOR_APART)
    a_run(car, 20)
    car.lose(40, "front", "moving")
    car.until(3600)
    assert car.of(CODE) == []


@pytest.mark.parametrize("lost", [("front",), ("front", "moving"), ("front", "moving", "zone")])
def test_doors_seen_open_before_the_loss_are_silent(lost):
    car = arrived(drivers=DOOR_APART)
    car.feed(45, front="open")
    car.lose(50, *lost)
    car.until(3600)
    assert car.of(CODE) == []


def test_who_has_boarded_a_car_that_has_not_run_is_not_shut_in():
    car = parked(drivers=DOOR_APART)
    car.feed(10, front="open")
    car.feed(18, call=True)
    car.feed(25, front="closed")
    car.lose(27, "front", "moving")
    car.until(3600)
    assert car.of(CODE) == []


def test_inspection_at_the_loss_is_silent():
    car = arrived(drivers=DOOR_APART)
    car.feed(50, mode="inspection")
    car.lose(60, "front", "moving")
    car.until(3600)
    assert car.of(CODE) == []


@pytest.mark.parametrize("at", [35, 41, 60, 61, 75, 76, 80, 95, 100])
def test_its_memory_may_be_carried_over_at_any_point(at):
    car = arrived(drivers=DOOR_APART)
    for second, said in ((60, {"front": LOST}), (75, {"moving": True}), (80, {"moving": False})):
        if second > at >= car.monitor.snapshot.at_us / 1e6:
            car.until(at)
            car.again()
        car.feed(second, **said)
    car.until(3600)
    assert car.of(CODE) == ["95 raised"]
