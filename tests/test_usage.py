"""The hourly record: what is counted, in which hour, and what is told at the end of a run."""

import pytest

from agent.model import Severity, Transition
from hil.scenarios.corpus import batches
from hil.scenarios.installations import CONTACTS, KINDS
from hil.scenarios.script import Script
from tests.second import Car, parked, run
from tests.timeline import Timeline, second

HOUR_S = 3600


def hours(car):
    return [event for event in car.events if event.code == "usage"]


def told(car, *names):
    """What each notice said of these."""
    return [tuple(event.detail[name] for name in names) for event in hours(car)]


def opened(car, at, seconds=5):
    """The doors run to open and closed again; gives when they are closed."""
    car.feed(at, front="opening")
    car.feed(at + 2, front="open", landing=False)
    car.feed(at + 2 + seconds, front="closing")
    car.feed(at + 4 + seconds, front="closed", landing=True)
    return at + 4 + seconds


def finished(car, at):
    """The orderly end of the run."""
    car.events += car.monitor.finish(round(at * 1_000_000))
    return car


def test_a_parked_hour_has_nothing_in_it():
    car = parked()
    car.until(HOUR_S - 0.000001)
    assert hours(car) == []
    car.until(HOUR_S)
    [notice] = hours(car)
    assert (notice.transition, notice.severity) == (Transition.NOTICE, Severity.INFO)
    assert (second(notice.at_us), second(notice.since_us)) == ("3600", "0")
    assert notice.detail == {
        "reason": "hourly",
        "period_s": 3600.0,
        "runs": 0,
        "door_cycles": 0,
        "moving_s": 0.0,
        "unknown_s": 0.0,
    }


def test_hours_count_from_the_monitors_start_whatever_the_clock_says():
    car = Timeline("moving", start=1234.5)
    events = car.monitor.step(car.start_us + 2 * HOUR_S * 1_000_000)
    assert [e.at_us - car.start_us for e in events if e.code == "usage"] == [
        HOUR_S * 1_000_000,
        2 * HOUR_S * 1_000_000,
    ]


def test_hours_that_passed_at_once_are_told_each_at_its_own_end():
    car = parked()
    car.until(3.5 * HOUR_S)
    assert [second(e.at_us) for e in hours(car)] == ["3600", "7200", "10800"]


def test_runs_cycles_and_motion_are_counted_in_their_hour():
    car = parked()
    at = run(car, 100)
    at = opened(car, at + 1)
    run(car, at + 10, 20)
    car.until(HOUR_S)
    run(car, HOUR_S + 100)
    car.until(2 * HOUR_S)
    assert told(car, "runs", "door_cycles", "moving_s") == [(2, 1, 30.0), (1, 0, 10.0)]


def test_a_run_over_the_hour_moves_in_both_and_counts_where_it_ends():
    car = parked()
    run(car, HOUR_S - 4, 10)
    car.until(2 * HOUR_S)
    assert told(car, "runs", "moving_s") == [(0, 4.0), (1, 6.0)]


def test_a_run_that_ends_with_the_hour_belongs_to_it():
    car = parked()
    run(car, HOUR_S - 10, 10)
    car.until(2 * HOUR_S)
    assert told(car, "runs", "moving_s") == [(1, 10.0), (0, 0.0)]


def test_a_run_of_3_s_and_one_in_inspection_are_motion_and_no_normal_runs():
    car = parked()
    run(car, 100, 3)
    car.feed(200, mode="inspection")
    run(car, 210)
    car.until(HOUR_S)
    assert told(car, "runs", "moving_s") == [(0, 13.0)]


def test_doors_that_were_seen_only_closing_have_made_no_cycle():
    car = Car("front")
    car.feed(10, front="closed")
    car.until(HOUR_S)
    assert told(car, "door_cycles", "unknown_s") == [(0, 10.0)]


def test_doors_that_do_not_open_fully_make_no_cycle():
    car = parked()
    car.feed(10, front="opening")
    car.feed(12, front="closed")
    car.until(HOUR_S)
    assert told(car, "door_cycles") == [(0,)]


def test_a_second_door_that_opens_at_the_same_stop_is_the_same_cycle():
    car = parked("front", "rear")
    car.feed(10, front="open")
    car.feed(12, rear="open")
    car.feed(20, front="closed")
    car.feed(22, rear="closed")
    car.until(HOUR_S)
    assert told(car, "door_cycles") == [(1,)]


def test_while_motion_cannot_be_told_it_is_unknown_and_counts_nowhere():
    car = parked()
    car.feed(100, moving=True)
    car.lose(110, "moving", "zone")
    car.feed(160, moving=False, zone=True)
    car.until(HOUR_S)
    assert told(car, "runs", "moving_s", "unknown_s") == [(0, 10.0, 50.0)]


def test_motion_that_zones_still_tell_is_unknown_for_5_s():
    car = parked()
    car.lose(100, "moving")
    car.feed(300, moving=False)
    car.until(HOUR_S)
    assert told(car, "unknown_s") == [(5.0,)]


def test_doors_that_cannot_be_told_are_unknown_unless_another_one_answers():
    car = parked("front", "rear", "moving", "zone")
    car.lose(100, "front")
    car.until(200)
    car.lose(200, "rear")
    car.feed(260, rear="closed")
    car.until(HOUR_S)
    assert told(car, "unknown_s") == [(60.0,)]


def test_unknown_goes_on_over_the_hour():
    car = parked()
    car.lose(HOUR_S - 10, "moving", "zone", "front")
    car.feed(HOUR_S + 20, moving=False, zone=True, front="closed")
    car.until(2 * HOUR_S)
    assert told(car, "unknown_s") == [(10.0,), (20.0,)]


@pytest.mark.parametrize(
    ("wired", "said"),
    [
        (("button",), (None, None, None, None)),
        (("front",), (None, 0, None, 3600.0)),
        (("moving",), (0, None, 0.0, 3600.0)),
        (("zone",), (0, None, 0.0, 3600.0)),
    ],
)
def test_what_is_not_fitted_is_null(wired, said):
    car = Car(*wired)
    car.until(HOUR_S)
    assert told(car, "runs", "door_cycles", "moving_s", "unknown_s") == [said]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_installation_counts_the_same_rides(kind):
    script, car = Script(kind), Car(drivers=kind.drivers)
    script.wait(5)
    for floor in (3, 0, 4):
        script.rides_to(floor).wait(60)
    for at_us, batch in batches(script.readings):
        car.events += car.monitor.step(at_us, batch)
    car.until(HOUR_S)
    [(runs, cycles, moving_s, unknown_s)] = told(
        car, "runs", "door_cycles", "moving_s", "unknown_s"
    )
    assert (runs, cycles, unknown_s) == (3, 6, 0.0)
    # Ten floors of 3 s and a second more at each end; from zones alone, without what lies in them.
    passed_s = 0.4 * (2 + 2 + 3)
    assert moving_s == pytest.approx(30 - 3 - passed_s if kind is CONTACTS else 33)


def test_an_orderly_end_tells_what_is_left_of_the_hour():
    car = parked()
    run(car, 100)
    finished(car, 500)
    [notice] = hours(car)
    assert notice.detail["reason"] == "stopped"
    assert (notice.detail["period_s"], notice.detail["runs"]) == (500.0, 1)


def test_an_end_with_the_hour_tells_both():
    car = finished(parked(), HOUR_S)
    assert told(car, "reason", "period_s") == [("hourly", 3600.0), ("stopped", 0.0)]


def test_an_end_under_way_counts_the_motion_so_far():
    car = parked()
    car.feed(100, moving=True)
    assert told(finished(car, 104), "moving_s", "runs") == [(4.0, 0)]


def test_what_is_due_by_the_end_is_told_before_it():
    car = parked()
    car.feed(10, mains=False)
    finished(car, 11)
    assert [event.code for event in car.events] == ["mains_lost", "usage"]


def test_counting_goes_on_where_the_memory_was_written_down():
    car = parked()
    car.feed(100, moving=True)
    car.again()
    car.feed(101, zone=False)
    car.again()
    car.feed(109, zone=True)
    car.feed(110, moving=False)
    car.again().until(HOUR_S)
    assert told(car, "runs", "moving_s") == [(1, 10.0)]


def test_a_notice_carries_mode_and_visit():
    car = parked()
    car.feed(10, visit=True, mode="attendant")
    car.until(HOUR_S)
    [notice] = hours(car)
    assert (notice.mode, notice.visit) == ("attendant", True)
