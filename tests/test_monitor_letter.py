"""The contract's terms to the letter where two sentences of it meet (contract, 3.1 and 3.2)."""

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from tests.machine import Machine
from tests.second import REST, parked
from tests.timeline import FULL, LOST, Timeline, between_floors, boarded

TRAPPED, BUTTON = "trapped_passengers", "alarm_button"


# ---- a person is evidenced until people can come and go, and by nothing less


def test_a_normal_run_ends_no_evidence():
    """Somebody rides past a landing where the doors did not open."""
    car = boarded()
    car.feed(6, call=True)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(19, zone=True)
    car.feed(20, moving=False, call=False, floor=2)
    assert car.term("runs") == 1
    assert car.term("person") == ("car_call",)


def test_a_press_while_the_doors_are_open_is_none_however_short_they_are():
    car = boarded()
    car.feed(10, front="open")
    car.feed(10.5, button=True)
    car.feed(11, button=False)
    car.feed(11.5, front="closed")
    assert car.term("person") == ()


def test_a_press_between_two_openings_is_not_ended_by_one_too_short_to_leave():
    """What people could do before the doors closed says nothing of those who are in the car now."""
    car = boarded()
    car.feed(8, front="open")
    car.feed(30, front="closed")
    car.feed(30.2, button=True)
    car.feed(30.4, button=False)
    car.feed(31, front="open")
    car.feed(32.5, front="closed")
    assert car.term("person") == ("alarm_button",)


@pytest.mark.parametrize("by", [{"button": True}, {"call": True}, {"load": 50}])
def test_the_end_key_ends_whatever_was_seen(by):
    car = boarded()
    car.feed(6, **by)
    car.feed(7, button=False, call=False, load=0)
    assert car.term("person")
    car.feed(8, key=True)
    assert car.term("person") == ()


def test_a_key_turned_while_it_could_not_be_seen_has_been_turned():
    car = boarded()
    car.feed(6, call=True)
    car.feed(7, call=False)
    car.feed(8, key=LOST)
    car.feed(9, key=True)
    assert car.term("person") == ()


def test_a_call_made_behind_doors_that_never_close_counts():
    """It need be there at the closing only if there is one."""
    car = boarded()
    car.feed(10, front="stopped")
    car.feed(11, call=True)
    car.feed(12, call=False)
    assert car.term("person") == ("car_call",)
    car.until(300)
    assert car.of(TRAPPED) == ["95 raised"]


def test_a_button_pressed_twice_in_an_hour_is_not_stuck():
    car = boarded()
    car.feed(6, button=True)
    car.feed(6.1, button=False)
    car.feed(8, front=LOST)
    car.feed(650, button=True)
    assert car.term("person") == ("alarm_button",)


# ---- doors


def test_a_contact_lost_while_its_door_was_ajar_is_left_out_after_3_s():
    car = Timeline("zone", "moving", "front", "rear")
    car.feed(0, zone=True, moving=False, front="closed", rear="closed")
    car.feed(10, front="not_closed")
    car.feed(15, front=LOST)
    car.until(17.999999)
    assert car.term("doors") is None
    car.until(18.000001)
    assert (car.term("doors"), car.term("car_door.open")) == ("closed", False)


def test_a_loss_elsewhere_does_not_delay_a_contact():
    car = Timeline("zone", "moving", "front", "floor")
    car.feed(0, zone=True, moving=False, front="closed", floor=LOST)
    car.feed(10, front="not_closed")
    assert car.term("car_door.open") is False
    car.until(19.999999)
    assert car.term("car_door.open") is False
    car.until(20.000001)
    assert car.term("doors") == "open"


# ---- normal runs


def test_a_run_begun_with_a_door_not_closed_is_none():
    car = Timeline("moving", "zone", "front")
    car.feed(0, moving=False, zone=True, front="closing")
    car.feed(10, moving=True)
    car.feed(10.5, front="closed")
    car.feed(11, zone=False)
    car.feed(20, moving=False, zone=True)
    assert car.term("runs") == 0


def test_a_door_not_closed_between_two_zones_makes_it_no_run():
    car = Timeline("moving", "zone", "front")
    car.feed(0, moving=False, zone=True, front="closed")
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(14, front="opening")
    car.feed(15, front="closed")
    car.feed(20, moving=False, zone=True)
    assert car.term("runs") == 0


# ---- a door unknown as the zone goes


def test_where_a_door_was_opened_cannot_be_told_after_it_was_lost():
    """It stood open at the landing, and not closed between landings; what was between nobody saw."""
    car = Machine("moving", "zone", "mode", "front")
    car.feed(0, moving=False, zone=True, mode="normal", front="open")
    car.feed(8, front=LOST)
    car.feed(9, zone=False)
    car.feed(15, front="open")
    car.until(60)
    assert car.of("unintended_movement") == []


# ---- what is said


def test_a_clear_shows_what_the_signals_say_then():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(40, load=LOST)
    car.feed(50, zone=True, front="open", call=False)
    car.until(60)
    event = car.event(TRAPPED, Transition.CLEARED)
    assert event.evidence["car.door_zone"].v is True
    assert event.evidence["door.front"].v == "open"
    assert event.unknown == ("car.load_percent",)
    assert (event.mode, event.stop_recommended) == ("normal", True)
    assert event.detail == {"reason": "doors_open_in_zone"}


def test_a_new_press_is_told_once_however_long_it_is_held():
    """Doors that come and go from sight ask again whether it is filtered; it is still the same press."""
    car = boarded()
    car.feed(30, button=True)
    car.feed(31, button=False)
    car.feed(40, button=True)
    car.toggle(45, "front", (LOST, "closed"), 10, 1)
    assert car.of(BUTTON) == ["30.5 raised", "40.5 notice"]


def test_what_a_key_ends_and_still_holds_is_raised_again_at_once():
    car = Machine("moving", "zone", "mode", "front", "top", "key")
    values = {name: REST[name] for name in ("moving", "zone", "mode", "front", "key")}
    car.feed(0, **values, top=False)
    car.feed(20, top=True)
    car.feed(30, key=True)
    car.until(40)
    assert car.of("overtravel_top") == ["20 raised", "30 cleared", "30.000001 raised"]
    assert car.stands("overtravel_top")


@pytest.mark.parametrize(("seen", "told"), [(False, ["10.5 notice"]), (LOST, [])])
def test_after_a_restart_a_press_is_new_once_the_button_was_seen_released(seen, told):
    standing = [Standing(code=BUTTON, instance=None, severity=Severity.CRITICAL)]
    car = Timeline(*FULL, standing=standing)
    car.feed(0, moving=False, zone=False, front="closed", button=seen)
    car.feed(10, button=True)
    car.until(60)
    assert car.of(BUTTON) == told


# ---- possibly trapped


def test_mains_that_have_just_come_back_are_not_gone():
    """A link lost within 10 s of it is a lost link."""
    car = parked()
    car.feed(1, call=True)
    car.feed(2, moving=True)
    car.feed(3, zone=False)
    car.feed(4, mains=LOST)
    car.feed(5, mains=True)
    car.lose(8, "moving", "zone", "front", "landing")
    car.until(100)
    event = car.event("entrapment_possible")
    assert (event.severity, event.detail["cause"]) == (Severity.MAJOR, "link")


APART = {
    "car": ("moving", "zone", "front", "occupied", "call"),
    "contacts": ("mains",),
}
DYING = APART["car"]


def test_each_loss_is_judged_by_its_own_mains():
    car = parked(drivers=APART)
    car.feed(5, call=True)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, mains=False)
    car.lose(20, *DYING)
    car.feed(25, mains=True)
    car.lose(26, "front")
    car.feed(26, moving=True, zone=LOST, occupied=False, call=True)
    car.lose(100, *DYING)
    car.until(300)
    event = car.event("entrapment_possible")
    assert (event.severity, event.detail["cause"]) == (Severity.MAJOR, "link")


def test_presence_before_one_loss_is_no_evidence_at_the_next():
    """The car was seen again in between, and nobody in it."""
    car = parked(drivers={**APART, "car": DYING[:-1]})
    car.feed(5, occupied=True)
    car.feed(10, moving=True)
    car.feed(15, occupied=False)
    car.lose(20, "moving", "zone", "front", "occupied")
    car.feed(25, moving=True, zone=LOST, occupied=False)
    car.lose(100, "moving", "zone", "front", "occupied")
    car.until(300)
    assert car.of("entrapment_possible") == []


def test_a_sensor_that_goes_on_seeing_somebody_is_named_once():
    car = parked(drivers={"car": ("moving", "zone", "front"), "box": ("occupied",)})
    car.feed(5, occupied=True)
    car.feed(10, moving=True)
    car.lose(12, "moving", "zone", "front")
    car.until(300)
    (by,) = car.event("entrapment_possible").detail["person_by"]
    assert by.startswith("presence")


def test_one_lost_door_of_two_is_no_loss_of_the_doors():
    car = parked("moving", "zone", "front", "rear", "call")
    car.feed(5, call=True)
    car.feed(6, moving=True)
    car.feed(7, zone=False)
    car.feed(14, zone=True)
    car.feed(15, moving=False, call=False)
    car.feed(16, front="opening")
    car.feed(17, front="closed")
    car.lose(20, "rear")
    car.until(60)
    assert car.of("entrapment_possible") == []
    car.until(300)
    assert car.of(TRAPPED) == ["105 raised"]


# ---- the landing doors' lock


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        ({}, True),
        ({"landing": LOST}, False),
        ({"zone": False}, False),
        ({"zone": LOST}, False),
        ({"front": "not_closed"}, False),
    ],
)
def test_a_lock_is_doubted_by_a_door_open_in_the_zone_and_nothing_less(values, doubted):
    car = Timeline("moving", "zone", "front", "landing")
    car.feed(0, moving=False, zone=True, front="open", landing=True)
    car.feed(10, **values)
    car.until(200)
    assert car.term("lock.doubted") is doubted
