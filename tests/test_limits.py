"""The limits: seconds become microseconds, and a delay outlasts the polling it depends on."""

import pytest

from agent.monitor.limits import limits_of
from agent.settings import MonitorSettings

DEFAULT = MonitorSettings()


def test_the_defaults_of_the_contract():
    limits = limits_of(DEFAULT)
    assert limits.trapped_off_level_us == 15_000_000
    assert limits.trapped_at_level_us == 90_000_000
    assert limits.stopped_outside_us == 15_000_000
    assert limits.alarm_press_us == 500_000
    assert limits.longest_zone_gap_us == 20_000_000
    assert limits.presence_latch_us == 25_000_000
    assert limits.presence_settle_us == 10_000_000
    assert limits.presence_total_us == 10_000_000
    assert limits.presence_window_us == 120_000_000
    assert limits.button_stuck_us == 600_000_000
    assert limits.not_closed_is_open_us == 10_000_000
    assert limits.trifle_us == 3_000_000
    assert limits.clear_us == 2_000_000
    assert (limits.moving_unknown_us, limits.doors_open_us) == (5_000_000, 2_000_000)
    assert (limits.presence_readings, limits.presence_stuck_openings) == (3, 20)
    assert (limits.load_step_percent, limits.load_memory_us) == (5, 86_400_000_000)


def test_fractions_of_a_second_are_exact():
    assert limits_of(MonitorSettings(alarm_press_s=0.7)).alarm_press_us == 700_000


@pytest.mark.parametrize(
    ("polls", "clear_us"),
    [
        ({}, 2_000_000),
        ({"car.moving": ("a", 5_000_000), "car.door_zone": ("a", 5_000_000)}, 2_000_000),
        ({"car.moving": ("a", 1_000_000), "car.door_zone": ("b", 0)}, 2_000_000),
        ({"car.moving": ("a", 1_000_001), "car.door_zone": ("b", 0)}, 2_000_002),
        ({"car.moving": ("a", 100), "door.front": ("b", 5_000_000)}, 10_000_000),
        ({"car.moving": ("a", 100), "pit.water": ("b", 60_000_000)}, 2_000_000),
    ],
)
def test_a_delay_over_several_drivers_is_at_least_twice_the_slowest_poll(polls, clear_us):
    assert limits_of(DEFAULT, polls).clear_us == clear_us


def test_a_slow_poll_stretches_each_delay_of_a_stop_and_not_the_press():
    limits = limits_of(DEFAULT, {"car.moving": ("a", 60_000_000), "car.door_zone": ("b", 0)})
    assert limits.trapped_off_level_us == 120_000_000
    assert limits.trapped_at_level_us == 120_000_000
    assert limits.stopped_outside_us == 120_000_000
    assert limits.alarm_press_us == 500_000


def test_the_defaults_of_the_rest_of_the_catalog():
    limits = limits_of(DEFAULT)
    assert (limits.unintended_movement_us, limits.overspeed_us) == (1_000_000, 500_000)
    assert (limits.brake_moving_us, limits.brake_standing_us) == (1_000_000, 5_000_000)
    assert (limits.run_time_limit_us, limits.start_failure_us) == (60_000_000, 60_000_000)
    assert (limits.door_close_failure_us, limits.door_held_open_us) == (60_000_000, 600_000_000)
    assert (limits.door_open_failure_us, limits.door_back_open_us) == (15_000_000, 5_000_000)
    assert limits.door_reopened_us == 10_000_000
    assert (limits.battery_low_percent, limits.machine_room_hot_c) == (40, 40)
    assert limits.machine_room_hot_us == limits.machine_room_door_open_us == 600_000_000
    assert (limits.camera_silent_intervals, limits.intercom_silent_intervals) == (5, 3)


@pytest.mark.parametrize(("rated", "most"), [(None, None), (1000, 1150), (1750, 2012), (630, 724)])
def test_overspeed_is_115_percent_of_a_known_rated_speed(rated, most):
    assert limits_of(DEFAULT, rated_speed_mm_s=rated).overspeed_mm_s == most


@pytest.mark.parametrize(("travel_s", "limit_us"), [(0, 60), (49, 60), (50, 60), (51, 61)])
def test_a_long_full_travel_stretches_the_run_time(travel_s, limit_us):
    settings = MonitorSettings(full_travel_s=travel_s)
    assert limits_of(settings).run_time_limit_us == limit_us * 1_000_000


@pytest.mark.parametrize(
    ("name", "one", "other", "stretched"),
    [
        ("unintended_movement_us", "car.speed_mm_s", "door.front", 30_000_000),
        ("brake_moving_us", "car.moving", "brake.released", 30_000_000),
        ("brake_standing_us", "car.moving", "brake.released", 20_000_000),
        ("door_open_failure_us", "car.moving", "door.front", 20_000_000),
    ],
)
def test_the_delays_of_the_machine_outlast_slow_polls(name, one, other, stretched):
    polls = {one: ("a", 10_000_000), other: ("b", 0)}
    assert getattr(limits_of(DEFAULT, polls), name) == stretched
    same = {one: ("a", 10_000_000), other: ("a", 10_000_000)}
    assert getattr(limits_of(DEFAULT, same), name) == getattr(limits_of(DEFAULT), name)
