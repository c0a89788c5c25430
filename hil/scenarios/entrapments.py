"""Passengers who cannot get out: every kind of it, and how it ends."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import CONTACTS, DRIVE, FULL, TWO_DOORS
from hil.scenarios.script import Script


def boarded(s: Script) -> Script:
    """Somebody has come in and the doors have closed; a car that then does not move has failed to start as well."""
    s.allows("start_failure")
    return s.wait(5).opens().wait(2).enter().wait(3).closes().wait(1)


@story()
def stops_between_floors_with_a_passenger(s: Script) -> None:
    """The car stops between landings with somebody in it; brought home by hand."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15, severity="critical")
    s.wait(240).brought_home()
    s.clears(trapped, "doors open", 2)


@story()
def the_passenger_stands_still(s: Script) -> None:
    """Presence fades after the stop: the entrapment stands all the same."""
    boarded(s).stops_between()
    s.wait(10).says({"car.occupied": False}).wait(110)
    s.expect("trapped_passengers", "stopped", 15).stands = True


@story()
def the_passenger_is_lost_before_the_rule_says_so(s: Script) -> None:
    """Presence was last seen 12 s before the rule's limit: latched, it still counts."""
    boarded(s).stops_between()
    s.now_s = s.marks["stopped"]
    s.wait(3).says({"car.occupied": False}).wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story()
def the_car_stands_at_a_landing_with_doors_shut(s: Script) -> None:
    """The doors do not open after a run: 90 s at the landing with a passenger seen."""
    boarded(s).runs_to(2).allows("door_open_failure").moves_about(times=5).wait(150)
    s.expect("trapped_passengers", "run over", 90)


@story()
def doors_closed_on_a_passenger_who_never_moved(s: Script) -> None:
    """The car never starts: closed doors, somebody inside, seen again and again."""
    boarded(s).moves_about(times=12).wait(10)
    s.expect("trapped_passengers", "doors left", 90)


@story(FULL, DRIVE)
def the_drive_tries_again_every_12_s(s: Script) -> None:
    """A drive that tries again for a second every 12 s does not put the entrapment off for ever."""
    boarded(s).stops_between()
    for _ in range(6):
        s.wait(11).jerks(1)
    s.expect("trapped_passengers", "stopped", 15 + 1)  # the retry paused it


def tries_for_4_s(s: Script, times: int) -> float:
    """The drive moves the car for 4 s every 12 s and reaches no landing; gives after how long that is too long.

    The car stands 8 s at a time, so that 90 s are full in the twelfth stop. Where only zones tell of motion, all is one
    stop.
    """
    s.now_s = max(s.now_s, s.marks["stopped"])
    for _ in range(times):
        s.wait(8).jerks(4)
    return 11 * 12 + 2 if s.has("car.moving") else 15


@story()
def the_drive_tries_for_4_s_every_12_s(s: Script) -> None:
    """Each try is long enough to be a stop of its own; with no landing reached, 90 s of standing in all are enough."""
    boarded(s).stops_between()
    trapped = s.expect("trapped_passengers", "stopped", tries_for_4_s(s, 20))
    s.brought_home()
    s.clears(trapped, "doors open", 2)


@story()
def the_drive_of_an_empty_car_tries_for_4_s_every_12_s(s: Script) -> None:
    """Likewise with nobody seen: it stands, whatever the drive tries, until a landing is reached."""
    s.allows("start_failure").wait(30).starts(call=False).wait(1.5).stops()
    outside = s.expect("stopped_outside_door_zone", "stopped", tries_for_4_s(s, 20))
    s.creeps_to_landing().mark("home")
    s.clears(outside, "home", -1 + 2).wait(20)


@story(FULL, DRIVE)
def a_retry_that_fails_at_once_is_no_end(s: Script) -> None:
    """Ten minutes of retries while the entrapment stands: it neither clears nor is raised again."""
    boarded(s).stops_between().wait(20)
    s.expect("trapped_passengers", "stopped", 15).stands = True
    for _ in range(20):
        s.wait(28).jerks(2)


@story()
def trapped_and_the_button_is_pressed(s: Script) -> None:
    """The passenger presses the button: two events of two rules, both end when the doors are open."""
    boarded(s).stops_between().wait(5).mark("press").press_alarm(2).wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    pressed = s.expect("alarm_button", "press", 0.5)
    s.wait(60).brought_home()
    s.clears(trapped, "doors open", 2)
    s.clears(pressed, "doors open", 2)


@story()
def the_button_is_all_the_evidence(s: Script) -> None:
    """Nobody is seen and nobody called: who presses is in the car."""
    s.wait(10).starts(call=False).wait(1.5).stops()
    s.now_s = s.marks["stopped"]
    s.wait(5).mark("press").press_alarm(1).wait(60)
    s.expect("alarm_button", "press", 0.5)
    s.expect("trapped_passengers", "stopped", 15)


@story()
def trapped_until_the_key_is_turned(s: Script) -> None:
    """A competent person says that nobody is trapped: the end-of-alarm key."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.leave().says({"car.call_registered": False}).mark("key").turn_end_key()
    s.clears(trapped, "key", 0)
    s.allows("stopped_outside_door_zone").wait(60)


@story()
def the_zone_is_lost_while_trapped(s: Script) -> None:
    """The zone sensor dies during an entrapment: unknown clears nothing."""
    boarded(s).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15).stands = True
    s.dies("car.door_zone").expect("signal_lost")
    s.wait(300)


@story()
def everything_is_lost_while_trapped(s: Script) -> None:
    """All links die during an entrapment: what stands, stands."""
    boarded(s).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15).stands = True
    for driver in s.on.drivers:
        s.driver_dies(driver)
        s.expect("signal_lost", instance=driver)
    s.wait(600)


@story(FULL, DRIVE)
def the_zone_flickers_at_the_stop(s: Script) -> None:
    """The car stands just at the edge of a zone: its contact chatters, the rule for doors not open holds."""
    boarded(s).stops_between().wait(4)
    s.now_s = max(s.now_s, s.marks["stopped"])
    for _ in range(30):
        s.says({"car.door_zone": True}).wait(0.2).says({"car.door_zone": False}).wait(0.8)
    s.allows("door_open_failure").wait(60)
    s.expect("trapped_passengers", "stopped", 4 + 13 * 1.0 + 0.8)  # 0.8 s outside of each second


@story(FULL, TWO_DOORS)
def the_other_door_is_dead(s: Script) -> None:
    """One of two doors gives no answer: the rule goes on with the other."""
    boarded(s).dies("door.rear").stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15)
    if s.has("door.rear"):
        s.allows("signal_lost")


@story(TWO_DOORS)
def the_rear_door_opens_at_the_landing(s: Script) -> None:
    """Of two doors the rear one opens: whoever was trapped can leave."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.creeps_to_landing().wait(1).opens("door.rear").wait(5).leave()
    s.clears(trapped, "doors open", 2)


@story(FULL)
def only_a_call_says_that_somebody_is_in(s: Script) -> None:
    """Presence and load see nobody, but a call from inside was pending when the car stopped."""
    s.allows("start_failure").wait(5).opens().wait(5).closes().wait(1).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(FULL)
def only_the_load_says_that_somebody_is_in(s: Script) -> None:
    """The presence sensor is dead; the load is 20 % above the lowest of the day."""
    s.wait(5).dies("car.occupied").expect("signal_lost")
    s.opens().wait(2).says({"car.load_percent": 20}).wait(3).closes().wait(1)
    s.starts(call=False).wait(1.5).stops().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story()
def trapped_a_second_time(s: Script) -> None:
    """Freed, and an hour later trapped again: two events."""
    for _ in range(2):
        boarded(s).stops_between().wait(60)
        trapped = s.expect("trapped_passengers", "stopped", 15)
        s.brought_home().wait(3).closes()
        s.clears(trapped, "doors open", 2)
        s.wait(3600)


@story(FULL)
def trapped_in_every_mode_of_passengers(s: Script) -> None:
    """Fire recall stops on its way: who is in the car is trapped whatever the mode."""
    boarded(s).says({"car.mode": "fire_recall"}).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(FULL)
def an_attendant_presses_the_button_at_the_landing(s: Script) -> None:
    """With an attendant only the button counts at a landing, and it does."""
    s.says({"car.mode": "attendant"})
    boarded(s).runs_to(1).allows("door_open_failure")
    s.mark("arrived").moves_about(times=6)
    s.mark("press").press_alarm(1).wait(90)
    s.expect("alarm_button", "press", 0.5)
    s.expect("trapped_passengers", "arrived", 90)


@story(CONTACTS, DRIVE)
def a_passenger_is_noticed_late(s: Script) -> None:
    """Nobody seen at first: stopped outside the zone; then somebody moves, and it is an entrapment."""
    s.wait(10).starts(call=False).wait(1.5).stops()
    s.now_s = s.marks["stopped"]
    s.wait(30)
    outside = s.expect("stopped_outside_door_zone", "stopped", 15, severity="major")
    s.mark("seen").says({"car.occupied": True}).wait(60)
    s.expect("trapped_passengers", "seen", 0)
    s.clears(outside, "seen", 0)
