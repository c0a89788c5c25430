"""What the machine does and must not: unintended movement, overtravel, overspeed, brake, run time."""

import pytest

from agent.model import Fact, Severity, Transition
from tests.machine import Machine
from tests.timeline import LOST, us

UCM = ("moving", "zone", "front", "speed", "command", "mode", "key")
AT_REST = {
    "moving": False, "zone": True, "front": "open", "speed": 0, "command": False, "mode": "normal",
    "key": False,
}  # fmt: skip


def open_at_landing(*names, **settings):
    """A car that stands at a landing with its doors open since 0 s."""
    wired = names or UCM
    car = Machine(*wired, watching=["unintended_movement"], **settings)
    car.feed(0, **{name: AT_REST[name] for name in wired if name in AT_REST})
    return car


# ---------------------------------------------------------------- unintended movement


@pytest.mark.parametrize("speed", [50, 51, 300])
def test_speed_with_doors_open_and_no_command_is_movement_at_once(speed):
    car = open_at_landing()
    car.feed(10, speed=speed)
    car.feed(10.1, speed=0)
    assert car.of("unintended_movement") == ["10 raised"]
    assert car.event("unintended_movement").detail == {"rule": "doors_not_closed"}


def test_below_50_mm_s_it_is_no_movement():
    car = open_at_landing()
    car.feed(10, speed=49)
    car.until(100)
    assert car.of("unintended_movement") == []


@pytest.mark.parametrize("seconds", [1, 1.001])
def test_leaving_the_zone_with_doors_open_needs_more_than_1_s(seconds):
    car = open_at_landing("moving", "zone", "front")
    car.feed(10, zone=False)
    car.feed(10 + seconds, zone=True)
    assert car.of("unintended_movement") == ([] if seconds == 1 else ["11 raised"])


def test_a_creeping_car_that_leaves_the_zone_is_moving():
    car = open_at_landing()
    car.feed(10, speed=20)
    car.feed(18, zone=False)
    car.until(30)
    assert car.of("unintended_movement") == ["19 raised"]
    event = car.event("unintended_movement")
    assert (event.severity, event.stop_recommended) == (Severity.CRITICAL, True)
    assert event.detail == {"rule": "doors_not_closed"}
    assert event.evidence["car.door_zone"] == Fact(False, us(18))


def test_a_zone_signal_lost_under_a_car_that_stands_is_no_movement():
    car = open_at_landing()
    car.feed(10, zone=False)
    car.until(1000)
    assert car.of("unintended_movement") == []


def test_doors_opened_where_the_car_has_stopped_are_no_movement():
    car = open_at_landing("moving", "zone", "front")
    car.feed(10, front="closed")
    car.feed(12, moving=True)
    car.feed(13, zone=False)
    car.feed(20, moving=False)
    car.feed(30, front="open")
    car.until(1000)
    assert car.of("unintended_movement") == []


@pytest.mark.parametrize("door", ["opening", "stopped", "closing", "not_closed", "fault"])
def test_any_door_not_closed_counts(door):
    car = open_at_landing()
    car.feed(5, front=door)
    car.feed(10, speed=300)
    car.until(20)
    assert car.of("unintended_movement") == ["10 raised"]


def test_levelling_with_doors_open_is_told_to():
    car = open_at_landing()
    car.feed(10, command=True)
    car.feed(10.1, speed=60, moving=True)
    car.feed(14, speed=0, moving=False)
    car.feed(14.1, command=False)
    car.until(100)
    assert car.of("unintended_movement") == []


def test_where_no_command_is_wired_motion_stands_for_it():
    car = open_at_landing("moving", "zone", "front", "speed")
    car.feed(10, speed=300, moving=True)
    car.until(20)
    assert car.of("unintended_movement") == []
    car.feed(20, moving=False)
    car.until(30)
    assert car.of("unintended_movement") == ["20 raised"]


@pytest.mark.parametrize("name", ["front", "command", "speed"])
def test_what_is_unknown_raises_nothing(name):
    car = open_at_landing("front", "speed", "command")
    car.feed(9, **{name: LOST})
    car.feed(10, **{n: v for n, v in {"speed": 300}.items() if n != name})
    car.until(1000)
    assert car.of("unintended_movement") == []


def test_its_own_signal_is_enough_and_needs_no_delay():
    car = Machine("ucm", "mode")
    car.feed(0, ucm=False, mode="normal")
    car.feed(10, ucm=True)
    assert car.of("unintended_movement") == ["10 raised"]
    assert car.event("unintended_movement").detail == {"rule": "reported"}


def test_a_chattering_speed_still_raises_and_is_one_event():
    car = open_at_landing()
    for tenth in range(60):
        car.feed(10 + tenth / 10, speed=300 if tenth % 2 else 0)
    car.until(100)
    assert len(car.of("unintended_movement")) == 1


def test_it_ends_by_the_key_alone_or_two_runs():
    car = open_at_landing()
    car.feed(10, speed=300)
    car.feed(15, speed=0, front="closed")
    car.until(1000)
    assert car.of("unintended_movement") == ["10 raised"]
    car.travel(1000)
    assert car.of("unintended_movement") == ["10 raised"]
    car.travel(1020)
    assert car.of("unintended_movement") == ["10 raised", "1030 cleared"]
    car.feed(1040, front="open")
    car.feed(1050, speed=300)
    car.feed(1060, key=True)
    assert car.of("unintended_movement")[2:] == ["1050 raised", "1060 cleared"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_inspection_mutes_it_and_its_delay_begins_anew(mode):
    car = open_at_landing()
    car.feed(5, mode=mode)
    car.feed(10, speed=20)
    car.feed(11, zone=False)
    car.feed(100, mode="normal")
    car.until(200)
    assert car.of("unintended_movement") == ["101 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_a_speed_in_inspection_is_muted_while_it_lasts(mode):
    car = open_at_landing()
    car.feed(5, mode=mode)
    car.feed(10, speed=300)
    car.until(99)
    assert car.of("unintended_movement") == []
    car.feed(100, mode="normal")
    assert car.of("unintended_movement") == ["100 raised"]


def test_from_two_drivers_it_outlasts_a_frozen_link():
    polls = {
        "car.speed_mm_s": ("controller", 1_000_000), "car.moving": ("controller", 1_000_000),
        "door.front": ("contacts", 0),
    }  # fmt: skip
    drivers = {"controller": ("speed", "moving"), "contacts": ("front",)}
    car = Machine(drivers=drivers, polls_us=polls, watching=["unintended_movement"])
    car.feed(0, speed=300, moving=False, front="open")
    car.until(100)
    assert car.of("unintended_movement") == ["3 raised"]


# ---------------------------------------------------------------- overtravel

LIMITS = [("top", "overtravel_top"), ("bottom", "overtravel_bottom")]


@pytest.mark.parametrize(("name", "code"), LIMITS)
def test_a_limit_reached_is_said_at_once_and_stands_until_two_runs(name, code):
    car = Machine(name, "moving", "zone", "front", "mode", "key", watching=[code])
    car.feed(0, **{name: False}, moving=False, zone=True, front="closed", mode="normal", key=False)
    car.feed(10, **{name: True})
    car.feed(20, **{name: False})
    car.until(1000)
    assert car.of(code) == ["10 raised"]
    assert car.event(code).severity is Severity.CRITICAL
    car.travel(1000)
    car.travel(1020)
    assert car.of(code) == ["10 raised", "1030 cleared"]
    assert car.event(code, Transition.CLEARED).detail == {"reason": "normal_runs"}


@pytest.mark.parametrize(("name", "code"), LIMITS)
def test_a_limit_unknown_or_in_inspection_says_nothing(name, code):
    car = Machine(name, "mode", watching=[code])
    car.feed(0, mode="inspection", **{name: LOST})
    car.feed(5, **{name: True})
    car.feed(6, **{name: LOST})
    car.feed(10, mode="normal")
    car.until(20)
    assert car.of(code) == []
    car.feed(20, **{name: True})
    assert car.of(code) == ["20 raised"]


def test_a_visit_does_not_mute_overtravel():
    car = Machine("top", "visit")
    car.feed(0, top=False, visit=True)
    car.feed(10, top=True)
    assert car.of("overtravel_top") == ["10 raised"]
    assert car.event("overtravel_top").visit


# ---------------------------------------------------------------- overspeed


@pytest.mark.parametrize("name", ["governor", "gear"])
def test_a_tripped_device_is_overspeed_at_once(name):
    car = Machine("governor", "gear")
    car.feed(0, governor=False, gear=False)
    car.feed(10, **{name: True})
    assert car.of("overspeed") == ["10 raised"]
    rule = {"governor": "reported", "gear": "safety_gear"}[name]
    assert car.event("overspeed").detail == {"rule": rule}


@pytest.mark.parametrize(
    ("speed", "seconds", "raised"),
    [(1150, 100, []), (1151, 0.499, []), (1151, 0.501, ["10.5 raised"])],
)
def test_faster_than_115_percent_of_rated_for_half_a_second(speed, seconds, raised):
    car = Machine("speed", rated=1000)
    car.feed(0, speed=0)
    car.feed(10, speed=speed)
    car.feed(10 + seconds, speed=1000)
    car.until(200)
    assert car.of("overspeed") == raised


def test_changes_of_speed_above_the_limit_do_not_start_the_delay_over():
    car = Machine("speed", rated=1000)
    for tenth in range(10):
        car.feed(10 + tenth / 10, speed=1200 + tenth)
    assert car.of("overspeed") == ["10.5 raised"]


def test_without_a_rated_speed_no_speed_is_too_fast():
    car = Machine("speed")
    car.feed(0, speed=20_000)
    car.until(100)
    assert car.of("overspeed") == []


def test_an_unknown_speed_is_not_too_fast():
    car = Machine("speed", rated=1000, watching=["overspeed"])
    car.feed(0, speed=1200)
    car.feed(0.4, speed=LOST)
    car.until(100)
    assert car.of("overspeed") == []


# ---------------------------------------------------------------- brake


def braked(**settings):
    car = Machine("moving", "brake", "mode", watching=["brake_contradiction"], **settings)
    car.feed(0, moving=False, brake=False, mode="normal")
    return car


@pytest.mark.parametrize(("seconds", "raised"), [(1, []), (1.001, ["11 raised"])])
def test_moving_with_the_brake_not_released(seconds, raised):
    car = braked()
    car.feed(10, moving=True)
    car.feed(10 + seconds, moving=False)
    car.until(12.9)
    assert car.of("brake_contradiction") == raised


@pytest.mark.parametrize(("seconds", "raised"), [(5, []), (5.001, ["15 raised"])])
def test_released_while_standing(seconds, raised):
    car = braked()
    car.feed(10, brake=True)
    car.feed(10 + seconds, brake=False)
    car.until(16)
    assert car.of("brake_contradiction") == raised


def test_it_ends_when_brake_and_motion_agree_for_2_s():
    car = braked()
    car.feed(10, moving=True)
    car.feed(15, brake=True)
    car.until(100)
    assert car.of("brake_contradiction") == ["11 raised", "17 cleared"]
    assert car.event("brake_contradiction").detail == {"rule": "moving_not_released"}


def test_the_end_of_one_contradiction_by_the_other_is_no_end():
    car = braked()
    car.feed(10, moving=True)
    car.feed(15, moving=False, brake=True)
    car.until(100)
    assert car.of("brake_contradiction") == ["11 raised"]


def test_in_rescue_the_brake_is_opened_by_hand_and_what_stands_ends():
    car = braked()
    car.feed(5, mode="rescue")
    car.feed(10, brake=True)
    car.until(100)
    assert car.of("brake_contradiction") == []
    car.feed(100, mode="normal")
    car.until(110)
    car.feed(110, mode="rescue")
    car.until(200)
    assert car.of("brake_contradiction") == ["105 raised", "112 cleared"]


@pytest.mark.parametrize("name", ["moving", "brake"])
def test_unknown_neither_raises_nor_ends_it(name):
    car = braked()
    car.feed(10, moving=True)
    car.feed(10.5, **{name: LOST})
    car.until(100)
    assert car.of("brake_contradiction") == []
    car.feed(100, moving=True, brake=False)
    car.until(102)
    car.feed(102, **{name: LOST})
    car.until(1000)
    assert car.of("brake_contradiction") == ["101 raised"]


# ---------------------------------------------------------------- run time


def riding(**settings):
    """A car that has left its landing at 10 s and rides since."""
    car = Machine("moving", "zone", "mode", "limiter", watching=["run_time_limit"], **settings)
    car.feed(0, moving=False, zone=True, mode="normal", limiter=False)
    car.feed(9, moving=True)
    car.feed(10, zone=False)
    return car


@pytest.mark.parametrize(("until", "raised"), [(70, []), (70.001, ["70 raised"])])
def test_60_s_of_motion_without_a_zone(until, raised):
    car = riding()
    car.feed(until, zone=True)
    car.until(71)
    assert car.of("run_time_limit") == raised


@pytest.mark.parametrize("zone", [True, False])
def test_each_zone_passed_begins_the_time_anew(zone):
    car = riding()
    car.feed(50, zone=True)
    if not zone:
        car.feed(50.4, zone=False)
    car.until(200)
    assert car.of("run_time_limit") == ["110 raised" if zone else "110.4 raised"]


def test_it_ends_when_a_landing_has_passed_or_the_car_stands():
    car = riding()
    car.feed(100, zone=True)
    car.until(110)
    assert car.of("run_time_limit") == ["70 raised", "102 cleared"]
    car.feed(110, zone=False)
    car.feed(200, moving=False)
    car.until(300)
    assert car.of("run_time_limit")[2:] == ["170 raised", "202 cleared"]


def test_a_short_stop_pauses_the_time_and_a_long_one_begins_it_anew():
    car = riding()
    car.feed(40, moving=False)
    car.feed(42.999, moving=True)
    car.until(73)
    assert car.of("run_time_limit") == ["72.999 raised"]
    car = riding()
    car.feed(40, moving=False)
    car.feed(43, moving=True)
    car.until(200)
    assert car.of("run_time_limit") == ["103 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning", "emergency_power", "rescue"])
def test_slow_modes_do_not_count(mode):
    car = riding()
    car.feed(20, mode=mode)
    car.until(400)
    assert car.of("run_time_limit") == []
    car.feed(400, mode="normal")
    car.until(600)
    assert car.of("run_time_limit") == ["460 raised"]


def test_a_longer_full_travel_gives_it_10_s_more():
    car = riding(full_travel_s=80)
    car.until(200)
    assert car.of("run_time_limit") == ["100 raised"]
    car = riding(full_travel_s=20)
    car.until(200)
    assert car.of("run_time_limit") == ["70 raised"]


def test_an_unknown_zone_may_be_passing():
    car = riding()
    car.feed(60, zone=LOST)
    car.until(500)
    assert car.of("run_time_limit") == []
    car.feed(500, zone=False)
    car.until(600)
    assert car.of("run_time_limit") == ["560 raised"]


def test_unknown_motion_neither_raises_nor_ends_it():
    car = riding()
    car.feed(60, moving=LOST)
    car.until(500)
    assert car.of("run_time_limit") == []
    car = riding()
    car.until(80)
    car.feed(80, moving=LOST)
    car.until(500)
    assert car.of("run_time_limit") == ["70 raised"]


def test_a_parked_car_has_no_run_however_long():
    car = Machine("moving", "zone")
    car.feed(0, moving=False, zone=True)
    car.until(100_000)
    assert {event.code for event in car.events} == {"usage"}


def test_the_limiter_alone_is_enough():
    car = Machine("limiter")
    car.feed(0, limiter=False)
    car.feed(10, limiter=True)
    car.feed(20, limiter=False)
    car.until(30)
    assert car.of("run_time_limit") == ["10 raised", "22 cleared"]


def test_a_limiter_that_is_lost_leaves_the_event_standing():
    car = riding()
    car.feed(12, limiter=True)
    car.feed(13, limiter=LOST, moving=False)
    car.until(1000)
    assert car.of("run_time_limit") == ["12 raised"]
