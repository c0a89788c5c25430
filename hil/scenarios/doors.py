"""Doors at the landing: they do not close, stay open, do not open, open and close again and again."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import CAR_TOP_BOX, FULL, TWO_DOORS
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script

STATES = (FULL, TWO_DOORS)  # where a door tells more than whether it is closed
WITH_CALLS = (FULL, TWO_DOORS, CAR_TOP_BOX)


def tries(s: Script, times: int, open_s: float = 2.0) -> Script:
    """The doors leave `open`, get stuck and open again, each time for so long; a try takes 2 s more."""
    for _ in range(times):
        s.says({"door.front": "closing"}).wait(1).says({"door.front": "opening"}).wait(1)
        s.says({"door.front": "open"}).mark("open again").wait(open_s)
    return s


# ---------------------------------------------------------------- door_close_failure


@story(*STATES)
def a_door_gets_stuck_half_way(s: Script) -> None:
    """Left open and neither closed nor back: 60 s; then a push, and it is closed."""
    s.wait(5).opens().wait(8).mark("left").says({"door.front": "closing"}).wait(1)
    s.says({"door.front": "stopped"}).wait(90)
    failure = s.expect("door_close_failure", "left", 60, severity="major")
    s.closes().clears(failure, "doors shut", 2).wait(60)


@story(*STATES)
def nudging_does_not_help(s: Script) -> None:
    """The door opens for 4 s now and then and goes on trying, never closed, never open for 5 s."""
    s.wait(5).opens().wait(30).mark("left")
    for _ in range(8):
        s.says({"door.front": "closing"}).wait(7).says({"door.front": "opening"}).wait(1)
        s.says({"door.front": "open"}).wait(4)
    s.expect("door_close_failure", "left", 60)
    s.closes().wait(60)


@story(*STATES)
def back_at_open_before_the_minute_is_over(s: Script) -> None:
    """Stuck for 50 s, open for 6 s, stuck for 50 s, and closed."""
    s.wait(5).opens().wait(11)
    for _ in range(2):
        s.says({"door.front": "closing"}).wait(1).says({"door.front": "stopped"}).wait(49)
        s.says({"door.front": "open"}).wait(6)
    s.closes().wait(60).shows(Silence.JUST_NOT, "door_close_failure")


@story(*STATES)
def the_tenth_reopening(s: Script) -> None:
    """Ten re-openings, never 10 s open between; closed at last."""
    s.wait(5).opens().wait(12)
    tries(s, 10).mark("tenth").expect("door_close_failure", "open again")
    s.allows("door_cycling").closes().wait(60)


@story(*STATES)
def nine_reopenings(s: Script) -> None:
    """Nine, and it is closed."""
    tries(s.wait(5).opens().wait(12), 8).closes().wait(60)
    s.shows(Silence.JUST_NOT, "door_close_failure")


@story(FULL)
def the_door_is_stuck_while_nobody_minds(s: Script) -> None:
    """Half open for ten minutes: in inspection, on fire recall, during a visit, without mains."""
    for values, back in (
        ({"car.mode": "inspection"}, {"car.mode": "normal"}),
        ({"car.mode": "fire_recall"}, {"car.mode": "normal"}),
        ({"visit.active": True}, {"visit.active": False}),
        ({"power.mains": False}, {"power.mains": True}),
    ):
        s.wait(5).says(values).opens().wait(8).says({"door.front": "closing"}).wait(1)
        s.says({"door.front": "stopped"}).wait(600).closes().wait(60).says(back)
    s.allows("mains_lost").shows(Silence.MUTED, "door_close_failure")


# ---------------------------------------------------------------- door_held_open


@story()
def a_trolley_in_the_door(s: Script) -> None:
    """Fully open for a quarter of an hour."""
    s.wait(5).opens().wait(900)
    held = s.expect("door_held_open", "doors open", 600, severity="minor")
    s.closes().clears(held, "doors left", 2).wait(60)


@story()
def the_trolley_is_gone_in_time(s: Script) -> None:
    """Fully open for 599 s."""
    s.wait(5).opens().until("doors open", 597).closes().wait(60)
    s.shows(Silence.JUST_NOT, "door_held_open")


@story(FULL)
def held_open_while_nobody_minds(s: Script) -> None:
    """Open for half an hour: in inspection, with an attendant, during a visit, without mains."""
    for values, back in (
        ({"car.mode": "inspection"}, {"car.mode": "normal"}),
        ({"car.mode": "attendant"}, {"car.mode": "normal"}),
        ({"visit.active": True}, {"visit.active": False}),
        ({"power.mains": False}, {"power.mains": True}),
    ):
        s.wait(5).says(values).opens().wait(1800).closes().wait(60).says(back)
    s.allows("mains_lost").shows(Silence.MUTED, "door_held_open")


# ---------------------------------------------------------------- door_open_failure


@story(*WITH_CALLS)
def the_doors_do_not_open_at_the_landing(s: Script) -> None:
    """Arrived with a car call, and the doors stay closed for 40 s."""
    s.wait(5).runs_to(3).mark("arrived").wait(40).opens()
    failure = s.expect("door_open_failure", "arrived", 15, severity="major")
    s.clears(failure, "doors open", 2).wait(30).closes().wait(60)


@story(*WITH_CALLS)
def the_doors_open_late(s: Script) -> None:
    """Fully open 14.9 s after the stop."""
    s.wait(5).runs_to(3).wait(12.9).opens().wait(11).closes().wait(60)
    s.shows(Silence.JUST_NOT, "door_open_failure")


@story(*WITH_CALLS)
def arrived_without_a_car_call(s: Script) -> None:
    """The car parks with its doors closed."""
    s.wait(5).runs_to(3, call=False).wait(600).shows(Silence.JUST_NOT, "door_open_failure")


@story(FULL)
def closed_doors_that_nobody_minds(s: Script) -> None:
    """Arrived with a call, the doors closed for a minute: with an attendant, during a visit."""
    s.wait(5).mode("attendant").runs_to(3).wait(60).opens().wait(5).closes().mode("normal")
    s.says({"visit.active": True}).runs_to(1).wait(60).opens().wait(5).closes()
    s.says({"visit.active": False}).wait(60).shows(Silence.MUTED, "door_open_failure")


@story(FULL, CAR_TOP_BOX)
def whether_the_doors_open_is_unknown(s: Script) -> None:
    """The door's signal is lost on the run: possibly trapped. It is back a minute later, closed."""
    s.wait(5).opens().wait(5).closes().starts().loses("door.front").passes(2).arrives().wait(60)
    s.expect("entrapment_possible", "stopped", 30, severity="major")
    s.revives().wait(60).shows(Silence.UNKNOWN, "door_open_failure")
    s.allows("trapped_passengers")


# ---------------------------------------------------------------- door_cycling


@story()
def the_doors_open_and_close_all_evening(s: Script) -> None:
    """Ten times open and closed in one stop: twenty transitions; over when the car has gone elsewhere."""
    s.wait(5)
    for _ in range(10):
        s.opens().wait(11).closes().wait(5)
    cycling = s.expect("door_cycling", "doors left", severity="minor")
    s.runs_to(1, call=False).clears(cycling, "run over", 2).wait(60)


@story()
def nine_times_in_one_stop(s: Script) -> None:
    """Nine times, a ride, and nine times elsewhere."""
    for floor in (3, 0):
        for _ in range(9):
            s.wait(5).opens().wait(11).closes()
        s.wait(5).runs_to(floor, call=False)
    s.wait(60).shows(Silence.JUST_NOT, "door_cycling")


@story(FULL)
def the_doors_are_tried_in_inspection(s: Script) -> None:
    """Fifteen times, in inspection and during a visit."""
    for values, back in (
        ({"car.mode": "inspection"}, {"car.mode": "normal"}),
        ({"visit.active": True}, {"visit.active": False}),
    ):
        s.says(values)
        for _ in range(15):
            s.wait(5).opens().wait(11).closes()
        s.wait(5).runs_to(2 if s.floor == 0 else 0, call=False).wait(5).says(back)
    s.wait(60).shows(Silence.MUTED, "door_cycling")
