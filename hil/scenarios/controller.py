"""What the controller does wrong or reports: long runs, lost position, failed starts, faults; and the battery."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import CAR_TOP_BOX, DRIVE, FULL, TWO_DOORS, WITH_MOTION
from hil.scenarios.labels import Silence
from hil.scenarios.script import Script

OWN = (FULL, TWO_DOORS)
FAULT_BIT = (FULL, TWO_DOORS, DRIVE)
WITH_CALLS = (FULL, TWO_DOORS, CAR_TOP_BOX)


# ---------------------------------------------------------------- run_time_limit


@story(*WITH_MOTION)
def the_ropes_slip(s: Script) -> None:
    """The motor runs, no landing passes; at last one does."""
    s.wait(5).starts(call=False).wait(100)
    limit = s.expect("run_time_limit", "zone left", 60, severity="major")
    s.arrives().clears(limit, "zone reached", 2).wait(60)


@story(*WITH_MOTION)
def a_slow_car_in_a_high_shaft(s: Script) -> None:
    """59 s from landing to landing, ten of them in one run."""
    s.wait(5).starts(call=False)
    for _ in range(9):
        s.wait(56).passes()
    s.wait(56).arrives().wait(60).shows(Silence.JUST_NOT, "run_time_limit")


@story(*OWN)
def the_run_time_limiter_trips(s: Script) -> None:
    """The limiter's own signal, and its reset."""
    s.wait(5).starts(call=False).wait(1).says({"run_time_limit.tripped": True})
    limit = s.expect("run_time_limit")
    s.stops().wait(8).says({"run_time_limit.tripped": False}).clears(limit, None, 2)
    s.moves(150).arrives().wait(60)


@story(*OWN)
def modes_in_which_a_run_may_be_slow(s: Script) -> None:
    """Three minutes between two landings in inspection, learning, emergency power and rescue."""
    for mode in ("inspection", "learning", "emergency_power", "rescue"):
        s.wait(5).mode(mode).wait(5).starts(call=False).wait(180).arrives()
    s.wait(5).mode("normal").wait(60).shows(Silence.MUTED, "run_time_limit")


@story(*WITH_MOTION)
def no_zone_is_known_on_a_long_run(s: Script) -> None:
    """The zone is unknown for two minutes of running: landings may be passing."""
    s.wait(5).loses("car.door_zone").starts(call=False).wait(120).arrives().wait(60)
    s.shows(Silence.UNKNOWN, "run_time_limit")


# ---------------------------------------------------------------- position_lost


@story(*OWN)
def the_controller_has_lost_its_position(s: Script) -> None:
    """It says so, homes, and knows where it is again."""
    s.wait(5).two_runs().wait(60).says({"position.lost": True})
    lost = s.expect("position_lost", severity="major")
    s.wait(60).runs_to(3, call=False)
    s.says({"position.lost": False}).clears(lost, None, 2).wait(60)


@story(FULL, CAR_TOP_BOX)
def the_floor_stands_still_while_landings_pass(s: Script) -> None:
    """Run after run to other landings, and the floor is the same; the third such run is too many."""
    s.wait(5).sticks("car.floor")
    for floor in (2, 5, 1):
        s.runs_to(floor, call=False).wait(20)
    s.mark("fourth").runs_to(4, call=False).wait(60)
    s.expect("position_lost", "fourth")


@story(FULL, CAR_TOP_BOX)
def the_floor_is_late_for_two_runs(s: Script) -> None:
    """Two runs with a display that stands still, then it follows again."""
    s.wait(5).sticks("car.floor").runs_to(2, call=False).wait(20).runs_to(5, call=False)
    s.wait(20).revives().runs_to(1, call=False).wait(20).runs_to(3, call=False).wait(60)
    s.shows(Silence.JUST_NOT, "position_lost")


@story(*OWN)
def the_position_is_learned_anew(s: Script) -> None:
    """In learning and in inspection a lost position is ordinary."""
    for mode in ("learning", "inspection"):
        s.wait(5).mode(mode).says({"position.lost": True}).wait(60)
        s.says({"position.lost": False}).wait(5)
    s.mode("normal").wait(60).shows(Silence.MUTED, "position_lost")


@story(FULL, CAR_TOP_BOX)
def the_floor_is_unknown(s: Script) -> None:
    """Six runs without a floor."""
    s.wait(5).loses("car.floor", "position.lost")
    for floor in (2, 5, 1, 4, 0, 3):
        s.runs_to(floor, call=False).wait(20)
    s.shows(Silence.UNKNOWN, "position_lost")


# ---------------------------------------------------------------- start_failure


@story(*OWN)
def nobody_comes_to_the_landing(s: Script) -> None:
    """A call from a landing, the car ready and closed, and it does not start."""
    s.wait(30).mark("call").says({"hall.call_pending": True}).wait(120)
    failure = s.expect("start_failure", "call", 60, severity="major")
    s.says({"hall.call_pending": False}).runs_to(3, call=False).wait(60)
    s.clears(failure, "call", 122)


@story(*WITH_CALLS)
def the_passenger_calls_and_nothing_happens(s: Script) -> None:
    """Boarded and called: it does not start, and later it is an entrapment."""
    s.wait(5).opens().wait(2).enter().wait(3).closes().mark("call")
    s.says({"car.call_registered": True}).wait(120)
    s.expect("start_failure", "call", 60)
    s.expect("trapped_passengers", "doors left", 90)


@story(*OWN)
def the_car_starts_at_the_last_moment(s: Script) -> None:
    """A landing call waits for 59.9 s."""
    s.wait(30).says({"hall.call_pending": True}).wait(59.9).runs_to(2, call=False)
    s.says({"hall.call_pending": False}).wait(60).shows(Silence.JUST_NOT, "start_failure")


@story(*OWN)
def calls_that_nobody_serves_on_purpose(s: Script) -> None:
    """A landing call pending for ten minutes, out of service, in inspection, with an attendant."""
    for mode in ("out_of_service", "inspection", "attendant"):
        s.wait(5).mode(mode).says({"hall.call_pending": True}).wait(600)
        s.says({"hall.call_pending": False})
    s.mode("normal").wait(60).shows(Silence.MUTED, "start_failure")


@story(FULL)
def a_call_while_the_mains_are_lost(s: Script) -> None:
    """Nothing can start without mains, nor is the car to blame for a minute afterwards."""
    s.wait(30).says({"hall.call_pending": True, "power.mains": False, "safety_chain.closed": False})
    s.expect("mains_lost", seconds=1)
    s.wait(300).says({"power.mains": True, "safety_chain.closed": True}).wait(50)
    s.runs_to(2, call=False).says({"hall.call_pending": False}).wait(60)
    s.shows(Silence.MUTED, "start_failure")


@story(FULL, CAR_TOP_BOX)
def whether_the_doors_are_closed_is_unknown(s: Script) -> None:
    """A call for ten minutes, and the door cannot be seen."""
    s.wait(30).loses("door.front").wait(5).says({"hall.call_pending": True}).wait(600)
    s.says({"hall.call_pending": False}).wait(60).shows(Silence.UNKNOWN, "start_failure")


# ---------------------------------------------------------------- controller_fault


@story(*FAULT_BIT)
def the_controller_reports_a_fault(s: Script) -> None:
    """A fault whose code comes half a second later: one event, and its end."""
    s.wait(5).says({"controller.fault": True})
    fault = s.expect("controller_fault", severity="major")
    s.wait(0.5).says({"controller.fault_code": 37}).wait(120)
    s.says({"controller.fault": False, "controller.fault_code": 0}).clears(fault, None, 2)
    s.wait(60)


@story(*FAULT_BIT)
def an_old_code_without_a_fault(s: Script) -> None:
    """The register keeps the code of the last fault; there is none now."""
    s.wait(5).says({"controller.fault_code": 37}).wait(600)
    s.shows(Silence.JUST_NOT, "controller_fault")


@story(*FAULT_BIT)
def the_fault_is_unknown(s: Script) -> None:
    """The fault bit is lost; while a fault stands, its loss ends nothing."""
    s.wait(5).loses("controller.fault").wait(60).shows(Silence.UNKNOWN, "controller_fault")
    s.revives().wait(30).says({"controller.fault": True})
    s.expect("controller_fault").stands = True
    s.wait(30).loses("controller.fault").wait(600)


@story(*OWN)
def faults_made_in_inspection(s: Script) -> None:
    """In inspection the controller reports one fault after another."""
    s.wait(5).mode("inspection")
    for code in (3, 14, 15):
        s.says({"controller.fault": True, "controller.fault_code": code}).wait(60)
        s.says({"controller.fault": False}).wait(10)
    s.mode("normal").wait(60).shows(Silence.MUTED, "controller_fault")


# ---------------------------------------------------------------- battery


@story(FULL)
def the_battery_runs_down(s: Script) -> None:
    """40 % is enough, 39 % is not; charged, it is over."""
    s.wait(5)
    for percent in (60, 50, 41, 40):
        s.says({"power.battery_percent": percent}).wait(60)
    s.says({"power.battery_percent": 39})
    low = s.expect("battery_low", severity="major")
    s.wait(600).says({"power.battery_percent": 80}).clears(low, None, 2).wait(60)


@story(FULL)
def the_battery_stays_just_charged_enough(s: Script) -> None:
    """It plays between 40 and 42 % for an hour."""
    for _ in range(60):
        s.wait(30).says({"power.battery_percent": 40}).wait(30).says({"power.battery_percent": 42})
    s.shows(Silence.JUST_NOT, "battery_low")


@story(FULL)
def the_battery_plays_about_its_limit(s: Script) -> None:
    """39 and 40 % in turn for ten minutes: one event."""
    s.wait(5).expect("battery_low").stands = True
    for _ in range(60):
        s.says({"power.battery_percent": 39}).wait(5).says({"power.battery_percent": 40}).wait(5)


@story(FULL)
def the_battery_has_a_fault(s: Script) -> None:
    """The fault contact, in inspection too; then the battery is exchanged."""
    s.wait(5).mode("inspection").wait(5).says({"power.battery_fault": True})
    fault = s.expect("battery_fault", severity="major")
    s.wait(600).says({"power.battery_fault": False}).clears(fault, None, 2).wait(60)


@story(FULL)
def the_battery_cannot_be_read(s: Script) -> None:
    """Neither its charge nor its fault contact."""
    s.wait(5).loses("power.battery_percent", "power.battery_fault").wait(600)
    s.shows(Silence.UNKNOWN, "battery_low", "battery_fault")
