"""A delay over signals of different drivers is at least twice the slowest poll interval among them (contract, 3.1).

One that a frozen link could fill outlasts the link's staleness: three polls, at least 2 s.
"""

import pytest

from agent.model import SECOND_US
from agent.monitor.limits import limits_of
from agent.settings import MonitorSettings
from tests.second import Car, parked

SLOW = 5
EDGES = 0
SETTINGS = MonitorSettings()
# Each limit of the second slice, its default, and two signals that decide it.
LIMITS = [
    ("moved_with_doors_open_us", 0.2, "car.moving", "door.front"),
    ("doors_open_outside_us", 2, "car.door_zone", "door.rear"),
    ("landing_door_unlocked_us", 2, "landing_doors.locked", "car.moving"),
    ("safety_chain_moving_us", 0.3, "safety_chain.closed", "car.door_zone"),
    ("safety_chain_standing_us", 10, "safety_chain.closed", "power.mains"),
    ("entrapment_possible_us", 30, "car.door_zone", "car.moving"),
]


FREEZABLE = {
    "moved_with_doors_open_us",
    "doors_open_outside_us",
    "landing_door_unlocked_us",
    "safety_chain_moving_us",
}


def least(name, interval_us):
    """What several drivers ask of a delay whose slowest poll is known."""
    return max(3 * interval_us, polled(2)) if name in FREEZABLE else 2 * interval_us


def polled(seconds):
    return round(seconds * SECOND_US)


@pytest.mark.parametrize(("name", "default_s", "one", "other"), LIMITS)
def test_without_polls_or_from_one_driver_the_configured_limit_counts(name, default_s, one, other):
    both = {one: ("controller", polled(60)), other: ("controller", polled(60))}
    assert getattr(limits_of(SETTINGS), name) == polled(default_s)
    assert getattr(limits_of(SETTINGS, both), name) == polled(default_s)


@pytest.mark.parametrize(("name", "default_s", "one", "other"), LIMITS)
def test_from_two_drivers_it_outlasts_the_slower_poll(name, default_s, one, other):
    polls = {one: ("controller", polled(40)), other: ("contacts", EDGES)}
    assert getattr(limits_of(SETTINGS, polls), name) == polled(120 if name in FREEZABLE else 80)


@pytest.mark.parametrize(("name", "default_s", "one", "other"), LIMITS)
def test_both_sides_of_a_poll_of_half_the_limit(name, default_s, one, other):
    half = polled(default_s) // 2
    for interval_us in (half, half + 1):
        polls = {one: ("controller", interval_us), other: ("contacts", EDGES)}
        expected = max(polled(default_s), least(name, interval_us))
        assert getattr(limits_of(SETTINGS, polls), name) == expected


@pytest.mark.parametrize(("name", "default_s", "one", "other"), LIMITS)
def test_signals_that_do_not_decide_do_not_count(name, default_s, one, other):
    polls = {
        one: ("controller", polled(0.1)),
        other: ("contacts", EDGES),
        "machine_room.temperature_c": ("box", polled(300)),
    }
    assert getattr(limits_of(SETTINGS, polls), name) == max(
        polled(default_s), least(name, polled(0.1))
    )


def test_mains_and_intercom_are_single_signals():
    polls = {"power.mains": ("a", polled(60)), "car.moving": ("b", EDGES)}
    assert limits_of(SETTINGS, polls).mains_lost_us == polled(1)


def test_a_hold_of_nothing_is_possible():
    assert limits_of(SETTINGS).ard_hold_us == 0
    assert limits_of(MonitorSettings(ard_hold_s=600)).ard_hold_us == polled(600)


def two_drivers(interval_s):
    names = {"controller": ("moving", "mode"), "contacts": ("zone", "front", "landing", "chain")}
    polls = {"car.moving": ("controller", polled(interval_s)), "door.front": ("contacts", EDGES)}
    polls |= {"car.door_zone": ("contacts", EDGES), "landing_doors.locked": ("contacts", EDGES)}
    polls |= {"safety_chain.closed": ("contacts", EDGES)}
    return parked(drivers=names, polls_us=polls)


def test_a_motion_signal_polled_slowly_makes_no_open_doors_of_a_departed_car():
    """The car stood open outside nothing: its stop is only seen one poll after its doors have opened."""
    car = two_drivers(SLOW)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(18, zone=True)
    car.feed(18.5, front="opening", landing=False)
    car.feed(19.2, chain=False)
    car.feed(24, moving=False)
    car.until(100)
    assert car.events == []


def test_the_rule_over_slow_polls_still_raises():
    car = two_drivers(SLOW)
    car.feed(10, moving=True, zone=False)
    car.feed(12, front="open")
    car.until(26.999999)
    assert car.of("moved_with_doors_open") == []
    car.until(28)
    assert car.of("moved_with_doors_open") == ["27 raised"]


def test_configured_limits_count():
    car = Car("moving", "zone", "front", moved_with_doors_open_s=7, doors_open_outside_s=9)
    car.feed(0, moving=True, zone=False, front="open")
    car.until(8)
    assert car.of("moved_with_doors_open") == ["7 raised"]
    car.feed(10, moving=False)
    car.until(20)
    assert car.of("doors_open_outside_zone") == ["19 raised"]
