"""Which driver gives which signal, as a configuration says it."""

from pathlib import Path

import pytest

from agent.config import load
from agent.drivers.profiles import ProfileProblems, default_folders
from agent.wiring import Wiring, wiring_of
from hil.installation import configuration, contacts, controller


def test_each_signal_has_its_driver_and_its_poll_interval(tmp_path: Path) -> None:
    drivers = [controller(502, poll_interval_ms=250), contacts("alarm.button", "alarm.end_key")]
    path = configuration(tmp_path, drivers=drivers)
    wiring = wiring_of(load(path), default_folders(path))
    assert list(wiring.drivers) == ["controller", "contacts"]
    assert set(wiring.drivers["contacts"]) == {"alarm.button", "alarm.end_key"}
    assert wiring.driver_of["car.door_zone"] == "controller"
    assert wiring.polls_us["car.door_zone"] == ("controller", 250_000)
    assert wiring.polls_us["alarm.button"] == ("contacts", 0)  # edges wake it
    assert set(wiring.signals) == set(wiring.driver_of)


def test_a_signal_with_a_pace_of_its_own_is_read_at_that() -> None:
    wired = {"controller": ["car.door_zone", "controller.run_count"]}
    wiring = Wiring(wired, {"controller": 200_000}, paces_us={"controller.run_count": 60_000_000})
    assert wiring.polls_us["car.door_zone"] == ("controller", 200_000)
    assert wiring.polls_us["controller.run_count"] == ("controller", 60_000_000)


def test_nothing_configured_is_nothing_wired(tmp_path: Path) -> None:
    path = configuration(tmp_path)
    assert wiring_of(load(path), ()).signals == ()


def test_a_profile_that_does_not_exist_is_said(tmp_path: Path) -> None:
    path = configuration(tmp_path, drivers=[{**controller(502), "profile": "none-such"}])
    with pytest.raises(ProfileProblems, match="none-such"):
        wiring_of(load(path), default_folders(path))


def test_only_a_probed_station_has_an_interval_to_be_silent_by() -> None:
    wired = {"bus": ["intercom.car"], "duty": ["intercom.duty_room"], "pins": ["alarm.button"]}
    every_us = {"bus": 200_000, "duty": 30_000_000, "pins": 0}
    assert Wiring(wired, every_us, frozenset({"duty"})).intervals_of == {
        "intercom.duty_room": 30_000_000
    }
