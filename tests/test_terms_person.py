"""A person is evidenced by a call, the button, the load, presence (contract, 3.1)."""

import random

import pytest

from agent.monitor.terms.person import at_landing
from agent.monitor.terms.presence import LATCHED, STANDING
from tests.timeline import BAD, FULL, LOST, Timeline, between_floors, boarded

# ---------------------------------------------------------------- call


@pytest.mark.parametrize("at", [3, 4.5, 8])
def test_a_call_counts_registered_before_or_after_the_closing(at):
    car = Timeline("moving", "zone", "front", "call")
    car.feed(0, moving=False, zone=True, front="open", call=False)
    if at < 5:
        car.feed(at, call=True)
    car.feed(5, front="closed")
    if at > 5:
        car.feed(at, call=True)
    assert car.term("person") == ("car_call",)


def test_a_call_answered_before_the_closing_does_not_count():
    car = Timeline("moving", "zone", "front", "call")
    car.feed(0, moving=False, zone=True, front="open", call=True)
    car.feed(4, call=False)
    car.feed(5, front="closed")
    assert car.term("person") == ()


def test_a_call_that_is_answered_or_fails_is_still_evidence():
    car = boarded()
    car.feed(6, call=True)
    car.feed(7, call=LOST)
    assert car.term("person") == ("car_call",)
    car.feed(9, call=False)
    assert car.term("person") == ("car_call",)


def test_evidence_ends_when_the_doors_have_been_open_2_s():
    car = boarded()
    car.feed(6, call=True)
    car.feed(7, call=False)
    car.feed(20, front="open")
    car.until(21.999999)
    assert car.term("person") == ("car_call",)
    car.until(22)
    assert car.term("person") == ()


def test_doors_that_close_at_2_s_end_nothing():
    car = boarded()
    car.feed(6, call=True)
    car.feed(7, call=False)
    car.feed(20, front="open")
    car.feed(22, front="closing")
    assert car.term("person") == ("car_call",)


def test_a_call_still_pending_after_an_opening_counts_again():
    car = boarded()
    car.feed(6, call=True)
    car.feed(20, front="open")
    car.until(25)
    assert car.term("person") == ()
    car.feed(26, front="closed")
    assert car.term("person") == ("car_call",)


def test_calls_are_no_evidence_where_the_installation_says_so():
    car = boarded(car_call_is_evidence=False)
    car.feed(6, call=True)
    assert car.term("person") == ()


def test_the_end_key_says_that_nobody_is_there():
    car = boarded()
    car.feed(6, call=True)
    car.feed(7, call=False)
    car.feed(8, key=True)
    assert car.term("person") == ()
    car.feed(9, key=False)
    assert car.term("person") == ()


def test_a_key_first_seen_turned_has_not_been_turned():
    car = Timeline("moving", "zone", "front", "call", "key")
    car.feed(0, moving=False, zone=True, front="closed", call=True)
    car.feed(1, call=False)
    car.feed(2, key=True)
    assert car.term("person") == ("car_call",)
    car.feed(3, key=LOST)
    car.feed(4, key=True)
    assert car.term("person") == ("car_call",)


# ---------------------------------------------------------------- button


def test_a_press_with_doors_not_open_is_evidence_and_stays_so():
    car = boarded()
    car.feed(6, button=True)
    car.feed(6.1, button=False)
    assert car.term("person") == ("alarm_button",)


def test_a_press_with_doors_open_is_none():
    car = Timeline("moving", "zone", "front", "button")
    car.feed(0, moving=False, zone=True, front="open", button=False)
    car.feed(1, button=True)
    car.feed(1.5, button=False)
    car.feed(3, front="closed")
    assert car.term("person") == ()


def test_a_button_held_10_min_is_stuck():
    car = boarded()
    car.feed(10, button=True)
    car.until(609.999999)
    assert car.term("person") == ("alarm_button",)
    car.until(610)
    assert car.term("person") == ()


def test_a_button_released_at_10_min_was_not_stuck():
    car = boarded()
    car.feed(10, button=True)
    car.feed(610, button=False)
    assert car.term("person") == ("alarm_button",)


def test_a_stuck_button_counts_again_once_released_and_pressed():
    car = boarded()
    car.feed(10, button=True)
    car.feed(700, button=False)
    assert car.term("person") == ()
    car.feed(701, button=True)
    assert car.term("person") == ("alarm_button",)


def test_a_stuck_button_stays_stuck_through_an_opening():
    car = boarded()
    car.feed(10, button=True)
    car.until(700)
    car.feed(710, front="open")
    car.feed(720, front="closed")
    assert car.term("person") == ()


def test_a_button_that_fails_while_pressed_does_not_end_its_evidence():
    car = boarded()
    car.feed(10, button=True)
    car.feed(11, button=LOST)
    car.until(2000)
    assert car.term("person") == ("alarm_button",)


def test_a_button_still_pressed_after_a_failure_has_been_held_all_the_time():
    car = boarded()
    car.feed(10, button=True)
    car.feed(11, button=LOST)
    car.feed(611, button=True)
    assert car.term("person") == ()


# ---------------------------------------------------------------- load


@pytest.mark.parametrize(("load", "person"), [(4, ()), (5, ("load",)), (60, ("load",))])
def test_load_5_percent_above_the_lowest(load, person):
    car = boarded()
    car.feed(6, load=load)
    assert car.term("person") == person


def test_load_counts_above_the_lowest_and_not_above_zero():
    car = boarded("moving", "zone", "front", "load")
    car.feed(5.1, load=-8)
    car.feed(6, load=-4)
    assert car.term("person") == ()
    car.feed(7, load=-3)
    assert car.term("person") == ("load",)


def test_load_that_is_heavy_from_the_first_is_no_evidence():
    car = Timeline("moving", "zone", "front", "load")
    car.feed(0, moving=False, zone=True, front="closed", load=60)
    assert car.term("person") == ()


def test_load_lost_or_gone_is_still_evidence():
    car = boarded()
    car.feed(6, load=30)
    car.feed(7, load=LOST)
    assert car.term("person") == ("load",)
    car.feed(8, load=0)
    assert car.term("person") == ("load",)


DAY = 24 * 3600


def test_the_lowest_of_the_last_24_h_still_counts():
    car = boarded()
    car.feed(100, load=30)
    open_and_close(car, 100 + DAY - 60, load=31)
    assert car.term("person") == ("load",)


def test_the_lowest_of_more_than_24_h_ago_is_forgotten():
    car = boarded()
    car.feed(100, load=30)
    open_and_close(car, 100 + DAY + 1, load=31)
    assert car.term("person") == ()


def test_the_lowest_is_forgotten_too_when_the_load_was_unknown_meanwhile():
    car = boarded()
    car.feed(100, load=LOST)
    open_and_close(car, 100 + DAY + 1, load=30)
    assert car.term("person") == ()


def test_the_lowest_is_kept_when_the_load_was_unknown_for_less():
    car = boarded()
    car.feed(100, load=LOST)
    open_and_close(car, 100 + DAY - 60, load=30)
    assert car.term("person") == ("load",)


def test_a_scale_that_drifts_up_forgets_its_lowest_step_by_step():
    car = boarded()
    for hour in range(1, 60):
        open_and_close(car, hour * 3600, load=hour // 8)
        assert car.term("person") == ()


def open_and_close(car, at, **values):
    car.feed(at, front="open")
    car.feed(at + 10, front="closed", **values)


# ---------------------------------------------------------------- presence, outside the zone


def test_presence_is_latched_25_s():
    car = boarded()
    car.feed(6, occupied=True)
    car.feed(7, occupied=False)
    car.until(31.999999)
    assert car.term("person") == ("presence_latched",)
    car.until(32)
    assert car.term("person") == ()


def test_presence_before_the_full_closing_does_not_count():
    car = Timeline("moving", "zone", "front", "occupied")
    car.feed(0, moving=False, zone=True, front="open", occupied=True)
    car.feed(4, front="closing")
    car.feed(5, front="closed", occupied=False)
    assert car.term("person") == ()


def test_presence_that_lasts_through_the_closing_counts():
    car = Timeline("moving", "zone", "front", "occupied")
    car.feed(0, moving=False, zone=True, front="open", occupied=True)
    car.feed(5, front="closed")
    assert car.term("person") == ("presence_latched",)


@pytest.mark.parametrize("quality", [LOST, BAD])
def test_a_sensor_that_fails_while_it_sees_somebody_does_not_end_the_evidence(quality):
    car = boarded()
    car.feed(6, occupied=True)
    car.feed(7, occupied=quality)
    car.until(1000)
    assert car.term("person") == ("presence_latched",)


def test_a_sensor_that_comes_back_empty_begins_to_fade_then():
    car = boarded()
    car.feed(6, occupied=True)
    car.feed(7, occupied=LOST)
    car.feed(9, occupied=False)
    car.until(33.999999)
    assert car.term("person") == ("presence_latched",)
    car.until(34)
    assert car.term("person") == ()


def test_a_sensor_lost_while_fading_does_not_prolong_the_latch():
    car = boarded()
    car.feed(6, occupied=True)
    car.feed(7, occupied=False)
    car.feed(20, occupied=LOST)
    car.feed(21, occupied=False)
    car.until(31.999999)
    assert car.term("person") == ("presence_latched",)
    car.until(32)
    assert car.term("person") == ()


def test_a_sensor_lost_while_fading_does_not_hold_the_latch():
    car = boarded()
    car.feed(6, occupied=True)
    car.feed(7, occupied=False)
    car.feed(20, occupied=LOST)
    car.until(32)
    assert car.term("person") == ()


def test_a_sensor_that_never_spoke_is_no_evidence():
    car = Timeline("moving", "zone", "front", "occupied")
    car.feed(0, moving=False, zone=True, front="open")
    car.feed(5, front="closed")
    car.until(500)
    assert car.term("person") == ()


# ---------------------------------------------------------------- presence, at a landing


def standing_person(car):
    return "presence" in car.term("person")


def test_three_separate_readings_after_the_doors_settled_stand():
    car = boarded()
    for at in (15, 40, 124.999999):
        assert not standing_person(car)
        car.feed(at, occupied=True)
        if at < 100:
            car.feed(at + 1, occupied=False)
    assert standing_person(car)
    car.feed(130, occupied=False)
    car.until(5000)
    assert standing_person(car)


def test_two_readings_do_not_stand():
    car = boarded()
    for at in (15, 40):
        car.feed(at, occupied=True)
        car.feed(at + 1, occupied=False)
    car.until(120)
    assert not standing_person(car)


def test_three_readings_in_more_than_120_s_do_not_stand():
    car = boarded()
    for at in (20, 100):
        car.feed(at, occupied=True)
        car.feed(at + 1, occupied=False)
    car.feed(140.000001, occupied=True)
    assert not standing_person(car)


def test_three_readings_in_exactly_120_s_stand():
    car = boarded()
    for at in (20, 100):
        car.feed(at, occupied=True)
        car.feed(at + 1, occupied=False)
    car.feed(140, occupied=True)
    assert standing_person(car)


def test_readings_within_10_s_of_the_closing_do_not_count():
    car = boarded()
    for at in (6, 8, 10, 12, 14):
        car.feed(at, occupied=True)
        car.feed(at + 0.5, occupied=False)
    car.feed(20, occupied=True)
    car.feed(21, occupied=False)
    car.feed(22, occupied=True)
    assert not standing_person(car)
    car.feed(23, occupied=False)
    car.feed(24, occupied=True)
    assert standing_person(car)


def test_10_s_of_presence_in_all_stand():
    car = boarded()
    car.feed(20, occupied=True)
    car.feed(26, occupied=False)
    car.feed(60, occupied=True)
    car.until(63.999999)
    assert not standing_person(car)
    car.until(64)
    assert standing_person(car)


def test_presence_that_ends_at_10_s_in_all_does_not_stand():
    car = boarded()
    car.feed(20, occupied=True)
    car.feed(30, occupied=False)
    assert not standing_person(car)


def test_continuous_presence_counts_from_10_s_after_the_closing():
    car = boarded()
    car.feed(6, occupied=True)
    car.until(24.999999)
    assert not standing_person(car)
    car.until(25)
    assert standing_person(car)


def test_standing_presence_ends_when_the_doors_have_been_open_2_s():
    car = boarded()
    car.feed(6, occupied=True)
    car.until(30)
    car.feed(40, front="open")
    car.until(41.999999)
    assert standing_person(car)
    car.until(42)
    assert car.term("person") == ()


def test_presence_before_the_end_key_is_forgotten():
    """Neither latched nor counted: the key says that nobody is there."""
    car = boarded()
    for at in (20, 30):
        car.feed(at, occupied=True)
        car.feed(at + 1, occupied=False)
    car.feed(35, key=True)
    assert car.term("person") == ()
    car.feed(40, occupied=True)
    car.feed(41, occupied=False)
    assert car.term("person") == ("presence_latched",)


def test_losses_do_not_make_three_readings_of_one():
    car = boarded()
    car.feed(20, occupied=True)
    for at in (21, 22, 23, 24):
        car.feed(at, occupied=LOST)
        car.feed(at + 0.5, occupied=True)
    assert not standing_person(car)


def test_presence_counts_only_while_it_is_seen():
    car = boarded()
    car.feed(20, occupied=True)
    car.feed(24, occupied=LOST)
    car.feed(80, occupied=True)
    car.until(85.999999)
    assert not standing_person(car)
    car.until(86)
    assert standing_person(car)


def test_a_door_lost_for_a_moment_is_no_closing():
    car = boarded()
    car.feed(20, occupied=True)
    car.feed(25, front=LOST)
    car.feed(26, front="closed")
    car.until(30)
    assert standing_person(car)


def test_doors_that_try_in_vain_to_open_do_not_start_the_watch_over():
    car = boarded()
    car.feed(14, occupied=True)
    for at in (16, 24):
        car.feed(at, front="opening")
        car.feed(at + 2, front="closed")
    car.until(25)
    assert standing_person(car)


def test_doors_lost_while_open_count_from_the_closing_that_is_seen():
    car = boarded()
    car.feed(20, front="open")
    car.feed(30, front=LOST)
    car.feed(31, occupied=True)
    car.feed(35, front="closed")
    car.until(54.999999)
    assert not standing_person(car)
    car.until(55)
    assert standing_person(car)


def test_where_no_door_speaks_the_watch_begins_with_the_agent():
    car = Timeline("moving", "zone", "front", "occupied")
    car.feed(0, moving=False, zone=True, occupied=True)
    car.until(20)
    assert standing_person(car)


def test_where_no_door_is_fitted_nobody_is_evidenced_in_the_zone_and_leaving_it_begins_anew():
    car = Timeline("moving", "zone", "occupied")
    car.feed(0, moving=False, zone=True, occupied=True)
    car.until(60)
    assert car.term("person") == ()
    car.feed(61, moving=True)
    assert car.term("person") == ("presence_latched",)


def test_a_reading_older_than_the_window_is_forgotten_in_the_total():
    car = boarded()
    car.feed(20, occupied=True)
    car.feed(29, occupied=False)
    car.feed(145, occupied=True)
    car.until(149)
    assert not standing_person(car)
    car.until(155)
    assert standing_person(car)


# ---------------------------------------------------------------- a stuck sensor


def stops(car, at, times):
    for _ in range(times):
        car.feed(at, front="open")
        car.feed(at + 5, front="closed")
        at += 10
    return at


@pytest.mark.parametrize(("openings", "person"), [(19, True), (20, False), (25, False)])
def test_presence_that_stays_true_through_20_door_open_periods_is_unknown(openings, person):
    car = boarded()
    car.feed(6, occupied=True)
    at = stops(car, 100, openings)
    car.until(at + 30)
    assert bool(car.term("person")) is person


def test_a_stuck_sensor_counts_again_once_it_has_seen_nobody():
    car = boarded()
    car.feed(6, occupied=True)
    at = stops(car, 100, 22)
    car.feed(at, occupied=False)
    car.feed(at + 1, occupied=True)
    assert car.term("person") == ("presence_latched",)


def test_one_false_reading_starts_the_count_over():
    car = boarded()
    car.feed(6, occupied=True)
    at = stops(car, 100, 19)
    car.feed(at, occupied=False)
    car.feed(at + 1, occupied=True)
    at = stops(car, at + 10, 19)
    assert car.term("person")


def test_a_false_reading_while_evidence_stands_starts_the_count_over():
    """Its evidence stands until the doors open, but the sensor is alive."""
    car = boarded()
    car.feed(6, occupied=True)
    at = stops(car, 100, 19)
    car.until(at + 30)
    assert standing_person(car)
    car.feed(at + 31, occupied=False)
    car.feed(at + 32, occupied=True)
    assert standing_person(car)
    at = stops(car, at + 40, 19)
    car.until(at)
    assert car.term("person")
    stops(car, at, 1)
    assert car.term("person") == ()


def test_a_loss_while_evidence_stands_does_not_start_the_count_over():
    car = boarded()
    car.feed(6, occupied=True)
    at = stops(car, 100, 19)
    car.until(at + 30)
    car.feed(at + 31, occupied=LOST)
    car.feed(at + 32, occupied=True)
    stops(car, at + 40, 1)
    assert car.term("person") == ()


def test_a_sensor_that_was_silent_through_the_openings_is_not_stuck():
    car = Timeline("moving", "zone", "front", "occupied")
    car.feed(0, moving=False, zone=True, front="closed")
    at = stops(car, 100, 30)
    car.feed(at, occupied=True)
    assert car.term("person") == ("presence_latched",)


def test_a_chattering_door_does_not_make_a_sensor_stuck():
    car = boarded()
    car.feed(6, occupied=True)
    at = car.toggle(7, "front", ("open", "closed"), 100, 0.1)
    car.until(at + 20)
    assert standing_person(car)


def test_a_door_that_fails_while_open_ends_no_period():
    car = boarded()
    car.feed(6, occupied=True)
    for at in range(100, 600, 20):
        car.feed(at, front="open")
        car.feed(at + 5, front=LOST)
    car.feed(601, front="closed")
    assert car.term("person")


def test_a_sensor_that_gets_stuck_while_its_evidence_stands_is_told_at_the_next_closing():
    car = boarded()
    car.feed(6, occupied=True)
    car.until(30)
    assert standing_person(car)
    car.feed(31, occupied=LOST)
    assert standing_person(car)
    car.feed(32, occupied=False)
    assert standing_person(car)


# ---------------------------------------------------------------- together


def test_sources_are_named_strongest_first():
    car = between_floors(*FULL)
    car.feed(21, button=True, call=True, load=40, occupied=True)
    assert car.term("person") == ("alarm_button", "car_call", "load", "presence_latched")


def test_at_a_landing_latched_presence_is_not_enough():
    assert at_landing(("car_call", "presence_latched"), "normal") == ("car_call",)
    assert at_landing(("presence_latched",), None) == ()
    assert at_landing(("presence",), "normal") == ("presence",)


@pytest.mark.parametrize("mode", ["attendant", "independent", "firefighter", "out_of_service"])
def test_in_staffed_modes_only_the_button_counts_at_a_landing(mode):
    assert at_landing(("car_call", "load", "presence"), mode) == ()
    assert at_landing(("alarm_button", "car_call"), mode) == ("alarm_button",)


def due_of_presence(car):
    names = [node.name for node in car.monitor._nodes]
    return car.monitor._dues[names.index("seen.presence")]


def test_the_instant_at_which_presence_stands_is_known_beforehand():
    """While the window's beginning passes over an earlier reading, nothing is gained."""
    car = boarded("moving", "zone", "front", "occupied")
    car.feed(20, occupied=True)
    car.feed(25, occupied=False)
    car.feed(135.000001, occupied=True)
    assert due_of_presence(car) == 145_000_001
    car.until(145.000000)
    assert car.term("seen.presence") == LATCHED
    car.until(145.000001)
    assert car.term("seen.presence") == STANDING


@pytest.mark.parametrize("seed", range(40))
def test_the_instant_is_right_for_any_readings(seed):
    chance = random.Random(seed)
    car = boarded("moving", "zone", "front", "occupied")
    at, asked = 10.0, 0
    for _ in range(chance.randrange(1, 3)):
        at += chance.choice((3, 20, 80))
        car.feed(at, occupied=True)
        at += chance.choice((0.5, 2, 4))
        car.feed(at, occupied=False)
    at = round(at + chance.uniform(60, 115), 6)
    car.feed(at, occupied=True)
    while car.term("seen.presence") != STANDING:
        due_us = due_of_presence(car)
        car.until((due_us - 1) / 1e6)
        assert car.term("seen.presence") != STANDING
        car.until(due_us / 1e6)
        asked += 1
    assert asked <= 1


def test_a_window_that_never_holds_enough_waits_for_nothing():
    car = boarded("moving", "zone", "front", "occupied", presence_window_s=10, presence_total_s=20)
    car.feed(20, occupied=True)
    assert due_of_presence(car) is None
    car.until(600)
    assert car.term("seen.presence") == LATCHED
