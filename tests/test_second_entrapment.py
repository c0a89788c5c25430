"""Possibly trapped: the deciding signals died with the mains or the link (contract, 3.2)."""

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from tests.second import BLIND, Car, parked, run
from tests.timeline import BAD, LOST

CODE, TRAPPED = "entrapment_possible", "trapped_passengers"
DRIVERS = {
    "car": ("moving", "zone", "floor", "mode", "front", "landing", "occupied", "call", "load"),
    "contacts": ("mains", "button", "key"),
}
DYING = DRIVERS["car"]


def riding(**settings):
    """Somebody rides: a call since 5 s, moving since 10 s, outside the zone since 11 s."""
    car = parked(drivers=DRIVERS, **settings)
    car.feed(5, call=True)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    return car


def raised_by_a_lost_link():
    car = riding()
    car.lose(100, *DYING)
    car.until(131)
    assert car.of(CODE) == ["130 raised"]
    return car


def come_back(car, at, **values):
    """The link returns: standing in the zone, doors closed, a normal mode; nothing else is said."""
    known = {"moving": False, "zone": True, "mode": "normal", "front": "closed", "landing": True}
    return car.feed(at, **{**known, **values})


# When


def test_blind_for_30_s_is_raised():
    car = riding()
    car.lose(100, *DYING)
    car.until(129.999999)
    assert car.of(CODE) == []
    car.until(130.1)
    assert car.of(CODE) == ["130 raised"]


@pytest.mark.parametrize("back_s", [1, 15, 29.9, 30])
def test_a_link_that_comes_back_in_time_is_not_raised(back_s):
    car = riding()
    car.lose(100, *DYING)
    car.feed(100 + back_s, moving=True, zone=False, front="closed", mode="normal")
    car.until(100 + back_s + 200)
    assert car.of(CODE) == []


def test_a_chattering_link_is_raised():
    car = riding()
    for tick in range(30):
        car.lose(100 + 3 * tick, *DYING)
        car.feed(102 + 3 * tick, moving=True, zone=False, front="closed")
    assert car.of(CODE) == ["145 raised"]


def test_signals_that_are_bad_are_lost_too():
    car = riding()
    car.feed(100, moving=BAD, zone=BAD, front=BAD)
    car.until(131)
    assert car.of(CODE) == ["130 raised"]


@pytest.mark.parametrize("lost", [("moving",), ("front",), ("call", "occupied", "mode", "floor")])
def test_what_the_rules_can_decide_without_is_not_blindness(lost):
    car = riding()
    car.lose(100, *lost)
    car.until(119)
    assert car.of(CODE) == []
    car.feed(119, zone=True)
    car.until(1000)
    assert car.of(CODE) == []


@pytest.mark.parametrize("lost", [("moving", "zone"), ("zone", "moving", "front")])
def test_motion_and_zone_are_enough_to_be_blind(lost):
    car = riding()
    car.lose(100, *lost)
    car.until(131)
    assert car.of(CODE) == ["130 raised"]


def test_doors_and_zone_are_enough_where_the_car_stands():
    car = riding()
    car.feed(90, moving=False)
    car.lose(100, "front", "zone")
    car.until(131)
    assert car.of(CODE) == ["130 raised"]


def test_a_moving_car_of_which_only_the_motion_is_known_is_not_blind_until_it_stands():
    car = riding()
    car.lose(100, "zone", "front")
    car.until(150)
    assert car.of(CODE) == []
    car.feed(150, moving=False)
    car.until(180.1)
    assert car.of(CODE) == ["180 raised"]


# How severe


def severity(car):
    return car.event(CODE).severity, car.event(CODE).detail["cause"]


def test_a_lost_link_alone_is_major():
    assert severity(raised_by_a_lost_link()) == (Severity.MAJOR, "link")


@pytest.mark.parametrize("apart_s", [-10, -5, 0, 5, 10])
def test_with_the_mains_lost_within_10_s_it_is_critical(apart_s):
    car = riding()
    if apart_s <= 0:
        car.feed(100 + apart_s, mains=False)
    car.lose(100, *DYING)
    if apart_s > 0:
        car.feed(100 + apart_s, mains=False)
    car.until(131)
    assert car.of(CODE) == ["130 raised"]
    assert severity(car) == (Severity.CRITICAL, "mains")


@pytest.mark.parametrize("apart_s", [-10.000001, -60, 10.000001, 25])
def test_with_the_mains_lost_at_another_time_it_is_major(apart_s):
    car = riding()
    if apart_s <= 0:
        car.feed(100 + apart_s, mains=False)
    car.lose(100, *DYING)
    if apart_s > 0:
        car.feed(100 + apart_s, mains=False)
    car.until(131)
    assert severity(car) == (Severity.MAJOR, "link")


@pytest.mark.parametrize("mains", [True, LOST])
def test_mains_that_return_or_are_lost_from_sight_before_the_30_s_change_nothing(mains):
    car = riding()
    car.feed(99, mains=False)
    car.lose(100, *DYING)
    car.feed(115, mains=mains)
    car.until(131)
    assert severity(car) == (Severity.CRITICAL, "mains")


def test_mains_that_flicker_after_the_loss_change_nothing():
    car = riding()
    car.feed(99, mains=False)
    car.lose(100, *DYING)
    for at in (112, 118, 124):
        car.feed(at, mains=True)
        car.feed(at + 3, mains=False)
    car.until(131)
    assert severity(car) == (Severity.CRITICAL, "mains")


def test_a_mains_contact_that_dies_with_the_car_still_says_why():
    car = riding()
    car.feed(99.8, mains=False)
    car.lose(100, *DYING, "mains")
    car.until(131)
    assert severity(car) == (Severity.CRITICAL, "mains")


@pytest.mark.parametrize("mains", [LOST, None])
def test_mains_that_are_unknown_or_not_fitted_make_it_major(mains):
    wired = {**DRIVERS, "contacts": ("button", "key") if mains is None else DRIVERS["contacts"]}
    car = parked(drivers=wired)
    car.feed(5, call=True)
    car.feed(10, moving=True)
    if mains is LOST:
        car.lose(50, "mains")
    car.lose(100, *DYING)
    car.until(131)
    assert severity(car) == (Severity.MAJOR, "link")


def test_what_is_raised_keeps_its_severity():
    car = raised_by_a_lost_link()
    car.feed(140, mains=False)
    car.feed(150, key=True)
    assert car.of(CODE) == ["130 raised", "150 cleared"]
    assert car.event(CODE, Transition.CLEARED).severity is Severity.MAJOR


def test_sensors_that_die_one_after_the_other_are_blind_when_the_last_needed_is_gone():
    car = riding()
    car.feed(100, mains=False, moving=False)
    car.lose(103, "zone")
    car.lose(106, "occupied", "call", "load", "mode", "landing")
    car.lose(109, "front", "moving")
    car.until(138.999999)
    assert car.of(CODE) == []
    car.until(140)
    assert car.of(CODE) == ["139 raised"]
    assert severity(car) == (Severity.CRITICAL, "mains")


def test_sensors_that_die_before_the_mains_contact():
    car = riding()
    car.lose(95, *DYING)
    car.feed(99, mains=False)
    car.until(126)
    assert car.of(CODE) == ["125 raised"]
    assert severity(car) == (Severity.CRITICAL, "mains")


# Evidence


def test_evidence_is_what_was_last_known():
    event = raised_by_a_lost_link().event(CODE)
    moving = event.evidence["car.moving"]
    assert (moving.v, moving.since_us, moving.last_known) == (True, 10_000_000, True)
    assert event.evidence["car.door_zone"].last_known
    assert event.evidence["power.mains"].last_known is False
    assert event.detail["person_by"] == ["car_call"]
    assert "car.moving" in event.unknown
    assert event.since_us == 100_000_000
    assert event.stop_recommended


def test_a_car_never_seen_to_move_or_to_stand_is_silent():
    """Doors closed and a call say nothing of where the car was, or that it had run."""
    car = Car(drivers={"car": ("moving", "front", "call"), "contacts": ("mains",)})
    car.feed(0, front="closed", call=True, mains=True)
    car.lose(20, "moving", "front", "call")
    car.until(200)
    assert car.of(CODE) == []


def test_what_never_spoke_is_no_evidence():
    car = Car(drivers={**DRIVERS, "more": ("rear",)})
    car.feed(0, moving=True, zone=False, front="closed", call=True, mains=True)
    car.lose(10, *DYING, "rear")
    car.until(41)
    assert car.of(CODE) == ["40 raised"]
    assert "door.rear" not in car.event(CODE).evidence
    assert "door.rear" in car.event(CODE).unknown


# The last-known situation


def boarded(at=5):
    """Doors open and closed at a landing, somebody seen by the sensor just after."""
    car = parked(drivers=DRIVERS)
    car.feed(1, front="open", landing=False)
    car.feed(4, front="closed", landing=True)
    car.feed(at, occupied=True)
    return car


def blind_at(car, at, until=200):
    car.feed(at, mains=False)
    car.lose(at + 1, *DYING)
    car.until(at + until)
    return car.of(CODE)


def test_moving_with_somebody_inside():
    car = boarded()
    car.feed(10, moving=True)
    assert blind_at(car, 20) == ["51 raised"]


def test_moving_inside_the_zone_is_moving():
    car = boarded()
    car.feed(19, moving=True)
    assert blind_at(car, 20) == ["51 raised"]


def test_standing_outside_the_zone():
    car = boarded()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(15, moving=False)
    assert blind_at(car, 20) == ["51 raised"]


def test_outside_the_zone_whatever_the_doors_do():
    car = boarded()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(15, moving=False)
    car.feed(19, front="open")
    assert blind_at(car, 20) == ["51 raised"]


def test_standing_in_the_zone_after_a_run_with_doors_not_open():
    car = riding()
    car.feed(18, zone=True)
    car.feed(19, moving=False)
    assert blind_at(car, 20) == ["51 raised"]


def test_doors_half_open_are_not_open():
    car = riding()
    car.feed(18, zone=True)
    car.feed(19, moving=False, front="opening", landing=False)
    assert blind_at(car, 20) == ["51 raised"]


def test_standing_in_the_zone_with_doors_open_is_silent():
    car = riding()
    car.feed(18, zone=True)
    car.feed(19, moving=False, front="open", landing=False)
    assert blind_at(car, 20) == []


def test_boarded_but_not_yet_moved_is_silent():
    car = boarded()
    car.feed(6, call=True)
    assert blind_at(car, 20) == []


def test_presence_seen_once_is_not_enough_for_a_stop_in_the_zone():
    car = boarded()
    car.feed(10, moving=True, occupied=False)
    car.feed(11, zone=False)
    car.feed(16, zone=True)
    car.feed(17, moving=False)
    assert blind_at(car, 20) == []


def test_parked_with_nobody_is_silent():
    assert blind_at(parked(drivers=DRIVERS), 20, 10_000) == []


def test_moving_with_nobody_is_silent():
    car = parked(drivers=DRIVERS)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    assert blind_at(car, 20, 10_000) == []


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_inspection_at_the_loss_is_silent(mode):
    car = riding()
    car.feed(15, mode=mode)
    assert blind_at(car, 20, 10_000) == []


@pytest.mark.parametrize("mode", ["rescue", "firefighter", "out_of_service", LOST])
def test_any_other_mode_under_way_is_not(mode):
    car = riding()
    car.feed(15, mode=mode)
    assert blind_at(car, 20) == ["51 raised"]


@pytest.mark.parametrize("mode", ["attendant", "independent", "firefighter", "out_of_service"])
def test_a_staffed_car_standing_in_the_zone_is_silent(mode):
    car = riding()
    car.feed(18, zone=True, mode=mode)
    car.feed(19, moving=False)
    assert blind_at(car, 20) == []


def test_presence_seen_shortly_before_the_loss_does_not_fade_while_the_sensor_is_lost():
    car = boarded()
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    assert blind_at(car, 20) == ["51 raised"]
    assert car.event(CODE).detail["person_by"] == ["presence_latched"]


@pytest.mark.parametrize(("seen_s", "raised"), [(16, True), (14, False)])
def test_it_must_have_been_seen_within_the_latch_before_the_loss(seen_s, raised):
    car = boarded()
    car.feed(10, moving=True)
    car.feed(seen_s, occupied=False)
    car.until(40)
    assert bool(blind_at(car, 39.5)) is raised


def test_the_end_key_in_the_dark_says_that_nobody_is_in_the_car():
    car = boarded()
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    car.lose(20, *DYING)
    car.feed(30, key=True)
    car.until(200)
    assert car.of(CODE) == []


LIVING_SENSOR = {
    "car": ("moving", "zone", "front"),
    "box": ("occupied",),
    "contacts": ("mains",),
}


@pytest.mark.parametrize(("lost_s", "raised"), [(39.9, ["69.9 raised"]), (40, [])])
def test_presence_at_the_loss_does_not_fade_while_its_own_sensor_lives(lost_s, raised):
    """Seen until 15 s, within the latch or no longer; who stands still in the dark is not seen again."""
    car = parked(drivers=LIVING_SENSOR)
    car.feed(5, occupied=True)
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    car.lose(lost_s, *BLIND)
    car.until(200)
    assert car.of(CODE) == raised


def test_presence_seen_in_the_dark_stands_beside_what_else_is_evidence():
    car = parked(drivers={**LIVING_SENSOR, "panel": ("button",)})
    car.feed(5, occupied=True)
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    car.lose(20, *BLIND)
    car.feed(45, button=True)
    car.until(200)
    assert car.of(CODE) == ["50 raised"]
    assert car.event(CODE).detail["person_by"] == ["alarm_button", "presence_latched"]


def test_a_sensor_that_is_back_and_sees_nobody_does_not_end_the_evidence():
    car = boarded()
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    car.lose(20, *DYING)
    car.feed(45, occupied=False)
    car.until(200)
    assert car.of(CODE) == ["50 raised"]


def test_doors_seen_open_in_the_dark_end_the_evidence():
    apart = {"car": ("moving", "zone"), "door": ("front",), "box": ("occupied",)}
    car = parked(drivers=apart)
    car.feed(5, occupied=True)
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    car.lose(20, "moving", "zone")
    car.feed(30, front="open")
    car.feed(40, front="closed")
    car.until(200)
    assert car.of(CODE) == []


def test_a_person_who_presses_the_button_in_the_dark_is_evidence_at_once():
    car = parked(drivers=DRIVERS)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(19, mains=False)
    car.lose(20, *DYING)
    car.until(100)
    assert car.of(CODE) == []
    car.feed(100, button=True)
    assert car.of(CODE) == ["100 raised"]
    assert severity(car) == (Severity.CRITICAL, "mains")


def test_without_a_zone_signal():
    car = Car("moving", "front", "call")
    car.feed(0, moving=False, front="closed", call=False)
    car.feed(5, call=True)
    car.feed(10, moving=True)
    car.lose(20, "moving", "front", "call")
    car.until(51)
    assert car.of(CODE) == ["50 raised"]


def test_without_a_motion_signal():
    car = Car("zone", "occupied")
    car.feed(0, zone=True, occupied=False)
    car.feed(10, zone=False)
    car.feed(12, occupied=True)
    car.lose(20, "zone", "occupied")
    car.until(51)
    assert car.of(CODE) == ["50 raised"]


@pytest.mark.parametrize("wired", [("moving", "zone", "front"), ("front", "call", "button")])
def test_without_presence_or_motion_it_is_never_raised(wired):
    car = parked(*wired)
    if "moving" in wired:
        car.feed(10, moving=True, zone=False)
    car.lose(20, *wired)
    car.until(1000)
    assert car.of(CODE) == []


def test_what_was_lost_from_the_beginning_is_silent():
    car = Car(drivers=DRIVERS)
    car.feed(0, mains=False)
    car.lose(2, *DYING)
    car.until(10_000)
    assert car.of(CODE) == []


# What ends it


def test_trapped_passengers_takes_over():
    car = raised_by_a_lost_link()
    come_back(car, 200, zone=False)
    car.until(214.999999)
    assert car.of(CODE) == ["130 raised"]
    car.until(215)
    assert (car.of(TRAPPED), car.of(CODE)) == (["215 raised"], ["130 raised", "215 cleared"])
    assert car.event(CODE, Transition.CLEARED).detail == {"reason": "taken_over"}


def test_while_trapped_passengers_stands_it_is_not_raised():
    car = riding()
    car.feed(20, moving=False)
    car.until(36)
    car.lose(40, *DYING)
    car.until(1000)
    assert (car.of(TRAPPED), car.of(CODE)) == (["35 raised"], [])


def test_doors_open_in_the_zone_2_s_end_it():
    car = raised_by_a_lost_link()
    come_back(car, 200)
    car.feed(210, front="open", landing=False)
    car.until(211.999999)
    assert car.of(CODE) == ["130 raised"]
    car.until(212)
    assert car.of(CODE) == ["130 raised", "212 cleared"]


def test_doors_open_for_less_than_2_s_do_not():
    car = raised_by_a_lost_link()
    come_back(car, 200)
    car.feed(210, front="open", landing=False)
    car.feed(211.9, front="closing")
    car.until(270)
    assert car.of(CODE) == ["130 raised"]


def test_doors_open_outside_the_zone_do_not():
    car = raised_by_a_lost_link()
    come_back(car, 200, zone=False, front="open")
    car.until(214)
    assert car.of(CODE) == ["130 raised"]


def test_one_normal_run_ends_it():
    car = raised_by_a_lost_link()
    come_back(car, 200)
    end = run(car, 210, 10)
    assert car.of(CODE) == ["130 raised", f"{end} cleared"]


@pytest.mark.parametrize("mode", ["rescue", "inspection", "emergency_power"])
def test_a_run_in_another_mode_does_not(mode):
    car = raised_by_a_lost_link()
    come_back(car, 200, mode=mode)
    run(car, 210, 10)
    assert car.of(CODE) == ["130 raised"]


def test_the_end_key_ends_it_also_in_the_dark():
    car = raised_by_a_lost_link()
    car.feed(150, key=True)
    assert car.of(CODE) == ["130 raised", "150 cleared"]
    car.until(10_000)
    assert car.of(CODE) == ["130 raised", "150 cleared"]


def test_the_link_that_returns_alone_does_not_end_it():
    car = raised_by_a_lost_link()
    come_back(car, 200, mode="normal")
    car.until(280)
    assert car.of(CODE) == ["130 raised"]


def test_the_run_that_was_under_way_at_the_loss_is_not_the_run_that_ends_it():
    car = raised_by_a_lost_link()
    come_back(car, 200)
    assert car.of(CODE) == ["130 raised"]
    car.until(290)
    assert (car.of(TRAPPED), car.of(CODE)) == (["290 raised"], ["130 raised", "290 cleared"])


def test_a_slow_correction_to_the_next_landing_is_not_the_run_that_ends_it():
    car = raised_by_a_lost_link()
    come_back(car, 200, moving=True, zone=False)
    car.feed(206, zone=True)
    car.feed(207, moving=False)
    assert car.of(CODE) == ["130 raised"]
    car.feed(209, front="open", landing=False)
    car.until(212)
    assert car.of(CODE) == ["130 raised", "211 cleared"]


def test_it_may_be_raised_again():
    car = raised_by_a_lost_link()
    car.feed(150, key=True)
    come_back(car, 200)
    car.feed(205, call=True, key=False)
    car.feed(210, moving=True)
    car.lose(220, *DYING)
    car.until(251)
    assert car.of(CODE) == ["130 raised", "150 cleared", "250 raised"]


def test_it_survives_a_restart_in_the_dark():
    standing = [Standing(CODE, None, Severity.CRITICAL, None)]
    car = Car(drivers=DRIVERS, standing=standing)
    car.feed(0, mains=False)
    car.lose(2, *DYING)
    car.until(1000)
    come_back(car, 1000, zone=False)
    car.feed(1005, moving=True)
    car.feed(1010, zone=True)
    car.feed(1011, moving=False)
    assert car.of(CODE) == []
    car.feed(1015, front="open", landing=False)
    car.until(1018)
    assert car.of(CODE) == ["1017 cleared"]
    assert car.event(CODE, Transition.CLEARED).severity is Severity.CRITICAL


@pytest.mark.parametrize("at", [0, 50, 99.5, 100, 100.5, 115, 129.999999, 130, 150])
def test_its_memory_may_be_carried_over_at_any_point(at):
    car = boarded()
    steps: list[tuple[int, dict[str, object]]] = [
        (10, {"moving": True}),
        (95, {"occupied": False}),
        (99, {"mains": False}),
        (100, dict.fromkeys(DYING, LOST)),
        (120, {"mains": True}),
        (131, {}),
        (200, {"moving": False, "zone": False, "front": "closed"}),
        (300, {}),
    ]
    moved = False
    for second, values in steps:
        if not moved and second >= at:
            car.until(max(at, 5))
            car.again()
            moved = True
        car.feed(second, **values)
    assert car.of(CODE) == ["130 raised", "215 cleared"]
    assert severity(car) == (Severity.CRITICAL, "mains")


# The story of a power cut


def test_a_power_cut_is_few_events():
    car = riding()
    car.feed(60, zone=True)
    car.feed(60.3, zone=False)
    car.feed(100, mains=False, moving=False)
    car.lose(101, *DYING)
    car.until(600)
    car.feed(600, mains=True)
    come_back(car, 630, zone=False, floor=1, occupied=False, call=False, load=0)
    car.feed(650, moving=True, mode="rescue")
    car.feed(660, zone=True)
    car.feed(661, moving=False, front="open", landing=False)
    car.feed(700, front="closed", landing=True, mode="normal")
    car.until(2000)
    assert [f"{e.at_us / 1e6:g} {e.code} {e.transition.value}" for e in car.events] == [
        "101 mains_lost raised",
        "101 signal_lost raised",
        "131 entrapment_possible raised",
        "602 mains_lost cleared",
        "632 signal_lost cleared",
        "645 trapped_passengers raised",
        "645 entrapment_possible cleared",
        "650 mode_changed notice",
        "663 trapped_passengers cleared",
        "700 mode_changed notice",
    ]
