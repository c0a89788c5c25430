"""What surrounds the elevator: the machine room's temperature and door, water in the pit."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import FULL, TWO_DOORS
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script

WIRED = (FULL, TWO_DOORS)
LIMIT_S = 600.0


@story(*WIRED)
def a_hot_afternoon(s: Script) -> None:
    """40 °C for more than ten minutes, in inspection as well; cool again in the evening."""
    s.wait(60).says({"machine_room.temperature_c": 39.9}).wait(3600)
    s.says({"machine_room.temperature_c": 40.0}).mark("hot").mode("inspection").wait(1800)
    hot = s.expect("machine_room_hot", "hot", LIMIT_S, severity="minor")
    s.says({"machine_room.temperature_c": 31.0}).clears(hot, None, 2).wait(60)


@story(*WIRED)
def a_warm_machine_room(s: Script) -> None:
    """42 °C for 599 s at a time, and 39.9 °C for a day."""
    for _ in range(3):
        s.says({"machine_room.temperature_c": 42.0}).wait(LIMIT_S - 1)
        s.says({"machine_room.temperature_c": 36.0}).wait(300)
    s.says({"machine_room.temperature_c": 39.9}).wait(86_400)
    s.shows(Silence.JUST_NOT, "machine_room_hot")


@story(*WIRED)
def the_machine_room_is_left_open(s: Script) -> None:
    """Nobody is checked in, and the door stands open."""
    s.wait(60).says({"machine_room.door_open": True})
    door = s.expect("machine_room_door_open", None, LIMIT_S, severity="minor")
    s.wait(3600).says({"machine_room.door_open": False}).clears(door, None, 2).wait(60)


@story(*WIRED)
def somebody_reads_the_meter(s: Script) -> None:
    """The machine room's door is open for 599 s."""
    s.wait(60).says({"machine_room.door_open": True}).wait(LIMIT_S - 1)
    s.says({"machine_room.door_open": False}).wait(600)
    s.shows(Silence.JUST_NOT, "machine_room_door_open")


@story(*WIRED)
def the_door_stays_open_after_a_visit(s: Script) -> None:
    """Two hours of a visit do not count; ten minutes after it do."""
    s.wait(60).says({"visit.active": True}).wait(60).says({"machine_room.door_open": True})
    s.wait(7200).says({"visit.active": False}).mark("over").wait(1800)
    s.expect("machine_room_door_open", "over", LIMIT_S)
    s.shows(Silence.MUTED, "machine_room_door_open")


@story(*WIRED)
def hot_during_a_visit(s: Script) -> None:
    """An hour of 45 °C while somebody is there, and cooled down when they leave."""
    s.wait(60).says({"visit.active": True, "machine_room.temperature_c": 45.0}).wait(3600)
    s.says({"machine_room.temperature_c": 25.0}).wait(60).says({"visit.active": False}).wait(60)
    s.shows(Silence.MUTED, "machine_room_hot")


@story(*WIRED)
def water_in_the_pit(s: Script) -> None:
    """At once, in inspection too; pumped out, it is over."""
    s.wait(60).mode("inspection").says({"pit.water": True})
    water = s.expect("pit_water", severity="minor")
    s.wait(86_400).says({"pit.water": False}).clears(water, None, 2).wait(60)


@story(*WIRED)
def nothing_is_known_of_the_surroundings(s: Script) -> None:
    """Temperature, door and water unknown for a day."""
    s.wait(60).loses("machine_room.temperature_c", "machine_room.door_open", "pit.water")
    s.wait(86_400).shows(Silence.UNKNOWN, "machine_room_hot", "machine_room_door_open", "pit_water")
