"""Doors where no landing is: moved with doors open, open outside the zone, a landing door unlocked (contract, 3.2)."""

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from tests.second import Car, parked, run, under_way
from tests.timeline import BAD, LOST

MOVED, OPEN, LANDING = "moved_with_doors_open", "doors_open_outside_zone", "landing_door_unlocked"
NOT_CLOSED = ["open", "opening", "closing", "stopped", "fault", "not_closed"]


def outside(*names, **settings):
    """Standing between landings since 20 s, doors closed."""
    car = under_way(*names, **settings)
    car.feed(20, moving=False)
    return car


# moved_with_doors_open


@pytest.mark.parametrize("door", NOT_CLOSED)
def test_moving_outside_the_zone_with_a_door_not_closed_for_200_ms_is_raised(door):
    car = under_way()
    car.feed(12, front=door)
    assert car.until(12.199999) == []
    car.until(12.21)
    assert car.of(MOVED) == ["12.2 raised"]


def test_a_door_that_closes_at_200_ms_is_not_raised():
    car = under_way()
    car.feed(12, front="opening")
    car.feed(12.2, front="closed")
    car.until(60)
    assert car.of(MOVED) == []


def test_reaching_the_zone_at_200_ms_is_not_raised():
    car = under_way()
    car.feed(12, front="opening")
    car.feed(12.2, zone=True)
    car.until(60)
    assert car.of(MOVED) == []


def test_it_is_critical_and_tells_to_stop():
    car = under_way()
    car.feed(12, front="open")
    car.until(13)
    event = car.event(MOVED)
    assert (event.severity, event.stop_recommended, event.since_us) == (
        Severity.CRITICAL,
        True,
        12_000_000,
    )
    assert event.evidence["door.front"].v == "open"
    assert event.evidence["car.door_zone"].v is False


def test_the_rear_door_counts_too():
    car = parked("moving", "zone", "front", "rear")
    car.feed(10, moving=True, zone=False, rear="opening")
    car.until(11)
    assert car.of(MOVED) == ["10.2 raised"]


@pytest.mark.parametrize("lost", ["moving", "zone", "front"])
@pytest.mark.parametrize("quality", [LOST, BAD])
def test_what_is_unknown_raises_nothing(lost, quality):
    car = under_way("moving", "zone", "front")
    car.feed(12, **{"front": "open", lost: quality})
    car.until(16.999999)
    assert car.of(MOVED) == []


@pytest.mark.parametrize("silent", ["moving", "zone", "front"])
def test_what_never_spoke_raises_nothing(silent):
    car = Car("moving", "zone", "front")
    all_bad = {"moving": True, "zone": False, "front": "open"}
    del all_bad[silent]
    car.feed(0, **all_bad)
    car.until(4.999999)
    assert car.of(MOVED) == []


def test_a_dead_second_door_does_not_block():
    car = parked("moving", "zone", "front", "rear")
    car.feed(5, rear=LOST)
    car.feed(10, moving=True, zone=False, front="open")
    car.until(11)
    assert car.of(MOVED) == ["10.2 raised"]


@pytest.mark.parametrize("missing", [("zone", "moving"), ("front", "moving"), ("front",)])
def test_not_fitted_is_never_raised(missing):
    car = Car(*missing)
    car.feed(0, **{n: v for n, v in {"zone": False, "moving": True}.items() if n in missing})
    if "front" in missing:
        car.feed(1, front="open")
    car.until(60)
    assert car.of(MOVED) == []


def test_a_chattering_door_contact_still_raises():
    car = under_way()
    for tick in range(12):
        car.feed(12 + tick / 10, front="not_closed" if tick % 2 == 0 else "closed")
    assert car.of(MOVED) == ["12.4 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_inspection_raises_nothing_and_the_delay_begins_anew_after_it(mode):
    car = under_way()
    car.feed(12, mode=mode, front="open")
    car.feed(30, mode="normal")
    car.until(30.199999)
    assert car.of(MOVED) == []
    car.until(30.21)
    assert car.of(MOVED) == ["30.2 raised"]


@pytest.mark.parametrize("mode", ["rescue", "out_of_service", "firefighter", LOST])
def test_other_modes_mute_nothing(mode):
    car = under_way()
    car.feed(12, mode=mode, front="open")
    car.until(13)
    assert car.of(MOVED) == ["12.2 raised"]


def raised_with_doors_open():
    car = under_way()
    car.feed(12, front="open")
    car.feed(14, moving=False)
    car.feed(20, front="closed", moving=True, mode="rescue")
    car.feed(21, zone=True)
    car.feed(22, moving=False, mode="normal")
    car.feed(30, front="open")
    car.feed(40, front="closed")
    assert car.of(MOVED) == ["12.2 raised"]
    return car


def test_neither_time_nor_closed_doors_nor_an_open_landing_clear_it():
    car = raised_with_doors_open()
    car.until(100_000)
    assert car.of(MOVED) == ["12.2 raised"]


def test_one_normal_run_does_not_clear_it_and_two_do():
    car = raised_with_doors_open()
    run(car, 100)
    car.until(199)
    assert car.of(MOVED) == ["12.2 raised"]
    run(car, 200)
    assert car.of(MOVED) == ["12.2 raised", "210 cleared"]
    assert car.event(MOVED, Transition.CLEARED).detail == {"reason": "normal_runs"}


@pytest.mark.parametrize("mode", ["inspection", "rescue", "attendant", "learning"])
def test_runs_in_another_mode_do_not_clear_it(mode):
    car = raised_with_doors_open()
    car.feed(90, mode=mode)
    run(car, 100)
    run(car, 200)
    run(car, 300)
    assert car.of(MOVED) == ["12.2 raised"]


def test_runs_of_exactly_3_s_do_not_clear_it():
    car = raised_with_doors_open()
    for at in (100, 200, 300):
        run(car, at, 3)
    assert car.of(MOVED) == ["12.2 raised"]


def test_the_end_key_clears_it_at_once():
    car = raised_with_doors_open()
    car.feed(50, key=True)
    assert car.of(MOVED) == ["12.2 raised", "50 cleared"]


def test_the_end_key_clears_it_in_inspection():
    car = raised_with_doors_open()
    car.feed(45, mode="inspection")
    car.feed(50, key=True)
    assert car.of(MOVED) == ["12.2 raised", "50 cleared"]


def test_a_key_left_on_does_not_prevent_the_next_raise():
    car = raised_with_doors_open()
    car.feed(50, key=True)
    car.feed(60, moving=True, zone=False, front="open")
    car.until(61)
    assert car.of(MOVED) == ["12.2 raised", "50 cleared", "60.2 raised"]


def test_what_stands_survives_a_restart_and_needs_two_runs_again():
    standing = [Standing(MOVED, None, Severity.CRITICAL, None)]
    car = parked(standing=standing)
    run(car, 10)
    assert car.of(MOVED) == []
    run(car, 30)
    assert car.of(MOVED) == ["40 cleared"]


def test_a_blind_pause_in_a_run_makes_it_no_run():
    car = raised_with_doors_open()
    for at in (100, 200):
        car.feed(at, moving=True)
        car.lose(at + 1, "moving", "zone", "front")
        car.feed(at + 10, moving=False, zone=True, front="closed")
    assert car.of(MOVED) == ["12.2 raised"]


@pytest.mark.parametrize(("away_s", "cleared"), [(2.999999, True), (3, False)])
def test_motion_lost_for_a_trifle_leaves_a_run_what_it_is(away_s, cleared):
    car = raised_with_doors_open()
    run(car, 60)
    car.feed(100, moving=True)
    car.lose(102, "moving", "zone")
    car.feed(102 + away_s, moving=True, zone=False)
    car.feed(110, moving=False, zone=True)
    assert (len(car.of(MOVED)) == 2) is cleared


def test_a_run_whose_beginning_nobody_saw_is_no_run():
    car = raised_with_doors_open()
    run(car, 60)
    car.lose(100, "moving", "zone", "front")
    car.feed(200, moving=True, zone=False, front="closed")
    car.feed(210, moving=False, zone=True)
    assert car.of(MOVED) == ["12.2 raised"]


def test_without_a_motion_signal_the_car_counts_as_moving_until_the_longest_gap_has_passed():
    car = Car("zone", "front")
    car.feed(0, zone=True, front="closed")
    car.feed(10, zone=False)
    car.feed(15, front="open")
    car.until(16)
    assert car.of(MOVED) == ["15.2 raised"]


def test_without_a_motion_signal_it_is_standing_once_the_longest_gap_has_passed():
    car = Car("zone", "front")
    car.feed(0, zone=True, front="closed")
    car.feed(10, zone=False)
    car.feed(30, front="open")
    car.until(32)
    car.until(32.1)
    assert (car.of(MOVED), car.of(OPEN)) == ([], ["32 raised"])


# doors_open_outside_zone


def test_a_car_door_open_outside_the_zone_for_2_s_is_raised():
    car = outside()
    car.feed(25, front="open")
    car.until(26.999999)
    assert car.of(OPEN) == []
    car.until(27.1)
    assert car.of(OPEN) == ["27 raised"]


def test_a_door_closed_at_2_s_is_not_raised():
    car = outside()
    car.feed(25, front="open")
    car.feed(27, front="closed")
    car.until(60)
    assert car.of(OPEN) == []


@pytest.mark.parametrize("door", ["opening", "closing", "stopped", "fault"])
def test_a_door_that_is_not_open_is_not_raised(door):
    car = outside()
    car.feed(25, front=door)
    car.until(100)
    assert car.of(OPEN) == []


def test_a_contact_that_knows_only_not_closed_counts_as_open_after_10_s():
    car = outside()
    car.feed(25, front="not_closed")
    car.until(36.999999)
    assert car.of(OPEN) == []
    car.until(38)
    assert car.of(OPEN) == ["37 raised"]


def test_a_locked_landing_door_does_not_hide_the_open_car_door():
    car = outside()
    car.feed(25, front="open", landing=True)
    car.until(28)
    assert car.of(OPEN) == ["27 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning", "rescue"])
def test_it_is_not_raised_in_inspection_or_rescue_and_counts_anew_after_it(mode):
    car = outside()
    car.feed(24, mode=mode)
    car.feed(25, front="open")
    car.feed(60, mode="normal")
    car.until(61.999999)
    assert car.of(OPEN) == []
    car.until(63)
    assert car.of(OPEN) == ["62 raised"]


def test_it_clears_2_s_after_the_door_is_closed():
    car = outside()
    car.feed(25, front="open")
    car.feed(30, front="closed")
    car.until(31.999999)
    assert car.of(OPEN) == ["27 raised"]
    car.until(32)
    assert car.of(OPEN) == ["27 raised", "32 cleared"]


def test_a_door_open_again_within_2_s_goes_on():
    car = outside()
    car.feed(25, front="open")
    car.feed(30, front="closed")
    car.feed(32, front="open")
    car.until(100)
    assert car.of(OPEN) == ["27 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_in_inspection_what_stands_stays_and_may_clear(mode):
    car = outside()
    car.feed(25, front="open")
    car.feed(30, mode=mode)
    car.until(39)
    assert car.of(OPEN) == ["27 raised"]
    car.feed(40, front="closed")
    car.until(50)
    assert car.of(OPEN) == ["27 raised", "42 cleared"]


def test_what_stands_through_an_inspection_stands_after_it():
    car = outside()
    car.feed(25, front="open")
    car.feed(30, mode="inspection")
    car.feed(60, mode="normal")
    car.until(100)
    assert car.of(OPEN) == ["27 raised"]


def test_after_the_shortest_inspection_the_delay_begins_anew():
    car = outside()
    car.feed(25, front="open")
    car.feed(26, mode="inspection")
    car.feed(26.1, mode="normal")
    car.until(28.099999)
    assert car.of(OPEN) == []
    car.until(29)
    assert car.of(OPEN) == ["28.1 raised"]


def test_rescue_ends_what_stands():
    car = outside()
    car.feed(25, front="open")
    car.feed(30, mode="rescue")
    car.until(33)
    assert car.of(OPEN) == ["27 raised", "32 cleared"]


@pytest.mark.parametrize("lost", ["zone", "front"])
def test_unknown_neither_raises_nor_clears(lost):
    car = outside("moving", "zone", "front")
    car.feed(25, front="open")
    car.lose(26, lost)
    car.until(200)
    assert car.of(OPEN) == []
    car.feed(201, zone=False, front="open")
    car.lose(204, lost)
    car.until(400)
    assert car.of(OPEN) == ["203 raised"]


@pytest.mark.parametrize("gap_s", [1, 2.9, 3, 5, 60])
def test_a_lost_link_does_not_clear_what_is_so_again_afterwards(gap_s):
    car = outside("moving", "zone", "front", doors_open_outside_s=8)
    car.feed(25, front="open")
    car.until(34)
    car.lose(40, "moving", "zone", "front")
    car.feed(40 + gap_s, moving=False, zone=False, front="open")
    car.until(300)
    assert car.of(OPEN) == ["33 raised"]


def test_a_chattering_zone_contact_still_raises():
    car = outside()
    car.feed(25, front="open")
    for tick in range(20):
        car.feed(25.1 + tick * 0.5, zone=tick % 2 == 0)
    assert len(car.of(OPEN)) >= 1


# landing_door_unlocked


def test_a_landing_door_unlocked_without_the_car_for_2_s_is_raised():
    car = outside()
    car.feed(25, landing=False)
    car.until(26.999999)
    assert car.of(LANDING) == []
    car.until(27.1)
    assert car.of(LANDING) == ["27 raised"]
    assert car.event(LANDING).stop_recommended


def test_a_landing_door_locked_at_2_s_is_not_raised():
    car = outside()
    car.feed(25, landing=False)
    car.feed(27, landing=True)
    car.until(60)
    assert car.of(LANDING) == []


def test_a_car_that_leaves_with_a_landing_door_unlocked_is_raised():
    car = parked()
    car.feed(10, moving=True, landing=False)
    car.feed(10.7, zone=False)
    car.until(12.6)
    assert car.of(LANDING) == []
    car.until(12.8)
    assert car.of(LANDING) == ["12.7 raised"]


def test_zones_on_the_way_pause_it():
    car = under_way()
    car.feed(12, landing=False)
    car.feed(12.8, zone=True)
    car.feed(13.2, zone=False)
    car.until(14.5)
    assert car.of(LANDING) == ["14.4 raised"]


def test_zones_on_the_way_clear_nothing():
    car = under_way()
    car.feed(12, landing=False)
    car.until(15)
    car.feed(16, zone=True)
    car.feed(20, zone=False)
    car.until(60)
    assert car.of(LANDING) == ["14 raised"]


def test_a_landing_door_unlocked_while_the_car_stands_behind_it_is_ordinary():
    car = parked()
    car.feed(10, landing=False, front="open")
    car.until(10_000)
    assert car.of(LANDING) == []


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_in_inspection_an_unlocked_landing_door_is_not_raised(mode):
    car = outside()
    car.feed(24, mode=mode)
    car.feed(25, landing=False)
    car.until(60)
    assert car.of(LANDING) == []


def test_in_rescue_an_unlocked_landing_door_is_raised():
    car = outside()
    car.feed(24, mode="rescue")
    car.feed(25, landing=False)
    car.until(28)
    assert car.of(LANDING) == ["27 raised"]


def test_it_clears_when_the_car_stands_behind_the_door():
    car = outside()
    car.feed(25, landing=False)
    car.feed(30, moving=True)
    car.feed(35, zone=True)
    car.feed(36, moving=False)
    car.until(38)
    assert car.of(LANDING) == ["27 raised", "38 cleared"]


@pytest.mark.parametrize("lost", ["landing", "zone"])
def test_an_unknown_landing_door_or_zone_raises_nothing(lost):
    car = outside("moving", "zone", "landing")
    car.feed(25, **{"landing": False, lost: LOST})
    car.until(200)
    assert car.of(LANDING) == []


def test_with_the_zone_unknown_motion_decides():
    car = outside("moving", "zone", "landing")
    car.feed(25, landing=False, zone=LOST, moving=True)
    car.until(28)
    assert car.of(LANDING) == ["27 raised"]


def test_with_motion_unknown_the_zone_decides():
    car = outside("moving", "zone", "landing")
    car.feed(25, landing=False, moving=LOST)
    car.until(28)
    assert car.of(LANDING) == ["27 raised"]


def test_in_inspection_an_unlocked_landing_door_that_stands_stays():
    car = outside()
    car.feed(25, landing=False)
    car.feed(30, mode="inspection")
    car.until(100)
    assert car.of(LANDING) == ["27 raised"]


def test_a_chattering_lock_contact_still_raises():
    car = outside()
    for tick in range(42):
        car.feed(25 + tick / 10, landing=tick % 2 == 1)
    assert car.of(LANDING) == ["29 raised"]


# Ordinary traffic


def test_advance_opening_is_ordinary():
    car = under_way()
    car.feed(20, zone=True)
    car.feed(20.4, front="opening", landing=False)
    car.feed(21.9, moving=False)
    car.feed(23, front="open")
    car.until(60)
    assert car.events == []


def test_re_levelling_with_doors_open_is_ordinary_however_often():
    car = parked()
    car.feed(10, front="open", landing=False)
    for tick in range(40):
        car.feed(11 + tick, moving=tick % 2 == 0)
    for tick in range(40):
        car.feed(60 + tick * 0.4, moving=tick % 2 == 0)
    car.until(100)
    assert car.events == []


def test_re_levelling_after_advance_opening_is_ordinary():
    car = under_way()
    car.feed(20, zone=True)
    car.feed(20.4, front="opening", landing=False)
    for tick in range(21):
        car.feed(21.5 + tick * 0.9, moving=tick % 2 == 1)
    car.feed(60, moving=False)
    car.until(100)
    assert car.events == []


def test_a_zone_contact_that_chatters_in_front_of_an_unlocked_door_still_raises():
    car = outside()
    car.feed(25, landing=False)
    for tick in range(20):
        car.feed(25.3 + tick * 0.3, zone=tick % 2 == 0)
    assert car.of(LANDING) != []


def test_slow_levelling_with_doors_opening_is_ordinary():
    car = under_way()
    car.feed(20, zone=True)
    car.feed(20.4, front="opening", landing=False)
    car.feed(29, moving=False, front="open")
    car.until(100)
    assert car.events == []


def test_a_link_that_freezes_while_doors_open_early_is_no_unlocked_landing_door():
    car = under_way("moving", "zone", "front", "landing")
    car.feed(20, zone=True)
    car.feed(20.4, front="opening", landing=False)
    car.lose(22.6, "moving", "zone", "front", "landing")
    car.feed(50, moving=False, zone=True, front="open", landing=False)
    car.until(100)
    assert [event.code for event in car.events] == ["signal_lost", "signal_lost"]


def test_re_opening_doors_are_ordinary():
    car = parked()
    for at in range(10, 60, 5):
        car.feed(at, front="opening", landing=False)
        car.feed(at + 1, front="open")
        car.feed(at + 2, front="closing")
        car.feed(at + 4, front="closed", landing=True)
    car.feed(60, moving=True)
    car.feed(61, zone=False)
    car.until(70)
    assert {event.code for event in car.events} <= {"door_cycling"}


# car_door.open, car_door.ajar


def test_a_contact_of_two_lost_for_a_moment_pauses_its_10_s_too():
    car = Car("front", "rear")
    car.feed(0, front="not_closed", rear="closed")
    car.feed(8, front=LOST)
    assert car.term("car_door.open") is None
    car.feed(10, front="not_closed")
    car.until(11.999999)
    assert car.term("car_door.open") is False
    car.until(12)
    assert car.term("car_door.open") is True


def test_a_contact_of_two_lost_for_3_s_begins_anew():
    car = Car("front", "rear")
    car.feed(0, front="not_closed", rear="closed")
    car.feed(8, front=LOST)
    car.feed(11, front="not_closed")
    car.until(20.999999)
    assert car.term("car_door.open") is False
    car.until(21)
    assert car.term("car_door.open") is True


@pytest.mark.parametrize(
    ("front", "rear", "is_open", "ajar"),
    [
        ("closed", "closed", False, False),
        ("closed", LOST, False, False),
        ("opening", LOST, False, True),
        (LOST, "open", True, True),
        ("fault", "closed", False, True),
        (LOST, LOST, None, None),
    ],
)
def test_open_and_ajar(front, rear, is_open, ajar):
    car = Car("front", "rear")
    car.feed(0, front=front, rear=rear)
    assert (car.term("car_door.open"), car.term("car_door.ajar")) == (is_open, ajar)


def test_a_run_with_a_door_open_does_not_end_what_it_is():
    car = parked("moving", "zone", "front")
    car.feed(5, front="open")
    for start in (10, 40, 70):
        car.feed(start, moving=True)
        car.feed(start + 2, zone=False)
        car.feed(start + 8, zone=True)
        car.feed(start + 9, moving=False)
    car.until(100)
    assert car.of("moved_with_doors_open") == ["12.2 raised"]
    car.feed(100, front="closed")
    for start in (110, 140):
        car.feed(start, moving=True)
        car.feed(start + 2, zone=False)
        car.feed(start + 8, zone=True, front="opening")  # advance opening is ordinary
        car.feed(start + 9, moving=False)
        car.feed(start + 15, front="closed")
    assert car.of("moved_with_doors_open") == ["12.2 raised", "149 cleared"]


def test_lost_motion_is_no_evidence_of_moving_with_a_door_open():
    car = under_way("moving", "zone", "front")
    car.feed(12, moving=LOST)
    car.feed(13, front="open")
    car.until(200)
    assert car.of("moved_with_doors_open") == []
