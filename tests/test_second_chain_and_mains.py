"""The safety chain, the mains, the controller's fault, and what mutes them (contract, 3.2 and 3.3)."""

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from tests.second import Car, parked, under_way
from tests.timeline import LOST

CHAIN, MAINS, FAULT, TRAPPED = (
    "safety_chain_open",
    "mains_lost",
    "controller_fault",
    "trapped_passengers",
)
HOUR_S = 3600


# safety_chain_open under way


def test_open_300_ms_while_moving_outside_the_zone_is_raised():
    car = under_way()
    car.feed(15, chain=False)
    car.until(15.299999)
    assert car.of(CHAIN) == []
    car.until(15.31)
    assert car.of(CHAIN) == ["15.3 raised"]
    event = car.event(CHAIN)
    assert (event.severity, event.stop_recommended, event.since_us) == (
        Severity.MAJOR,
        True,
        15_000_000,
    )


def test_closed_at_300_ms_is_not_raised():
    car = under_way()
    car.feed(15, chain=False)
    car.feed(15.3, chain=True)
    car.until(60)
    assert car.of(CHAIN) == []


def test_inside_the_zone_a_moving_car_raises_nothing():
    car = parked()
    car.feed(10, moving=True, chain=False)
    car.until(60)
    assert car.of(CHAIN) == []


@pytest.mark.parametrize("lost", ["chain", "zone", "moving"])
def test_under_way_unknown_raises_nothing(lost):
    car = under_way("moving", "zone", "chain", "front")
    car.feed(15, **{"chain": False, lost: LOST})
    car.until(19.999999)
    assert car.of(CHAIN) == []


@pytest.mark.parametrize("mains", [LOST, True])
def test_under_way_unknown_mains_prevent_nothing(mains):
    car = under_way()
    car.feed(15, chain=False, mains=mains)
    car.until(16)
    assert car.of(CHAIN) == ["15.3 raised"]


def test_out_of_service_a_moving_car_is_watched_still():
    car = under_way()
    car.feed(12, mode="out_of_service")
    car.feed(15, chain=False)
    car.until(16)
    assert car.of(CHAIN) == ["15.3 raised"]


# safety_chain_open standing


def test_open_10_s_while_standing_with_doors_closed_is_raised():
    car = parked()
    car.feed(10, chain=False)
    car.until(19.999999)
    assert car.of(CHAIN) == []
    car.until(20.1)
    assert car.of(CHAIN) == ["20 raised"]


def test_closed_at_10_s_is_not_raised():
    car = parked()
    car.feed(10, chain=False)
    car.feed(20, chain=True)
    car.until(100)
    assert car.of(CHAIN) == []


@pytest.mark.parametrize("door", ["open", "opening", "closing", "stopped", "fault", "not_closed"])
def test_with_a_door_not_closed_the_chain_may_be_open(door):
    car = parked()
    car.feed(10, chain=False, front=door)
    car.until(1000)
    assert car.of(CHAIN) == []


def test_it_counts_from_the_closing_of_the_doors():
    car = parked()
    car.feed(10, chain=False, front="open")
    car.feed(30, front="closed")
    car.until(39.999999)
    assert car.of(CHAIN) == []
    car.until(41)
    assert car.of(CHAIN) == ["40 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning", "out_of_service"])
def test_in_inspection_or_out_of_service_the_chain_may_be_open_and_counts_anew(mode):
    car = parked()
    car.feed(9, mode=mode)
    car.feed(10, chain=False)
    car.feed(100, mode="normal")
    car.until(109.999999)
    assert car.of(CHAIN) == []
    car.until(111)
    assert car.of(CHAIN) == ["110 raised"]


@pytest.mark.parametrize("mode", ["rescue", "firefighter", LOST])
def test_other_modes_do_not_mute_the_chain(mode):
    car = parked()
    car.feed(10, mode=mode, chain=False)
    car.until(21)
    assert car.of(CHAIN) == ["20 raised"]


@pytest.mark.parametrize("lost", ["chain", "moving", "front", "mains"])
def test_standing_unknown_raises_nothing(lost):
    car = parked("chain", "moving", "front", "mains")
    car.feed(10, **{"chain": False, lost: LOST})
    car.until(1000)
    assert car.of(CHAIN) == []


def test_mains_that_are_not_fitted_count_as_present():
    car = parked("chain", "moving", "front")
    car.feed(10, chain=False)
    car.until(21)
    assert car.of(CHAIN) == ["20 raised"]


def test_mains_that_never_spoke_raise_nothing():
    car = Car("chain", "moving", "front", "mains")
    car.feed(0, chain=False, moving=False, front="closed")
    car.until(1000)
    assert car.of(CHAIN) == []


def test_it_clears_2_s_after_the_chain_closed():
    car = parked()
    car.feed(10, chain=False)
    car.feed(30, chain=True)
    car.until(31.999999)
    assert car.of(CHAIN) == ["20 raised"]
    car.until(33)
    assert car.of(CHAIN) == ["20 raised", "32 cleared"]


def test_raised_under_way_it_stands_on_while_the_car_stands():
    car = under_way()
    car.feed(15, chain=False)
    car.feed(16, moving=False)
    car.until(17)
    assert car.of(CHAIN) == ["15.3 raised"]


@pytest.mark.parametrize("gap_s", [1, 3, 5, 100])
def test_a_lost_link_does_not_clear_a_chain_that_is_open_again_afterwards(gap_s):
    car = parked()
    car.feed(10, chain=False)
    car.lose(30, "chain", "moving", "front")
    car.feed(30 + gap_s, chain=False, moving=False, front="closed")
    car.until(500)
    assert car.of(CHAIN) == ["20 raised"]


def test_a_chattering_chain_still_raises():
    car = parked()
    for tick in range(45):
        car.feed(10 + tick * 0.5, chain=tick % 2 == 1)
    assert car.of(CHAIN) == ["30 raised"]


def test_without_its_signals_a_part_is_never_raised():
    car = parked("chain", "zone", "moving")
    car.feed(10, chain=False)
    car.until(100)
    assert car.of(CHAIN) == []
    car.feed(110, moving=True, zone=False)
    car.until(111)
    assert car.of(CHAIN) == ["110.3 raised"]


def test_in_inspection_a_chain_that_stands_open_stays_and_may_clear():
    car = parked()
    car.feed(10, chain=False)
    car.feed(30, mode="inspection")
    car.until(100)
    assert car.of(CHAIN) == ["20 raised"]
    car.feed(100, chain=True)
    car.until(103)
    assert car.of(CHAIN) == ["20 raised", "102 cleared"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_after_the_shortest_inspection_the_chain_counts_anew(mode):
    car = parked()
    car.feed(10, chain=False)
    car.feed(15, mode=mode)
    car.feed(15.1, mode="normal")
    car.until(25.099999)
    assert car.of(CHAIN) == []
    car.until(26)
    assert car.of(CHAIN) == ["25.1 raised"]


# mains_lost


def test_mains_away_1_s_are_raised():
    car = parked()
    car.feed(10, mains=False)
    car.until(10.999999)
    assert car.of(MAINS) == []
    car.until(11.1)
    assert car.of(MAINS) == ["11 raised"]
    assert car.event(MAINS).severity is Severity.MAJOR


def test_mains_back_at_1_s_are_not_raised():
    car = parked()
    car.feed(10, mains=False)
    car.feed(11, mains=True)
    car.until(60)
    assert car.of(MAINS) == []


@pytest.mark.parametrize("mode", ["inspection", "learning", "rescue", "out_of_service"])
def test_no_mode_and_no_visit_mutes_the_mains(mode):
    car = parked()
    car.feed(9, mode=mode, visit=True)
    car.feed(10, mains=False)
    car.until(12)
    assert car.of(MAINS) == ["11 raised"]
    assert car.event(MAINS).visit is True


def test_mains_back_2_s_clear():
    car = parked()
    car.feed(10, mains=False)
    car.feed(20, mains=True)
    car.until(21.999999)
    assert car.of(MAINS) == ["11 raised"]
    car.until(22)
    assert car.of(MAINS) == ["11 raised", "22 cleared"]


def test_a_contact_lost_or_never_heard_neither_raises_nor_clears():
    silent = Car("mains", "zone")
    silent.until(100)
    assert silent.of(MAINS) == []
    car = parked()
    car.lose(5, "mains")
    car.feed(10, mains=False)
    car.lose(20, "mains")
    car.until(100)
    car.feed(100, mains=False)
    car.until(200)
    assert car.of(MAINS) == ["11 raised"]


def test_flickering_mains_are_one_event():
    car = parked()
    for tick in range(60):
        car.feed(10 + tick * 0.4, mains=tick % 2 == 1)
    assert car.of(MAINS) == ["11.8 raised"]


# What the mains mute


def test_while_the_mains_are_lost_the_chain_is_not_raised():
    car = under_way()
    car.feed(15, chain=False, mains=False)
    car.feed(16, moving=False)
    car.until(1000)
    assert (car.of(CHAIN), car.of(MAINS)) == ([], ["16 raised"])


def test_even_where_the_mains_contact_is_lost_meanwhile():
    car = under_way()
    car.feed(15, mains=False)
    car.until(17)
    car.feed(18, mains=LOST, chain=False)
    car.until(1000)
    assert car.of(CHAIN) == []


def test_a_chain_still_open_10_s_after_the_mains_returned_is_raised():
    car = under_way()
    car.feed(15, chain=False, mains=False, moving=False)
    car.feed(100, mains=True)
    car.until(109.999999)
    assert car.of(CHAIN) == []
    car.until(111)
    assert car.of(CHAIN) == ["110 raised"]


def test_the_mains_do_not_mute_the_controllers_fault_or_open_doors():
    car = under_way()
    car.feed(15, mains=False, moving=False)
    car.feed(20, fault=True, front="open", landing=False)
    car.until(23)
    heard = {event.code for event in car.events}
    assert {FAULT, "doors_open_outside_zone", "landing_door_unlocked"} <= heard


def test_mains_lost_that_stood_at_a_restart_mutes_until_it_is_cleared():
    car = Car(standing=[Standing(MAINS, None, Severity.MAJOR, None)])
    car.feed(0, chain=False, moving=True, zone=False)
    car.until(60)
    assert car.of(CHAIN) == []
    car.feed(60, mains=True)
    car.until(61.9)
    assert car.of(CHAIN) == []
    car.until(63)
    assert (car.of(MAINS), car.of(CHAIN)) == (["62 cleared"], ["62 raised"])


# controller_fault


def test_the_controllers_fault_is_raised_at_once_with_its_raw_code():
    car = parked()
    car.feed(10, fault=True, code=39)
    assert car.of(FAULT) == ["10 raised"]
    event = car.event(FAULT)
    assert (event.severity, event.detail) == (Severity.MAJOR, {"fault_code": 39})


@pytest.mark.parametrize("code", [LOST, None])
def test_a_fault_without_a_known_code_is_raised_too(code):
    car = parked("fault") if code is None else parked()
    car.feed(10, fault=True, **({} if code is None else {"code": code}))
    assert car.event(FAULT).detail == {"fault_code": None}


def test_a_fault_clears_after_2_s_without_it():
    car = parked()
    car.feed(10, fault=True)
    car.feed(20, fault=False)
    car.until(21.999999)
    assert car.of(FAULT) == ["10 raised"]
    car.until(22)
    assert car.of(FAULT) == ["10 raised", "22 cleared"]


def test_a_fault_lost_from_sight_neither_raises_nor_clears():
    silent = Car("fault")
    silent.until(100)
    silent.feed(100, fault=LOST)
    assert silent.of(FAULT) == []
    car = parked()
    car.feed(10, fault=True)
    car.lose(20, "fault")
    car.until(1000)
    car.feed(1000, fault=True)
    car.until(2000)
    assert car.of(FAULT) == ["10 raised"]


def test_a_loss_interrupts_the_clearing():
    car = parked()
    car.feed(10, fault=True)
    car.feed(20, fault=False)
    car.lose(21, "fault")
    car.feed(30, fault=False)
    car.until(33)
    assert car.of(FAULT) == ["10 raised", "32 cleared"]


def test_a_chattering_fault_is_one_event():
    car = parked()
    for tick in range(40):
        car.feed(10 + tick, fault=tick % 2 == 0)
    assert car.of(FAULT) == ["10 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_a_fault_in_inspection_is_raised_when_it_outlasts_it(mode):
    car = parked()
    car.feed(9, mode=mode)
    car.feed(10, fault=True)
    car.until(50)
    assert car.of(FAULT) == []
    car.feed(60, mode="normal")
    assert car.of(FAULT) == ["60 raised"]


def test_a_fault_that_stood_before_inspection_stays_and_may_clear_in_it():
    car = parked()
    car.feed(10, fault=True)
    car.feed(20, mode="inspection")
    car.until(100)
    assert car.of(FAULT) == ["10 raised"]
    car.feed(100, fault=False)
    car.until(103)
    assert car.of(FAULT) == ["10 raised", "102 cleared"]


# A checked-in visit


@pytest.mark.parametrize(("code", "begin"), [(FAULT, {"fault": True}), (CHAIN, {"chain": False})])
def test_a_visit_mutes_for_at_most_4_h(code, begin):
    car = parked()
    car.feed(100, visit=True)
    car.feed(200, **begin)
    car.until(100 + 4 * HOUR_S - 0.000001)
    assert car.of(code) == []
    car.until(100 + 4 * HOUR_S)
    assert car.of(code) == [f"{100 + 4 * HOUR_S} raised"]
    assert car.event(code).visit is True


def test_the_end_of_a_visit_unmutes():
    car = parked()
    car.feed(100, visit=True)
    car.feed(200, fault=True)
    car.feed(300, visit=False)
    assert car.of(FAULT) == ["300 raised"]
    assert car.event(FAULT).visit is False


def test_a_second_visit_mutes_for_4_h_of_its_own():
    car = parked()
    car.feed(100, visit=True)
    car.feed(5 * HOUR_S, visit=False)
    car.feed(6 * HOUR_S, visit=True)
    car.feed(6 * HOUR_S + 1, fault=True)
    car.until(10 * HOUR_S - 1)
    assert car.of(FAULT) == []
    car.until(10 * HOUR_S)
    assert car.of(FAULT) == [f"{10 * HOUR_S} raised"]


def test_an_unknown_visit_mutes_nothing():
    car = parked()
    car.lose(100, "visit")
    car.feed(200, fault=True)
    assert car.of(FAULT) == ["200 raised"]


def test_a_visit_lost_from_sight_does_not_get_4_more_hours():
    car = parked()
    car.feed(100, visit=True)
    car.lose(3 * HOUR_S, "visit")
    car.feed(3 * HOUR_S + 1, visit=True)
    car.feed(3 * HOUR_S + 2, fault=True)
    car.until(4 * HOUR_S + 99)
    assert car.of(FAULT) == []
    car.until(4 * HOUR_S + 100)
    assert car.of(FAULT) == [f"{4 * HOUR_S + 100} raised"]


def test_a_visit_mutes_nothing_that_endangers_people():
    car = under_way()
    car.feed(12, visit=True)
    car.feed(13, front="open", landing=False, button=True)
    car.feed(14, moving=False, mains=False)
    car.until(60)
    heard = {event.code for event in car.events}
    assert heard >= {
        "moved_with_doors_open",
        "doors_open_outside_zone",
        "landing_door_unlocked",
        "alarm_button",
        "mains_lost",
    }
    assert all(event.visit for event in car.events)


def test_what_stands_when_a_visit_begins_stays_and_may_clear():
    car = parked()
    car.feed(10, fault=True)
    car.feed(20, visit=True)
    car.until(100)
    assert car.of(FAULT) == ["10 raised"]
    car.feed(100, fault=False)
    car.until(103)
    assert car.of(FAULT) == ["10 raised", "102 cleared"]
    assert car.event(FAULT, Transition.CLEARED).visit is True


# ard_hold_s


def stuck(**settings):
    """A car with somebody in it, between landings since 20 s; the mains went at 18 s."""
    car = parked(**settings)
    car.feed(5, call=True)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(18, mains=False)
    car.feed(20, moving=False)
    return car


@pytest.mark.parametrize(
    ("hold_s", "raised"), [(0, 35), (16, 35), (17, 35), (18, 36), (60, 78), (600, 110)]
)
def test_an_evacuation_device_is_waited_for_from_the_loss_of_the_mains(hold_s, raised):
    car = stuck(ard_hold_s=hold_s)
    car.until(raised - 0.000001)
    assert car.of(TRAPPED) == []
    car.until(raised)
    assert car.of(TRAPPED) == [f"{raised} raised"]
    rule = "outside_zone" if hold_s < 600 else "doors_not_open"
    assert car.event(TRAPPED).detail["rule"] == rule


def test_mains_that_return_end_the_waiting():
    car = stuck(ard_hold_s=60)
    car.feed(50, mains=True)
    assert car.of(TRAPPED) == ["50 raised"]


def test_mains_that_are_unknown_hold_nothing_back():
    car = stuck(ard_hold_s=60)
    car.feed(25, mains=LOST)
    car.until(36)
    assert car.of(TRAPPED) == ["35 raised"]


def test_a_device_that_brings_the_car_to_a_landing_in_time_leaves_no_alarm():
    car = stuck(ard_hold_s=60)
    car.feed(40, moving=True, mode="emergency_power")
    car.feed(50, zone=True)
    car.feed(52, moving=False)
    car.feed(55, front="open", landing=False)
    car.until(1000)
    assert car.of(TRAPPED) == []


def test_without_a_hold_nothing_is_held_back_by_flickering_mains():
    car = stuck(ard_hold_s=5)
    for tick in range(40):
        car.feed(21 + tick, mains=tick % 2 == 0)
    assert car.of(TRAPPED) in (["35 raised"], ["36 raised"])
