"""The machine itself: overtravel, overspeed, brake, safety chain."""

from hil.scenarios.corpus import story
from hil.scenarios.installations import CAR_TOP_BOX, DRIVE, FULL, TWO_DOORS, WITH_MOTION
from hil.scenarios.labels import Silence
from hil.scenarios.movement import stands_empty_outside
from hil.scenarios.script import Script

OWN = (FULL, TWO_DOORS)  # where the machine's own contacts are wired
CHAIN = (FULL, TWO_DOORS, DRIVE, CAR_TOP_BOX)


# ---------------------------------------------------------------- overtravel


@story(*OWN)
def the_car_runs_past_the_top_landing(s: Script) -> None:
    """The limit at the top; the car is brought back and the key turned."""
    s.wait(5).starts(call=False).wait(1).says({"overtravel.top": True})
    past = s.expect("overtravel_top", severity="critical")
    s.stops().wait(8).says({"overtravel.top": False}).moves(150).wait(3).arrives().wait(600)
    s.mark("key").turn_end_key()
    s.clears(past, "key").wait(60)


@story(*OWN)
def the_car_sinks_below_the_bottom_landing(s: Script) -> None:
    """The limit at the bottom; brought back, and two normal runs."""
    s.wait(5).moves(100).wait(1).leaves_zone().says({"overtravel.bottom": True})
    past = s.expect("overtravel_bottom", severity="critical")
    s.stops().wait(8).says({"overtravel.bottom": False}).moves(100).wait(3).arrives().wait(30)
    s.two_runs().clears(past, "run over").wait(60)


@story(*OWN)
def the_mechanic_tries_the_limits(s: Script) -> None:
    """In inspection the car is run onto both limits on purpose."""
    s.mode("inspection").wait(5)
    for limit in ("overtravel.top", "overtravel.bottom"):
        s.says({limit: True}).wait(30).says({limit: False}).wait(30)
    s.mode("normal").wait(60).shows(Silence.MUTED, "overtravel_top", "overtravel_bottom")


@story(*OWN)
def overtravel_stands_through_an_inspection(s: Script) -> None:
    """What stood before an inspection stands through it, and the key ends it there too."""
    s.wait(5).says({"overtravel.bottom": True})
    past = s.expect("overtravel_bottom")
    s.wait(60).mode("inspection").wait(600).says({"overtravel.bottom": False})
    s.wait(10).mark("key").turn_end_key().clears(past, "key").mode("normal").wait(60)


@story(*OWN)
def the_limits_cannot_be_read(s: Script) -> None:
    """Their contacts are dead."""
    s.wait(5).loses("overtravel.top", "overtravel.bottom").wait(600)
    s.shows(Silence.UNKNOWN, "overtravel_top", "overtravel_bottom")


@story(FULL)
def the_key_is_turned_on_a_limit_that_is_still_reached(s: Script) -> None:
    """The key ends the event; the limit is still reached, so that it is raised again at once."""
    s.wait(5).says({"overtravel.top": True})
    past = s.expect("overtravel_top")
    s.wait(60).mark("key").turn_end_key().clears(past, "key").expect("overtravel_top", "key")
    s.wait(600).mode("attendant").wait(60)


# ---------------------------------------------------------------- overspeed


@story(*WITH_MOTION)
def the_car_is_too_fast(s: Script) -> None:
    """1300 mm/s where 1000 are rated, for 2 s."""
    s.wait(5).starts(call=False).mark("fast").says({"car.speed_mm_s": 1300}).wait(2)
    fast = s.expect("overspeed", "fast", 0.5, severity="critical")
    s.says({"car.speed_mm_s": 1000}).arrives().wait(60).mark("key").turn_end_key()
    s.clears(fast, "key").wait(60)


@story(*WITH_MOTION)
def the_run_that_was_too_fast_is_the_first_of_the_two(s: Script) -> None:
    """Two normal runs end it; a run is normal by its mode, its zones and its length, whatever its speed."""
    s.wait(5).starts(call=False).mark("fast").says({"car.speed_mm_s": 1300}).wait(2)
    fast = s.expect("overspeed", "fast", 0.5)
    s.says({"car.speed_mm_s": 1000}).arrives().wait(30)
    s.runs_to(s.floor + 2, call=False).clears(fast).wait(60)


@story(*OWN)
def two_runs_after_the_governor_was_reset(s: Script) -> None:
    """The governor's contact, tripped at a landing and reset; two normal runs end it."""
    s.wait(5).says({"overspeed.tripped": True})
    tripped = s.expect("overspeed")
    s.wait(60).says({"overspeed.tripped": False}).wait(60).two_runs()
    s.clears(tripped, "run over").wait(60)


@story(*WITH_MOTION)
def the_car_is_as_fast_as_allowed(s: Script) -> None:
    """1150 mm/s, which is exactly 115 % of the rated speed, for five landings."""
    s.wait(5).starts(call=False).says({"car.speed_mm_s": 1150}).passes(4).arrives().wait(60)
    s.shows(Silence.JUST_NOT, "overspeed")


@story(*WITH_MOTION)
def the_car_is_too_fast_for_a_moment(s: Script) -> None:
    """1300 mm/s for 0.45 s, at each start."""
    for floor in (3, 0, 4):
        s.wait(10).starts("up" if floor else "down", call=False).says({"car.speed_mm_s": 1300})
        s.wait(0.45).says({"car.speed_mm_s": 1000}).passes(abs(floor - s.floor) - 1).arrives()
    s.shows(Silence.JUST_NOT, "overspeed")


@story(*OWN)
def the_governor_trips(s: Script) -> None:
    """The governor's contact; reset, and the key."""
    s.wait(5).starts(call=False).says({"overspeed.tripped": True})
    tripped = s.expect("overspeed")
    s.stops().wait(8).says({"overspeed.tripped": False}).moves(150).wait(3).arrives()
    s.wait(60).mark("key").turn_end_key().clears(tripped, "key").wait(60)


@story(*OWN)
def the_safety_gear_grips(s: Script) -> None:
    """The safety gear holds an empty car between landings."""
    stands_empty_outside(s)
    s.says({"safety_gear.tripped": True}).expect("overspeed").stands = True
    s.wait(600)


@story(*OWN)
def the_governor_is_tested(s: Script) -> None:
    """In inspection governor and safety gear are tripped by hand."""
    s.mode("inspection").wait(5).says({"overspeed.tripped": True}).wait(30)
    s.says({"safety_gear.tripped": True, "car.speed_mm_s": 1300}).wait(30)
    s.says({"overspeed.tripped": False, "safety_gear.tripped": False, "car.speed_mm_s": 0})
    s.mode("normal").wait(60).shows(Silence.MUTED, "overspeed")


@story(*WITH_MOTION)
def the_speed_is_unknown(s: Script) -> None:
    """The speed cannot be read on a ride."""
    s.wait(5).loses("car.speed_mm_s").runs_to(3, call=False).wait(60)
    s.shows(Silence.UNKNOWN, "overspeed")


# ---------------------------------------------------------------- brake_contradiction


@story(*OWN)
def the_car_moves_against_its_brake(s: Script) -> None:
    """The brake does not release, and the drive pulls the car through it."""
    s.wait(5).mark("start").moves().says({"brake.released": False}).wait(1).leaves_zone()
    dragging = s.expect("brake_contradiction", "start", 1, severity="major")
    s.wait(1).says({"brake.released": True}).clears(dragging, None, 2).passes(2).arrives()
    s.wait(60)


@story(*OWN)
def the_brake_stays_released(s: Script) -> None:
    """After a run the brake does not fall in; a minute later it does."""
    s.wait(5).runs_to(2, call=False).says({"brake.released": True}).wait(60)
    released = s.expect("brake_contradiction", "stopped", 5)
    s.says({"brake.released": False}).clears(released, None, 2).wait(60)


@story(*OWN)
def a_brake_contact_that_is_late(s: Script) -> None:
    """Its contact follows the motion by 0.9 s at the start and by 4.9 s at the stop, run after run."""
    for floor in (2, 0, 2, 0):
        s.wait(10).says({"car.direction": "up" if floor else "down"}).moves()
        s.says({"brake.released": False}).wait(0.9).says({"brake.released": True}).wait(0.1)
        s.leaves_zone().passes(1).arrives().says({"brake.released": True})
        s.wait(4.9).says({"brake.released": False})
    s.shows(Silence.JUST_NOT, "brake_contradiction")


@story(*OWN)
def the_brake_is_opened_by_hand(s: Script) -> None:
    """In rescue operation, and in inspection, the brake is opened by hand; the car stands, then sinks."""
    for mode in ("rescue", "inspection"):
        s.mode(mode).says({"brake.released": True}).wait(30).says({"car.moving": True})
        s.says({"brake.released": False}).wait(5).stops().wait(5)
    s.mode("normal").wait(60).shows(Silence.MUTED, "brake_contradiction")


@story(*OWN)
def the_brake_cannot_be_read(s: Script) -> None:
    """Its contact dies released: a stop and another run say nothing."""
    s.wait(5).starts(call=False).loses("brake.released").arrives().wait(30)
    s.runs_to(3, call=False).wait(30).shows(Silence.UNKNOWN, "brake_contradiction")


# ---------------------------------------------------------------- safety_chain_open


@story(*CHAIN)
def the_chain_opens_under_way(s: Script) -> None:
    """A lock's contact opens under way; the car stops at once, and stands until the chain is closed."""
    s.wait(5).starts(call=False).wait(1).mark("open").says({"safety_chain.closed": False})
    s.wait(0.5).stops().wait(60)
    chain = s.expect("safety_chain_open", "open", 0.3, severity="major")
    outside = s.expect("stopped_outside_door_zone", "stopped", 15)
    s.says({"safety_chain.closed": True}).clears(chain, None, 2).wait(5)
    s.moves(300).clears(outside, None, 2).wait(3).arrives().wait(60)


@story(*CHAIN)
def the_chain_stays_open_at_a_landing(s: Script) -> None:
    """Doors closed at the landing, and the chain open."""
    s.wait(5).runs_to(2, call=False).wait(5).mark("open").says({"safety_chain.closed": False})
    chain = s.expect("safety_chain_open", "open", 10)
    s.wait(300).says({"safety_chain.closed": True}).clears(chain, None, 2).wait(60)


@story(*CHAIN)
def a_contact_of_the_chain_bounces(s: Script) -> None:
    """Open for 0.25 s under way, and for 9.9 s at the landing."""
    s.wait(5).starts(call=False).says({"safety_chain.closed": False}).wait(0.25)
    s.says({"safety_chain.closed": True}).wait(1).arrives().wait(20)
    s.says({"safety_chain.closed": False}).wait(9.9).says({"safety_chain.closed": True}).wait(60)
    s.shows(Silence.JUST_NOT, "safety_chain_open")


@story(FULL, TWO_DOORS, DRIVE, CAR_TOP_BOX)
def the_chain_is_open_as_long_as_the_doors_are(s: Script) -> None:
    """A chain tapped behind the door contacts opens at every stop."""
    for floor in (2, 5, 1):
        s.wait(10).runs_to(floor, call=False).says({"safety_chain.closed": False}).opens()
        s.wait(30).closes().wait(0.2).says({"safety_chain.closed": True})


@story(*OWN)
def the_chain_is_opened_for_work(s: Script) -> None:
    """In inspection, out of service: the stop switch is pulled for an hour each."""
    for mode in ("inspection", "out_of_service"):
        s.wait(5).mode(mode).says({"safety_chain.closed": False}).wait(3600)
        s.says({"safety_chain.closed": True}).mode("normal")
    s.wait(60).shows(Silence.MUTED, "safety_chain_open")


@story(*CHAIN)
def the_chain_falls_with_the_mains(s: Script) -> None:
    """The chain has no supply while the mains are lost, and comes back a second later than they."""
    s.wait(60).says({"safety_chain.closed": False, "power.mains": False})
    s.expect("mains_lost", seconds=1)
    s.wait(600).says({"power.mains": True}).wait(1).says({"safety_chain.closed": True}).wait(60)
    s.shows(Silence.MUTED, "safety_chain_open")


@story(*CHAIN)
def the_chain_is_unknown(s: Script) -> None:
    """The tap of the chain is lost at rest and on a ride."""
    s.wait(5).loses("safety_chain.closed").wait(60).runs_to(2, call=False).wait(60)
    s.shows(Silence.UNKNOWN, "safety_chain_open")
