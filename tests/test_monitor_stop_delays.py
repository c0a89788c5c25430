"""What a stop's delay outlives and what begins it anew (contract, 3.1: timers do not start over for trifles)."""

import pytest

from tests.timeline import FULL, LOST, Timeline, between_floors, boarded, us

TRAPPED, STOPPED = "trapped_passengers", "stopped_outside_door_zone"


# ---- outside the zone: 15 s, standing since 20 s, so that 35 s is when an undisturbed one is told


def test_a_link_that_blinks_pauses_a_stop_outside_the_zone():
    car = between_floors()
    car.feed(30, moving=LOST, zone=LOST)
    car.feed(31, moving=False, zone=False)
    car.until(100)
    assert car.of(STOPPED) == ["36 raised"]


def test_a_link_that_blinks_after_a_retry_pauses_it_too():
    """The retry has moved the car, the blinking has not."""
    car = between_floors()
    car.feed(24, moving=True)
    car.feed(25, moving=False)
    car.feed(30, moving=LOST, zone=LOST)
    car.feed(31, moving=False, zone=False)
    car.until(100)
    assert car.of(STOPPED) == ["37 raised"]


def test_a_zone_that_flickers_under_a_standing_car_pauses_it():
    car = between_floors()
    car.feed(30, zone=True)
    car.feed(31, zone=False)
    car.until(100)
    assert car.of(STOPPED) == ["36 raised"]


def test_a_retry_that_reaches_no_zone_pauses_it():
    car = between_floors()
    car.feed(30, moving=True)
    car.feed(32, moving=False)
    car.until(100)
    assert car.of(STOPPED) == ["37 raised"]


def test_a_retry_that_passes_a_zone_is_another_stop():
    car = between_floors()
    car.feed(30, moving=True)
    car.feed(30.5, zone=True)
    car.feed(31, zone=False)
    car.feed(32, moving=False)
    car.until(46.9)
    assert car.of(STOPPED) == []
    car.until(100)
    assert car.of(STOPPED) == ["47 raised"]


# ---- in the zone with doors shut: 90 s, standing shut since 5 s: 95 s


def shut_in(*names, **settings):
    car = boarded(*names, **settings)
    car.feed(6, call=True)
    return car


def test_motion_lost_for_a_trifle_pauses_a_stop_with_doors_shut():
    car = shut_in()
    car.feed(50, moving=LOST)
    car.feed(52, moving=False)
    car.until(300)
    assert car.of(TRAPPED) == ["97 raised"]


def test_motion_lost_for_longer_begins_it_anew():
    """The car may have been somewhere else."""
    car = shut_in()
    car.feed(50, moving=LOST)
    car.feed(54, moving=False)
    car.until(300)
    assert car.of(TRAPPED) == ["144 raised"]


@pytest.mark.parametrize(
    ("lost", "raised"), [(50, "95"), (89, "95"), (90, "95"), (90.5, "95.5"), (94.9, "99.9")]
)
def test_motion_lost_and_then_inferred_as_standing_puts_nothing_off(lost, raised):
    """Unknown does not raise; once the car is known to stand, it has stood throughout."""
    car = shut_in()
    car.feed(lost, moving=LOST)
    car.until(300)
    assert car.of(TRAPPED) == [f"{raised} raised"]
    assert car.event(TRAPPED).since_us == us(5)


def test_a_zone_left_or_a_door_lost_while_motion_is_unknown_begins_it_anew():
    car = shut_in()
    car.feed(50, moving=LOST)
    car.feed(51, zone=False)
    car.feed(54, zone=True)
    car.until(300)
    assert car.of(TRAPPED) == ["145 raised"]
    car = shut_in()
    car.feed(50, moving=LOST)
    car.feed(51, front=LOST)
    car.feed(54, front="closed")
    car.until(300)
    assert car.of(TRAPPED) == ["145 raised"]


def test_a_retry_that_ends_at_the_same_landing_pauses_it():
    car = shut_in()
    car.feed(50, moving=True, zone=False)
    car.feed(52, moving=False, zone=True)
    car.until(300)
    assert car.of(TRAPPED) == ["97 raised"]


def test_a_landing_further_on_begins_it_anew_however_short_the_way():
    car = shut_in()
    car.feed(50, moving=True, zone=False)
    car.feed(52, moving=False, zone=True, floor=2)
    car.until(300)
    assert car.of(TRAPPED) == ["142 raised"]


def test_the_next_landing_is_told_from_where_the_car_stood_last():
    """From 1 to 2, and back to 1."""
    car = shut_in()
    car.feed(50, moving=True, zone=False)
    car.feed(52, moving=False, zone=True, floor=2)
    car.feed(60, moving=True, zone=False)
    car.feed(62, moving=False, zone=True, floor=1)
    car.until(300)
    assert car.of(TRAPPED) == ["152 raised"]


def test_a_display_that_is_late_moves_no_car():
    car = shut_in()
    car.feed(50, floor=2)
    car.feed(51, zone=LOST)
    car.feed(52, zone=True)
    car.until(300)
    assert car.of(TRAPPED) == ["95 raised"]


def test_a_floor_that_is_still_unknown_is_no_other_landing():
    car = shut_in()
    car.feed(50, moving=LOST, floor=LOST)
    car.feed(51, moving=False)
    car.until(300)
    assert car.of(TRAPPED) == ["96 raised"]


def test_without_a_zone_a_retry_is_no_other_landing_whatever_the_display_says():
    """The display of a car that is stuck between landings may jump to and fro."""
    car = shut_in("moving", "front", "call", "floor")
    for at, floor in ((30, 2), (60, 1)):
        car.feed(at, moving=True)
        car.feed(at + 1, moving=False, floor=floor)
    car.until(300)
    assert car.of(TRAPPED) == ["97 raised"]


def test_a_zone_contact_that_flickers_for_longer_than_any_run_has_let_the_car_stand_all_along():
    """Nothing but zones tells of motion, and 2 min may be a run past many landings: told so much late, never early."""
    car = shut_in("zone", "front", "call", trapped_at_level_s=140)
    car.toggle(10, "zone", (False, True), 390, 1)
    (told,) = car.of(TRAPPED)
    assert 145 <= float(told.split()[0]) <= 145 + 120
    assert car.event(TRAPPED).since_us == us(5)


# ---- who gets in as the doors move is given 15 s


def held_ajar():
    """At a landing with doors half open since 10 s, not closed since 5 s."""
    car = boarded()
    car.feed(10, front="stopped")
    return car


def test_a_call_while_the_doors_are_half_open_is_somebody_getting_in():
    car = held_ajar()
    car.feed(94, call=True)
    car.until(300)
    assert car.of(TRAPPED) == ["109 raised"]


@pytest.mark.parametrize(("call_s", "raised"), [(94.9, "109.9 raised"), (95, "95 raised")])
def test_a_call_is_of_the_boarding_for_15_s_from_the_closing(call_s, raised):
    car = held_ajar()
    car.feed(80, front="closed")
    car.feed(call_s, call=True)
    car.until(300)
    assert car.of(TRAPPED) == [raised]


def test_a_call_behind_doors_long_closed_is_given_no_time():
    car = boarded()
    car.feed(90, call=True)
    car.until(300)
    assert car.of(TRAPPED) == ["95 raised"]


# ---- an evacuation device


def test_the_hold_for_an_evacuation_device_does_not_change_since_when():
    names = (*FULL, "power.mains")
    car = between_floors(*names, ard_hold_s=60)
    car.feed(20, **{"call": True, "power.mains": False})
    car.until(300)
    assert car.of(TRAPPED) == ["80 raised"]
    assert car.event(TRAPPED).since_us == us(20)


def test_a_cut_in_inspection_waits_for_nothing_and_breaks_nothing():
    car = Timeline(*FULL, "power.mains", ard_hold_s=60)
    car.feed(0, moving=False, zone=True, front="closed", mode="inspection")
    car.feed(5, call=True)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, **{"moving": False, "power.mains": False})
    car.until(300)
    assert car.heard == []
