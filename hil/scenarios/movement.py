"""Doors and landings where the car is not: moved with doors open, doors open outside the zone, unintended movement."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import CAR_TOP_BOX, DRIVE, FULL, TWO_DOORS
from hil.scenarios.labels import Label, Silence
from hil.scenarios.script import NOT_CLOSED_IS_OPEN_S, Script

LANDING_DOORS = (FULL, TWO_DOORS, DRIVE)


def stands_empty_outside(s: Script) -> Label:
    """The empty car has come to a stand between landings, as far as is known."""
    s.wait(5).starts(call=False).wait(1.5).stops().until("stopped")
    return s.expect("stopped_outside_door_zone", "stopped", 15, severity="major")


def runs_open(s: Script, seconds: float) -> Script:
    """The car leaves its landing with the car door open; the landing door falls shut behind it."""
    s.opens().stand_open().wait(1).moves(300).wait(1)
    return s.says({"landing_doors.locked": True}).leaves_zone().wait(seconds)


# ---------------------------------------------------------------- moved_with_doors_open


@story()
def the_car_leaves_with_its_door_open(s: Script) -> None:
    """The car runs from landing to landing with its door open; the key ends it."""
    runs_open(s, 1.5)
    moved = s.expect("moved_with_doors_open", "zone left", 0.2, severity="critical")
    s.arrives().closes().wait(600).mark("key").turn_end_key()
    s.clears(moved, "key").wait(60)


@story()
def it_left_open_and_then_runs_normally_twice(s: Script) -> None:
    """Two normal runs end what the key was not turned for; the run with the open door is none of them."""
    runs_open(s, 1.5)
    moved = s.expect("moved_with_doors_open", "zone left", 0.2)
    s.arrives().closes().wait(60).two_runs()
    s.clears(moved, "run over").wait(60)


@story()
def one_run_is_not_two(s: Script) -> None:
    """After one normal run it still stands."""
    runs_open(s, 1.5)
    s.expect("moved_with_doors_open", "zone left", 0.2).stands = True
    s.arrives().closes().wait(60).runs_to(s.floor + 2, call=False).wait(600)


@story()
def levelled_back_from_just_outside_the_zone(s: Script) -> None:
    """The zone is lost for 0.15 s while the car levels with its doors open."""
    runs_open(s, 0.15).says({"car.door_zone": True, "landing_doors.locked": False})
    s.shows(Silence.JUST_NOT, "moved_with_doors_open").wait(1).stops().closes().wait(60)


@story(FULL, TWO_DOORS)
def inspected_with_the_doors_open(s: Script) -> None:
    """The mechanic rides on the car top with the door open; in normal mode it is closed again."""
    s.mode("inspection").wait(5)
    runs_open(s, 10).stops().wait(60).moves(300).arrives().closes().mode("normal").wait(60)
    s.shows(Silence.MUTED, "moved_with_doors_open", "doors_open_outside_zone")


@story()
def a_ride_with_a_dead_door_contact(s: Script) -> None:
    """The door cannot be seen for a whole ride: unknown is not open."""
    s.wait(5).loses("door.front").wait(10).runs_to(s.floor + 3, call=False).wait(60)
    s.shows(Silence.UNKNOWN, "moved_with_doors_open", "door_close_failure", "door_held_open")
    s.shows(Silence.UNKNOWN, "door_cycling")


@story(TWO_DOORS)
def the_rear_door_is_open_under_way(s: Script) -> None:
    """One open door of two is enough."""
    s.wait(5).opens("door.rear").wait(5).says({"landing_doors.locked": True})
    s.moves(300).wait(1).leaves_zone().wait(1.5)
    s.expect("moved_with_doors_open", "zone left", 0.2)
    s.arrives().closes()


# ---------------------------------------------------------------- doors_open_outside_zone


@story()
def the_doors_are_forced_between_landings(s: Script) -> None:
    """Somebody forces the doors of an empty car that stands between landings, and shuts them again."""
    stands_empty_outside(s)
    s.wait(30).opens().stand_open().wait(60)
    forced = s.expect("doors_open_outside_zone", "doors open", 2, severity="critical")
    s.closes().wait(60).clears(forced, "doors left", 2)


@story()
def passengers_force_the_doors(s: Script) -> None:
    """Trapped people open the doors between landings: they are trapped all the same."""
    boarded(s).stops_between().until("stopped", 5).opens().stand_open().wait(60)
    s.expect("trapped_passengers", "stopped", 15).stands = True
    s.expect("doors_open_outside_zone", "doors open", 2)


@story()
def the_doors_give_way_for_a_moment(s: Script) -> None:
    """Open for 1.9 s between landings: a push from inside."""
    stands_empty_outside(s)
    s.wait(30).says({"door.front": "open"}).shows(Silence.JUST_NOT, "doors_open_outside_zone")
    s.wait(NOT_CLOSED_IS_OPEN_S if s.on.contact_doors else 0).wait(1.9)
    s.says({"door.front": "closed"}).wait(60)


@story(FULL, TWO_DOORS)
def people_are_let_out_in_rescue_operation(s: Script) -> None:
    """In rescue operation the doors are opened a little above the landing."""
    s.wait(5).starts(call=False).wait(1.5).stops().wait(5).mode("rescue").wait(5).opens()
    s.shows(Silence.MUTED, "doors_open_outside_zone").wait(120).closes()
    s.allows("stopped_outside_door_zone")


@story()
def the_zone_is_unknown_where_the_doors_open(s: Script) -> None:
    """The zone sensor is dead when the doors open at a landing: nobody says that it is outside."""
    s.wait(5).loses("car.door_zone").wait(30).opens().wait(60).closes().wait(60)
    s.shows(Silence.UNKNOWN, "doors_open_outside_zone", "stopped_outside_door_zone")


# ---------------------------------------------------------------- landing_door_unlocked


@story(*LANDING_DOORS)
def a_landing_door_is_unlocked_by_key(s: Script) -> None:
    """Somebody opens a landing door while the car stands elsewhere between landings."""
    stands_empty_outside(s)
    s.wait(30).mark("unlocked").says({"landing_doors.locked": False}).wait(60)
    unlocked = s.expect("landing_door_unlocked", "unlocked", 2, severity="critical")
    s.says({"landing_doors.locked": True}).clears(unlocked, None, 2).wait(60)


@story(*LANDING_DOORS)
def a_landing_door_opens_while_the_car_runs(s: Script) -> None:
    """A lock gives way while the car runs past."""
    s.wait(5).starts(call=False).mark("unlocked").says({"landing_doors.locked": False})
    s.passes(3).arrives().says({"landing_doors.locked": True}).wait(60)
    s.expect("landing_door_unlocked", "unlocked", 2)


@story(*LANDING_DOORS)
def a_lock_rattles_as_the_car_passes(s: Script) -> None:
    """A landing door's contact is open for 1.9 s, under way."""
    s.wait(5).starts(call=False).says({"landing_doors.locked": False}).wait(1.9)
    s.says({"landing_doors.locked": True}).wait(0.5).arrives().wait(60)
    s.shows(Silence.JUST_NOT, "landing_door_unlocked")


@story(FULL, TWO_DOORS)
def the_mechanic_steps_onto_the_car_top(s: Script) -> None:
    """In inspection a landing door is open while the car stands below it."""
    s.mode("inspection").wait(5).starts(call=False).wait(1.5).stops()
    s.says({"landing_doors.locked": False}).wait(300).says({"landing_doors.locked": True})
    s.moves(300).arrives().mode("normal").wait(60)
    s.shows(Silence.MUTED, "landing_door_unlocked", "stopped_outside_door_zone")


@story(*LANDING_DOORS)
def the_landing_doors_are_unknown(s: Script) -> None:
    """The contact of the landing doors dies under way."""
    s.wait(5).starts(call=False).loses("landing_doors.locked").wait(0.5).arrives().wait(60)
    s.shows(Silence.UNKNOWN, "landing_door_unlocked")


# ---------------------------------------------------------------- unintended_movement


def slips(s: Script, speed_mm_s: int) -> Script:
    """Doors open at the landing, nothing drives, and the car begins to move."""
    s.wait(5).opens().stand_open().wait(3).mark("slips")
    return s.says({"car.moving": True, "car.speed_mm_s": speed_mm_s})


def comes_to_rest(s: Script) -> Script:
    """It stands again."""
    return s.says({"car.moving": False, "car.speed_mm_s": 0})


@story(FULL, TWO_DOORS)
def the_brake_lets_go_with_the_doors_open(s: Script) -> None:
    """The car sinks out of the zone with its doors open, the brake said to be closed."""
    slips(s, 120).wait(3).says({"landing_doors.locked": True}).leaves_zone().wait(2)
    comes_to_rest(s).mark("stopped").wait(60)
    s.expect("unintended_movement", "slips", 0, severity="critical").stands = True
    s.expect("brake_contradiction", "slips", 1)
    s.expect("moved_with_doors_open", "zone left", 0.2)
    s.expect("doors_open_outside_zone", "stopped", 2)
    s.expect("stopped_outside_door_zone", "stopped", 15)


@story(FULL, TWO_DOORS)
def the_movement_protection_has_tripped(s: Script) -> None:
    """The protection says so itself; reset, and two normal runs."""
    s.wait(5).says({"ucm.tripped": True})
    tripped = s.expect("unintended_movement", severity="critical")
    s.wait(600).says({"ucm.tripped": False}).wait(30).two_runs()
    s.clears(tripped, "run over").wait(60)


@story(FULL, TWO_DOORS)
def the_movement_protection_is_reset_with_the_key(s: Script) -> None:
    """Reset, and the key is turned."""
    s.wait(5).says({"ucm.tripped": True})
    tripped = s.expect("unintended_movement")
    s.wait(600).says({"ucm.tripped": False}).wait(30).mark("key").turn_end_key()
    s.clears(tripped, "key").wait(60)


@story(FULL, TWO_DOORS)
def the_car_gives_under_a_load(s: Script) -> None:
    """A trolley is rolled in: the ropes stretch, below 50 mm/s, for ten seconds, again and again."""
    s.wait(5).opens().wait(3)
    for load in (20, 40, 60, 80):
        s.says({"car.speed_mm_s": 49, "car.load_percent": load}).wait(10)
        comes_to_rest(s).wait(5)
    s.closes().shows(Silence.JUST_NOT, "unintended_movement").wait(60)


@story(FULL, TWO_DOORS)
def a_jolt_of_under_a_second(s: Script) -> None:
    """49 mm/s for 0.9 s with doors open."""
    slips(s, 49).wait(0.9)
    comes_to_rest(s).closes().shows(Silence.JUST_NOT, "unintended_movement").wait(60)


@story(FULL, TWO_DOORS)
def the_zone_goes_where_no_speed_is_known(s: Script) -> None:
    """Speed unknown, drive silent, doors open, and the zone is absent for 1.5 s."""
    s.wait(5).opens().wait(3).loses("car.speed_mm_s").wait(5).mark("gone")
    s.says({"car.door_zone": False}).wait(1.5).says({"car.door_zone": True}).wait(30).closes()
    s.expect("unintended_movement", "gone", 1)


@story(FULL, TWO_DOORS)
def the_zone_flickers_where_no_speed_is_known(s: Script) -> None:
    """The same for 0.9 s."""
    s.wait(5).opens().wait(3).loses("car.speed_mm_s").wait(5)
    s.says({"car.door_zone": False}).wait(0.9).says({"car.door_zone": True}).wait(30).closes()
    s.shows(Silence.JUST_NOT, "unintended_movement")


@story(FULL, TWO_DOORS)
def moved_by_hand_in_inspection(s: Script) -> None:
    """The brake is opened by hand, doors open, in inspection."""
    s.mode("inspection")
    slips(s, 150).says({"brake.released": True}).wait(10)
    comes_to_rest(s).says({"brake.released": False}).closes().mode("normal").wait(60)
    s.shows(Silence.MUTED, "unintended_movement")


@story(FULL, TWO_DOORS)
def whether_the_drive_runs_is_unknown(s: Script) -> None:
    """The car levels with open doors, and the drive's command cannot be read."""
    s.wait(5).opens().wait(3).loses("drive.command").wait(5)
    s.says({"car.moving": True, "car.speed_mm_s": 60, "brake.released": True}).wait(3)
    s.stops().wait(30).closes().shows(Silence.UNKNOWN, "unintended_movement")


@story(CAR_TOP_BOX, DRIVE)
def levelling_with_doors_open_after_loading(s: Script) -> None:
    """Told only that the car moves, levelling with open doors is ordinary."""
    s.wait(5).opens().wait(5).moves(100).wait(4).stops().wait(5).closes()
    s.shows(Silence.JUST_NOT, "unintended_movement")
