"""Where the car thinks it is, and whether it starts."""

import pytest

from tests.machine import Machine
from tests.timeline import LOST

REST = {"moving": False, "zone": True, "floor": 0, "mode": "normal", "lost": False}


def counted(*names, watching=("position_lost",)):
    """A car at landing 0, counting its floors."""
    wired = names or ("moving", "zone", "floor", "mode")
    car = Machine(*wired, watching=watching)
    car.feed(0, **{name: REST[name] for name in wired})
    return car


def runs(car, floors, *, zone=True, start=100):
    """A run of 10 s each 100 s, after which the car says it is at these floors."""
    for number, floor in enumerate(floors):
        at = start + number * 100
        if zone:
            car.travel(at, floor=floor)
        else:
            car.feed(at, moving=True)
            car.feed(at + 10, moving=False, floor=floor)
    return car


def test_three_runs_after_which_the_floor_is_the_same():
    car = runs(counted(), [0, 0, 0])
    car.until(399)
    assert car.of("position_lost") == []
    car.feed(400, moving=True)
    assert car.of("position_lost") == ["400 raised"]
    assert car.event("position_lost").detail == {"rule": "floors_contradict_zones"}


def test_three_runs_with_another_floor_and_no_zone_left():
    car = runs(counted(), [1, 2, 3, 4], zone=False)
    assert car.of("position_lost") == ["400 raised"]


def test_two_are_not_enough_and_a_right_one_begins_anew():
    car = runs(counted(), [0, 0, 1, 1, 1, 2, 2, 2, 3])
    car.until(5000)
    assert car.of("position_lost") == []


def test_a_right_run_ends_it():
    car = runs(counted(), [0, 0, 0, 1, 2, 3])
    assert car.of("position_lost") == ["400 raised", "502 cleared"]


@pytest.mark.parametrize("floors", [[1, 2, 3, 2, 1, 0], [7, 0, 7, 0], [1, 0, 1, 0]])
def test_ordinary_runs_say_nothing(floors):
    assert runs(counted(), floors).events == []


def test_a_display_that_is_late_has_the_whole_stop():
    car = counted()
    for number in range(6):
        at = 100 + number * 100
        car.travel(at)
        car.feed(at + 80, floor=number + 1)
    assert car.events == []


def test_relevelling_in_the_zone_says_nothing():
    car = counted()
    for number in range(50):
        car.feed(100 + number * 20, moving=True)
        car.feed(105 + number * 20, moving=False)
    assert car.events == []


def test_runs_that_end_outside_the_zone_and_come_back_say_nothing():
    car = counted()
    for number in range(10):
        at = 100 + number * 100
        car.feed(at, moving=True)
        car.feed(at + 1, zone=False)
        car.feed(at + 10, moving=False)
        car.feed(at + 20, moving=True)
        car.feed(at + 29, zone=True)
        car.feed(at + 30, moving=False)
    assert car.events == []


def test_a_movement_of_3_s_is_no_run():
    car = counted()
    for number in range(10):
        at = 100 + number * 100
        car.feed(at, moving=True, zone=False)
        car.feed(at + 3, moving=False, zone=True)
    assert car.events == []


@pytest.mark.parametrize("name", ["moving", "zone", "floor", "mode"])
def test_a_signal_lost_under_way_leaves_the_run_out(name):
    car = counted()
    for number in range(10):
        at = 100 + number * 100
        car.feed(at, moving=True)
        car.feed(at + 1, zone=False)
        car.feed(at + 3, **{name: LOST if name != "mode" else "homing"})
        back = {"moving": True, "zone": False, "floor": LOST, "mode": "homing"}[name]
        car.feed(at + 5, **{name: back})
        car.feed(at + 9, zone=True)
        car.feed(at + 10, moving=False)
        car.feed(at + 20, mode="normal")
    car.until(5000)
    assert car.events == []


@pytest.mark.parametrize("mode", ["homing", "rescue", "inspection"])
def test_runs_in_other_modes_say_nothing(mode):
    car = counted()
    car.feed(50, mode=mode)
    assert runs(car, [0] * 8).events == []


def test_a_report_is_said_at_once_and_ends_with_it():
    car = Machine("lost")
    car.feed(0, lost=False)
    car.feed(10, lost=True)
    car.feed(20, lost=False)
    car.until(30)
    assert car.of("position_lost") == ["10 raised", "22 cleared"]
    car.feed(40, lost=LOST)
    car.until(100)
    assert len(car.of("position_lost")) == 2


# ---------------------------------------------------------------- start failure

CALLED = {
    "moving": False, "zone": True, "front": "closed", "call": False, "hall": False, "mains": True,
    "mode": "normal", "visit": False,
}  # fmt: skip


def ready(*names, **settings):
    """A car that stands ready at a landing."""
    wired = names or tuple(CALLED)
    car = Machine(*wired, watching=["start_failure"], **settings)
    car.feed(0, **{name: CALLED[name] for name in wired})
    return car


@pytest.mark.parametrize("call", ["call", "hall"])
@pytest.mark.parametrize(("at", "raised"), [(70, []), (70.001, ["70 raised"])])
def test_a_call_and_no_movement_for_60_s(call, at, raised):
    car = ready()
    car.feed(10, **{call: True})
    car.feed(at, moving=True)
    car.until(71)
    assert car.of("start_failure") == raised


def test_it_ends_when_the_car_moves_or_the_call_is_gone():
    car = ready()
    car.feed(10, call=True)
    car.feed(100, moving=True)
    car.until(110)
    assert car.of("start_failure") == ["70 raised", "102 cleared"]


@pytest.mark.parametrize(
    "why",
    [
        {"front": "open"},
        {"front": "closing"},
        {"mode": "fire_recall"},
        {"mode": "out_of_service"},
        {"mode": "inspection"},
        {"mains": False},
        {"moving": True},
        {"visit": True},
    ],
)
def test_it_needs_everything_to_be_ready(why):
    car = ready()
    car.feed(5, **why)
    car.feed(10, call=True)
    car.until(1000)
    assert car.of("start_failure") == []


@pytest.mark.parametrize("name", ["moving", "front", "call", "hall", "mains"])
def test_what_is_unknown_is_no_failure(name):
    car = ready()
    car.feed(5, **{name: LOST}, **({"zone": LOST} if name == "moving" else {}))
    car.feed(10, **({"call": True} if name not in ("call", "hall") else {}))
    car.until(1000)
    assert car.of("start_failure") == []


def test_an_unknown_mode_counts_as_normal():
    car = ready()
    car.feed(5, mode=LOST)
    car.feed(10, call=True)
    car.until(1000)
    assert car.of("start_failure") == ["70 raised"]


def test_a_try_of_less_than_3_s_only_pauses():
    car = ready()
    car.feed(10, call=True)
    for second in range(22, 80, 12):
        car.feed(second, moving=True)
        car.feed(second + 0.6, moving=False)
    car.until(100)
    assert car.of("start_failure") == ["73 raised"]


def test_a_mains_loss_is_another_story():
    car = ready()
    car.feed(10, call=True)
    car.feed(65, mains=False)
    car.feed(100, mains=True)
    car.until(200)
    assert car.of("start_failure") == ["160 raised"]


def test_only_the_fitted_calls_are_asked():
    car = ready("moving", "front", "hall")
    car.feed(10, hall=True)
    car.until(100)
    assert car.of("start_failure") == ["70 raised"]
