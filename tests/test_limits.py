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
