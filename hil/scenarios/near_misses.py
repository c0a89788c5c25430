"""Ordinary life that looks like an emergency, and must stay silent."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import CONTACTS, DRIVE, FULL, TWO_DOORS
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script


@story()
def a_day_of_rides(s: Script) -> None:
    """Forty rides up and down."""
    for n in range(40):
        s.wait(30).rides_to((n * 5 + 3) % 8 if (n * 5 + 3) % 8 != s.floor else (n + 1) % 8)


@story(FULL, DRIVE)
def stopped_outside_for_just_under_15_s(s: Script) -> None:
    """The car stops between landings and goes on after 14.9 s."""
    boarded(s).stops_between().wait(14.9)
    s.moves().wait(3.2).arrives().wait(0.5).opens().wait(3).leave().wait(2).closes()
    s.shows(Silence.JUST_NOT, "trapped_passengers")


@story(FULL)
def shut_in_at_the_landing_for_just_under_90_s(s: Script) -> None:
    """Doors stay closed for 88 s after a run, and then open."""
    boarded(s).runs_to(3).allows("door_open_failure")
    s.wait(84).opens().wait(5).leave().wait(2).closes()


@story()
def the_empty_car_parks_with_its_doors_closed(s: Script) -> None:
    """Somebody rides and leaves; the car stands closed and empty for hours."""
    s.wait(5).rides_to(3).wait(4 * 3600)


@story()
def the_empty_car_runs_home(s: Script) -> None:
    """After a ride the empty car goes to its parking landing and closes."""
    s.wait(5).rides_to(5).wait(60).runs_to(0, call=False).wait(3600)


@story()
def the_sensor_sees_the_radiator_at_night(s: Script) -> None:
    """Single false sightings, some minutes apart, in an empty parked car."""
    s.wait(5).rides_to(3).wait(600)
    for _ in range(40):
        s.says({"car.occupied": True}).wait(2).says({"car.occupied": False}).wait(400)


@story()
def two_sightings_in_two_minutes_are_not_three(s: Script) -> None:
    """Two false sightings in a row, again and again: three would be a person."""
    s.wait(5).rides_to(3).wait(600)
    for _ in range(20):
        for gap_s in (30, 300):
            s.says({"car.occupied": True}).wait(2).says({"car.occupied": False}).wait(gap_s)


@story(FULL, TWO_DOORS)
def the_doors_open_in_advance(s: Script) -> None:
    """Advance opening: doors begin to open inside the zone while the car still levels."""
    s.wait(5).opens().wait(3).enter().wait(2).closes().wait(1)
    s.starts("up").wait(2.0).says({"car.door_zone": True, "car.floor": 1, "car.speed_mm_s": 250})
    s.floor = 1
    s.says({"door.front": "opening", "landing_doors.locked": False}).wait(0.8).stops()
    s.says({"car.call_registered": False}).wait(1.2).says({"door.front": "open"})
    s.wait(3).leave().wait(2).closes()


@story(FULL, DRIVE, TWO_DOORS)
def the_car_re_levels_every_minute(s: Script) -> None:
    """A hydraulic car sinks and levels, doors open, for an hour."""
    s.allows("door_held_open").wait(5).rides_to(2).wait(1).opens()
    for _ in range(60):
        s.wait(59).moves(20).wait(1).stops()
    s.closes()


@story()
def re_levelling_with_closed_doors_all_night(s: Script) -> None:
    """The parked empty car levels every ten minutes."""
    s.wait(5).rides_to(2)
    for _ in range(48):
        s.wait(599).moves(20).wait(1).stops()


@story()
def levelling_flickers(s: Script) -> None:
    """The zone contact chatters for a moment at every arrival."""
    for n in range(12):
        s.wait(20).opens().wait(3).enter().wait(2).closes().wait(1).runs_to((n + 1) % 7)
        for _ in range(3):
            s.says({"car.door_zone": False}).wait(0.1).says({"car.door_zone": True}).wait(0.2)
        s.opens().wait(3).leave().wait(3).closes()


@story()
def children_play_with_the_door(s: Script) -> None:
    """The door is stopped by a hand eight times; each time it opens fully again for a while."""
    s.wait(5).opens().wait(2).enter()
    for _ in range(8):
        s.wait(11).says({"door.front": "closing", "door.obstructed": True}).wait(1)
        s.says({"door.obstructed": False}).opens()
    s.wait(3).closes().wait(1).runs_to(2).wait(0.5).opens().wait(3).leave().wait(2).closes()


@story()
def a_removal_van(s: Script) -> None:
    """The door is held open for nine minutes while furniture goes in and out."""
    s.wait(5).opens()
    for _ in range(9):
        s.wait(20).enter(60).wait(20).leave().wait(20)
    s.closes().wait(1).runs_to(4).wait(0.5).opens().wait(5).closes()


@story()
def the_cleaner_works_in_the_car(s: Script) -> None:
    """Doors open for eight minutes, presence all the time, the alarm button wiped for 0.3 s."""
    s.wait(5).opens().wait(2).enter().wait(240).press_alarm(0.3).wait(240)
    s.leave().wait(3).closes().wait(120)


@story()
def a_button_leant_on_with_doors_open(s: Script) -> None:
    """Pressed for 3 s while the doors are open at the landing: filtered, a notice."""
    s.wait(5).opens().wait(12).enter().wait(3).press_alarm(3).wait(3).leave().wait(2).closes()


@story()
def a_ride_with_a_sleepy_presence_sensor(s: Script) -> None:
    """Presence comes and goes on every ride, and lingers a little after the last one left."""
    for n in range(10):
        s.wait(40).opens().wait(2).enter().wait(3).closes().wait(1)
        s.says({"car.occupied": False}).runs_to((n + 1) % 6).says({"car.occupied": True})
        s.wait(0.5).opens().wait(4).closes().wait(8).leave()


@story(FULL, DRIVE)
def somebody_waits_in_the_car_for_a_minute(s: Script) -> None:
    """Closed doors, a passenger who has not chosen a floor yet; then the ride."""
    s.wait(30).opens().wait(11).enter().wait(3).closes().wait(60)
    s.says({"car.call_registered": True}).wait(1).runs_to(4)
    s.wait(0.5).opens().wait(3).leave().wait(2).closes()


@story(FULL)
def a_call_is_cancelled(s: Script) -> None:
    """A child presses a floor and runs out; the call is served by the empty car."""
    s.wait(10).opens().wait(3).says({"car.call_registered": True}).wait(2).closes().wait(1)
    s.runs_to(3).wait(0.5).opens().wait(4).closes().wait(600)


@story()
def the_first_minute_after_the_agent_starts(s: Script) -> None:
    """The agent starts while the car rides: nothing is known of before."""
    s.readings.clear()
    s.says({name: s.truth(name) for name in s.on.signals if name != "car.door_zone"})
    s.moves().says({"car.door_zone": False, "car.occupied": True}).wait(1)
    s.floor = 0
    s.says({"car.direction": "up"}).wait(2).arrives().wait(0.5)
    s.opens().wait(4).leave().wait(3).closes().wait(120)


@story(CONTACTS)
def a_slow_car_between_two_zones(s: Script) -> None:
    """With contacts alone a gap of 19 s between two zones is still a run."""
    boarded(s).starts().wait(18.9).arrives().wait(0.5).opens().wait(11).leave().wait(2).closes()


@story(FULL, TWO_DOORS)
def the_driver_of_an_independent_car_waits(s: Script) -> None:
    """Independent service: the driver sits in the closed car at a landing for half an hour."""
    s.wait(5).says({"car.mode": "independent"}).opens().wait(5).enter().wait(3).closes()
    s.allows("start_failure")
    s.moves_about(times=120, still_s=12, seen_s=3)


@story(FULL)
def taken_out_of_service_with_somebody_cleaning(s: Script) -> None:
    """Out of service at a landing, doors closed, presence seen now and then."""
    s.wait(5).says({"car.mode": "out_of_service"}).wait(30).moves_about(times=30)


@story(FULL, TWO_DOORS)
def fire_recall_with_doors_open(s: Script) -> None:
    """Recalled to the main landing, doors stay open for an hour."""
    s.wait(5).rides_to(4).says({"car.mode": "fire_recall"}).wait(1)
    s.runs_to(0, call=False).wait(0.5).opens().wait(3600)


@story()
def the_car_homes(s: Script) -> None:
    """After power-up the empty car looks for its position slowly, past all zones."""
    s.says({"car.mode": "homing"}).wait(5).says({"car.direction": "down"})
    s.floor = 5
    s.moves(300).wait(1).leaves_zone()
    for _ in range(4):
        s.wait(9).says({"car.door_zone": True}).wait(1.3).leaves_zone()
    s.wait(9).says({"car.door_zone": True}).wait(1).stops()
    s.floor = 0
    s.says({"car.floor": 0, "car.mode": "normal"}).wait(300)
