"""Intercom stations and cameras that fall silent. In a recording a station is asked every 30 s, a camera every 60 s."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import FULL
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script

STATION_S, CAMERA_S = 3 * 30.0, 5 * 60.0  # contract, 3.2: so many intervals


@story(FULL)
def the_car_station_falls_silent(s: Script) -> None:
    """Three intervals without an answer; back again."""
    s.wait(60).says({"intercom.car": False})
    silent = s.expect("intercom_silent", None, STATION_S, instance="car", severity="major")
    s.wait(600).says({"intercom.car": True}).clears(silent, None, 2).wait(120)


@story(FULL)
def the_camera_falls_silent(s: Script) -> None:
    """Five intervals without an answer; back again."""
    s.wait(60).says({"camera.car": False})
    silent = s.expect("camera_silent", None, CAMERA_S, instance="car", severity="minor")
    s.wait(900).says({"camera.car": True}).clears(silent, None, 2).wait(120)


@story(FULL)
def they_answer_at_the_last_moment(s: Script) -> None:
    """89.9 s and 299.9 s of silence, again and again."""
    for _ in range(5):
        s.says({"intercom.car": False}).wait(STATION_S - 0.1).says({"intercom.car": True})
        s.wait(30).says({"camera.car": False}).wait(CAMERA_S - 0.1)
        s.says({"camera.car": True}).wait(60)
    s.shows(Silence.JUST_NOT, "intercom_silent", "camera_silent")


@story(FULL)
def the_exchange_loses_its_supply(s: Script) -> None:
    """All stations and the camera at once: an event for each, in inspection as well."""
    s.wait(60).mode("inspection").mark("silent")
    s.says({"intercom.car": False, "intercom.duty_room": False, "camera.car": False})
    s.expect("intercom_silent", "silent", STATION_S, instance="car").stands = True
    s.expect("intercom_silent", "silent", STATION_S, instance="duty_room").stands = True
    s.expect("camera_silent", "silent", CAMERA_S, instance="car").stands = True
    s.wait(3600)


@story(FULL)
def the_network_of_the_stations_is_down(s: Script) -> None:
    """Probes that cannot be sent say nothing about the stations: lost signals, no silent station."""
    s.wait(60).loses("intercom.car", "intercom.duty_room", "camera.car").wait(3600).revives()
    s.wait(60).shows(Silence.UNKNOWN, "intercom_silent", "camera_silent")


@story(FULL)
def a_silent_station_whose_network_fails(s: Script) -> None:
    """Unanswered, then unknown, then unanswered: the time went on meanwhile."""
    s.wait(60).mark("silent").says({"intercom.car": False}).wait(30)
    s.loses("intercom.car").wait(120).revives().wait(60)
    s.expect("intercom_silent", "silent", 150, instance="car")


@story(FULL)
def a_silent_station_is_unknown_for_an_hour(s: Script) -> None:
    """What stands, stands."""
    s.wait(60).says({"intercom.duty_room": False})
    s.expect("intercom_silent", None, STATION_S, instance="duty_room").stands = True
    s.wait(120).loses("intercom.duty_room").wait(3600)
