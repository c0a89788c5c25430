"""报警按钮: never suppressed, filtered only while the car stands open at a landing (contract, 3.2)."""

import pytest

from agent.model import Severity, Transition
from tests.timeline import FULL, LOST, Timeline, between_floors, boarded, us

CODE = "alarm_button"


def pressed(car, at, seconds=1.0):
    car.feed(at, button=True)
    car.feed(at + seconds, button=False)


def test_a_press_of_half_a_second_raises():
    car = boarded()
    car.feed(10, button=True)
    car.until(10.499999)
    assert car.of(CODE) == []
    car.until(10.5)
    assert car.of(CODE) == ["10.5 raised"]
    event = car.event(CODE)
    assert (event.severity, event.since_us, event.stop_recommended) == (
        Severity.CRITICAL,
        us(10),
        False,
    )
    assert event.evidence["alarm.button"].v is True


def test_a_press_that_ends_at_half_a_second_does_not():
    car = boarded()
    pressed(car, 10, 0.5)
    car.until(100)
    assert car.of(CODE) == []


def test_the_press_is_configured():
    car = boarded(alarm_press_s=3)
    pressed(car, 10, 2.999999)
    pressed(car, 20, 3.000001)
    assert car.of(CODE) == ["23 raised"]


@pytest.mark.parametrize(
    "mode", ["normal", "inspection", "learning", "out_of_service", "firefighter", "rescue", LOST]
)
def test_no_mode_suppresses_it(mode):
    car = boarded()
    car.feed(9, mode=mode)
    pressed(car, 10)
    assert car.of(CODE) == ["10.5 raised"]


def test_a_visit_does_not_suppress_it():
    car = boarded(*FULL, "visit")
    car.feed(9, visit=True)
    pressed(car, 10)
    assert car.of(CODE) == ["10.5 raised"]
    assert car.event(CODE).visit is True


def test_the_button_alone_is_enough():
    car = Timeline("button")
    pressed(car, 10)
    assert car.of(CODE) == ["10.5 raised"]


def test_without_a_button_it_is_never_raised():
    car = Timeline("moving", "zone", "front")
    car.feed(1, **{"alarm.button": True})
    car.until(10)
    assert car.of(CODE) == []


@pytest.mark.parametrize("lost", ["moving", "zone", "front"])
def test_an_unknown_that_could_filter_does_not_filter_a_new_press(lost):
    car = Timeline("moving", "zone", "front", "button")
    car.feed(0, moving=False, zone=True, front="open", button=False)
    car.feed(1, **{lost: LOST})
    pressed(car, 20 if lost != "moving" else 2)
    assert [w.split()[1] for w in car.of(CODE)] == ["raised"]


def test_a_filtered_press_does_not_filter_the_next_one_in_the_dark():
    """Only the press that was filtered stays so when the doors are lost; a new one may be of somebody shut in."""
    car = open_at_landing()
    pressed(car, 10)
    car.feed(20, front=LOST)
    pressed(car, 40)
    assert car.of(CODE) == ["10.5 notice", "40.5 raised"]


# ---------------------------------------------------------------- the filter


def open_at_landing(*names):
    car = boarded(*(names or FULL))
    car.feed(8, front="open")
    return car


def test_a_press_while_the_car_stands_open_at_a_landing_is_a_filtered_notice():
    car = open_at_landing()
    pressed(car, 10)
    car.until(100)
    assert car.of(CODE) == ["10.5 notice"]
    event = car.event(CODE, Transition.NOTICE)
    assert (event.severity, event.detail) == (Severity.INFO, {"filtered": True})


def test_each_press_is_a_notice_of_its_own():
    car = open_at_landing()
    for at in (10, 20, 30):
        pressed(car, at)
    assert car.of(CODE) == ["10.5 notice", "20.5 notice", "30.5 notice"]


@pytest.mark.parametrize("leaving", ["closing", "closed", "stopped", "fault"])
def test_still_pressed_when_the_doors_leave_open_it_is_raised_then(leaving):
    car = open_at_landing()
    car.feed(10, button=True)
    car.feed(15, front=leaving)
    assert car.of(CODE) == ["10.5 notice", "15 raised"]
    assert car.event(CODE).since_us == us(10)


def test_released_when_the_doors_leave_open_it_is_not_raised():
    car = open_at_landing()
    car.feed(10, button=True)
    car.feed(15, front="closing", button=False)
    car.until(100)
    assert car.of(CODE) == ["10.5 notice"]


def test_still_pressed_when_the_car_leaves_the_zone_it_is_raised_then():
    car = open_at_landing()
    car.feed(10, button=True)
    car.feed(15, zone=False)
    assert car.of(CODE) == ["10.5 notice", "15 raised"]


@pytest.mark.parametrize("lost", ["moving", "zone", "front"])
def test_a_filtered_press_is_not_raised_by_a_loss(lost):
    car = open_at_landing()
    back = {"moving": False, "zone": True, "front": "open"}[lost]
    car.feed(10, button=True)
    car.feed(15, **{lost: LOST})
    car.feed(17, **{lost: back})
    assert car.of(CODE) == ["10.5 notice"]
    car.feed(18, **{lost: LOST})
    car.feed(19, front="closing", **({} if lost == "front" else {lost: LOST}))
    assert car.of(CODE) == ["10.5 notice", "19 raised"]


def test_doors_that_leave_open_before_half_a_second_do_not_filter():
    car = open_at_landing()
    car.feed(10, button=True)
    car.feed(10.4, front="closing")
    car.until(11)
    assert car.of(CODE) == ["10.5 raised"]


# ---------------------------------------------------------------- while it stands


def test_a_chattering_button_is_one_event():
    car = boarded()
    car.toggle(10, "button", (True, False), 100, 0.05)
    car.until(100)
    assert [w.split()[1] for w in car.of(CODE)] == ["raised"]


@pytest.mark.parametrize(("pause", "told"), [(2.999999, 1), (3, 2)])
def test_a_new_press_while_raised_is_a_notice(pause, told):
    car = boarded()
    pressed(car, 10)
    pressed(car, 11 + pause)
    car.until(100)
    assert len(car.of(CODE)) == told


def test_a_new_press_is_an_info_notice_that_says_so():
    car = boarded()
    pressed(car, 10)
    pressed(car, 20)
    assert car.of(CODE) == ["10.5 raised", "20.5 notice"]
    event = car.event(CODE, Transition.NOTICE)
    assert (event.severity, event.detail) == (Severity.INFO, {"repeated": True})


def test_a_new_press_at_an_open_landing_while_raised_says_both():
    car = boarded()
    pressed(car, 10)
    car.feed(20, front="open")
    car.feed(20.1, button=True)
    car.until(21)
    assert car.of(CODE) == ["10.5 raised", "20.6 notice"]
    assert car.event(CODE, Transition.NOTICE).detail == {"repeated": True, "filtered": True}


def test_a_button_lost_for_a_moment_goes_on_being_the_same_press():
    car = boarded()
    car.feed(10, button=True)
    car.feed(10.3, button=LOST)
    car.feed(12, button=True)
    car.until(12.199999)
    assert car.of(CODE) == []
    car.until(12.2)
    assert car.of(CODE) == ["12.2 raised"]
    car.feed(13, button=LOST)
    car.feed(15, button=True)
    car.until(60)
    assert car.of(CODE) == ["12.2 raised"]


# ---------------------------------------------------------------- clearing


def raised():
    car = between_floors()
    pressed(car, 21)
    assert car.of(CODE) == ["21.5 raised"]
    return car


def test_releasing_the_button_alone_never_clears_it():
    car = raised()
    car.until(5000)
    assert car.of(CODE) == ["21.5 raised"]


def test_doors_open_in_the_zone_2_s_with_the_button_released_clear_it():
    car = raised()
    car.feed(100, zone=True, front="open")
    car.until(101.999999)
    assert car.of(CODE) == ["21.5 raised"]
    car.until(102)
    assert car.of(CODE) == ["21.5 raised", "102 cleared"]
    reason = car.event(CODE, Transition.CLEARED).detail
    assert reason == {"reason": "doors_open_in_zone_button_released"}


@pytest.mark.parametrize("button", [True, LOST])
def test_with_the_button_pressed_or_unknown_open_doors_do_not_clear_it(button):
    car = raised()
    car.feed(90, button=button)
    car.feed(100, zone=True, front="open")
    car.until(500)
    assert "cleared" not in " ".join(car.of(CODE))
    car.feed(501, button=False)
    car.until(503)
    assert car.of(CODE)[-1] == "503 cleared"


def test_the_end_key_clears_it():
    car = raised()
    car.feed(50, key=True)
    car.until(500)
    assert car.of(CODE) == ["21.5 raised", "50 cleared"]


def test_a_button_still_held_at_the_key_is_another_alarm():
    car = boarded()
    car.feed(10, button=True)
    car.feed(50, key=True)
    car.until(51)
    assert car.of(CODE) == ["10.5 raised", "50 cleared", "50.5 raised"]


def test_normal_runs_do_not_clear_it():
    car = raised()
    for at in (100, 120, 140):
        car.feed(at, moving=True, front=LOST)
        car.feed(at + 10, moving=False, zone=True)
    assert car.of(CODE) == ["21.5 raised"]


def test_lost_inputs_do_not_clear_it():
    car = raised()
    car.feed(30, button=LOST, zone=LOST, front=LOST, moving=LOST, key=LOST)
    car.until(5000)
    assert car.of(CODE) == ["21.5 raised"]
