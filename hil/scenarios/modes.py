"""Modes and visits: what they mute, for how long, and what they must not make forget."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import FULL, TWO_DOORS
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script

WITH_MODE = (FULL, TWO_DOORS)
HOUR_S = 3600.0


@story(*WITH_MODE)
def inspection_begins_before_the_delay_is_over(s: Script) -> None:
    """Stopped outside for 10 s, then inspection: muted, and 15 s anew when it ends."""
    boarded(s).stops_between().wait(10).mode("inspection").wait(600).mark("over").mode("normal")
    s.wait(60).expect("trapped_passengers", "over", 15)
    s.shows(Silence.MUTED, "trapped_passengers")


@story(*WITH_MODE)
def inspection_ends_where_nobody_is(s: Script) -> None:
    """An empty car left between landings by the mechanic."""
    s.wait(5).mode("inspection").wait(5).moves(300).wait(1).leaves_zone().wait(5).stops()
    s.wait(300).mark("over").mode("normal").wait(60)
    s.expect("stopped_outside_door_zone", "over", 15, severity="major")
    s.shows(Silence.MUTED, "stopped_outside_door_zone")


@story(*WITH_MODE)
def inspection_ends_with_closed_doors_at_a_landing(s: Script) -> None:
    """Somebody is in the car at the landing all the time: 90 s anew when the inspection ends."""
    boarded(s).runs_to(2).mode("inspection").moves_about(times=20).mark("over").mode("normal")
    s.moves_about(times=20).expect("trapped_passengers", "over", 90)


@story(*WITH_MODE)
def an_entrapment_outlives_the_inspection(s: Script) -> None:
    """Raised before, it stands through the inspection in which the mechanic brings the car home."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.mode("inspection").wait(60).brought_home().clears(trapped, "doors open", 2)
    s.closes().mode("normal").wait(60)


@story(*WITH_MODE)
def the_shaft_is_learned(s: Script) -> None:
    """A learning run: slow, past all zones, with stops between landings."""
    s.mode("learning").wait(5).moves(200).wait(1).leaves_zone().wait(80)
    s.says({"car.door_zone": True}).wait(2).leaves_zone().wait(60).stops().wait(300)
    s.moves(200).wait(30).arrives().mode("normal").wait(60)


@story(*WITH_MODE)
def rescued_by_hand(s: Script) -> None:
    """Rescue operation: the brake is opened by hand, the car creeps, stops, creeps, and is opened."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.mode("rescue").wait(10)
    for _ in range(3):
        s.says({"brake.released": True}).wait(6).says({"car.moving": True, "car.speed_mm_s": 150})
        s.wait(5).says({"car.moving": False, "car.speed_mm_s": 0}).wait(2)
        s.says({"brake.released": False}).wait(5)
    s.brought_home().clears(trapped, "doors open", 2).closes().mode("normal").wait(60)


@story(*WITH_MODE)
def a_firefighter_waits_in_the_car(s: Script) -> None:
    """Firefighters' service: closed doors at a landing, somebody in the car, for ten minutes."""
    s.wait(5).runs_to(3, call=False).mode("firefighter").opens().wait(5).enter().closes()
    s.moves_about(times=60).opens().wait(5).leave().closes().mode("normal").wait(60)


@story(*WITH_MODE)
def a_firefighter_stands_between_landings(s: Script) -> None:
    """The car of a firefighter stops between landings: trapped, whatever the mode."""
    s.mode("firefighter")
    boarded(s).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(*WITH_MODE)
def an_attendant_sits_in_the_car(s: Script) -> None:
    """With an attendant: half an hour at a landing, doors closed."""
    s.mode("attendant").wait(5).opens().wait(5).enter().wait(3).closes()
    s.moves_about(times=120, still_s=12, seen_s=3)


@story(*WITH_MODE)
def an_earthquake_stops_the_car(s: Script) -> None:
    """The car stops between landings by itself: who is in it is trapped."""
    boarded(s).starts().wait(1).mode("earthquake").wait(0.5).stops().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(*WITH_MODE)
def an_earthquake_brings_the_car_to_a_landing(s: Script) -> None:
    """It opens there and stays so for an hour."""
    boarded(s).starts().wait(1).mode("earthquake").arrives().wait(1).opens().leave()
    s.wait(HOUR_S).closes().mode("normal").wait(60)


@story(*WITH_MODE)
def the_fire_recall_leaves_the_doors_open(s: Script) -> None:
    """Recalled, two hours with doors open and the fault bit set: the fault is told, the doors are not."""
    s.wait(5).rides_to(4).mode("fire_recall").runs_to(0, call=False).opens().wait(60)
    s.says({"controller.fault": True}).expect("controller_fault")
    s.wait(2 * HOUR_S).closes().mode("normal").wait(60)
    s.shows(Silence.MUTED, "door_held_open")


@story(*WITH_MODE)
def the_mode_is_unknown(s: Script) -> None:
    """A mode that cannot be read counts as normal."""
    s.wait(5).loses("car.mode")
    boarded(s).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15)
    s.shows(Silence.UNKNOWN, "mode_changed")


@story(*WITH_MODE)
def modes_are_told(s: Script) -> None:
    """Each mode entered is a notice; one that is only lost and found again is none."""
    for mode in ("inspection", "normal", "fire_recall", "normal"):
        s.wait(60).mode(mode).expect_notice("mode_changed")
    s.wait(60).dies("car.mode").expect("signal_lost")
    s.wait(5).revives().wait(60).shows(Silence.JUST_NOT, "mode_changed")


@story(*WITH_MODE)
def the_inspection_relay_chatters_during_an_entrapment(s: Script) -> None:
    """The mode flaps once a second: half the time it is normal, and a trifle does not start a delay over."""
    boarded(s).stops_between()
    for _ in range(120):
        s.mode("inspection").wait(0.5).mode("normal").wait(0.5)
    s.expect(
        "trapped_passengers", "stopped", 30.5
    )  # due with the 30th inspection, it comes after it


# ---------------------------------------------------------------- visits


@story(FULL)
def a_visit_of_five_hours(s: Script) -> None:
    """Checked in for 5 h, muted for 4: the fault that is there by then is told."""
    s.wait(5).says({"visit.active": True}).mark("visit").wait(HOUR_S)
    s.says({"controller.fault": True, "safety_chain.closed": False}).wait(60)
    s.says({"safety_chain.closed": True}).wait(4 * HOUR_S)
    fault = s.expect("controller_fault", "visit", 4 * HOUR_S)
    s.says({"controller.fault": False, "visit.active": False}).clears(fault, None, 2).wait(60)
    s.shows(Silence.MUTED, "controller_fault", "safety_chain_open")


@story(FULL)
def a_visit_left_open(s: Script) -> None:
    """Nobody checks out for three days: from the fifth hour on it mutes nothing."""
    s.wait(5).says({"visit.active": True}).wait(5 * HOUR_S)
    for _ in range(3):
        s.mark("call").says({"hall.call_pending": True}).wait(90)
        s.expect("start_failure", "call", 60)
        s.says({"hall.call_pending": False}).wait(20 * HOUR_S)


@story(FULL)
def what_a_visit_mutes(s: Script) -> None:
    """A call that is not served, an open chain, a fault, an open machine room: half an hour each, and no word."""
    s.wait(5).says({"visit.active": True}).wait(60)
    for troubles in (
        {"hall.call_pending": True},
        {"safety_chain.closed": False},
        {"controller.fault": True},
        {"machine_room.door_open": True, "machine_room.temperature_c": 45.0},
    ):
        s.says(troubles).wait(HOUR_S / 2)
        s.says(dict.fromkeys(troubles, False) | {"safety_chain.closed": True})
        s.says({"machine_room.temperature_c": 24.0}).wait(30)
    s.says({"visit.active": False}).wait(60)
    s.shows(Silence.MUTED, "start_failure", "safety_chain_open", "controller_fault")
    s.shows(Silence.MUTED, "machine_room_hot", "machine_room_door_open")


@story(FULL)
def what_a_visit_does_not_mute(s: Script) -> None:
    """Trapped people, lost mains, a lost signal, a silent station."""
    s.wait(5).says({"visit.active": True})
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.brought_home().clears(trapped, "doors open", 2).closes().wait(30)
    s.mark("dark").says({"power.mains": False}).expect("mains_lost", "dark", 1)
    s.wait(30).says({"power.mains": True}).mark("silent").says({"intercom.car": False})
    s.expect("intercom_silent", "silent", 90, instance="car")
    s.wait(120).loses("pit.water").wait(60)
