"""Sensors that die, stick, flap or come late; and the agent itself, gone for a while."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import CAR_TOP_BOX, CONTACTS, DRIVE, FULL, WITH_MOTION
from hil.scenarios.labels import Silence
from hil.scenarios.script import ZONE_GAP_S, Script

PERSON_SOURCES = ("car.occupied", "car.load_percent", "car.call_registered")


def gap_s(s: Script) -> float:
    """How long a car that is seen outside the zone for the first time must stand until it counts as stopped."""
    return 0.0 if s.has("car.moving") else ZONE_GAP_S


# ---------------------------------------------------------------- each deciding sensor dead during an entrapment


@story()
def trapped_with_the_zone_stuck_in(s: Script) -> None:
    """The zone sensor says `in the zone` for ever: doors not open for 90 s decide; movement in the zone only pauses."""
    boarded(s).sticks("car.door_zone").mark("start").starts().passes(1).wait(1.5).stops().wait(180)
    run_s = s.marks["stopped"] - s.marks["start"] if s.has("car.moving") else 0.0
    s.expect("trapped_passengers", "doors left", 90 + run_s)
    s.allows("door_open_failure")


@story(*WITH_MOTION)
def trapped_with_the_zone_unknown(s: Script) -> None:
    """The zone sensor dies under way: doors not open for 90 s decide."""
    boarded(s).starts().loses("car.door_zone").passes(1).wait(1.5).stops().wait(180)
    s.expect("trapped_passengers", "stopped", 90)


@story(CONTACTS)
def the_only_sensor_of_the_place_dies_under_way(s: Script) -> None:
    """With contacts alone nothing can be decided without the zone: possibly trapped; freed, it is over."""
    boarded(s).starts().loses("car.door_zone").mark("blind").wait(120)
    possible = s.expect("entrapment_possible", "blind", 30, severity="major")
    s.says({"car.door_zone": True}).revives().opens().leave().stand_open()
    s.clears(possible, "doors open", 2).closes().wait(60)


@story(CONTACTS)
def the_zone_is_lost_for_29_seconds(s: Script) -> None:
    """Lost under way with somebody in the car, and back in time."""
    boarded(s).starts().loses("car.door_zone").wait(29).says({"car.door_zone": True}).revives()
    s.wait(1).stops().opens().leave().stand_open().closes().wait(60)
    s.shows(Silence.JUST_NOT, "entrapment_possible")


@story(FULL)
def everything_is_lost_in_inspection(s: Script) -> None:
    """The link is lost in inspection, somebody in the car: no entrapment."""
    boarded(s).starts().mode("inspection").wait(1).driver_dies("controller")
    s.expect("signal_lost", instance="controller")
    s.wait(120).shows(Silence.MUTED, "entrapment_possible")


@story()
def trapped_with_a_dead_door_contact(s: Script) -> None:
    """Outside the zone the doors do not matter."""
    boarded(s).starts().loses("door.front").wait(1.5).stops().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(*WITH_MOTION)
def trapped_with_motion_unknown(s: Script) -> None:
    """Motion dies under way and is inferred from the zones: stopped once the longest gap has passed."""
    boarded(s).starts().loses("car.moving").wait(1.5).stops().wait(120)
    s.expect("trapped_passengers", "zone left", ZONE_GAP_S + 15)


@story()
def trapped_with_the_presence_sensor_dying(s: Script) -> None:
    """It dies during the ride: a failing source does not end the evidence."""
    boarded(s).starts().loses("car.occupied").wait(1.5).stops().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story()
def nobody_can_tell_whether_the_car_is_empty(s: Script) -> None:
    """Every presence source is dead when the car stops outside the zone: critical, occupancy unknown."""
    s.wait(5).loses(*PERSON_SOURCES).starts(call=False).wait(1.5).stops().wait(60)
    s.expect("stopped_outside_door_zone", "stopped", 15, severity="critical")


@story()
def nobody_is_evidenced_where_everything_is_dead(s: Script) -> None:
    """Every driver is lost with the empty car at rest, for a day."""
    s.wait(5).rides_to(2).wait(300).loses(*s.on.signals).wait(86_400).revives().wait(60)
    s.shows(Silence.UNKNOWN, "trapped_passengers", "mains_lost", "intercom_silent")
    s.shows(Silence.UNKNOWN, "camera_silent", "entrapment_possible")


@story()
def stopped_outside_for_a_moment_and_empty(s: Script) -> None:
    """The empty car stands between landings for 14.9 s, as far as is known."""
    s.wait(5).starts(call=False).wait(1.5).stops()
    s.until("stopped", 14.9 if s.has("car.moving") else 12.9).moves().arrives()
    s.wait(60).shows(Silence.JUST_NOT, "stopped_outside_door_zone", "trapped_passengers")


# ---------------------------------------------------------------- stuck


@story()
def the_presence_sensor_is_stuck(s: Script) -> None:
    """True through 21 openings: it is unknown then. The parked car is silent; outside the zone it is critical."""
    s.wait(5).says({"car.occupied": True}).sticks("car.occupied")
    for n in range(21):
        s.opens().stand_open().wait(1).closes().wait(1).runs_to((n + 1) % 4)
    s.opens().stand_open().wait(1).closes().wait(7200)
    s.starts(call=False).wait(1.5).stops().wait(60)
    s.expect("stopped_outside_door_zone", "stopped", 15, severity="critical")


@story(DRIVE, CONTACTS)
def the_door_contact_is_stuck_closed(s: Script) -> None:
    """The door is never seen open: who is trapped is told all the same."""
    boarded(s.wait(5).sticks("door.front")).stops_between().wait(60)
    s.expect("trapped_passengers", "stopped", 15)


@story(DRIVE, CONTACTS)
def rides_with_the_door_contact_stuck_closed(s: Script) -> None:
    """The same on two ordinary rides: by all that is known, nobody could leave. One event for both."""
    s.wait(5).sticks("door.front").wait(60).rides_to(2)
    stood_s = 90 if s.has("car.moving") else 89  # zones alone tell of the stop a second earlier
    s.expect("trapped_passengers", "stopped", stood_s)
    s.wait(600).rides_to(0).wait(600)


@story(DRIVE, CONTACTS)
def the_door_contact_is_stuck_open(s: Script) -> None:
    """The door is never seen closed: one event for a dozen rides, not one for each."""
    s.wait(5).says({"door.front": "open"}).sticks("door.front").wait(12).starts(call=False)
    s.expect("moved_with_doors_open", "zone left", 0.2).stands = True
    s.passes(2).arrives()
    for n in range(12):
        s.wait(20).runs_to((n * 2) % 7, call=False)


# ---------------------------------------------------------------- flapping


def contact_s(limit_s: float, on_s: float, off_s: float) -> float:
    """When a delay is over that a chattering contact lets run only now and then."""
    whole = int(limit_s / on_s)
    return whole * (on_s + off_s) + limit_s - whole * on_s


def chatters(signal: str, code: str, limit_s: float, hz: int) -> None:
    """A contact that chatters for a minute, in the parked car: one event, not a hundred."""
    on_s, off_s = 0.6 / hz, 0.4 / hz

    def tell(s: Script) -> None:
        s.wait(5).two_runs().wait(30).mark("chatter").chatters(signal, 60, on_s, off_s)
        label = s.expect(code, "chatter", contact_s(limit_s, on_s, off_s))
        if code in ("unintended_movement", "overtravel_top", "overtravel_bottom", "overspeed"):
            label.stands = True
        else:
            s.clears(label, None, 2 - off_s)
        s.wait(120)

    tell.__name__ = f"{signal.replace('.', '_')}_chatters_{hz}_times_a_second"
    tell.__doc__ = f"`{signal}` chatters at {hz} Hz for a minute: one {code}."
    story(FULL)(tell)


for _signal, _code, _limit_s in (
    ("ucm.tripped", "unintended_movement", 0),
    ("overtravel.top", "overtravel_top", 0),
    ("overtravel.bottom", "overtravel_bottom", 0),
    ("overspeed.tripped", "overspeed", 0),
    ("safety_gear.tripped", "overspeed", 0),
    ("position.lost", "position_lost", 0),
    ("run_time_limit.tripped", "run_time_limit", 0),
    ("controller.fault", "controller_fault", 0),
    ("power.mains", "mains_lost", 1),
    ("power.battery_fault", "battery_fault", 0),
    ("safety_chain.closed", "safety_chain_open", 10),
    ("pit.water", "pit_water", 0),
):
    for _hz in (1, 10):
        chatters(_signal, _code, _limit_s, _hz)


@story()
def a_link_that_flaps(s: Script) -> None:
    """Half a second without, half a second with it, for a minute: one lost signal."""
    driver = next(iter(s.on.drivers))
    s.wait(60)
    lost = s.expect("signal_lost", instance=driver)
    for _ in range(60):
        s.driver_dies(driver).wait(0.5).revives().wait(0.5)
    s.clears(lost, None, 1.5).wait(60)


def flaps_while_somebody_is_trapped(s: Script) -> None:
    """A link flaps once a second: what is known in between adds up, and the 15 s come."""
    boarded(s).stops_between()
    driver = next(iter(s.on.drivers))
    s.expect("signal_lost", instance=driver)
    for _ in range(60):
        s.driver_dies(driver).wait(0.5).revives().wait(0.5)
    s.expect("trapped_passengers", "stopped", 30.5)  # due with the 30th loss, it comes after it


@story(DRIVE)
def the_drive_s_link_flaps_during_an_entrapment(s: Script) -> None:
    """Motion is lost and found once a second while somebody is trapped: the 15 s come."""
    flaps_while_somebody_is_trapped(s)


@story(FULL, CAR_TOP_BOX)
def the_link_of_the_car_flaps_during_an_entrapment(s: Script) -> None:
    """Motion and zone are lost and found once a second while somebody is trapped: the 15 s come."""
    flaps_while_somebody_is_trapped(s)


@story()
def a_presence_sensor_that_chatters(s: Script) -> None:
    """10 Hz during a ride and for ten seconds after the last one left."""
    s.wait(5).opens().wait(2).enter().wait(2).closes().wait(1).runs_to(1)
    s.wait(0.5).opens().wait(4).leave().closes().chatters("car.occupied", 8, 0.06, 0.04).wait(600)


@story(*WITH_MOTION)
def the_zone_comes_late(s: Script) -> None:
    """At each stop the zone is read 1.5 s after the car stands."""
    for floor in (2, 0, 3):
        s.wait(10).sticks("car.door_zone").runs_to(floor, call=False)
        s.wait(0.5).opens().wait(0) if not s.on.door_bit else s.wait(1.5)
        s.revives().wait(5).opens().wait(5).closes()


# ---------------------------------------------------------------- the agent itself


def found_outside(s: Script) -> Script:
    """The agent starts with the car standing outside the zone, doors closed."""
    s.readings.clear()
    s.says({name: s.truth(name) for name in s.on.signals} | {"car.door_zone": False})
    return s.mark("start")


@story()
def the_agent_finds_an_empty_car_outside(s: Script) -> None:
    """Nobody watched it stop: critical, occupancy unknown."""
    found_outside(s).wait(90)
    s.expect("stopped_outside_door_zone", "start", gap_s(s) + 15, severity="critical")


@story()
def the_agent_finds_somebody_outside(s: Script) -> None:
    """Somebody is seen in it: trapped."""
    found_outside(s).says({"car.occupied": True}).wait(90)
    s.expect("trapped_passengers", "start", gap_s(s) + 15)


@story()
def the_agent_is_killed_while_somebody_is_trapped(s: Script) -> None:
    """Raised before; after the restart it stands, is not raised again, and ends as ever."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.agent_stops().wait(30).agent_starts().wait(120).brought_home()
    s.clears(trapped, "doors open", 2)


@story()
def the_agent_is_killed_before_the_delay_is_over(s: Script) -> None:
    """Ten seconds after the stop: the delay begins again at the first readings."""
    boarded(s).stops_between().until("stopped", 10).agent_stops().wait(30).agent_starts()
    s.mark("start").wait(120).expect("trapped_passengers", "start", gap_s(s) + 15)


@story()
def freed_while_the_agent_is_down(s: Script) -> None:
    """The doors stand open at the landing when it comes back."""
    boarded(s).stops_between().wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15)
    s.agent_stops().brought_home().wait(30).agent_starts().wait(60)
    s.clears(trapped, None, -60 + 2 + (10 if s.on.contact_doors else 0))


@story(FULL, DRIVE, CONTACTS, CAR_TOP_BOX)
def the_agent_is_killed_in_an_alarm(s: Script) -> None:
    """The button's alarm stands over the restart, and the key ends it."""
    boarded(s).starts().passes(1).mark("press").press_alarm(1)
    pressed = s.expect("alarm_button", "press", 0.5)
    s.arrives().agent_stops().wait(5).agent_starts().wait(30).mark("key").turn_end_key()
    s.clears(pressed, "key").wait(30).opens().stand_open().closes()
