"""What is evidence of a person in the car, and what is not: both sides of each limit."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import CONTACTS, DRIVE, FULL, TWO_DOORS, WITH_MOTION
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script


def parked(s: Script) -> Script:
    """The empty car has stood closed for an hour: whoever is evidenced now has been shut in for longer than 90 s."""
    return s.wait(3600)


def sightings(s: Script, times: int, gap_s: float) -> Script:
    """The presence sensor sees somebody for 2 s, so often, at such distances. Marks the last one `seen`."""
    for _ in range(times):
        s.mark("seen").says({"car.occupied": True}).wait(2)
        s.says({"car.occupied": False}).wait(gap_s)
    return s


def lingers(s: Script, seconds: float) -> Script:
    """A door cycle at a landing; presence is seen from the opening until so long after the closing."""
    s.wait(5).opens().stand_open().says({"car.occupied": True}).wait(2).closes().wait(seconds)
    return s.says({"car.occupied": False}).wait(300)


@story(DRIVE)
def last_seen_24_s_before_the_limit(s: Script) -> None:
    """Lost 9 s before the stop: latched for 25 s, it counts when the 15 s are over."""
    boarded(s).starts().says({"car.occupied": False}).passes(2).wait(3).stops().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(DRIVE)
def last_seen_26_s_before_the_limit(s: Script) -> None:
    """Lost 11 s before the stop: nobody is seen any more."""
    boarded(s).starts().says({"car.occupied": False}).passes(3).wait(2).stops().wait(60)
    s.expect("stopped_outside_door_zone", "stopped", 15, severity="major")
    s.shows(Silence.JUST_NOT, "trapped_passengers")


@story()
def seen_three_times_in_two_minutes(s: Script) -> None:
    """In a parked car: the third sighting, 114 s after the first, is a person."""
    sightings(parked(s), 3, 55).expect("trapped_passengers", "seen")


@story()
def seen_three_times_in_a_little_more(s: Script) -> None:
    """124 s from the first to the third: noise."""
    sightings(parked(s), 3, 60).wait(300).shows(Silence.JUST_NOT, "trapped_passengers")


@story()
def seen_for_ten_seconds(s: Script) -> None:
    """In a parked car, without a break."""
    parked(s).mark("seen").says({"car.occupied": True}).wait(12)
    s.says({"car.occupied": False}).wait(60).expect("trapped_passengers", "seen", 10)


@story()
def seen_for_just_under_ten_seconds(s: Script) -> None:
    """9.9 s, every five minutes."""
    parked(s)
    for _ in range(5):
        s.says({"car.occupied": True}).wait(9.9).says({"car.occupied": False}).wait(300)
    s.shows(Silence.JUST_NOT, "trapped_passengers")


@story()
def presence_lingers_after_the_closing(s: Script) -> None:
    """19 s: of these the first ten do not count, and nine are not enough."""
    lingers(s, 19).shows(Silence.JUST_NOT, "trapped_passengers")


@story()
def presence_stays_after_the_closing(s: Script) -> None:
    """21 s: somebody is in, and after 90 s with the doors not open, trapped."""
    lingers(s, 21).expect("trapped_passengers", "doors left", 90)


@story(FULL, TWO_DOORS)
def a_bag_of_4_percent(s: Script) -> None:
    """A load of 4 % is nobody."""
    s.wait(5).opens().says({"car.load_percent": 4}).wait(5).closes().starts(call=False)
    s.wait(1.5).stops().wait(60).shows(Silence.JUST_NOT, "trapped_passengers")
    s.expect("stopped_outside_door_zone", "stopped", 15, severity="major")


@story(FULL, TWO_DOORS)
def a_child_of_5_percent(s: Script) -> None:
    """A load of 5 % is somebody."""
    s.wait(5).opens().says({"car.load_percent": 5}).wait(5).closes().starts(call=False)
    s.wait(1.5).stops().wait(60).expect("trapped_passengers", "stopped", 15)


@story()
def a_button_held_for_ten_minutes(s: Script) -> None:
    """Stuck before the doors have been closed for 90 s: the alarm stands, but nobody is trapped by it."""
    s.wait(5).opens().stand_open().says({"alarm.button": True}).wait(560).closes()
    s.expect("alarm_button", "doors left").stands = True
    s.allows("door_held_open").wait(600).shows(Silence.JUST_NOT, "trapped_passengers")


@story()
def a_button_held_for_eight_minutes(s: Script) -> None:
    """The same for a shorter time is a person, who is trapped 90 s later."""
    s.wait(5).opens().stand_open().says({"alarm.button": True}).wait(480).closes()
    s.expect("alarm_button", "doors left").stands = True
    s.expect("trapped_passengers", "doors left", 90)
    s.wait(100).says({"alarm.button": False}).wait(60)


@story(CONTACTS, DRIVE)
def a_hasty_exit_behind_a_contact(s: Script) -> None:
    """The door is not closed for 5.5 s at the landing: whoever was in the car has had time to leave it."""
    boarded(s).runs_to(6).wait(20).opens().leave().wait(1.5).closes().wait(600)
    s.shows(Silence.JUST_NOT, "trapped_passengers")


@story(CONTACTS, DRIVE)
def a_door_that_opens_a_crack(s: Script) -> None:
    """Not closed for 4.5 s, in vain: who was evidenced is still in the car, and the 90 s go on."""
    boarded(s).runs_to(6).wait(20).opens().wait(0.5).closes().wait(120)
    s.expect("trapped_passengers", "run over", 90)


@story(*WITH_MOTION)
def a_retry_of_2_9_s(s: Script) -> None:
    """The drive tries after 10 s, for less than 3 s: the delay pauses."""
    boarded(s).stops_between().wait(10).jerks(2.9).wait(60)
    s.expect("trapped_passengers", "stopped", 15 + 2.9)


@story(*WITH_MOTION)
def a_retry_of_3_1_s(s: Script) -> None:
    """For more than 3 s: it begins anew."""
    boarded(s).stops_between().wait(10).moves(200).wait(3.1).stops().wait(60)
    s.expect("trapped_passengers", "stopped", 15)
