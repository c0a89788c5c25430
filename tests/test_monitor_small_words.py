"""What an event says beside its name: since when, by which way, of which signals; and which instants end a wait."""

import pytest

from agent.model import Severity, Transition
from tests.machine import Machine
from tests.second import REST, Car, parked, run
from tests.timeline import LOST, us


def machine(*names, **values):
    """A parked machine of these signals."""
    car = Machine(*names)
    rest = {**REST, "hall": False, "lost": False, **values}
    car.feed(0, **{name: rest[name] for name in names if name in rest})
    return car


# ---- start_failure: a call that may be pending


BOTH = ("moving", "zone", "mode", "front", "call", "hall")


@pytest.mark.parametrize(
    ("call", "hall", "raised"),
    [
        (True, False, True),
        (False, True, True),
        (True, LOST, True),
        (LOST, True, True),
        (False, LOST, False),
        (LOST, False, False),
        (False, False, False),
    ],
)
def test_any_known_call_is_one_and_an_unknown_one_is_none(call, hall, raised):
    car = machine(*BOTH)
    car.feed(10, call=call, hall=hall)
    car.until(69.999999)
    assert car.of("start_failure") == []
    car.until(200)
    assert car.of("start_failure") == (["70 raised"] if raised else [])


@pytest.mark.parametrize("name", ["call", "hall"])
def test_a_failed_start_is_not_over_while_a_fitted_call_is_unknown(name):
    """Whether the call still waits cannot be told: unknown neither raises nor clears."""
    car = machine(*BOTH)
    car.feed(10, **{name: True})
    car.until(80)
    car.feed(90, **{name: LOST})
    car.until(200)
    assert car.of("start_failure") == ["70 raised"]
    car.feed(210, **{name: False})
    car.until(300)
    assert car.of("start_failure") == ["70 raised", "212 cleared"]


@pytest.mark.parametrize("only", ["call", "hall"])
def test_a_call_that_is_not_fitted_keeps_nothing_open(only):
    car = machine("moving", "zone", "mode", "front", only)
    car.feed(10, **{only: True})
    car.until(80)
    car.feed(90, **{only: False})
    car.until(100)
    assert car.of("start_failure") == ["70 raised", "92 cleared"]


# ---- doors that open again and again


@pytest.mark.parametrize("door", ["front", "rear"])
def test_doors_that_cycle_say_how_often_and_since_when(door):
    car = parked("moving", "zone", "mode", "front", "rear")
    run(car, 10)
    for number in range(10):
        car.feed(30 + 4 * number, **{door: "open"})
        car.feed(32 + 4 * number, **{door: "closed"})
    event = car.event("door_cycling")
    assert (event.at_us, event.since_us) == (us(68), us(30))
    assert (event.severity, event.detail) == (Severity.MINOR, {"transitions": 20})


def test_one_door_of_two_that_is_lost_neither_counts_nor_stops_the_count():
    car = parked("moving", "zone", "mode", "front", "rear")
    run(car, 10)
    car.lose(25, "front")
    for number in range(10):
        car.feed(30 + 4 * number, rear="open")
        car.feed(32 + 4 * number, rear="closed")
    assert car.of("door_cycling") == ["68 raised"]


def test_doors_that_try_again_and_again_to_close_say_since_the_first_try():
    car = parked("moving", "zone", "mode", "front")
    car.feed(10, front="open")
    for number in range(10):
        car.feed(20 + 4 * number, front="closing")
        car.feed(22 + 4 * number, front="open")
    event = car.event("door_close_failure")
    assert (event.at_us, event.since_us) == (us(58), us(22))
    assert event.detail == {"rule": "reopened"}


def test_doors_that_do_not_close_say_since_they_left_open():
    car = parked("moving", "zone", "mode", "front")
    car.feed(10, front="open")
    car.feed(20, front="closing")
    car.until(100)
    event = car.event("door_close_failure")
    assert (event.at_us, event.since_us, event.detail) == (us(80), us(20), {"rule": "not_closed"})


def test_re_openings_of_one_stop_are_none_of_the_next():
    car = parked("moving", "zone", "mode", "front")
    for stop in (0, 100):
        car.feed(stop + 10, front="open")
        for number in range(6):
            car.feed(stop + 20 + 4 * number, front="closing")
            car.feed(stop + 22 + 4 * number, front="open")
        car.feed(stop + 50, front="closed")
        run(car, stop + 60)
    assert car.of("door_close_failure") == []


def test_doors_that_do_not_open_say_since_the_arrival():
    car = parked("moving", "zone", "mode", "front", "call")
    car.feed(5, call=True)
    run(car, 6)
    car.until(60)
    event = car.event("door_open_failure")
    assert (event.at_us, event.since_us) == (us(31), us(16))


# ---- two sensors


def test_a_dead_zone_says_since_when_and_shows_what_told_of_it():
    car = parked("moving", "zone", "mode", "front", "floor")
    for at in (10, 60):
        car.feed(at, moving=True)
        car.feed(at + 1, zone=False)
        car.feed(at + 10, moving=False)
        car.feed(at + 11, front="open")
        car.feed(at + 20, front="closed")
    car.until(100)
    event = car.event("sensor_contradiction")
    assert event.instance == "car.door_zone"
    assert event.at_us == event.since_us == us(71)
    assert {"car.moving", "door.front"} <= event.evidence.keys()
    assert "car.floor" not in event.evidence


@pytest.mark.parametrize(("known", "other"), [("front", "landing"), ("landing", "front")])
def test_a_door_that_is_closed_or_a_lock_that_is_open_ends_their_contradiction(known, other):
    """One of the two is enough, whatever the other says, or does not say."""
    car = Car("moving", "zone", "front", "landing")
    car.feed(0, moving=False, zone=True, front="open", landing=True)
    car.until(70)
    car.lose(80, other)
    car.until(100)
    assert car.of("sensor_contradiction") == ["60 raised"]
    car.feed(100, **{known: "closed" if known == "front" else False})
    car.until(200)
    assert car.of("sensor_contradiction") == ["60 raised", "102 cleared"]


# ---- what the machine reports


def test_a_fault_says_since_when():
    car = machine("moving", "mode", "fault", "code")
    car.feed(10, fault=True, code=7)
    car.feed(12, code=8)
    event = car.event("controller_fault")
    assert (event.since_us, event.detail) == (us(10), {"fault_code": 7})


def test_a_lost_link_says_since_its_first_signal_went():
    car = parked("moving", "zone", "front")
    car.lose(10, "moving")
    car.lose(12, "zone")
    assert car.event("signal_lost").since_us == us(10)
    car.feed(20, moving=False)
    car.feed(22, zone=True)
    car.until(30)
    assert car.of("signal_lost") == ["10 raised", "24 cleared"]


def test_a_cut_says_who_is_in_the_car():
    car = parked("moving", "zone", "front", "call", "mains")
    car.feed(5, call=True)
    car.feed(10, mains=False)
    car.until(12)
    assert car.event("mains_lost").detail == {"person_by": ["car_call"]}


def test_a_cut_with_nobody_seen_says_so_and_one_where_nobody_could_be_seen_does_not():
    seen, blind = parked("zone", "front", "call", "mains"), parked("zone", "front", "mains")
    for car, by in ((seen, []), (blind, None)):
        car.feed(10, mains=False)
        car.until(12)
        assert car.event("mains_lost").detail == {"person_by": by}


def test_the_first_mode_after_a_change_in_the_dark_is_told_once():
    """A controller that starts again with each dip of the supply tells its modes again and again."""
    car = parked("mode", "mains")
    car.feed(10, mains=False)
    car.until(15)
    for at in range(20, 60, 4):
        car.feed(at, mode="homing")
        car.feed(at + 2, mode="normal")
    assert car.of("mode_changed") == ["20 notice"]
    car.feed(70, mains=True)
    car.feed(80, mode="inspection")
    told = [e.detail for e in car.events if e.code == "mode_changed"]
    assert told[-1]["to"] == "inspection"
    assert car.event("mode_changed", Transition.NOTICE).at_us == us(80)
