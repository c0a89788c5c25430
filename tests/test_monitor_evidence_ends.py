"""Who is in the car, and who may have left, where a door, a lock or the zone cannot be seen (contract, 3.1 and 3.2)."""

import pytest

from tests.machine import Machine
from tests.second import REST, parked, run

LOCKS_APART = {
    "controller": ("moving", "zone", "floor", "mode", "front", "call"),
    "locks": ("landing",),
}
DOOR_APART = {"controller": ("moving", "zone", "mode", "call", "occupied"), "door": ("front",)}


def machine(*names, **values):
    """A parked machine of these signals."""
    car = Machine(*names)
    rest = {**REST, "top": False, "lost": False, **values}
    car.feed(0, **{name: rest[name] for name in names if name in rest})
    return car


def ride_with_the_lock_unknown(car, at):
    """A passenger rides, the car door stands open for 10 s at the landing, and the car parks."""
    car.feed(at, call=True)
    car.feed(at + 1, moving=True)
    car.feed(at + 2, zone=False)
    car.feed(at + 10, zone=True)
    car.feed(at + 11, moving=False, call=False)
    car.feed(at + 12, front="opening")
    car.feed(at + 14, front="open")
    car.feed(at + 24, front="closing")
    car.feed(at + 26, front="closed")


def test_a_lost_lock_contact_makes_no_entrapment_of_a_parked_car():
    car = parked(drivers=LOCKS_APART)
    car.lose(5, "landing")
    ride_with_the_lock_unknown(car, 10)
    car.until(1000)
    assert car.of("trapped_passengers") == []


def test_an_entrapment_behind_an_unknown_lock_ends_with_two_normal_runs():
    car = parked(drivers=LOCKS_APART)
    car.feed(5, call=True)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.feed(10, moving=False, call=False)
    car.lose(30, "landing")
    car.feed(100, moving=True)
    car.feed(110, zone=True)
    car.feed(111, moving=False)
    car.feed(113, front="open")
    car.feed(123, front="closed")
    run(car, 200)
    run(car, 300)
    car.until(400)
    assert car.of("trapped_passengers") == ["25 raised", "310 cleared"]


def test_an_entrapment_behind_one_unknown_door_of_two_ends_with_two_normal_runs():
    apart = {
        "controller": ("moving", "zone", "floor", "mode", "rear", "call"), "front": ("front",)
    }  # fmt: skip
    car = parked(drivers=apart)
    car.feed(5, call=True)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.feed(10, moving=False, call=False)
    car.lose(30, "front")
    car.feed(40, moving=True)
    car.feed(45, zone=True)
    car.feed(46, moving=False)
    run(car, 100)
    run(car, 200)
    car.until(300)
    assert car.of("trapped_passengers") == ["25 raised", "210 cleared"]


def test_an_entrapment_behind_a_lock_that_contradicts_the_door_ends_with_two_normal_runs():
    car = parked("moving", "zone", "floor", "mode", "front", "landing", "call")
    run_at = 5
    car.feed(run_at, call=True)
    run(car, run_at + 1)
    car.feed(17, call=False)
    car.feed(18, front="open")  # the lock goes on saying locked
    car.feed(200, front="closed")
    run(car, 300)
    car.feed(312, front="open")
    car.feed(400, front="closed")
    run(car, 500)
    car.until(600)
    assert car.of("trapped_passengers")[-1].endswith("cleared")


def test_doors_unknown_at_a_landing_with_a_passenger_inside_are_a_possible_entrapment():
    apart = {"controller": ("moving", "zone", "mode", "call", "occupied"), "door": ("front",)}
    car = parked(drivers=apart)
    car.feed(5, call=True, occupied=True)
    run(car, 6)
    car.lose(26, "front")  # the doors have not opened
    car.until(600)
    assert car.of("entrapment_possible") == ["56 raised"]


def test_an_unknown_zone_is_no_stop_in_the_zone():
    apart = {"controller": ("moving", "mode", "front", "load"), "zone": ("zone",)}
    car = parked(drivers=apart)
    car.feed(2, mode="independent", load=20)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.feed(10, moving=False)
    car.lose(20, "zone")
    car.until(600)
    assert car.of("trapped_passengers") == ["100 raised"]


def test_a_load_that_has_left_by_the_full_closing_is_no_evidence():
    car = parked("moving", "zone", "mode", "front", "load")
    car.feed(10, front="open", load=10)
    car.feed(20, front="closing")
    car.feed(20.8, load=0)
    car.feed(22, front="closed")
    car.until(600)
    assert car.of("trapped_passengers") == []


def test_a_call_that_is_gone_by_the_full_closing_is_no_evidence():
    car = parked("moving", "zone", "mode", "front", "call")
    car.feed(10, front="open")
    car.feed(20, front="closing")
    car.feed(20.5, call=True)
    car.feed(20.7, call=False)
    car.feed(22, front="closed")
    car.until(600)
    assert car.of("trapped_passengers") == []


@pytest.mark.parametrize("flicker", ["landing", "front"])
def test_a_flicker_of_0_1_s_does_not_keep_the_evidence_of_who_has_left(flicker):
    away, back = (True, False) if flicker == "landing" else ("opening", "open")
    car = parked("moving", "zone", "mode", "front", "landing", "call")
    car.feed(5, call=True)
    run(car, 6)
    car.feed(17, call=False, landing=False)
    car.feed(18, front="open")
    for number in range(20):
        car.feed(19.4 + 1.5 * number, **{flicker: away})
        car.feed(19.5 + 1.5 * number, **{flicker: back})
    car.feed(50, front="closing")
    car.feed(52, front="closed", landing=True)
    car.until(600)
    assert car.of("trapped_passengers") == []


def test_retries_in_the_zone_do_not_end_an_entrapment():
    apart = {"controller": ("moving", "zone", "floor", "mode", "call"), "door": ("front",)}
    car = parked(drivers=apart)
    car.feed(5, call=True)
    run(car, 6)
    car.lose(120, "front")
    for at in (130, 150):
        car.feed(at, moving=True)
        car.feed(at + 4, moving=False)
    car.until(600)
    assert car.of("trapped_passengers") == ["106 raised"]


def test_retries_in_the_zone_do_not_end_an_overtravel():
    car = machine("moving", "zone", "floor", "mode", "front", "top")
    car.feed(20, top=True)
    car.feed(30, top=False)
    for at in (40, 50):
        car.feed(at, moving=True)
        car.feed(at + 4, moving=False)
    car.until(100)
    assert car.of("overtravel_top") == ["20 raised"]


def test_what_two_runs_have_ended_is_not_raised_again_by_what_was_seen_before():
    car = parked(drivers=LOCKS_APART)
    car.feed(5, call=True)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.feed(10, moving=False, call=False)
    car.lose(30, "landing")
    car.feed(50, moving=True)
    car.feed(55, zone=True)
    car.feed(56, moving=False)
    run(car, 100)
    run(car, 200)
    car.until(1000)
    assert car.of("trapped_passengers") == ["25 raised", "210 cleared"]
    assert car.term("person") == ()


def test_who_calls_after_that_is_trapped_anew():
    car = parked(drivers=LOCKS_APART)
    car.feed(5, call=True)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.feed(10, moving=False, call=False)
    car.lose(30, "landing")
    car.feed(50, moving=True)
    car.feed(55, zone=True)
    car.feed(56, moving=False)
    run(car, 100)
    run(car, 200)
    car.feed(220, call=True)
    car.until(1000)
    assert car.of("trapped_passengers")[-1] == "300 raised"


def test_a_lock_that_opens_again_is_no_longer_doubted():
    car = parked("moving", "zone", "mode", "front", "landing")
    car.feed(10, front="open")
    car.until(69.999999)
    assert car.term("lock.doubted") is False
    car.until(70)
    assert car.term("lock.doubted") is True
    car.feed(80, front="closed")
    assert car.term("lock.doubted") is True
    car.feed(90, front="open", landing=False)
    assert car.term("lock.doubted") is False


def test_doors_that_were_open_when_they_were_lost_are_no_possible_entrapment():
    car = parked(drivers=DOOR_APART)
    car.feed(5, call=True, occupied=True)
    run(car, 6)
    car.feed(20, front="open")
    car.lose(26, "front")
    car.until(600)
    assert car.of("entrapment_possible") == []


def test_doors_lost_under_way_are_a_possible_entrapment_at_the_landing():
    car = parked(drivers=DOOR_APART)
    car.feed(5, call=True, occupied=True)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.lose(10, "front")
    car.feed(15, zone=True)
    car.feed(16, moving=False)
    car.until(600)
    assert car.of("entrapment_possible") == ["46 raised"]


def test_a_car_that_moves_after_its_doors_were_lost_is_not_asked_about():
    car = parked(drivers=DOOR_APART)
    car.feed(5, call=True, occupied=True)
    run(car, 6)
    car.lose(26, "front")
    run(car, 50)
    car.until(600)
    assert car.of("entrapment_possible") == []


def test_a_door_that_is_soon_known_again_is_no_possible_entrapment():
    car = parked(drivers=DOOR_APART)
    car.feed(5, call=True, occupied=True)
    run(car, 6)
    car.lose(26, "front")
    car.feed(55.9, front="closed")
    car.until(80)
    assert car.of("entrapment_possible") == []


@pytest.mark.parametrize(("zone", "raised"), [(False, ["100 raised"]), (True, [])])
def test_in_a_staffed_mode_the_last_word_of_the_zone_decides(zone, raised):
    car = parked(drivers={"controller": ("moving", "mode", "front", "load"), "zone": ("zone",)})
    car.feed(2, mode="attendant", load=20)
    car.feed(6, moving=True)
    car.feed(7, zone=zone)
    car.feed(10, moving=False)
    car.lose(20, "zone")
    car.until(600)
    assert car.of("trapped_passengers") == raised


def test_a_contact_that_chatters_half_its_time_lets_nobody_out():
    car = parked("moving", "zone", "mode", "front", "call")
    car.feed(5, call=True)
    run(car, 6)
    car.feed(17, call=False)
    for number in range(100):
        car.feed(20 + 0.2 * number, front="open")
        car.feed(20.1 + 0.2 * number, front="closed")
    car.until(200)
    assert car.of("trapped_passengers") == ["116 raised"]


def test_what_was_seen_behind_closed_doors_outlasts_a_door_that_opens_for_an_instant():
    car = parked("moving", "zone", "mode", "front", "call", "load")
    car.feed(5, call=True, load=30)
    car.feed(6, call=False, load=0)
    car.feed(20, front="open")
    car.feed(21, front="closed")
    assert car.term("person") == ("car_call", "load")


@pytest.mark.parametrize("name", ["call", "load"])
def test_what_is_still_there_when_the_doors_have_closed_is_evidence(name):
    car = parked("moving", "zone", "mode", "front", "call", "load")
    car.feed(10, front="open")
    car.feed(20, front="closing")
    car.feed(21, **{name: True if name == "call" else 30})
    car.feed(22, front="closed")
    car.feed(23, **{name: False if name == "call" else 0})
    assert car.term("person") == (("car_call",) if name == "call" else ("load",))


def test_a_source_that_fails_while_the_doors_close_ends_no_evidence():
    car = parked("moving", "zone", "mode", "front", "call")
    car.feed(10, front="open")
    car.feed(20, front="closing", call=True)
    car.lose(21, "call")
    car.feed(22, front="closed")
    assert car.term("person") == ("car_call",)


def test_a_sensor_that_flickers_behind_open_doors_is_not_remembered():
    car = parked("moving", "zone", "mode", "front", "occupied")
    car.feed(10, front="open")
    car.until(13)
    before = len(car.monitor.encode())
    for number in range(1000):
        car.feed(13 + 0.1 * number, occupied=number % 2 == 0)
    assert len(car.monitor.encode()) < before + 50


def test_loads_that_rise_for_hours_take_bounded_memory_and_count_within_1_percent():
    car = parked("moving", "zone", "mode", "front", "load")
    for percent in range(500):
        car.feed(10 + percent, load=percent)
    few = len(car.monitor.encode())
    for percent in range(500, 2000):
        car.feed(10 + percent, load=percent)
    assert len(car.monitor.encode()) < few + 500


def test_a_run_between_two_zones_that_no_poll_saw_apart_is_a_run_if_the_floor_changed():
    car = parked("moving", "zone", "floor", "mode", "front")
    for at, floor in ((10, 1), (20, 2), (30, None)):
        car.feed(at, moving=True)
        if floor is None:
            car.lose(at + 1, "floor")
        else:
            car.feed(at + 1, floor=floor)
        car.feed(at + 4, moving=False)
    assert car.term("runs") == 1
