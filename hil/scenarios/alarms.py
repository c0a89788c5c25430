"""The alarm button: whoever presses it is heard, once, and only a way out or the key ends it."""

from hil.scenarios.corpus import story
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import CAR_TOP_BOX, CONTACTS, DRIVE, FULL, TWO_DOORS
from hil.scenarios.labels import Label, Silence
from hil.scenarios.script import Script


def pressed_on_a_ride(s: Script, seconds: float = 1.0) -> Label:
    """Somebody presses the button under way; the ride goes on."""
    boarded(s).starts().passes(1).wait(0.5).mark("press").press_alarm(seconds)
    return s.expect("alarm_button", "press", 0.5, severity="critical")


def lets_out(s: Script) -> Script:
    """At the landing: the doors open, and everybody leaves."""
    return s.wait(0.5).opens().leave().stand_open()


@story()
def pressed_on_a_ride_and_let_out(s: Script) -> None:
    """The ride ends as it should: doors open at the landing, the button released."""
    pressed = pressed_on_a_ride(s)
    lets_out(s.arrives()).clears(pressed, "doors open", 2).closes().wait(600)


@story()
def pressed_too_briefly(s: Script) -> None:
    """0.45 s on a ride: a sleeve."""
    boarded(s).starts().passes(2).press_alarm(0.45)
    lets_out(s.arrives()).closes().wait(60).shows(Silence.JUST_NOT, "alarm_button")


@story()
def a_contact_that_bounces_for_two_seconds(s: Script) -> None:
    """10 Hz, 0.06 s on and 0.04 s off: half a second of contact is a press, and one press."""
    boarded(s).starts().passes(1).mark("press").chatters("alarm.button", 2, 0.06, 0.04)
    pressed = s.expect("alarm_button", "press", 0.82)
    lets_out(s.arrives()).clears(pressed, "doors open", 2).closes().wait(60)


@story()
def ended_by_the_key(s: Script) -> None:
    """A competent person turns the key at the installation before the doors are open."""
    pressed = pressed_on_a_ride(s)
    s.arrives().mark("key").turn_end_key().clears(pressed, "key")
    lets_out(s).closes().wait(60)


@story()
def released_and_forgotten(s: Script) -> None:
    """Released, and the doors stay closed: the alarm stands, and whoever pressed is trapped."""
    pressed_on_a_ride(s).stands = True
    s.arrives().allows("door_open_failure").wait(3600)
    s.expect("trapped_passengers", "run over", 90).stands = True


@story()
def the_doors_open_while_it_is_still_held(s: Script) -> None:
    """Held until ten seconds after the doors are open: it ends 2 s after its release."""
    boarded(s).starts().passes(1).mark("press").says({"alarm.button": True}).wait(1).arrives()
    pressed = s.expect("alarm_button", "press", 0.5)
    lets_out(s).wait(10).says({"alarm.button": False}).clears(pressed, None, 2)
    s.wait(10).closes().wait(60)


@story()
def held_while_the_doors_close(s: Script) -> None:
    """Pressed with the doors open: a notice. Still pressed when they have left `open`: an alarm."""
    s.wait(5).opens().stand_open().enter().wait(1).mark("press").says({"alarm.button": True})
    s.expect_notice("alarm_button", "press", 0.5).wait(5).closes()
    pressed = s.expect("alarm_button", "doors left")
    s.wait(1).runs_to(3).says({"alarm.button": False})
    lets_out(s).clears(pressed, "doors open", 2).closes().wait(60)


@story()
def pressed_at_the_open_doors(s: Script) -> None:
    """Pressed and released with the doors open at the landing: a notice, filtered."""
    s.wait(5).opens().stand_open().mark("press").press_alarm(3).wait(3).closes().wait(60)
    s.expect_notice("alarm_button", "press", 0.5)
    s.shows(Silence.JUST_NOT, "alarm_button")


@story()
def pressed_again_while_it_stands(s: Script) -> None:
    """A second press eight seconds after the first: a notice, and still one alarm."""
    pressed = pressed_on_a_ride(s)
    s.wait(8).mark("again").press_alarm(2).arrives()
    s.expect_notice("alarm_button", "again", 0.5)
    lets_out(s).clears(pressed, "doors open", 2).closes().wait(60)


@story()
def pressed_on_two_rides(s: Script) -> None:
    """Ended, and pressed again on the next ride: two alarms."""
    for _ in range(2):
        pressed = pressed_on_a_ride(s)
        lets_out(s.arrives()).clears(pressed, "doors open", 2).closes().wait(120)


@story()
def stuck_for_days(s: Script) -> None:
    """The button sticks on a ride. It is one alarm for two days, and nobody is trapped by it."""
    pressed_on_a_ride(s, 0).stands = True
    s.says({"alarm.button": True}).wait(0.6)
    lets_out(s.arrives()).closes()
    for _ in range(20):
        s.wait(15).rides_to(3 if s.floor else 0)
    for n in range(20):
        s.wait(8640).rides_to((n * 3 + 1) % 7)
    s.wait(60)


@story(FULL, TWO_DOORS)
def pressed_in_inspection(s: Script) -> None:
    """The mechanic presses it to try it: never muted."""
    s.mode("inspection").wait(5).moves(300).wait(1).leaves_zone().mark("press").press_alarm(1)
    pressed = s.expect("alarm_button", "press", 0.5)
    s.arrives().wait(1).mark("key").turn_end_key().clears(pressed, "key").mode("normal").wait(60)


@story(FULL)
def pressed_during_a_visit(s: Script) -> None:
    """Somebody is checked in: never muted."""
    s.wait(5).says({"visit.active": True})
    pressed = pressed_on_a_ride(s)
    lets_out(s.arrives()).clears(pressed, "doors open", 2).closes().wait(60)
    s.says({"visit.active": False})


@story()
def pressed_without_mains_on_a_ride_home(s: Script) -> None:
    """The mains go; the button is pressed while a battery brings the car to the landing."""
    boarded(s).starts().wait(1.5).says({"power.mains": False}).mark("dark").wait(1.5)
    s.mark("press").press_alarm(1).arrives()
    pressed = s.expect("alarm_button", "press", 0.5)
    s.expect("mains_lost", "dark", 1)
    lets_out(s).clears(pressed, "doors open", 2).closes().wait(60)


@story()
def pressed_with_everything_else_dead(s: Script) -> None:
    """Every other signal is lost: the button alone is enough."""
    s.wait(5)
    s.loses(*(name for name in s.on.signals if name != "alarm.button")).wait(60)
    s.mark("press").press_alarm(1).expect("alarm_button", "press", 0.5).stands = True
    s.allows("entrapment_possible").wait(600)


@story()
def the_button_dies(s: Script) -> None:
    """A dead button raises nothing. One that dies during an alarm ends nothing before it is known to be released."""
    s.wait(5).loses("alarm.button").wait(30).rides_to(2).wait(30).revives()
    s.shows(Silence.UNKNOWN, "alarm_button")
    pressed = pressed_on_a_ride(s)
    s.loses("alarm.button").arrives()
    lets_out(s).wait(30).revives().clears(pressed, None, 2).wait(5).closes().wait(60)


@story(FULL, DRIVE, CONTACTS, CAR_TOP_BOX)
def pressed_in_a_parked_car(s: Script) -> None:
    """Somebody is shut in a car that has stood for an hour, and presses: an alarm, and an entrapment."""
    s.wait(3600).mark("press").press_alarm(1).wait(60)
    s.expect("alarm_button", "press", 0.5)
    s.expect("trapped_passengers", "press")


@story(FULL, DRIVE, CONTACTS, CAR_TOP_BOX)
def a_touch_of_the_button_in_a_parked_car(s: Script) -> None:
    """0.2 s of contact is no alarm, but whoever touches the button of a car closed for an hour is shut in it."""
    s.wait(3600).expect("trapped_passengers")
    s.press_alarm(0.2).wait(600).shows(Silence.JUST_NOT, "alarm_button")
