"""A silent intercom station: 3 intervals since its signal ceased to be true (contract, 3.2)."""

import pytest

from agent.model import Severity, Transition
from agent.monitor.monitor import Standing
from tests.second import Car, parked
from tests.timeline import BAD, LOST

CODE = "intercom_silent"
DUTY, PIT = "intercom.duty_room", "intercom.pit"


def station(*names, interval_s=30, **settings):
    """Stations asked every 30 s, all heard at 0 s."""
    names = names or (DUTY,)
    intervals = {name: round(interval_s * 1_000_000) for name in names}
    car = Car(*names, intervals_us=intervals, **settings)
    car.feed(0, **dict.fromkeys(names, True))
    return car


def test_silent_for_three_intervals_is_raised():
    car = station()
    car.feed(30, **{DUTY: False})
    car.until(119.999999)
    assert car.events == []
    assert car.until(120.1) == ["120 intercom_silent/duty_room raised"]
    event = car.event(CODE)
    assert (event.severity, event.since_us, event.instance) == (
        Severity.MAJOR,
        30_000_000,
        "duty_room",
    )
    assert event.evidence[DUTY].v is False


def test_heard_at_three_intervals_is_not_raised():
    car = station()
    car.feed(30, **{DUTY: False})
    car.feed(120, **{DUTY: True})
    car.until(1000)
    assert car.events == []


def test_heard_once_counts_anew():
    car = station()
    car.feed(30, **{DUTY: False})
    car.feed(90, **{DUTY: True})
    car.feed(91, **{DUTY: False})
    car.until(180.999999)
    assert car.events == []
    car.until(182)
    assert car.of(CODE) == ["181 raised"]


@pytest.mark.parametrize(("interval_s", "raised"), [(5, 45), (30, 120), (600, 1830)])
def test_the_interval_is_the_stations_own(interval_s, raised):
    car = station(interval_s=interval_s)
    car.feed(30, **{DUTY: False})
    car.until(raised - 0.000001)
    assert car.events == []
    car.until(raised)
    assert car.of(CODE) == [f"{raised} raised"]


def test_a_recording_that_does_not_say_takes_30_s():
    car = Car(DUTY)
    car.feed(0, **{DUTY: True})
    car.feed(10, **{DUTY: False})
    car.until(101)
    assert car.of(CODE) == ["100 raised"]


@pytest.mark.parametrize("quality", [LOST, BAD])
def test_probes_that_cannot_be_sent_raise_nothing(quality):
    car = station()
    car.feed(30, **{DUTY: quality})
    car.until(100_000)
    assert car.of(CODE) == []


def test_the_time_goes_on_while_probes_cannot_be_sent():
    car = station()
    car.feed(30, **{DUTY: LOST})
    car.feed(60, **{DUTY: False})
    car.until(119.999999)
    assert car.of(CODE) == []
    car.until(121)
    assert car.of(CODE) == ["120 raised"]


def test_due_while_unsendable_it_is_raised_with_the_next_unanswered_probe():
    car = station()
    car.feed(30, **{DUTY: False})
    car.feed(60, **{DUTY: LOST})
    car.until(299)
    assert car.of(CODE) == []
    car.feed(300, **{DUTY: False})
    assert car.of(CODE) == ["300 raised"]


def test_probes_that_cannot_be_sent_clear_nothing():
    car = station()
    car.feed(30, **{DUTY: False})
    car.feed(130, **{DUTY: LOST})
    car.until(10_000)
    car.feed(10_000, **{DUTY: False})
    car.until(20_000)
    assert car.of(CODE) == ["120 raised"]


def test_it_clears_2_s_after_the_station_is_heard():
    car = station()
    car.feed(30, **{DUTY: False})
    car.feed(150, **{DUTY: True})
    car.until(151.999999)
    assert car.of(CODE) == ["120 raised"]
    car.until(153)
    assert car.of(CODE) == ["120 raised", "152 cleared"]


def test_unsendable_probes_interrupt_the_clearing():
    car = station()
    car.feed(30, **{DUTY: False})
    car.feed(150, **{DUTY: True})
    car.feed(151, **{DUTY: LOST})
    car.until(200)
    assert car.of(CODE) == ["120 raised"]
    car.feed(200, **{DUTY: True})
    car.until(203)
    assert car.of(CODE) == ["120 raised", "202 cleared"]


def test_a_station_silent_from_the_start_counts_from_the_start():
    car = Car(DUTY)
    car.feed(1, **{DUTY: False})
    car.until(89.999999)
    assert car.events == []
    car.until(91)
    assert car.of(CODE) == ["90 raised"]


def test_a_station_that_never_speaks_is_never_raised():
    car = Car(DUTY)
    car.until(100_000)
    assert {event.code for event in car.events} == {"usage"}


def test_each_station_is_an_instance_of_its_own():
    car = station(DUTY, PIT)
    car.feed(30, **{DUTY: False})
    car.feed(60, **{PIT: False})
    car.until(160)
    car.feed(170, **{DUTY: True})
    car.until(1000)
    assert [
        f"{e.at_us // 1_000_000} {e.instance} {e.transition.value}"
        for e in car.events
        if e.code == CODE
    ] == ["120 duty_room raised", "150 pit raised", "172 duty_room cleared"]


def test_the_five_stations_and_one_of_another_name():
    names = ["car", "machine_room", "car_top", "pit", "duty_room", "concierge"]
    car = station(*(f"intercom.{name}" for name in names))
    car.feed(30, **{f"intercom.{name}": False for name in names})
    car.until(121)
    assert {e.instance for e in car.events} == set(names)


def test_a_camera_or_a_car_without_an_intercom_is_no_silent_station():
    car = Car("camera.car", "zone")
    car.feed(0, **{"camera.car": False, "zone": True})
    car.until(10_000)
    assert car.of(CODE) == []


@pytest.mark.parametrize("mode", ["inspection", "learning", "out_of_service"])
def test_nothing_mutes_it(mode):
    car = station(DUTY, "mode", "visit", "mains")
    car.feed(1, mode=mode, visit=True, mains=False)
    car.feed(30, **{DUTY: False})
    car.until(121)
    assert car.of(CODE) == ["120 raised"]


def test_what_stands_survives_a_restart_and_clears_when_heard():
    standing = [Standing(CODE, "duty_room", Severity.MAJOR, None)]
    car = Car(DUTY, standing=standing)
    car.until(200)
    car.feed(200, **{DUTY: False})
    car.until(400)
    assert car.of(CODE) == []
    car.feed(400, **{DUTY: True})
    car.until(403)
    assert car.of(CODE) == ["402 cleared"]


def test_unanswered_after_a_restart_it_is_cleared_only_when_heard():
    car = Car(DUTY, standing=[Standing(CODE, "duty_room", Severity.MAJOR, None)])
    car.feed(1, **{DUTY: False})
    car.until(1000)
    assert car.of(CODE) == []
    assert car.stands(CODE, "duty_room") is True


def test_a_station_that_is_configured_away_is_cleared_with_the_reason():
    car = Car("zone", standing=[Standing(CODE, "pit", Severity.MAJOR, None)])
    car.feed(0, zone=True)
    assert car.event(CODE, Transition.CLEARED).detail == {"reason": "configuration_changed"}


@pytest.mark.parametrize("at", [10, 30, 100, 119.999999, 120, 130, 150, 151])
def test_its_memory_may_be_carried_over_at_any_point(at):
    car = station()
    moved = False
    for second, heard in [(30, False), (60, LOST), (61, False), (150, True), (160, True)]:
        if not moved and second > at:
            car.until(at)
            car.again()
            moved = True
        car.feed(second, **{DUTY: heard})
    assert car.of(CODE) == ["120 raised", "152 cleared"]


def test_the_stations_neighbours_are_no_business_of_it():
    car = parked(*("moving", "zone", "front", DUTY))
    car.feed(1, **{DUTY: True})
    car.lose(2, "moving", "zone", "front")
    car.until(1000)
    assert car.of(CODE) == []
