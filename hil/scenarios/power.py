"""The mains: lost, dipping, back again; and what people in the car go through meanwhile."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import DRIVE, FULL, KINDS
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script


def goes_dark(s: Script) -> Script:
    """The mains are lost: the drive stops, the chain loses its supply, the doors stay as they are."""
    s.mark("dark").says({"power.mains": False, "safety_chain.closed": False})
    return s.stops()


@story()
def the_mains_are_lost_at_a_landing(s: Script) -> None:
    """Ten minutes without mains, the car empty: one event."""
    s.wait(5).rides_to(2).wait(30)
    s.mark("dark").says({"power.mains": False, "safety_chain.closed": False}).wait(600)
    lost = s.expect("mains_lost", "dark", 1, severity="major")
    s.says({"power.mains": True, "safety_chain.closed": True})
    s.clears(lost, None, 2)
    s.wait(60)


@story()
def the_mains_dip(s: Script) -> None:
    """0.9 s without mains, again and again: no event."""
    for _ in range(20):
        s.wait(60).says({"power.mains": False}).wait(0.9).says({"power.mains": True})
    s.shows(Silence.JUST_NOT, "mains_lost")


@story()
def the_mains_are_lost_under_way_with_a_passenger(s: Script) -> None:
    """Mains lost between landings, somebody in the car: the loss, and the entrapment by its own rule."""
    goes_dark(boarded(s).starts().wait(1.5)).wait(300)
    s.expect("mains_lost", "dark", 1)
    s.expect("trapped_passengers", "stopped", 15)


@story()
def everything_goes_dark_with_a_passenger(s: Script) -> None:
    """The whole building: mains lost under way and the controller silent; the last readings say enough."""
    boarded(s).starts().wait(1.5).mark("dark").says({"power.mains": False}).wait(1)
    for driver, signals in s.on.drivers.items():
        if "power.mains" in signals:
            s.dies(*(name for name in signals if name != "power.mains"))
        else:
            s.driver_dies(driver)
        s.expect("signal_lost", instance=driver)
    s.mark("silent").wait(120)
    s.expect("mains_lost", "dark", 1)
    s.expect("entrapment_possible", "silent", 30, severity="critical")


@story(FULL, DRIVE)
def the_link_dies_under_way_with_a_passenger(s: Script) -> None:
    """The controller's link is lost during a ride, mains present: possible, and not critical."""
    boarded(s).starts().wait(1.5).mark("silent")
    driver = next(iter(s.on.drivers))
    s.driver_dies(driver)
    s.expect("signal_lost", "silent", 0, instance=driver)
    s.dies("car.door_zone", "door.front")
    s.allows("signal_lost").wait(120)
    s.expect("entrapment_possible", "silent", 30, severity="major")


@story(FULL, DRIVE)
def the_link_dies_with_an_empty_car(s: Script) -> None:
    """The link of an empty parked car is lost: a lost signal, nobody in danger."""
    s.wait(5).rides_to(2).wait(60).mark("silent")
    driver = next(iter(s.on.drivers))
    s.driver_dies(driver)
    lost = s.expect("signal_lost", "silent", 0, instance=driver)
    s.wait(300).revives()
    s.clears(lost, None, 2)
    s.wait(30)


@story()
def the_evacuation_device_brings_the_car_home(s: Script) -> None:
    """Mains lost under way; 10 s later a battery brings the car to the landing and opens it."""
    goes_dark(boarded(s).starts().wait(1.5)).wait(10)
    s.brought_home().wait(120)
    s.expect("mains_lost", "dark", 1)
    if not s.has("car.moving"):
        s.allows("trapped_passengers")


@story(*KINDS)
def the_mains_come_back_and_go_again(s: Script) -> None:
    """Three losses in ten minutes: three events, each with its end."""
    s.wait(5)
    for _ in range(3):
        s.mark("dark").says({"power.mains": False, "safety_chain.closed": False}).wait(60)
        lost = s.expect("mains_lost", "dark", 1)
        s.says({"power.mains": True, "safety_chain.closed": True})
        s.clears(lost, None, 2)
        s.wait(120)


@story(FULL)
def pressed_in_the_dark(s: Script) -> None:
    """Without mains the alarm button counts as ever."""
    goes_dark(boarded(s).starts().wait(1.5)).wait(5).mark("press").press_alarm(1).wait(60)
    s.expect("mains_lost", "dark", 1)
    s.expect("alarm_button", "press", 0.5)
    s.expect("trapped_passengers", "stopped", 15)
