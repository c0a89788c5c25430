"""The monitor as a machine: timers, memory, what stands at the start, a rule that fails."""

import pytest

from agent.model import Quality, Reading, Severity, Transition, Value
from agent.monitor.monitor import Monitor, Standing
from agent.monitor.nodes import term_nodes
from tests.timeline import FULL, LOST, Timeline, between_floors, boarded, us

TRAPPED = Standing("trapped_passengers", None, Severity.CRITICAL, 123)


# ---------------------------------------------------------------- time


HOUR = us(3600)  # when the first notice of usage is due


def test_nothing_is_due_but_the_hour_where_nothing_waits():
    assert Timeline("button").monitor.due_us == HOUR


def test_due_is_the_next_instant_at_which_something_could_fire():
    car = boarded("button")
    car.feed(10, button=True)
    assert car.monitor.due_us == us(10.5)
    car.feed(10.2, button=False)
    assert car.monitor.due_us == HOUR


def test_timers_due_before_a_batch_fire_before_it_and_at_their_own_time():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(500, button=True)
    assert car.heard == ["35 trapped_passengers raised"]


def test_a_timer_due_exactly_at_a_batch_fires_after_it():
    car = between_floors()
    car.feed(21, call=True)
    assert car.feed(35, moving=True) == []
    car = between_floors()
    car.feed(21, call=True)
    assert car.feed(35, load=50) == ["35 trapped_passengers raised"]


def test_events_of_one_instant_come_in_the_catalog_s_order():
    car = between_floors()
    car.feed(21, call=True)
    car.feed(34.5, button=True)
    car.feed(35, mode="rescue", front=LOST)
    assert car.heard == [
        "35 trapped_passengers raised",
        "35 alarm_button raised",
        "35 mode_changed notice",
        "35 signal_lost/controller raised",
    ]


def test_of_two_readings_of_one_signal_in_a_batch_the_last_counts():
    car = Timeline("mode")
    car.feed(0, mode="normal")
    batch = [Reading("car.mode", mode, us(1)) for mode in ("rescue", "inspection")]
    events = car.monitor.step(us(1), batch)
    assert [event.detail["to"] for event in events if event.code == "mode_changed"] == [
        "inspection"
    ]
    batch = [Reading("car.mode", mode, us(2)) for mode in ("rescue", "inspection")]
    assert car.monitor.step(us(2), batch) == []


def test_a_signal_nobody_knows_is_passed_over():
    car = Timeline("button")
    assert car.monitor.step(1, [Reading("moon.phase", 3, 1)]) == []


def test_any_start_of_the_clock_is_as_good():
    car = between_floors(start=1_000_000.25)
    car.feed(21, call=True)
    car.until(100)
    assert car.heard == ["35 trapped_passengers raised"]


# ---------------------------------------------------------------- what stood at the start


def test_what_stood_stands_and_is_not_raised_again():
    car = Timeline(*FULL, standing=[TRAPPED])
    car.feed(0, moving=False, zone=False, front="closed", call=True)
    car.until(1000)
    assert car.of("trapped_passengers") == []
    car.feed(1000, zone=True, front="open")
    car.until(1010)
    assert car.of("trapped_passengers") == ["1002 cleared"]
    event = car.event("trapped_passengers", Transition.CLEARED)
    assert (event.severity, event.since_us) == (Severity.CRITICAL, 123)


def test_what_stood_keeps_what_it_took_over_from_speaking():
    car = Timeline("moving", "zone", "occupied", standing=[TRAPPED])
    car.feed(0, moving=False, zone=False, occupied=False)
    car.until(1000)
    assert car.heard == []


def test_pending_delays_begin_again():
    car = Timeline(*FULL)
    car.feed(0, moving=False, zone=False, front="closed", call=True)
    car.until(14.999999)
    assert car.heard == []
    car.until(15)
    assert car.heard == ["15 trapped_passengers raised"]


def test_what_no_detector_can_end_any_more_is_cleared_and_says_why():
    gone = Standing("alarm_button", None, Severity.CRITICAL, 5)
    old_driver = Standing("signal_lost", "old", Severity.MAJOR, 6)
    car = Timeline("zone", standing=[gone, old_driver])
    car.until(0)
    assert car.heard == ["0 alarm_button cleared", "0 signal_lost/old cleared"]
    assert [e.detail["reason"] for e in car.events] == ["configuration_changed"] * 2
    assert [e.severity for e in car.events] == [Severity.CRITICAL, Severity.MAJOR]


@pytest.mark.parametrize("code", ["storage_failed", "agent_fault"])
def test_what_the_monitor_does_not_watch_is_left_to_others(code):
    car = Timeline("zone", standing=[Standing(code, None, Severity.MAJOR)])
    assert car.until(10) == []


def test_a_code_that_this_version_does_not_know_does_not_stand_for_ever():
    standing = [Standing("a_code_of_the_future", "x", Severity.CRITICAL)]
    (cleared,) = Timeline("zone", standing=standing).monitor.step(0)
    assert cleared.key == ("a_code_of_the_future", "x")
    assert (cleared.transition, cleared.severity) == (Transition.CLEARED, Severity.CRITICAL)
    assert cleared.detail == {"reason": "configuration_changed"}


def test_what_a_late_journal_says_stands_is_taken_over():
    car = Timeline("moving", "zone", "occupied", "button")
    car.feed(0, moving=False, zone=False, occupied=False)
    car.until(20)
    assert car.heard == ["15 stopped_outside_door_zone raised"]
    gone = Standing("mode_changed", None, Severity.INFO)
    told = car.monitor.adopt([TRAPPED, gone])
    assert [(e.code, e.transition, e.detail["reason"]) for e in told] == [
        ("mode_changed", Transition.CLEARED, "configuration_changed"),
        ("stopped_outside_door_zone", Transition.CLEARED, "taken_over"),
    ]


def test_a_late_journal_does_not_replace_what_was_raised_meanwhile():
    car = between_floors()
    car.feed(21, call=True)
    car.until(35)
    assert car.monitor.adopt([TRAPPED]) == []
    car.feed(40, key=True)
    assert car.event("trapped_passengers", Transition.CLEARED).since_us == us(20)


# ---------------------------------------------------------------- a rule that fails


def fail_from(monitor, name, at_us, monkeypatch):
    """The named node's step raises from an instant on."""
    index = next(i for i, node in enumerate(monitor._nodes) if node.name == name)
    bit = monitor._bits[index].bit_length()
    step, *rest = monitor._plan[bit]

    def failing(memory, snapshot, limits):
        if snapshot.at_us >= at_us:
            raise ZeroDivisionError("no floor")
        return step(memory, snapshot, limits)

    monkeypatch.setitem(monitor._plan, bit, (failing, *rest))


def test_a_detector_that_fails_is_set_aside_once_and_said_so(monkeypatch):
    car = between_floors()
    fail_from(car.monitor, "standing.stopped_outside_door_zone", us(21), monkeypatch)
    car.feed(21, call=True, button=True)
    car.until(100)
    assert car.heard == [
        "21 agent_fault/stopped_outside_door_zone raised",
        "21.5 alarm_button raised",
        "35 trapped_passengers raised",
    ]
    assert car.events[0].severity is Severity.MAJOR
    assert car.events[0].detail == {"error": "ZeroDivisionError: no floor"}
    assert car.monitor.set_aside == ("standing.stopped_outside_door_zone",)


def test_what_a_failed_term_derived_is_unknown_and_not_its_last_value(monkeypatch):
    car = between_floors()
    car.feed(21, call=True)
    fail_from(car.monitor, "stopped", us(25), monkeypatch)
    car.feed(25, moving=True)
    assert car.term("stopped") is None
    assert car.term("outside") is None
    car.feed(30, button=True)
    car.until(200)
    assert "30.5 alarm_button raised" in car.heard


def test_what_a_failed_detector_had_raised_stays(monkeypatch):
    car = between_floors()
    car.until(35)
    fail_from(car.monitor, "standing.stopped_outside_door_zone", us(36), monkeypatch)
    car.feed(40, zone=True, front="open")
    car.until(500)
    assert car.of("stopped_outside_door_zone") == ["35 raised"]
    assert car.term("standing.stopped_outside_door_zone") is True


@pytest.mark.parametrize("name", [node.name for node in term_nodes()])
def test_a_term_that_fails_from_the_first_leaves_the_button(name, monkeypatch):
    car = Timeline(*FULL)
    fail_from(car.monitor, name, us(1), monkeypatch)
    car.feed(1, moving=True, zone=False, front="open", occupied=True, load=3, key=False)
    car.feed(2, button=False, call=True, mode="normal", zone=True, key=True)
    car.feed(3, moving=False, front="closed")
    car.feed(4, button=True, zone=False)
    car.feed(6, button=False)
    assert car.of("alarm_button") == ["4.5 raised"]
    faults = [e.instance for e in car.events if e.code == "agent_fault"]
    assert faults in ([], [name])
    assert car.monitor.set_aside == tuple(faults)


def test_a_failed_detector_is_still_set_aside_after_encode_and_decode(monkeypatch):
    car = between_floors()
    fail_from(car.monitor, "standing.alarm_button", us(21), monkeypatch)
    car.feed(21, button=True)
    other = Monitor(car.drivers, car.limits)
    other.decode(car.monitor.encode())
    assert other.set_aside == ("standing.alarm_button",)
    assert other.step(us(30), [Reading("alarm.button", True, us(30))]) == []


# ---------------------------------------------------------------- memory


def test_memory_survives_with_a_delay_under_way_and_an_event_standing():
    car = between_floors()
    car.feed(21, call=True, button=True)
    car.feed(22, load=LOST, floor=LOST)
    other = Monitor(car.drivers, car.limits)
    other.decode(car.monitor.encode())
    assert other.due_us == car.monitor.due_us
    assert other.step(us(100)) == car.monitor.step(us(100))
    key = [Reading("alarm.end_key", True, us(101))]
    assert other.step(us(101), key) == car.monitor.step(us(101), key)


def test_memory_keeps_the_types_of_values():
    drivers = {"d": ["machine_room.temperature_c", "car.floor_label", "car.moving", "car.floor"]}
    first = Monitor(drivers, Timeline().limits)
    values: tuple[Value, ...] = (40.0, "7", True, 1)
    names = drivers["d"]
    first.step(1, [Reading(n, v, 1) for n, v in zip(names, values, strict=True)])
    second = Monitor(drivers, Timeline().limits)
    second.decode(first.encode())
    for name, value in zip(names, values, strict=True):
        assert type(second.snapshot.values[name]) is type(value)
    assert second.step(2, [Reading("machine_room.temperature_c", 40.0, 2)]) == []


def test_a_quality_survives():
    car = Timeline("moving")
    car.feed(0, moving=LOST)
    other = Monitor(car.drivers, car.limits)
    other.decode(car.monitor.encode())
    back = other.step(us(1), [Reading("car.moving", False, us(1), Quality.GOOD)])
    assert back == []
    assert [event.code for event in other.step(us(5))] == ["signal_lost"]


# ---------------------------------------------------------------- the whole


def test_a_day_without_faults_is_silent():
    car = boarded()
    at = 20.0
    for run in range(300):
        car.feed(at - 8, front="opening")
        car.feed(at - 6, front="open")
        car.feed(at - 3, call=True, load=20, occupied=True)
        car.feed(at - 2, front="closing")
        car.feed(at, front="closed")
        car.feed(at + 1, moving=True)
        car.feed(at + 2, zone=False)
        car.feed(at + 30, zone=True, floor=run % 2)
        car.feed(at + 31, moving=False, call=False)
        car.feed(at + 32, front="opening")
        car.feed(at + 34, front="open")
        car.feed(at + 36, load=0, occupied=False)
        car.feed(at + 40, front="closing")
        car.feed(at + 42, front="closed")
        at += 60 + run % 7 * 30
    car.until(at + 86_400)
    assert car.heard == []
