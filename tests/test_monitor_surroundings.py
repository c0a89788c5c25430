"""What surrounds the elevator: its battery, machine room, pit, cameras and the agent's own computer."""

import pytest

from agent.model import Severity
from tests.machine import Machine
from tests.second import Car
from tests.timeline import BAD, LOST

# code, signal, its value while well, while not so, and after how many seconds it is said
PLAIN = [
    ("battery_low", "power.battery_percent", 40, 39, 0),
    ("battery_fault", "power.battery_fault", False, True, 0),
    ("machine_room_hot", "machine_room.temperature_c", 39.9, 40.0, 600),
    ("machine_room_door_open", "machine_room.door_open", False, True, 600),
    ("pit_water", "pit.water", False, True, 0),
    ("disk_low", "host.disk_free_percent", 5, 4, 0),
    ("host_undervoltage", "host.undervoltage", False, True, 0),
    ("host_hot", "host.temperature_c", 79.9, 80.0, 60),
]
plain = pytest.mark.parametrize(("code", "signal", "well", "ill", "after"), PLAIN)
# code, a number back within the dead band, and one beyond it
BANDS = [
    ("battery_low", "power.battery_percent", 39, 41, 42),
    ("machine_room_hot", "machine_room.temperature_c", 41.0, 39.5, 39.4),
    ("disk_low", "host.disk_free_percent", 4, 6, 7),
    ("host_hot", "host.temperature_c", 81.0, 79.0, 78.9),
]


def well_at_0(code, signal, well, *others, **settings):
    car = Machine(signal, *others, watching=[code], **settings)
    car.feed(0, **{signal: well})
    return car


@plain
def test_it_is_said_after_its_time_and_ends_2_s_after_its_end(code, signal, well, ill, after):
    car = well_at_0(code, signal, well)
    car.feed(10, **{signal: ill})
    if after:
        car.until(9.9999 + after)
        assert car.of(code) == []
    car.until(11 + after)
    assert car.of(code) == [f"{10 + after} raised"]
    assert signal in car.event(code).evidence
    back = {"machine_room_hot": 30.0, "host_hot": 50.0}.get(code, 90 if well in (40, 5) else well)
    car.feed(5000, **{signal: back})
    car.until(6000)
    assert car.of(code) == [f"{10 + after} raised", "5002 cleared"]


@plain
def test_well_is_well_however_long(code, signal, well, ill, after):
    car = well_at_0(code, signal, well)
    car.until(10_000)
    assert car.events == []


@plain
def test_just_before_its_time_it_may_end_unsaid(code, signal, well, ill, after):
    if after:
        car = well_at_0(code, signal, well)
        car.feed(10, **{signal: ill})
        cool = {"machine_room_hot": 30.0, "host_hot": 50.0}.get(code, well)
        car.feed(10 + after, **{signal: cool})
        car.until(10_000)
        assert car.events == []


@plain
def test_unknown_neither_raises_nor_ends_it(code, signal, well, ill, after):
    car = well_at_0(code, signal, well)
    car.feed(10, **{signal: BAD})
    car.until(2000)
    assert car.events == []
    car.feed(2000, **{signal: ill})
    car.until(3000)
    car.feed(3000, **{signal: LOST})
    car.until(10_000)
    assert car.of(code) == [f"{2000 + after} raised"]


@plain
def test_inspection_does_not_mute_it(code, signal, well, ill, after):
    car = well_at_0(code, signal, well, "mode")
    car.feed(5, mode="inspection", **{signal: ill})
    car.until(1000)
    assert car.of(code) == [f"{5 + after} raised"]


@plain
def test_a_visit_mutes_the_machine_room_alone_and_for_4_h_at_most(code, signal, well, ill, after):
    car = well_at_0(code, signal, well, "visit")
    car.feed(10, visit=True)
    car.feed(20, **{signal: ill})
    car.until(14_409)
    muted = code.startswith("machine_room")
    assert car.of(code) == ([] if muted else [f"{20 + after} raised"])
    car.until(20_000)
    raised = {"machine_room_hot": 14_410, "machine_room_door_open": 15_010}.get(code, 20 + after)
    assert car.of(code) == [f"{raised} raised"]


@pytest.mark.parametrize(("code", "signal", "ill", "within", "beyond"), BANDS)
def test_a_number_that_plays_about_its_limit_is_one_event(code, signal, ill, within, beyond):
    car = Machine(signal, watching=[code])
    for step in range(200):
        car.feed(step * 10, **{signal: within if step % 2 else ill})
    assert len(car.of(code)) == 1
    car.feed(3000, **{signal: beyond})
    car.until(3010)
    assert car.of(code)[1:] == ["3002 cleared"]


@pytest.mark.parametrize(("code", "signal", "ill", "within", "beyond"), BANDS)
def test_a_number_lost_within_its_dead_band_is_still_beyond(code, signal, ill, within, beyond):
    car = Machine(signal, watching=[code])
    car.feed(0, **{signal: ill})
    car.until(1000)
    car.feed(1000, **{signal: LOST})
    car.feed(1100, **{signal: within})
    car.until(2000)
    assert [told.split()[1] for told in car.of(code)] == ["raised"]


def test_after_a_visit_the_machine_room_s_door_has_10_min():
    car = Machine("room", "visit", watching=["machine_room_door_open"])
    car.feed(0, room=True, visit=True)
    car.feed(3600, visit=False)
    car.until(10_000)
    assert car.of("machine_room_door_open") == ["4200 raised"]


def test_a_visit_ends_what_stood():
    car = Machine("room", "visit", watching=["machine_room_door_open"])
    car.feed(0, room=True, visit=False)
    car.feed(1000, visit=True)
    car.until(10_000)
    assert car.of("machine_room_door_open") == ["600 raised", "1002 cleared"]


def test_the_limits_are_configured():
    car = Machine("battery", battery_low_percent=70)
    car.feed(0, battery=69)
    assert car.of("battery_low") == ["0 raised"]
    assert car.event("battery_low").severity is Severity.MAJOR


# ---------------------------------------------------------------- cameras

CAR = "camera.car"


def camera(interval_s=60):
    """A camera asked every minute, heard at 0 s."""
    car = Car(CAR, intervals_us=None if interval_s is None else {CAR: interval_s * 1_000_000})
    car.feed(0, **{CAR: True})
    return car


@pytest.mark.parametrize("interval_s", [60, 10, None])
def test_a_camera_silent_for_5_intervals(interval_s):
    car = camera(interval_s)
    car.feed(60, **{CAR: False})
    after = 60 + 5 * (interval_s or 60)
    car.until(after - 0.001)
    assert car.events == []
    assert car.until(after + 1) == [f"{after} camera_silent/car raised"]
    event = car.event("camera_silent")
    assert (event.severity, list(event.evidence)) == (Severity.MINOR, [CAR])


def test_a_camera_heard_at_5_intervals_was_not_silent():
    car = camera()
    car.feed(60, **{CAR: False})
    car.feed(360, **{CAR: True})
    car.until(5000)
    assert {event.code for event in car.events} == {"usage"}


def test_a_probe_that_cannot_be_sent_says_nothing_of_the_camera():
    car = camera()
    car.lose(60, CAR)
    car.until(5000)
    assert car.of("camera_silent") == []
    car.feed(5000, **{CAR: False})
    assert car.of("camera_silent") == ["5000 raised"]
    car.lose(5100, CAR)
    car.until(6000)
    car.feed(6000, **{CAR: True})
    car.until(7000)
    assert car.of("camera_silent") == ["5000 raised", "6002 cleared"]
