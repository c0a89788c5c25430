"""Doors that do not close, stay open, do not open, or open and close again and again."""

import pytest

from tests.machine import Machine
from tests.timeline import LOST

CODES = ("door_close_failure", "door_held_open", "door_open_failure", "door_cycling")
REST = {
    "moving": False, "zone": True, "front": "closed", "call": False, "mode": "normal",
    "mains": True, "visit": False,
}  # fmt: skip


def parked(*names, front="closed", watching=CODES, **settings):
    """A car that stands at a landing in ordinary service."""
    wired = names or tuple(REST)
    car = Machine(*wired, watching=watching, **settings)
    car.feed(0, **{**{name: REST[name] for name in wired if name in REST}, "front": front})
    return car


def lost_way(car, at, seconds, /, *states):
    """The door takes these states, one each `seconds`; returns the next second."""
    for number, state in enumerate(states):
        car.feed(round(at + number * seconds, 3), front=state)
    return round(at + len(states) * seconds, 3)


# ---------------------------------------------------------------- doors that do not close


def closing(**settings):
    """A car whose open doors begin to close at 100 s."""
    car = parked(front="open", watching=["door_close_failure"], **settings)
    car.feed(100, front="closing")
    return car


@pytest.mark.parametrize(("at", "raised"), [(160, []), (160.001, ["160 raised"])])
def test_60_s_after_they_left_open(at, raised):
    car = closing()
    car.feed(at, front="closed")
    car.until(161)
    assert car.of("door_close_failure") == raised


def test_closed_ends_it():
    car = closing()
    car.feed(200, front="closed")
    car.until(300)
    assert car.of("door_close_failure") == ["160 raised", "202 cleared"]
    assert car.event("door_close_failure").detail == {"rule": "not_closed"}


@pytest.mark.parametrize(("seconds", "raised"), [(4.9, ["160 raised"]), (5, [])])
def test_back_at_open_for_5_s_begins_anew(seconds, raised):
    car = closing()
    car.feed(140, front="open")
    car.feed(140 + seconds, front="closing")
    car.until(199)
    assert car.of("door_close_failure") == raised


def test_back_at_open_for_5_s_ends_what_stands():
    car = closing()
    car.feed(200, front="open")
    car.until(300)
    assert car.of("door_close_failure") == ["160 raised", "207 cleared"]


@pytest.mark.parametrize("state", ["closing", "stopped", "fault", "opening"])
def test_whatever_the_doors_do_on_their_way(state):
    car = closing()
    car.feed(110, front=state)
    car.until(200)
    assert car.of("door_close_failure") == ["160 raised"]


@pytest.mark.parametrize("times", [9, 10])
def test_ten_reopenings_without_10_s_open(times):
    car = closing()
    at = 100
    for _ in range(times):
        at = lost_way(car, at, 2, "closing", "opening", "open")
        at += 5
    assert car.of("door_close_failure") == ([] if times == 9 else ["203 raised"])


def test_10_s_open_begin_the_count_anew():
    car = closing()
    at = 100
    for number in range(18):
        at = lost_way(car, at, 2, "closing", "opening", "open")
        at += 9 if number == 8 else 5
    assert car.events == []


def test_reopenings_end_with_10_s_open_or_3_s_closed():
    for rest, seconds in (("open", 10), ("closed", 3)):
        car = closing()
        at = 100
        for _ in range(10):
            at = lost_way(car, at, 2, "closing", "opening", "open") + 4
        car.feed(at, front="closing")
        car.feed(at + 3, front=rest)
        car.until(at + 100)
        raised, cleared = car.of("door_close_failure")
        assert raised.endswith("raised")
        assert cleared == f"{at + 3 + seconds + 2} cleared"
        assert car.event("door_close_failure").detail == {"rule": "reopened"}


def test_a_lock_that_does_not_make_is_no_closing():
    car = closing()
    at = 100
    for _ in range(10):
        at = lost_way(car, at, 2, "closing", "closed", "opening", "open")
    assert len(car.of("door_close_failure")) == 1


def test_doors_closed_for_3_s_in_between_are_well():
    car = closing()
    at = 100
    for _ in range(20):
        at = lost_way(car, at, 3, "closing", "closed", "opening", "open")
    assert car.of("door_close_failure") == []


def test_another_landing_begins_the_count_anew():
    car = closing()
    at = 100
    for number in range(18):
        at = lost_way(car, at, 2, "closing", "opening", "open") + 3
        if number == 8:
            car.feed(at, front="closing")
            car.feed(at + 2, front="closed")
            at = car.travel(at + 4) + 5
            car.feed(at, front="open")
            at += 4
    assert car.of("door_close_failure") == []


def test_a_mode_of_its_own_kind_keeps_its_doors():
    car = closing()
    car.feed(110, mode="fire_recall")
    car.until(1000)
    assert car.events == []


def test_an_unknown_door_says_nothing_and_ends_nothing():
    car = closing()
    car.feed(120, front=LOST)
    car.until(1000)
    assert car.events == []
    car.feed(1000, front="closing")
    car.until(1061)
    assert car.of("door_close_failure") == ["1060 raised"]
    car.feed(1062, front=LOST)
    car.until(2000)
    assert car.of("door_close_failure") == ["1060 raised"]


@pytest.mark.parametrize("why", [{"visit": True}, {"mains": False}, {"mode": "inspection"}])
@pytest.mark.parametrize("code", ["door_close_failure", "door_held_open", "door_open_failure"])
def test_a_visit_the_mains_and_inspection_mute_the_doors(code, why):
    car = parked(front="open")
    car.feed(5, **why)
    car.until(100)
    if code == "door_close_failure":
        car.feed(100, front="closing")
    if code == "door_open_failure":
        car.feed(100, front="closed")
        car.feed(105, moving=True, call=True)
        car.feed(106, zone=False)
        car.feed(115, zone=True)
        car.feed(116, moving=False)
    car.until(2000)
    assert car.of(code) == []


# ---------------------------------------------------------------- held open


@pytest.mark.parametrize(("at", "raised"), [(700, []), (700.001, ["700 raised"])])
def test_fully_open_for_more_than_10_min(at, raised):
    car = parked(watching=["door_held_open"])
    car.feed(100, front="open")
    car.feed(at, front="closing")
    car.until(701)
    assert car.of("door_held_open") == raised


def test_it_ends_when_they_leave_open_and_a_trifle_only_pauses():
    car = parked(watching=["door_held_open"])
    car.feed(100, front="open")
    car.feed(300, front="closing")
    car.feed(302, front="open")
    car.feed(900, front="closed")
    car.until(1000)
    assert car.of("door_held_open") == ["702 raised", "902 cleared"]


def test_a_car_that_parks_with_open_doors_may():
    car = parked(front="open", watching=["door_held_open"], parks_with_doors_open=True)
    car.until(1_000_000)
    assert car.events == []


@pytest.mark.parametrize("mode", ["firefighter", "independent", "attendant", "out_of_service"])
def test_in_other_modes_doors_may_stay_open(mode):
    car = parked(front="open", watching=["door_held_open"])
    car.feed(10, mode=mode)
    car.until(10_000)
    assert car.events == []


def test_a_contact_is_open_10_s_after_it_opened():
    car = parked(watching=["door_held_open"])
    car.feed(100, front="not_closed")
    car.until(800)
    assert car.of("door_held_open") == ["710 raised"]


# ---------------------------------------------------------------- doors that do not open


def arrived(call=True, *names, **settings):
    """A car that has run to a landing with a call from inside and stands there since 20 s."""
    car = parked(*names, watching=["door_open_failure"], **settings)
    car.feed(9, call=call)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(19, zone=True)
    car.feed(20, moving=False, call=False)
    return car


@pytest.mark.parametrize(("at", "raised"), [(35, []), (35.001, ["35 raised"])])
def test_not_open_15_s_after_arriving(at, raised):
    car = arrived()
    car.feed(at, front="open")
    car.until(36)
    assert car.of("door_open_failure") == raised


def test_it_ends_when_they_open_or_the_car_goes():
    car = arrived()
    car.feed(100, front="open")
    car.until(200)
    assert car.of("door_open_failure") == ["35 raised", "102 cleared"]
    car = arrived()
    car.feed(100, moving=True)
    car.feed(101, zone=False)
    car.until(200)
    assert car.of("door_open_failure") == ["35 raised", "103 cleared"]


def test_doors_that_opened_and_closed_are_well():
    car = arrived()
    car.feed(22, front="opening")
    car.feed(24, front="open")
    car.feed(28, front="closing")
    car.feed(31, front="closed")
    car.until(1000)
    assert car.events == []


@pytest.mark.parametrize("state", ["opening", "stopped", "fault"])
def test_doors_on_their_way_for_15_s_do_not_open(state):
    car = arrived()
    car.feed(22, front=state)
    car.until(100)
    assert car.of("door_open_failure") == ["35 raised"]


def test_without_a_call_from_inside_nobody_waits():
    car = arrived(call=False)
    car.until(1000)
    assert car.events == []


def test_a_call_pressed_under_way_counts():
    car = parked(watching=["door_open_failure"])
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(15, call=True)
    car.feed(16, call=False)
    car.feed(19, zone=True)
    car.feed(20, moving=False)
    car.until(100)
    assert car.of("door_open_failure") == ["35 raised"]


def test_relevelling_is_no_run():
    car = parked(watching=["door_open_failure"])
    car.feed(10, moving=True, call=True)
    car.feed(15, moving=False)
    car.until(100)
    assert car.events == []


def test_a_stop_outside_the_zone_is_another_story():
    car = parked(watching=["door_open_failure"])
    car.feed(10, moving=True, call=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    car.until(1000)
    assert car.events == []


@pytest.mark.parametrize("seconds", [2.9, 3])
def test_doors_unknown_for_longer_than_a_trifle_may_have_opened(seconds):
    car = arrived()
    car.feed(22, front=LOST)
    car.feed(22 + seconds, front="closed")
    car.until(100)
    assert car.of("door_open_failure") == (["35 raised"] if seconds < 3 else [])


def test_a_loss_ends_nothing():
    car = arrived()
    car.until(40)
    car.feed(50, front=LOST)
    car.feed(100, front="closed")
    car.until(1000)
    assert car.of("door_open_failure") == ["35 raised"]
    car.feed(1000, front="open")
    car.until(1010)
    assert car.of("door_open_failure") == ["35 raised", "1002 cleared"]


def test_a_contact_not_closed_has_opened():
    car = arrived()
    car.feed(22, front="not_closed")
    car.feed(28, front="closed")
    car.until(1000)
    assert car.events == []


@pytest.mark.parametrize("mode", ["homing", "fire_recall", "independent"])
def test_other_modes_keep_their_doors_closed(mode):
    car = arrived()
    car.feed(21, mode=mode)
    car.until(1000)
    assert car.events == []


# ---------------------------------------------------------------- opening and closing again and again


@pytest.mark.parametrize("transitions", [19, 20])
def test_20_transitions_in_one_stop(transitions):
    car = parked(watching=["door_cycling"])
    for number in range(transitions):
        car.feed(100 + number * 10, front="closed" if number % 2 else "open")
    assert car.of("door_cycling") == ([] if transitions == 19 else ["290 raised"])


def test_what_is_on_its_way_is_one_transition():
    car = parked(watching=["door_cycling"])
    for number in range(9):
        lost_way(car, 100 + number * 20, 2, "opening", "open", "closing", "closed")
    car.until(1000)
    assert car.events == []


def test_it_ends_when_the_car_has_gone_elsewhere_and_not_before():
    car = parked(watching=["door_cycling"])
    for number in range(40):
        car.feed(100 + number * 10, front="closed" if number % 2 else "open")
    car.until(1000)
    assert car.of("door_cycling") == ["290 raised"]
    car.feed(1000, moving=True)
    car.feed(1005, moving=False)
    car.until(1010)
    assert car.of("door_cycling") == ["290 raised"]
    car.travel(1010)
    car.until(1030)
    assert car.of("door_cycling") == ["290 raised", "1022 cleared"]


def test_ordinary_stops_do_not_add_up():
    car = parked(watching=CODES)
    at = 100
    for _ in range(40):
        at = lost_way(car, at, 3, "opening", "open", "closing", "closed") + 5
        at = car.travel(at) + 1
    assert car.events == []


def test_a_contact_counts_closed_and_not_closed():
    car = parked(watching=["door_cycling"])
    for number in range(20):
        car.feed(100 + number * 5, front="closed" if number % 2 else "not_closed")
    assert car.of("door_cycling") == ["195 raised"]


def test_a_door_lost_and_back_is_no_transition():
    car = parked(watching=["door_cycling"])
    for number in range(60):
        car.feed(100 + number * 5, front=LOST if number % 2 else "closed")
    assert car.events == []


def test_inspection_begins_the_count_anew():
    car = parked(watching=["door_cycling"])
    for number in range(30):
        if number == 15:
            car.feed(100 + number * 10 - 5, mode="inspection")
            car.feed(100 + number * 10 - 4, mode="normal")
        car.feed(100 + number * 10, front="closed" if number % 2 else "open")
    assert car.events == []
