"""Sensors that cannot both be right, and a zone sensor that is dead: they are named, and the zone is not believed."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import FULL, TWO_DOORS, WITH_MOTION
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script

MOTION = "car.moving+car.speed_mm_s"


def first_stop_with_the_zone_dead(s: Script) -> Script:
    """The zone sensor says `outside` from this run on. Once it is believed: the doors are open where no landing is."""
    s.wait(5).starts(call=False).sticks("car.door_zone").passes(1).arrives().opens()
    if s.has("landing_doors.locked"):
        s.expect("landing_door_unlocked", "doors move", 2)
    s.stand_open().expect("doors_open_outside_zone", "doors open", 2)
    s.wait(1).closes().wait(1)
    if s.on.contact_doors:
        s.expect("stopped_outside_door_zone", "stopped", 15)
    return s


@story(*WITH_MOTION)
def the_zone_is_stuck_out(s: Script) -> None:
    """False through two stops at which the doors ran to open: unknown from then on, and no stop is outside any more."""
    first_stop_with_the_zone_dead(s).runs_to(4, call=False).opens()
    if (
        s.on.contact_doors
    ):  # with the landing doors unlocked it takes 5 s; they are so for 2 s before
        s.expect("landing_door_unlocked", "doors move", 2)
        dead = s.expect("sensor_contradiction", "doors move", 5, instance="car.door_zone")
    else:
        dead = s.expect("sensor_contradiction", "doors open", instance="car.door_zone")
    s.stand_open().wait(5).closes().wait(60)
    for floor in (1, 3, 0):
        s.runs_to(floor, call=False).opens().stand_open().wait(30).closes().wait(30)
    s.revives().wait(10).starts(call=False).clears(dead, "zone left", 2).passes(2).arrives()
    s.wait(60)


@story(*WITH_MOTION)
def the_zone_is_missed_at_one_stop(s: Script) -> None:
    """False through one stop at which the doors opened: a slip."""
    first_stop_with_the_zone_dead(s).revives().wait(5)
    for floor in (4, 1):
        s.runs_to(floor, call=False).opens().stand_open().wait(5).closes().wait(5)
    s.shows(Silence.JUST_NOT, "sensor_contradiction")


@story(*WITH_MOTION)
def motion_and_speed_contradict_each_other(s: Script) -> None:
    """Moving with speed 0, landing after landing, for more than 60 s."""
    s.wait(5).starts(call=False).mark("still").says({"car.speed_mm_s": 0}).passes(25).arrives()
    contradiction = s.expect("sensor_contradiction", "still", 60, instance=MOTION, severity="minor")
    s.clears(contradiction, "stopped", 2).wait(60)


@story(*WITH_MOTION)
def the_speed_is_slow_to_come(s: Script) -> None:
    """Moving with speed 0 for 59 s, then the speed is there."""
    s.wait(5).starts(call=False).says({"car.speed_mm_s": 0}).wait(19).passes(10).wait(10)
    s.says({"car.speed_mm_s": 1000}).passes(3).arrives().wait(60)
    s.shows(Silence.JUST_NOT, "sensor_contradiction")


@story(*WITH_MOTION)
def motion_against_an_unknown_speed(s: Script) -> None:
    """The speed is unknown on a run of two minutes."""
    s.wait(5).loses("car.speed_mm_s").starts(call=False).passes(40).arrives().wait(60)
    s.shows(Silence.UNKNOWN, "sensor_contradiction")


@story(FULL, TWO_DOORS)
def creeping_in_inspection_without_a_speed(s: Script) -> None:
    """In inspection the encoder shows no speed for five minutes of travel."""
    s.wait(5).mode("inspection").starts(call=False).says({"car.speed_mm_s": 0}).passes(100)
    s.arrives().mode("normal").wait(60).shows(Silence.MUTED, "sensor_contradiction")
