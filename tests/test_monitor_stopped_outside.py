"""门区外停梯: stopped outside the zone and nobody seen (contract, 3.2)."""

import pytest

from agent.model import Severity, Transition
from tests.timeline import BAD, FULL, LOST, Timeline, between_floors, boarded, us

CODE = "stopped_outside_door_zone"


def test_stopped_outside_the_zone_15_s_with_nobody_seen():
    car = between_floors()
    car.until(34.999999)
    assert car.of(CODE) == []
    car.until(35)
    assert car.of(CODE) == ["35 raised"]
    event = car.event(CODE)
    assert (event.severity, event.detail) == (Severity.MAJOR, {"occupancy": "nobody_seen"})
    assert (event.since_us, event.stop_recommended) == (us(20), False)


def test_reaching_the_zone_at_15_s_is_in_time():
    car = between_floors()
    car.feed(35, zone=True)
    car.until(100)
    assert car.of(CODE) == []


def test_the_limit_is_configured():
    car = between_floors(stopped_outside_s=40)
    car.until(100)
    assert car.of(CODE) == ["60 raised"]


@pytest.mark.parametrize("source", ["occupied", "call", "load"])
@pytest.mark.parametrize("quality", [LOST, BAD])
def test_one_unknown_source_makes_occupancy_unknown_and_it_critical(source, quality):
    car = between_floors()
    car.feed(21, **{source: quality})
    car.until(40)
    event = car.event(CODE)
    assert (event.severity, event.detail) == (Severity.CRITICAL, {"occupancy": "unknown"})


@pytest.mark.parametrize("source", ["occupied", "call", "load"])
def test_one_source_that_never_spoke_makes_occupancy_unknown(source):
    car = Timeline("moving", "zone", "front", "occupied", "call", "load")
    seen = {"occupied": False, "call": False, "load": 0}
    del seen[source]
    car.feed(0, moving=False, zone=True, front="closed", **seen)
    car.feed(10, moving=True, zone=False)
    car.feed(20, moving=False)
    car.until(40)
    assert car.event(CODE).severity is Severity.CRITICAL


def test_no_source_fitted_makes_occupancy_unknown():
    car = between_floors("moving", "zone", "front")
    car.until(40)
    assert car.event(CODE).detail == {"occupancy": "unknown"}


@pytest.mark.parametrize("source", ["occupied", "call", "load"])
def test_one_fitted_source_that_is_good_and_negative_is_enough(source):
    car = between_floors("moving", "zone", "front", source)
    car.until(40)
    assert car.event(CODE).severity is Severity.MAJOR


def test_calls_are_no_source_where_they_are_no_evidence():
    car = between_floors("moving", "zone", "front", "call", car_call_is_evidence=False)
    car.until(40)
    assert car.event(CODE).severity is Severity.CRITICAL


def test_a_stuck_presence_sensor_makes_occupancy_unknown():
    car = boarded("moving", "zone", "front", "occupied")
    car.feed(6, occupied=True)
    for at in range(10, 230, 10):
        car.feed(at, front="open")
        car.feed(at + 5, front="closed")
    car.feed(240, moving=True, zone=False)
    car.feed(250, moving=False)
    car.until(300)
    assert car.event(CODE).detail == {"occupancy": "unknown"}
    assert car.of("trapped_passengers") == []


@pytest.mark.parametrize("names", [("moving", "zone", "occupied"), ("zone", "occupied")])
def test_a_car_already_outside_when_the_agent_started_is_critical(names):
    car = Timeline(*names)
    values = {"zone": False, "occupied": False} | ({"moving": False} if "moving" in names else {})
    car.feed(0, **values)
    car.until(100)
    event = car.event(CODE)
    assert (event.severity, event.detail) == (Severity.CRITICAL, {"occupancy": "unknown"})


def test_a_stop_of_unknown_occupancy_says_since_when():
    car = between_floors("moving", "zone", "front")
    car.until(100)
    event = car.event(CODE)
    assert (event.since_us, event.at_us) == (us(20), us(35))


@pytest.mark.parametrize(
    "first", [{"moving": True, "zone": False}, {"moving": False, "zone": True}]
)
def test_a_car_seen_moving_or_in_the_zone_since_the_start_was_watched(first):
    car = Timeline("moving", "zone", "occupied")
    car.feed(0, occupied=False, **first)
    car.feed(5, moving=False, zone=False)
    car.until(100)
    assert car.event(CODE).severity is Severity.MAJOR


def test_a_car_whose_zone_contact_was_seen_was_watched():
    car = Timeline("zone", "occupied")
    car.feed(0, occupied=False, zone=False)
    car.feed(5, zone=True)
    car.feed(9, zone=False)
    car.until(100)
    assert car.of(CODE) == ["44 raised"]
    assert car.event(CODE).severity is Severity.MAJOR


@pytest.mark.parametrize("names", [("moving", "front"), ("moving", "front", "occupied")])
def test_without_a_zone_it_is_never_raised(names):
    car = Timeline(*names)
    car.feed(0, moving=False, front="closed")
    car.until(1000)
    assert car.of(CODE) == []


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_not_in_inspection_and_anew_after_it(mode):
    car = between_floors()
    car.feed(21, mode=mode)
    car.until(500)
    assert car.of(CODE) == []
    car.feed(500, mode="normal")
    car.until(600)
    assert car.of(CODE) == ["515 raised"]


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_what_stands_stays_in_inspection_and_may_clear(mode):
    car = raised()
    car.feed(40, mode=mode)
    car.until(500)
    assert car.of(CODE) == ["35 raised"]
    car.feed(501, moving=True)
    car.until(600)
    assert car.of(CODE) == ["35 raised", "503 cleared"]


def test_a_chattering_zone_is_one_event():
    car = between_floors()
    end = car.toggle(21, "zone", (True, False), 100, 0.3)
    car.until(end + 100)
    assert [w.split()[1] for w in car.of(CODE)] == ["raised"]


def test_retries_every_12_s_do_not_postpone_for_ever():
    car = between_floors()
    for at in range(30, 200, 12):
        car.feed(at, moving=True)
        car.feed(at + 1.5, moving=False)
    assert car.of(CODE)[0] == "36.5 raised"


# ---------------------------------------------------------------- clearing


def raised(*names):
    car = between_floors(*(names or FULL))
    car.until(35)
    assert car.of(CODE) == ["35 raised"]
    return car


@pytest.mark.parametrize("change", [{"zone": True}, {"moving": True}])
def test_it_clears_when_its_rule_has_not_held_for_2_s(change):
    car = raised()
    car.feed(40, **change)
    car.until(41.999999)
    assert car.of(CODE) == ["35 raised"]
    car.until(42)
    assert car.of(CODE) == ["35 raised", "42 cleared"]
    event = car.event(CODE, Transition.CLEARED)
    assert event.detail == {"reason": "rule_ended"}
    assert (event.severity, event.since_us) == (Severity.MAJOR, us(20))


def test_a_rule_that_holds_again_at_2_s_goes_on():
    car = raised()
    car.feed(40, zone=True)
    car.feed(42, zone=False)
    car.until(100)
    assert car.of(CODE) == ["35 raised"]


@pytest.mark.parametrize("lost", [{"zone": LOST}, {"moving": LOST, "zone": LOST}])
def test_lost_inputs_do_not_clear_it(lost):
    car = raised()
    car.feed(40, **lost)
    car.until(1000)
    assert car.of(CODE) == ["35 raised"]


def test_an_unknown_interrupts_the_ending():
    car = raised()
    car.feed(40, zone=True)
    car.feed(41, zone=LOST)
    car.feed(42, zone=True)
    car.until(43.999999)
    assert car.of(CODE) == ["35 raised"]
    car.until(44)
    assert car.of(CODE) == ["35 raised", "44 cleared"]


def test_motion_lost_does_not_clear_it():
    car = raised()
    car.feed(40, moving=LOST)
    car.until(1000)
    assert car.of(CODE) == ["35 raised"]


def test_a_clear_keeps_the_severity_of_its_raise():
    car = between_floors("moving", "zone", "front")
    car.until(36)
    car.feed(40, zone=True)
    car.until(50)
    assert car.event(CODE, Transition.CLEARED).severity is Severity.CRITICAL


def test_it_clears_when_trapped_passengers_takes_over():
    car = raised()
    car.feed(50, call=True)
    assert car.heard == [
        "35 stopped_outside_door_zone raised",
        "50 trapped_passengers raised",
        "50 stopped_outside_door_zone cleared",
    ]
    assert car.event(CODE, Transition.CLEARED).detail == {"reason": "taken_over"}


def test_it_is_not_raised_while_trapped_passengers_stands():
    car = between_floors()
    car.feed(21, occupied=True)
    car.until(35)
    car.feed(36, occupied=False)
    car.until(1000)
    assert car.heard == ["35 trapped_passengers raised"]


def test_it_may_be_raised_after_the_key_ended_an_entrapment():
    car = between_floors()
    car.feed(21, occupied=True)
    car.until(35)
    car.feed(36, occupied=False)
    car.feed(100, key=True)
    car.until(200)
    assert car.heard[1:] == [
        "100 trapped_passengers cleared",
        "115 stopped_outside_door_zone raised",
    ]
