"""困人, rule by rule and boundary by boundary (contract, 3.2)."""

import pytest

from agent.model import Fact, Severity, Transition
from tests.timeline import FULL, LOST, Timeline, between_floors, boarded, us

CODE = "trapped_passengers"
PLAIN = ("moving", "zone", "front", "call")


def shut_in(*names, **settings):
    """Doors closed at 5 s in the zone, a call at 6 s, and no run."""
    car = boarded(*(names or FULL), **settings)
    car.feed(6, call=True)
    return car


# ---------------------------------------------------------------- (a) outside the zone


@pytest.mark.parametrize("by", [{"call": True}, {"load": 30}, {"button": True}, {"occupied": True}])
def test_stopped_outside_the_zone_15_s_with_a_person(by):
    car = between_floors()
    car.feed(21, **by)
    car.until(34.999999)
    assert car.of(CODE) == []
    car.until(35)
    assert car.of(CODE) == ["35 raised"]


def test_reaching_the_zone_at_15_s_is_not_trapped():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(35, zone=True, front="open")
    car.until(60)
    assert car.of(CODE) == []


def test_moving_on_at_15_s_is_not_trapped():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(35, moving=True)
    car.until(60)
    assert car.of(CODE) == []


@pytest.mark.parametrize("state", ["open", "opening", "closing", "stopped", "fault", LOST])
def test_outside_the_zone_whatever_the_doors_do(state):
    car = between_floors(*PLAIN)
    car.feed(20, call=True, front=state)
    car.until(40)
    assert car.of(CODE) == ["35 raised"]


def test_outside_the_zone_without_any_door_signal():
    car = Timeline("moving", "zone", "occupied")
    car.feed(0, moving=False, zone=True, occupied=True)
    car.feed(10, moving=True, zone=False)
    car.feed(20, moving=False)
    car.until(40)
    assert car.of(CODE) == ["35 raised"]


def test_evidence_that_comes_late_raises_at_once():
    car = between_floors()
    car.feed(60, button=True)
    assert car.of(CODE) == ["60 raised"]


def test_nobody_evidenced_is_not_trapped():
    car = between_floors()
    car.until(1000)
    assert car.of(CODE) == []


def test_a_car_whose_zone_fails_at_an_open_landing_is_not_outside():
    car = boarded(*PLAIN)
    car.feed(6, front="open")
    car.feed(7, zone=False, call=True)
    car.until(60)
    assert car.of(CODE) == []


def test_a_car_found_outside_at_the_start_has_moved():
    car = Timeline(*PLAIN)
    car.feed(0, moving=False, zone=False, front="closed", call=True)
    car.until(20)
    assert car.of(CODE) == ["15 raised"]


def test_presence_that_fades_before_15_s_is_not_trapped():
    car = between_floors(presence_latch_s=10)
    car.feed(21, occupied=True)
    car.feed(25, occupied=False)
    car.until(60)
    assert car.of(CODE) == []


def test_presence_whose_latch_outlasts_the_15_s_is_trapped():
    car = between_floors(presence_latch_s=10)
    car.feed(21, occupied=True)
    car.feed(25.000001, occupied=False)
    car.until(60)
    assert car.of(CODE) == ["35 raised"]


def test_retries_every_12_s_do_not_postpone_for_ever():
    car = between_floors()
    car.feed(21, call=True)
    for at in range(30, 300, 12):
        car.feed(at, moving=True)
        car.feed(at + 2.5, moving=False)
    assert car.of(CODE) == ["37.5 raised"]


def test_a_move_of_just_under_3_s_pauses_and_one_of_3_s_starts_over():
    for length, raised in ((2.999999, "37.999999 raised"), (3, "48 raised")):
        car = between_floors()
        car.feed(21, call=True)
        car.feed(30, moving=True)
        car.feed(30 + length, moving=False)
        car.until(60)
        assert car.of(CODE) == [raised]


def test_reaching_another_zone_starts_over_however_short():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(30, moving=True)
    car.feed(30.5, zone=True)
    car.feed(31, zone=False)
    car.feed(32, moving=False)
    car.until(46.999999)
    assert car.of(CODE) == []
    car.until(47)
    assert car.of(CODE) == ["47 raised"]


def test_a_zone_contact_that_chatters_outside_is_one_event():
    car = between_floors()
    car.feed(21, call=True)
    end = car.toggle(22, "zone", (True, False), 100, 0.4)
    car.until(end + 200)
    assert [w.split()[1] for w in car.of(CODE)] == ["raised"]


def test_outside_in_a_staffed_mode_any_evidence_counts():
    car = between_floors()
    car.feed(21, call=True, mode="attendant")
    car.until(40)
    assert car.of(CODE) == ["35 raised"]


@pytest.mark.parametrize("lost", ["moving", "zone"])
def test_a_deciding_signal_lost_for_a_moment_pauses(lost):
    value = {"moving": False, "zone": False}[lost]
    car = between_floors()
    car.feed(21, call=True)
    car.feed(30, **{lost: LOST})
    car.feed(32, **{lost: value})
    car.until(36.999999)
    assert car.of(CODE) == []
    car.until(37)
    assert car.of(CODE) == ["37 raised"]


def test_a_deciding_signal_that_stays_lost_does_not_raise_by_the_rule_outside():
    car = between_floors("moving", "zone", "call")
    car.feed(21, call=True)
    car.feed(30, zone=LOST)
    car.until(1000)
    assert car.of(CODE) == []


def test_motion_lost_while_outside_is_inferred_and_raises():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(22, moving=LOST)
    car.until(60)
    assert [w.split()[1] for w in car.of(CODE)] == ["raised"]


def test_zone_contacts_alone_raise_once_the_gap_and_15_s_have_passed():
    car = Timeline("zone", "front", "button")
    car.feed(0, zone=True, front="closed", button=False)
    car.feed(10, zone=False)
    car.feed(12, button=True)
    car.until(44.999999)
    assert car.of(CODE) == []
    car.until(45)
    assert car.of(CODE) == ["45 raised"]


def without_mains(**settings):
    """Outside the zone since 20 s with a person, the mains gone at 22 s."""
    car = between_floors(*PLAIN, "power.mains", **settings)
    car.feed(21, call=True, **{"power.mains": True})
    car.feed(22, **{"power.mains": False})
    return car


@pytest.mark.parametrize(("hold", "raised"), [(60, "82 raised"), (0, "35 raised")])
def test_an_evacuation_device_is_waited_for_without_mains(hold, raised):
    car = without_mains(ard_hold_s=hold)
    car.until(90)
    assert car.of(CODE) == [raised]


def test_mains_that_come_back_or_fail_to_answer_end_the_wait():
    for mains in (True, LOST):
        car = without_mains(ard_hold_s=60)
        car.feed(40, **{"power.mains": mains})
        assert car.of(CODE) == ["40 raised"]


# ---------------------------------------------------------------- (b) doors not open


def parked_after_a_short_stop():
    """A door behind a contact was not closed for 8 s at 20 s; at 200 s the sensor sees somebody for a moment."""
    car = Timeline("moving", "zone", "front", "occupied")
    car.feed(0, moving=False, zone=True, front="closed", occupied=False)
    car.feed(10, moving=True, zone=False)
    car.feed(20, moving=False, zone=True)
    car.feed(21, front="not_closed")
    car.feed(29, front="closed")
    car.feed(200, occupied=True)
    car.feed(200.7, occupied=False)
    return car


@pytest.mark.parametrize("back", [210.9, 212.999999, 213])
def test_a_zone_that_a_parked_car_loses_for_a_trifle_makes_no_trapped_person_of_a_glimpse(back):
    car = parked_after_a_short_stop()
    car.feed(210, zone=False)
    car.feed(back, zone=True)
    car.until(1000)
    assert car.of(CODE) == []


def noise_and_a_passenger(*, stays_shut: bool) -> Timeline:
    """Two glimpses of nobody in a parked car, then the doors move at 290 s and somebody is seen at 293 s."""
    car = Timeline("zone", "front", "occupied")
    car.feed(0, zone=True, front="closed", occupied=False)
    car.feed(10, zone=False)
    car.feed(20, zone=True)
    car.feed(21, front="not_closed")
    car.feed(33, front="closed")
    for glimpse in (200, 220):
        car.feed(glimpse, occupied=True)
        car.feed(glimpse + 2, occupied=False)
    car.feed(290, front="not_closed")
    car.feed(293, occupied=True)
    if stays_shut:
        car.feed(294, front="closed")
    return car


def test_who_is_seen_first_as_the_doors_move_gets_in():
    car = noise_and_a_passenger(stays_shut=False)
    car.feed(300, front="closed")
    car.feed(305, zone=False)
    car.feed(330, zone=True)
    car.feed(331, front="not_closed")
    car.feed(345, front="closed", occupied=False)
    car.until(1000)
    assert car.of(CODE) == []


def test_who_is_seen_as_the_doors_move_and_cannot_leave_is_trapped_15_s_later():
    car = noise_and_a_passenger(stays_shut=True)
    car.until(307.999999)
    assert car.of(CODE) == []
    car.until(308)
    assert car.of(CODE) == ["308 raised"]


def test_a_zone_that_stays_lost_is_a_stop_outside_it_for_which_a_glimpse_is_enough():
    car = parked_after_a_short_stop()
    car.feed(210, zone=False)
    car.until(212.999999)
    assert car.of(CODE) == []
    car.until(213)
    assert car.of(CODE) == ["213 raised"]


def test_stopped_90_s_with_doors_not_open_and_a_person():
    car = shut_in()
    car.until(94.999999)
    assert car.of(CODE) == []
    car.until(95)
    assert car.of(CODE) == ["95 raised"]


def test_doors_that_open_at_90_s_are_in_time():
    car = shut_in()
    car.feed(95, front="open")
    car.until(300)
    assert car.of(CODE) == []


@pytest.mark.parametrize("state", ["opening", "closing", "stopped", "fault", "not_closed"])
def test_doors_that_are_neither_open_nor_closed_are_not_open(state):
    car = boarded(*PLAIN, not_closed_is_open_s=600)
    car.feed(6, call=True, front=state)
    car.until(200)
    assert car.of(CODE) == ["95 raised"]


@pytest.mark.parametrize("zone", [True, False, LOST])
def test_doors_not_open_whatever_the_zone_says(zone):
    car = boarded(*PLAIN)
    car.feed(6, call=True, zone=zone)
    car.until(200)
    assert "95 raised" in car.of(CODE)


def test_doors_not_open_with_the_zone_not_fitted():
    car = boarded("moving", "front", "call")
    car.feed(6, call=True)
    car.until(200)
    assert car.of(CODE) == ["95 raised"]


def test_doors_not_open_with_the_zone_flickering():
    car = shut_in("moving", "zone", "front", "call")
    car.toggle(10, "zone", (False, True, LOST), 300, 0.5)
    assert car.of(CODE) == ["95 raised"]


def test_levelling_inside_the_zone_pauses_for_as_long_as_it_takes():
    car = shut_in()
    car.feed(50, moving=True)
    car.feed(60, moving=False)
    car.until(104.999999)
    assert car.of(CODE) == []
    car.until(105)
    assert car.of(CODE) == ["105 raised"]


@pytest.mark.parametrize(("length", "raised"), [(2.999999, "97.999999 raised"), (3, "143 raised")])
def test_doors_unknown_for_a_moment_pause_and_for_3_s_start_over(length, raised):
    car = shut_in(*PLAIN)
    car.feed(50, front=LOST)
    car.feed(50 + length, front="closed")
    car.until(200)
    assert car.of(CODE) == [raised]


def test_another_landing_starts_over_however_short_the_run():
    car = shut_in()
    car.feed(50, moving=True, zone=False)
    car.feed(52, moving=False, zone=True, floor=2)
    car.until(141.999999)
    assert car.of(CODE) == []
    car.until(142)
    assert car.of(CODE) == ["142 raised"]


def test_a_twitch_back_to_the_same_landing_only_pauses():
    car = shut_in()
    car.feed(50, moving=True, zone=False)
    car.feed(52, moving=False, zone=True)
    car.until(200)
    assert car.of(CODE) == ["97 raised"]


def test_a_door_contact_that_chatters_is_one_event():
    car = shut_in(*PLAIN)
    end = car.toggle(10, "front", ("open", "closed"), 100, 0.1)
    car.until(end + 200)
    assert car.of(CODE) == ["100 raised"]


@pytest.mark.parametrize("mode", ["attendant", "independent", "firefighter", "out_of_service"])
def test_at_a_landing_in_staffed_modes_only_the_button_counts(mode):
    car = shut_in()
    car.feed(7, mode=mode, load=50)
    car.until(200)
    assert car.of(CODE) == []
    car.feed(201, button=True)
    assert car.of(CODE) == ["201 raised"]


@pytest.mark.parametrize("mode", ["normal", "vip", "homing", "earthquake", "fire_recall", LOST])
def test_at_a_landing_in_all_other_modes_a_call_counts(mode):
    car = shut_in()
    car.feed(7, mode=mode)
    car.until(200)
    assert car.of(CODE) == ["95 raised"]


def test_standing_presence_raises_at_a_landing_and_latched_presence_does_not():
    car = boarded()
    car.feed(6, occupied=True)
    car.feed(10, occupied=False)
    car.until(200)
    assert car.of(CODE) == []
    car.feed(201, occupied=True)
    car.until(300)
    assert car.of(CODE) == ["211 raised"]


def test_latched_presence_is_enough_outside_for_doors_not_open_too():
    car = boarded("moving", "zone", "front", "occupied", trapped_off_level_s=600)
    car.feed(10, moving=True, zone=False)
    car.feed(20, moving=False)
    car.feed(105, occupied=True)
    car.until(200)
    assert car.of(CODE) == ["110 raised"]


def test_a_dead_second_door_does_not_block():
    car = boarded("moving", "zone", "front", "rear", "call")
    car.feed(6, call=True)
    car.until(200)
    assert car.of(CODE) == ["95 raised"]


def test_a_second_door_that_is_open_lets_people_out():
    car = boarded("moving", "zone", "front", "rear", "call")
    car.feed(6, call=True, rear="open")
    car.until(200)
    assert car.of(CODE) == []


def test_a_locked_landing_door_lets_nobody_out():
    car = boarded("moving", "zone", "front", "landing", "call")
    car.feed(6, call=True, front="open", landing=True)
    car.until(200)
    assert car.of(CODE) == ["95 raised"]


def test_an_unlocked_landing_door_lets_people_out():
    car = boarded("moving", "zone", "front", "landing", "call")
    car.feed(6, call=True, front="open", landing=False)
    car.until(200)
    assert car.of(CODE) == []


def test_contacts_only_a_door_that_is_not_closed_10_s_is_open():
    car = boarded("zone", "front", "button")
    car.feed(6, button=True)
    car.feed(6.2, button=False)
    car.feed(80, front="not_closed")
    car.until(300)
    assert car.of(CODE) == []


def test_contacts_only_a_door_that_never_leaves_closed_traps():
    car = boarded("zone", "front", "button")
    car.feed(6, button=True)
    car.feed(6.2, button=False)
    car.until(300)
    assert car.of(CODE) == ["95 raised"]


def test_people_who_step_in_during_an_opening_have_only_just_come():
    car = boarded(*PLAIN)
    car.feed(600, front="open")
    car.feed(602.5, front="closed", call=True)
    car.until(692.499999)
    assert car.of(CODE) == []
    car.until(692.5)
    assert car.of(CODE) == ["692.5 raised"]


@pytest.mark.parametrize("missing", ["moving", "front"])
def test_without_motion_or_doors_known_nothing_is_raised_at_a_landing(missing):
    names = [name for name in PLAIN if name != missing]
    car = boarded(*names, "floor")
    if missing == "moving":
        car.feed(5.5, zone=LOST)
    car.feed(6, call=True)
    car.until(1000)
    assert car.of(CODE) == []


# ---------------------------------------------------------------- inspection and learning


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_nothing_is_raised_in_inspection_and_the_delay_starts_anew_after_it(mode):
    car = between_floors()
    car.feed(21, call=True, mode=mode)
    car.until(500)
    assert car.of(CODE) == []
    car.feed(500, mode="normal")
    car.until(514.999999)
    assert car.of(CODE) == []
    car.until(515)
    assert car.of(CODE) == ["515 raised"]


@pytest.mark.parametrize(("seconds", "raised"), [(3, "143"), (2.9, "97.9"), (0.5, "95.5")])
def test_inspection_starts_the_delay_anew_but_for_a_trifle(seconds, raised):
    car = shut_in()
    car.feed(50, mode="inspection")
    car.feed(50 + seconds, mode="normal")
    car.until(300)
    assert car.of(CODE) == [f"{raised} raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_what_stands_stays_in_inspection_and_may_clear(mode):
    car = shut_in()
    car.until(95)
    car.feed(100, mode=mode)
    car.until(200)
    car.feed(201, front="open")
    car.until(210)
    assert car.of(CODE) == ["95 raised", "203 cleared"]


def test_rescue_mode_does_not_mute():
    car = shut_in()
    car.feed(7, mode="rescue")
    car.until(95)
    assert car.of(CODE) == ["95 raised"]


def test_a_visit_does_not_mute():
    car = shut_in(*FULL, "visit")
    car.feed(7, visit=True)
    car.until(95)
    assert car.of(CODE) == ["95 raised"]
    assert car.event(CODE).visit is True


# ---------------------------------------------------------------- clearing


def trapped(*names, **settings):
    car = between_floors(*(names or FULL), **settings)
    car.feed(21, call=True)
    car.until(35)
    assert car.of(CODE) == ["35 raised"]
    return car


def test_it_clears_when_the_doors_have_been_open_in_the_zone_2_s():
    car = trapped()
    car.feed(100, moving=True)
    car.feed(102, zone=True)
    car.feed(103, moving=False)
    car.feed(105, front="open")
    car.until(106.999999)
    assert car.of(CODE) == ["35 raised"]
    car.until(107)
    assert car.of(CODE) == ["35 raised", "107 cleared"]
    assert car.event(CODE, Transition.CLEARED).detail == {"reason": "doors_open_in_zone"}


def test_doors_that_close_at_2_s_do_not_clear_it():
    car = trapped()
    car.feed(103, zone=True, front="open")
    car.feed(105, front="closing")
    car.until(300)
    assert car.of(CODE) == ["35 raised"]


def test_an_interruption_begins_the_2_s_anew():
    car = trapped()
    car.feed(103, zone=True, front="open")
    car.feed(104.9, front=LOST)
    car.feed(105, front="open")
    car.until(106.999999)
    assert car.of(CODE) == ["35 raised"]
    car.until(107)
    assert car.of(CODE) == ["35 raised", "107 cleared"]


@pytest.mark.parametrize(
    "change",
    [
        {"call": False},
        {"moving": True},
        {"zone": True},
        {"front": "open"},
        {"zone": LOST},
        {"front": LOST},
        {"moving": LOST},
        {"moving": LOST, "zone": LOST, "front": LOST, "call": LOST, "occupied": LOST},
    ],
)
def test_nothing_less_clears_it(change):
    car = trapped()
    car.feed(50, **change)
    car.until(2000)
    assert car.of(CODE) == ["35 raised"]


def test_presence_that_fades_does_not_clear_it():
    car = between_floors()
    car.feed(21, occupied=True)
    car.until(35)
    car.feed(36, occupied=False)
    car.until(2000)
    assert car.of(CODE) == ["35 raised"]


def test_doors_open_outside_the_zone_do_not_clear_it():
    car = trapped()
    car.feed(50, front="open")
    car.until(500)
    assert car.of(CODE) == ["35 raised"]


def test_the_end_key_clears_it_and_the_delays_begin_anew():
    car = trapped()
    car.feed(50, key=True)
    assert car.of(CODE) == ["35 raised", "50 cleared"]
    assert car.event(CODE, Transition.CLEARED).detail == {"reason": "end_key"}
    car.until(64.999999)
    assert len(car.of(CODE)) == 2
    car.until(65)
    assert car.of(CODE)[2:] == ["65 raised"]


def test_an_end_key_left_turned_or_turned_back_or_lost_clears_nothing_more():
    car = trapped()
    car.feed(30.5)
    car.feed(50, key=True)
    car.until(70)
    assert car.of(CODE)[2:] == ["65 raised"]
    car.feed(71, key=False)
    car.feed(72, key=LOST)
    car.feed(73, key=False)
    assert len(car.of(CODE)) == 3
    car.feed(74, key=True)
    assert car.of(CODE)[3:] == ["74 cleared"]


def ride(car, at, **end):
    car.feed(at, moving=True)
    car.feed(at + 10, moving=False, **end)


@pytest.mark.parametrize("blind", ["front", "zone"])
def test_two_normal_runs_clear_it_where_door_or_zone_is_unknown(blind):
    car = shut_in(*PLAIN, "mode", "floor")
    car.feed(7, mode="normal")
    car.until(95)
    car.feed(99, **{blind: LOST})
    ride(car, 100, floor=2)
    assert car.of(CODE) == ["95 raised"]
    ride(car, 120, floor=1)
    assert car.of(CODE) == ["95 raised", "130 cleared"]
    assert car.event(CODE, Transition.CLEARED).detail == {"reason": "normal_runs"}


def test_two_normal_runs_clear_it_where_the_zone_is_not_fitted():
    car = shut_in("moving", "front", "call")
    car.until(95)
    ride(car, 100)
    ride(car, 120)
    assert car.of(CODE) == ["95 raised", "130 cleared"]


def test_two_normal_runs_do_not_clear_it_where_both_are_known():
    car = shut_in(*PLAIN)
    car.until(95)
    for at in (100, 120, 140):
        ride(car, at)
    assert car.of(CODE) == ["95 raised"]


def test_a_loss_after_two_runs_does_not_clear_it():
    car = shut_in(*PLAIN)
    car.until(95)
    for at in (100, 120, 140):
        ride(car, at)
    car.feed(200, front=LOST)
    car.until(300)
    assert car.of(CODE) == ["95 raised"]


@pytest.mark.parametrize("mode", ["inspection", "rescue", "attendant"])
def test_runs_in_another_mode_do_not_clear_it(mode):
    car = shut_in("moving", "front", "call", "mode")
    car.until(95)
    car.feed(96, mode=mode)
    for at in (100, 120, 140):
        ride(car, at)
    assert car.of(CODE) == ["95 raised"]


def test_it_may_be_raised_again_at_once_after_clearing():
    car = trapped()
    car.feed(100, zone=True, front="open")
    car.until(102)
    car.feed(110, front="closed")
    car.feed(111, moving=True, zone=False)
    car.feed(115, moving=False)
    car.until(131)
    assert car.of(CODE) == ["35 raised", "102 cleared", "130 raised"]


def test_an_opening_that_cleared_it_is_no_trifle():
    car = shut_in(*PLAIN)
    car.until(95)
    car.feed(100, front="open")
    car.feed(102.5, front="closed")
    car.until(192.499999)
    assert car.of(CODE) == ["95 raised", "102 cleared"]
    car.until(192.5)
    assert car.of(CODE)[2:] == ["192.5 raised"]


# ---------------------------------------------------------------- what it says


def test_the_evidence_says_what_decided_since_when_and_what_was_unknown():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(22, load=LOST)
    car.until(35)
    event = car.event(CODE)
    assert event.severity is Severity.CRITICAL
    assert event.stop_recommended
    assert event.at_us == us(35)
    assert event.since_us == us(20)
    assert event.mode == "normal"
    assert event.evidence["car.door_zone"] == Fact(False, us(11))
    assert event.evidence["car.moving"] == Fact(False, us(20))
    assert event.evidence["car.call_registered"] == Fact(True, us(21))
    assert event.evidence["door.front"] == Fact("closed", us(5))
    assert event.unknown == ("car.load_percent",)
    assert event.detail == {"rule": "outside_zone", "person_by": ["car_call"]}


def test_since_is_when_the_value_began_and_not_when_it_was_read_last():
    car = boarded(*PLAIN)
    car.feed(6, call=True)
    for at in range(7, 95):
        car.feed(at, call=True, front="closed", moving=False, zone=True)
    car.until(95)
    event = car.event(CODE)
    assert event.since_us == us(5)
    assert event.evidence["door.front"].since_us == us(5)
    assert event.evidence["car.call_registered"].since_us == us(6)
    assert event.detail == {"rule": "doors_not_open", "person_by": ["car_call"]}


def test_an_event_s_time_is_its_due_time_and_not_when_anything_woke_up():
    car = between_floors()
    car.feed(21, call=True)
    car.until(1000)
    assert car.of(CODE) == ["35 raised"]


def test_limits_are_configured():
    car = between_floors(trapped_off_level_s=30)
    car.feed(21, call=True)
    car.until(200)
    assert car.of(CODE) == ["50 raised"]
    car = shut_in(trapped_at_level_s=45)
    car.until(200)
    assert car.of(CODE) == ["50 raised"]


def parked(*names, front):
    """A car that has stood at its landing, doors closed and empty, for ten minutes."""
    car = Timeline("moving", "zone", "front", "call", "load", "button", *names)
    car.feed(0, moving=False, zone=True, front="closed", call=False, load=0, button=False)
    car.feed(600, front=front)
    return car


@pytest.mark.parametrize("seen", [{"call": True}, {"load": 12}])
def test_a_hasty_passenger_of_a_parked_car_is_not_trapped_before_the_car_can_start(seen):
    car = parked(front="opening")
    car.feed(601.5, front="open")
    car.feed(602.5, front="closing", **seen)
    car.feed(604, front="closed")
    car.feed(609, moving=True)
    car.feed(610, zone=False)
    car.feed(700)
    assert car.of(CODE) == []


def test_a_contact_that_never_counts_as_open_makes_no_entrapment_of_boarding():
    car = parked(front="not_closed")
    car.feed(607, front="closed", call=True)
    car.feed(612, moving=True)
    car.feed(700)
    assert car.of(CODE) == []


def test_a_hasty_passenger_whose_car_does_not_start_is_trapped_after_15_s():
    car = parked(front="not_closed")
    car.feed(604, front="closed", call=True)
    car.feed(611, front="not_closed")  # vain movements of the doors do not prolong it
    car.feed(613, front="closed")
    car.feed(618.999999)
    assert car.of(CODE) == []
    car.feed(700)
    assert car.of(CODE) == ["619 raised"]


def test_doors_that_a_contact_called_not_closed_for_5_s_begin_the_90_s_anew():
    car = parked(front="not_closed")
    car.feed(607, front="closed", call=True)
    car.feed(696.999999)
    assert car.of(CODE) == []
    car.feed(800)
    assert car.of(CODE) == ["697 raised"]


def test_the_alarm_button_of_a_parked_car_needs_no_such_time():
    car = parked(front="not_closed")
    car.feed(603, front="closed", call=True)
    car.feed(605, button=True)
    assert car.of(CODE) == ["605 raised"]
