"""mode_changed and signal_lost (contract, 3.2)."""

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from agent.signals import MODES
from tests.timeline import BAD, LOST, SHORT, Timeline, us


def test_a_mode_entered_is_a_notice_with_from_and_to():
    car = Timeline("mode")
    car.feed(0, mode="normal")
    car.feed(10, mode="inspection")
    assert car.heard == ["10 mode_changed notice"]
    event = car.events[0]
    assert event.severity is Severity.INFO
    assert event.detail == {"from": "normal", "to": "inspection"}
    assert (event.mode, event.since_us) == ("inspection", us(10))
    assert event.evidence["car.mode"].v == "inspection"


def test_the_first_mode_seen_is_no_change():
    car = Timeline("mode")
    car.feed(0, mode="inspection")
    assert car.heard == []


@pytest.mark.parametrize("mode", MODES[1:])
def test_every_mode_is_told_and_nothing_mutes_it(mode):
    car = Timeline("mode", "visit")
    car.feed(0, mode="normal", visit=True)
    car.feed(1, mode=mode)
    car.feed(2, mode="normal")
    assert car.heard == ["1 mode_changed notice", "2 mode_changed notice"]


def test_unknown_in_between_changes_nothing():
    car = Timeline("mode")
    car.feed(0, mode="normal")
    car.feed(1, mode=LOST)
    car.feed(2, mode="normal")
    assert car.of("mode_changed") == []
    car.feed(3, mode=LOST)
    car.feed(4, mode="rescue")
    assert car.of("mode_changed") == ["4 notice"]
    assert car.event("mode_changed", Transition.NOTICE).detail == {"from": "normal", "to": "rescue"}


def test_without_a_mode_signal_nothing_is_told():
    car = Timeline("zone")
    car.feed(0, mode="normal")
    car.feed(1, mode="rescue")
    assert car.of("mode_changed") == []


# ---------------------------------------------------------------- signal_lost


DRIVERS = {
    "controller": ["car.moving", "car.mode"],
    "contacts": ["car.door_zone", "alarm.button"],
}


@pytest.mark.parametrize(("quality", "name"), [(LOST, "moving"), (BAD, "mode")])
def test_a_stale_signal_is_told_at_once_by_driver(quality, name):
    car = Timeline(drivers=DRIVERS)
    car.feed(0, moving=False, mode="normal", zone=True, button=False)
    car.feed(10, **{name: quality})
    assert car.heard == ["10 signal_lost/controller raised"]
    event = car.events[0]
    assert event.severity is Severity.MAJOR
    assert event.detail == {"signals": [SHORT[name]]}
    assert event.unknown == (SHORT[name],)
    assert event.since_us == us(10)


def test_each_driver_has_its_own_event_in_order_of_name():
    car = Timeline(drivers=DRIVERS)
    car.feed(0, moving=LOST, button=LOST)
    assert car.heard == ["0 signal_lost/contacts raised", "0 signal_lost/controller raised"]


def test_a_signal_that_has_not_spoken_yet_is_not_lost():
    car = Timeline(drivers=DRIVERS)
    car.until(1000)
    assert car.heard == []


def test_more_losses_of_one_driver_are_the_same_event():
    car = Timeline(drivers=DRIVERS)
    car.feed(0, moving=LOST)
    car.feed(1, mode=LOST)
    assert car.heard == ["0 signal_lost/controller raised"]


def test_it_clears_when_all_have_been_back_2_s():
    car = Timeline(drivers=DRIVERS)
    car.feed(0, moving=LOST, mode=BAD)
    car.feed(5, moving=False)
    car.until(100)
    assert len(car.heard) == 1
    car.feed(100, mode="normal")
    car.until(101.999999)
    assert len(car.heard) == 1
    car.until(102)
    assert car.heard[1:] == ["102 signal_lost/controller cleared"]


def test_a_flickering_link_is_one_event():
    car = Timeline(drivers=DRIVERS)
    end = car.toggle(0, "moving", (LOST, False), 100, 1.0)
    car.until(end + 10)
    assert [w.split()[2] for w in car.heard] == ["raised", "cleared"]


def test_a_change_of_quality_alone_is_no_other_event():
    car = Timeline(drivers=DRIVERS)
    car.feed(0, moving=LOST)
    car.feed(1, moving=BAD)
    assert car.heard == ["0 signal_lost/controller raised"]


def test_nothing_mutes_it():
    car = Timeline("mode", "visit", "moving")
    car.feed(0, mode="inspection", visit=True)
    car.feed(1, moving=LOST)
    assert car.heard == ["1 signal_lost/controller raised"]


def restarted_without_links():
    standing = [Standing("signal_lost", "box", Severity.MAJOR)]
    return Timeline(drivers={"box": ["car.door_zone", "car.moving"]}, standing=standing)


def test_a_lost_link_that_stood_before_a_restart_stands_until_all_its_signals_have_spoken():
    car = restarted_without_links()
    car.until(1000)
    car.feed(1000.5, zone=True)
    car.until(2000)
    assert car.heard == []
    car.feed(2000.5, moving=False)
    car.until(2100)
    assert car.heard == ["2002.5 signal_lost/box cleared"]


def test_one_that_is_lost_again_after_the_restart_ends_like_any_other():
    car = restarted_without_links()
    car.feed(10, zone=LOST)
    car.feed(20, zone=True)
    car.until(100)
    assert car.heard == ["22 signal_lost/box cleared"]
