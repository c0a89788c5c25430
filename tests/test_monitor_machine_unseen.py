"""Doors, runs and links that blink: what the machine's rules must neither lose nor invent over it."""

from typing import Any

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from tests.machine import Machine
from tests.second import REST, Car, parked, run
from tests.timeline import LOST


def machine(*names, **values):
    """A parked machine of these signals."""
    car = Machine(*names)
    rest = {**REST, "top": False, "lost": False, **values}
    car.feed(0, **{name: rest[name] for name in names if name in rest})
    return car


def restarted(code, severity, **values):
    """An agent that starts with an event standing, and what it reads first."""
    standing = [Standing(code=code, instance=None, severity=severity)]
    car = Car(*values, standing=standing)
    car.feed(0, **values)
    return car


def test_a_door_lost_for_0_1_s_does_not_suppress_an_unintended_movement():
    car = machine("moving", "zone", "mode", "front")
    car.feed(6, front="open")
    car.feed(10, zone=False)
    car.feed(10.3, front=LOST)
    car.feed(10.4, front="open")
    car.until(60)
    assert car.of("unintended_movement") == ["11.1 raised"]


def arrived_shut():
    """Somebody has called from inside and is at the landing since 16 s; the doors stay closed."""
    car = parked("moving", "zone", "mode", "front", "call")
    car.feed(5, call=True)
    run(car, 6)
    return car


def test_a_relevelling_pauses_the_wait_for_the_doors():
    car = arrived_shut()
    car.feed(26, moving=True, call=False)
    car.feed(26.3, moving=False)
    car.until(60)
    assert car.of("door_open_failure") == ["31.3 raised"]


def test_a_relevelling_does_not_open_the_doors():
    car = arrived_shut()
    car.feed(40, moving=True, call=False)
    car.feed(40.3, moving=False)
    car.until(90)
    assert car.of("door_open_failure") == ["31 raised"]


def test_a_second_of_another_mode_pauses_the_wait_for_the_doors():
    car = arrived_shut()
    car.feed(20, mode="attendant")
    car.feed(21, mode="normal")
    car.until(60)
    assert car.of("door_open_failure") == ["32 raised"]


def test_doors_that_do_not_open_stand_over_a_restart():
    at_rest = {"moving": False, "zone": True, "mode": "normal", "front": "closed", "call": False}
    car = restarted("door_open_failure", Severity.MAJOR, **at_rest)
    car.until(300)
    assert car.stands("door_open_failure")


def test_a_run_without_a_landing_stands_over_a_restart():
    car = restarted("run_time_limit", Severity.MAJOR, moving=True, zone=False, mode="normal")
    car.until(30)
    assert car.stands("run_time_limit")


def test_a_run_without_a_landing_stands_over_a_lost_link():
    car = parked("moving", "zone", "mode")
    car.feed(5, moving=True)
    car.feed(6, zone=False)
    car.lose(80, "moving")
    car.feed(84, moving=True)
    car.until(100)
    assert car.of("run_time_limit") == ["66 raised"]


def test_doors_that_cycle_stand_over_a_restart():
    at_rest = {"moving": False, "zone": True, "mode": "normal", "front": "closed"}
    car = restarted("door_cycling", Severity.MINOR, **at_rest)
    car.until(300)
    assert car.stands("door_cycling")


def test_a_button_held_over_a_restart_is_no_new_press():
    held = {"moving": False, "zone": True, "front": "closed", "button": True, "key": False}
    car = restarted("alarm_button", Severity.CRITICAL, **held)
    car.until(60)
    assert car.of("alarm_button") == []


def test_a_car_found_between_landings_stays_critical_after_a_jerk():
    car = Car("moving", "zone", "front", "occupied", "load")
    car.feed(0, moving=False, zone=False, front="closed", occupied=False, load=0)
    car.feed(5, moving=True)
    car.feed(5.5, moving=False)
    car.until(60)
    raised = car.event("stopped_outside_door_zone")
    assert (raised.severity, raised.detail) == (Severity.CRITICAL, {"occupancy": "unknown"})


def test_doors_unknown_for_minutes_have_not_failed_to_close():
    car = parked("moving", "zone", "mode", "front")
    car.feed(12, front="open")
    car.feed(20, front="closing")
    car.lose(21, "front")
    car.feed(600, front="closing")
    car.feed(602, front="closed")
    car.until(700)
    assert car.of("door_close_failure") == []


def test_a_run_without_a_landing_began_when_the_last_zone_passed():
    car = parked("moving", "zone", "mode")
    car.feed(5, moving=True)
    car.feed(6, zone=False)
    car.until(100)
    assert car.event("run_time_limit").since_us == 6_000_000


def test_a_zone_lost_for_a_trifle_does_not_begin_the_run_time_anew():
    car = parked("moving", "zone", "mode")
    car.feed(5, moving=True)
    car.feed(6, zone=False)
    car.lose(50, "zone")
    car.feed(50.2, zone=False)
    car.until(100)
    assert car.of("run_time_limit") in (["66 raised"], ["66.2 raised"])


def test_released_in_rescue_is_no_contradiction_and_ends():
    car = machine("moving", "mode", "brake", brake=False)
    car.feed(10, brake=True)
    car.feed(20, mode="rescue")
    car.until(60)
    assert car.of("brake_contradiction") == ["15 raised", "22 cleared"]


def test_a_door_lost_while_the_zone_goes_does_not_suppress_an_unintended_movement():
    car = machine("moving", "zone", "mode", "front")
    car.feed(6, front="open")
    car.feed(9.9, front=LOST)
    car.feed(10, zone=False)
    car.feed(10.1, front="open")
    car.until(60)
    assert car.of("unintended_movement") == ["11.1 raised"]


@pytest.mark.parametrize("seconds", [0.1, 3])
def test_a_zone_lost_under_a_door_opened_between_landings_is_no_movement(seconds):
    car = machine("moving", "zone", "mode", "front", zone=False)
    car.feed(20, front="open")
    car.feed(30, zone=LOST)
    car.feed(30 + seconds, zone=False)
    car.until(100)
    assert car.of("unintended_movement") == []


def test_a_car_found_with_its_door_open_between_landings_has_not_been_seen_to_move():
    car = Machine("moving", "zone", "mode", "front")
    car.feed(0, moving=False, mode="normal", front="open")
    car.feed(0.5, zone=False)
    car.until(100)
    assert car.of("unintended_movement") == []


def test_a_door_opened_after_the_car_left_is_no_movement():
    car = machine("moving", "zone", "mode", "front")
    car.feed(6, front="open")
    car.feed(8, front="closed")
    car.feed(10, zone=False)
    car.feed(11, front="open")
    car.until(100)
    assert car.of("unintended_movement") == []


def test_an_unintended_movement_stands_while_its_door_is_lost():
    car = machine("moving", "zone", "mode", "front")
    car.feed(6, front="open")
    car.feed(10, zone=False)
    car.feed(20, front=LOST)
    car.feed(30, front="open")
    car.until(100)
    assert car.of("unintended_movement") == ["11 raised"]


def test_a_relevelling_whose_zone_is_unknown_ends_nothing():
    apart = {"controller": ("moving", "mode", "front", "call"), "zone": ("zone",)}
    car = parked(drivers=apart)
    car.feed(5, call=True)
    run(car, 6)
    car.lose(40, "zone")
    car.feed(41, moving=True)
    car.feed(42, moving=False)
    car.feed(43, zone=True)
    car.until(90)
    assert car.of("door_open_failure") == ["31 raised"]


def test_doors_that_do_not_open_are_over_when_the_car_leaves():
    car = arrived_shut()
    run(car, 40, call=False)
    car.feed(51, front="open")
    car.until(90)
    assert car.of("door_open_failure") == ["31 raised", "43 cleared"]


def test_a_relevelling_with_a_call_is_no_ride_with_one():
    car = parked("moving", "zone", "mode", "front", "call")
    car.feed(5, call=True)
    car.feed(6, moving=True)
    car.feed(7, moving=False, call=False)
    run(car, 20)
    car.until(90)
    assert car.of("door_open_failure") == []


@pytest.mark.parametrize(("seconds", "said"), [(2.9, ["33.9 raised"]), (3.1, [])])
def test_another_mode_for_longer_ends_the_wait_for_the_doors(seconds, said):
    car = arrived_shut()
    car.feed(20, mode="attendant")
    car.feed(20 + seconds, mode="normal")
    car.until(60)
    assert car.of("door_open_failure") == said


def test_doors_that_do_not_open_are_over_in_another_mode():
    car = arrived_shut()
    car.feed(40, mode="attendant")
    car.until(60)
    assert car.of("door_open_failure") == ["31 raised", "45 cleared"]


def test_a_button_pressed_anew_after_a_restart_is_a_notice():
    free = {"moving": False, "zone": True, "front": "closed", "button": False, "key": False}
    car = restarted("alarm_button", Severity.CRITICAL, **free)
    car.lose(5, "button")
    car.feed(10, button=True)
    car.until(60)
    assert car.of("alarm_button") == ["10.5 notice"]
    assert car.event("alarm_button", Transition.NOTICE).since_us == 10_000_000


@pytest.mark.parametrize(("seconds", "occupancy"), [(2.9, "unknown"), (3, "nobody_seen")])
def test_a_car_that_travelled_to_its_stop_was_watched(seconds, occupancy):
    car = Car("moving", "zone", "front", "occupied", "load")
    car.feed(0, moving=False, zone=False, front="closed", occupied=False, load=0)
    car.feed(5, moving=True)
    car.feed(5 + seconds, moving=False)
    car.until(60)
    assert car.event("stopped_outside_door_zone").detail == {"occupancy": occupancy}


@pytest.mark.parametrize(("seconds", "said"), [(2.9, ["80 raised"]), (3, ["84 raised"])])
def test_doors_that_go_on_closing_after_a_loss_are_timed_from_what_was_seen(seconds, said):
    car = parked("moving", "zone", "mode", "front")
    car.feed(12, front="open")
    car.feed(20, front="closing")
    car.lose(21, "front")
    car.feed(21 + seconds, front="closing")
    car.until(84)
    assert car.of("door_close_failure") == said


def test_doors_that_failed_to_close_stand_over_a_loss():
    car = parked("moving", "zone", "mode", "front")
    car.feed(12, front="open")
    car.feed(20, front="closing")
    car.lose(90, "front")
    car.feed(100, front="closing")
    car.until(170)
    assert car.of("door_close_failure") == ["80 raised"]


def test_a_run_without_a_landing_is_over_when_one_passes_after_a_restart():
    car = restarted("run_time_limit", Severity.MAJOR, moving=True, zone=False, mode="normal")
    car.feed(10, zone=True)
    car.until(30)
    assert car.of("run_time_limit") == ["12 cleared"]


def test_a_zone_lost_for_longer_than_a_trifle_may_have_passed():
    car = parked("moving", "zone", "mode")
    car.feed(5, moving=True)
    car.feed(6, zone=False)
    car.lose(50, "zone")
    car.feed(53, zone=False)
    car.until(120)
    assert car.of("run_time_limit") == ["113 raised"]


Steps = list[tuple[int, dict[str, Any]]]
ARRIVES: Steps = [
    (1, {"moving": True, "call": True}),
    (2, {"zone": False}),
    (8, {"zone": True}),
    (9, {"moving": False}),
]
BEFORE: dict[str, Steps] = {
    "door_close_failure": [(5, {"front": "open"}), (9, {"front": "closing"})],
    "door_held_open": [(5, {"front": "open", "landing": False})],
    "door_open_failure": ARRIVES,
}


@pytest.mark.parametrize("code", BEFORE)
def test_what_the_dark_kept_the_doors_from_is_no_fault_when_the_mains_return(code):
    car = parked()
    for at, values in BEFORE[code]:
        car.feed(at, **values)
    car.feed(10, mains=False, chain=False)
    car.feed(1000, mains=True, chain=True)
    car.until(1008)
    assert car.of(code) == []


@pytest.mark.parametrize("code", ["door_close_failure", "door_held_open"])
def test_doors_that_stay_so_with_the_mains_back_are_a_fault(code):
    car = parked()
    for at, values in BEFORE[code]:
        car.feed(at, **values)
    car.feed(10, mains=False, chain=False)
    car.feed(1000, mains=True, chain=True)
    car.until(2000)
    limits = car.limits
    limit_us = limits.door_close_failure_us
    if code == "door_held_open":
        limit_us = limits.door_held_open_us
    assert car.event(code).at_us == 1_000_000_000 + limit_us


def test_doors_that_do_not_open_stand_in_the_dark_until_they_open():
    car = parked()
    for at, values in ARRIVES:
        car.feed(at, **values)
    car.feed(30, mains=False, chain=False)
    car.feed(1000, mains=True, chain=True)
    car.feed(1010, front="open", landing=False)
    car.until(1100)
    assert car.of("door_open_failure") == ["24 raised", "1012 cleared"]
