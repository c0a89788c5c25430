"""`sensor_contradiction`: pairs of signals that cannot both be true, and a door zone that nobody believes any more."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Severity, Transition
from agent.monitor.catalog import CATALOG
from agent.monitor.monitor import Monitor, Standing
from tests.machine import Machine
from tests.second import REST
from tests.timeline import LOST, Timeline, us

CODE = "sensor_contradiction"
MOTION = "car.moving+car.speed_mm_s"
LANDING = "door.front+landing_doors.locked"
ZONE = "car.door_zone"
CAR = ("moving", "zone", "front", "mode")
FULL = (*CAR, "landing", "occupied", "call", "speed", "command", "brake", "key")
OUTSIDE = (
    "stopped_outside_door_zone",
    "doors_open_outside_zone",
    "moved_with_doors_open",
    "landing_door_unlocked",
    "unintended_movement",
)
QUIET = {**REST, "speed": 0, "command": False, "brake": False}


def parked(*names, **settings):
    """A car at a landing, doors closed, since 0 s; the zone is right."""
    car = Machine(*(names or FULL), **settings)
    wired = [name for name in names or FULL if name in QUIET]
    car.feed(0, **{name: QUIET[name] for name in wired})
    return car


def opens(car, at, seconds=8, state="open"):
    """Doors open at once and close after some seconds."""
    has_landing = "landing_doors.locked" in car.monitor.snapshot.fitted
    landing = {"landing": False} if has_landing else {}
    car.feed(at, front=state, **landing)
    locked = {"landing": True} if has_landing else {}
    car.feed(at + seconds, front="closed", **locked)


def rides(car, at, seconds=10):
    """A run, whatever the zone says."""
    car.feed(at, moving=True)
    car.feed(at + seconds, moving=False)


def dead_zone(*names, **settings):
    """The zone went false on the first run, and is still false at the second stop, where the doors open at 50 s."""
    car = parked(*names, **settings)
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21)
    rides(car, 35)
    return car


def told(car, instance):
    """What was said of one instance, as `"60 raised"`."""
    events = [e for e in car.events if (e.code, e.instance) == (CODE, instance)]
    return [f"{e.at_us / 1e6:g} {e.transition.value}" for e in events]


def critical(car, since=0):
    """Criticals raised from a second on."""
    return [
        e.code
        for e in car.events
        if e.severity is Severity.CRITICAL
        and e.transition is Transition.RAISED
        and e.at_us >= us(since)
    ]


# ---------------------------------------------------------------- two signals


@pytest.mark.parametrize(
    ("moving", "speed", "contradict"),
    [
        (True, 0, True),
        (True, 1, False),
        (True, 49, False),
        (True, 1000, False),
        (False, 0, False),
        (False, 49, False),
        (False, 50, True),
        (False, 1000, True),
        (LOST, 0, False),
        (LOST, 1000, False),
        (True, LOST, False),
        (False, LOST, False),
    ],
)
def test_motion_and_speed_that_cannot_both_be_true_for_60_s(moving, speed, contradict):
    car = parked("moving", "speed")
    car.feed(10, moving=moving, speed=speed)
    car.feed(69.999)
    assert told(car, MOTION) == []
    car.feed(300)
    assert told(car, MOTION) == (["70 raised"] if contradict else [])


def test_a_contradiction_over_in_the_instant_of_its_limit_is_none():
    car = parked("moving", "speed")
    car.feed(10, moving=True)
    car.feed(70, speed=1000)
    car.feed(300)
    assert told(car, MOTION) == []


def test_the_event_shows_both_signals_and_is_minor():
    car = parked("moving", "speed")
    car.feed(10, moving=True)
    car.feed(70.001)
    event = car.event(CODE)
    assert event.severity is Severity.MINOR
    assert {name: fact.v for name, fact in event.evidence.items()} == {
        "car.moving": True,
        "car.speed_mm_s": 0,
    }
    assert event.since_us == us(10)
    assert not event.stop_recommended


def test_it_clears_when_the_two_have_agreed_for_2_s():
    car = parked("moving", "speed")
    car.feed(10, moving=True)
    car.feed(100, speed=500)
    car.feed(101.9, speed=0)
    car.feed(102, speed=500)
    car.feed(110)
    assert told(car, MOTION) == ["70 raised", "104 cleared"]


def test_a_flapping_speed_raises_once():
    car = parked("moving", "speed")
    car.feed(10, moving=True)
    for second in range(11, 311, 3):
        car.feed(second, speed=400)
        car.feed(second + 1, speed=0)
    assert [word.split()[1] for word in told(car, MOTION)] == ["raised"]


def test_a_loss_of_a_moment_only_pauses_and_what_stands_stays_unknown():
    car = parked("moving", "speed")
    car.feed(10, moving=True)
    car.feed(40, speed=LOST)
    car.feed(42, speed=0)
    car.feed(72.1, speed=LOST)
    car.feed(4000)
    assert told(car, MOTION) == ["72 raised"]


def test_the_limit_can_be_set():
    car = parked("moving", "speed", sensor_contradiction_s=20)
    car.feed(10, moving=True)
    car.feed(40)
    assert told(car, MOTION) == ["30 raised"]


def test_a_pair_of_which_one_is_not_fitted_is_never_judged():
    for names in (("moving",), ("speed",), ("front",), ("landing", "zone", "moving")):
        car = parked(*names)
        assert not [node for node in car.monitor._nodes if CODE in node.name]


def test_a_direction_shown_at_a_standstill_is_ordinary():
    car = parked("moving", "speed", "car.direction")
    car.feed(10, **{"car.direction": "up"})
    car.feed(1000)
    assert car.events == []


@pytest.mark.parametrize("mode", ["inspection", "learning"])
def test_inspection_mutes_it_and_its_delay_begins_anew_afterwards(mode):
    car = parked("moving", "speed", "mode", watching=[CODE])
    car.feed(10, moving=True, mode=mode)
    car.feed(200, mode="normal")
    car.feed(400)
    assert told(car, MOTION) == ["260 raised"]


def test_a_visit_does_not_mute_it():
    car = parked("moving", "speed", "visit", watching=[CODE])
    car.feed(10, moving=True, visit=True)
    car.feed(100)
    assert car.event(CODE).visit is True


# ---------------------------------------------------------------- a door and the landing doors


@pytest.mark.parametrize(
    ("change", "contradict"),
    [
        ({}, True),
        ({"landing": False}, False),
        ({"landing": LOST}, False),
        ({"front": "opening"}, False),
        ({"front": "not_closed"}, False),
        ({"front": LOST}, False),
        ({"zone": False}, False),
        ({"zone": LOST}, False),
        ({"moving": LOST}, True),
    ],
)
def test_a_door_open_at_a_landing_whose_doors_are_locked(change, contradict):
    car = parked(*CAR, "landing", watching=[CODE])
    car.feed(10, **{"front": "open", **change})
    car.feed(69.999)
    assert told(car, LANDING) == []
    car.feed(70.001)
    assert told(car, LANDING) == (["70 raised"] if contradict else [])


def test_of_two_doors_either_may_be_the_open_one():
    name = "door.front+door.rear+landing_doors.locked"
    car = parked(*CAR, "rear", "landing", watching=[CODE])
    car.feed(10, rear="open")
    car.feed(70.1)
    car.feed(80, landing=False)
    car.feed(90)
    assert told(car, name) == ["70 raised", "82 cleared"]
    assert set(car.event(CODE).evidence) == {"door.front", "door.rear", "landing_doors.locked"}


# ---------------------------------------------------------------- a zone that stays false


def test_the_zone_is_doubted_as_the_doors_open_at_the_second_stop():
    car = dead_zone()
    car.feed(49.9, front="opening", landing=False)
    assert told(car, ZONE) == []
    car.feed(50, front="open")
    assert told(car, ZONE) == ["50 raised"]
    assert car.term("zone") is None
    event = car.event(CODE)
    zone = event.evidence["car.door_zone"]
    assert (zone.v, zone.last_known) == (False, True)
    assert event.unknown == ("car.door_zone",)
    assert event.evidence["door.front"].v == "open"


def test_after_it_no_rule_takes_a_stop_for_one_outside_the_zone():
    car = dead_zone()
    for at in range(50, 2000, 100):
        opens(car, at, 40)
        rides(car, at + 60)
    assert critical(car, since=50) == []
    assert car.of("stopped_outside_door_zone") == []


def test_what_is_said_until_it_is_found_is_what_the_letter_asks_for():
    assert critical(dead_zone()) == ["doors_open_outside_zone", "landing_door_unlocked"]


def test_one_stop_is_not_enough():
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    for at in range(21, 200, 20):
        opens(car, at)
    assert told(car, ZONE) == []


@pytest.mark.parametrize(("seconds", "doubted"), [(3, False), (3.001, True)])
def test_a_jerk_does_not_part_two_stops(seconds, doubted):
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21)
    rides(car, 35, seconds)
    opens(car, 50)
    assert bool(told(car, ZONE)) is doubted


def test_movement_with_a_door_open_does_not_part_two_stops():
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    car.feed(21, front="open", landing=False)
    rides(car, 35)
    car.feed(100)
    assert told(car, ZONE) == []


@pytest.mark.parametrize("seen", [True, LOST])
def test_a_zone_seen_or_lost_on_the_run_begins_anew(seen):
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21)
    car.feed(35, moving=True)
    car.feed(38, zone=seen)
    car.feed(38.4, zone=False)
    car.feed(45, moving=False)
    opens(car, 50)
    assert told(car, ZONE) == []
    rides(car, 65)
    opens(car, 80)
    assert told(car, ZONE) == ["80 raised"]


def test_a_stop_at_which_the_doors_stay_closed_does_not_count():
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    rides(car, 35)
    opens(car, 50)
    assert told(car, ZONE) == []


def test_a_car_door_open_before_locked_landing_doors_has_not_opened_at_a_landing():
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    for at in (21, 50, 80):
        car.feed(at, front="open")
        car.feed(at + 8, front="closed")
        rides(car, at + 12)
    assert told(car, ZONE) == []


@pytest.mark.parametrize("mode", ["inspection", "learning", "rescue"])
def test_stops_in_inspection_or_rescue_do_not_count(mode):
    car = parked()
    car.feed(5, mode=mode)
    for at in (10, 50, 90):
        car.feed(at, moving=True)
        car.feed(at + 1, zone=False)
        car.feed(at + 10, moving=False)
        opens(car, at + 15)
    car.feed(200, mode="normal")
    assert told(car, ZONE) == []


@pytest.mark.parametrize("name", ["moving", "front", "zone"])
def test_nothing_is_doubted_while_what_it_takes_is_unknown(name):
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21)
    rides(car, 35)
    car.feed(46, **{name: LOST})
    for other in ({"front": "open"}, {"moving": False}):
        if name not in other:
            car.feed(50, **other)
    car.feed(200)
    assert told(car, ZONE) == []


def test_without_reported_motion_no_zone_is_doubted():
    car = parked("zone", "front", "landing")
    car.feed(11, zone=False)
    for at in range(50, 500, 50):
        opens(car, at, 30)
    assert CODE not in {event.code for event in car.events}
    assert car.term("zone") is False


def test_behind_a_contact_5_s_with_the_landing_doors_unlocked_are_open():
    car = parked("moving", "zone", "front", "landing")
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21, 5.001, "not_closed")
    rides(car, 35)
    car.feed(50, front="not_closed")
    car.feed(50.2, landing=False)
    car.feed(54.999)
    assert told(car, ZONE) == []
    car.feed(55.001)
    assert told(car, ZONE) == ["55 raised"]


def test_behind_a_contact_alone_it_takes_10_s_each_time():
    car = parked("moving", "zone", "front")
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21, 9, "not_closed")
    rides(car, 35)
    opens(car, 50, 11, "not_closed")
    assert told(car, ZONE) == []
    rides(car, 65)
    opens(car, 80, 11, "not_closed")
    assert told(car, ZONE) == ["90 raised"]


def test_in_a_car_with_two_doors_each_stop_may_open_another():
    car = parked(*CAR, "rear")
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21)
    rides(car, 35)
    car.feed(50, rear="open")
    assert told(car, ZONE) == ["50 raised"]


# ---------------------------------------------------------------- a zone that goes out under open doors


@pytest.mark.parametrize(("seconds", "doubted"), [(9.999, False), (10, False), (10.001, True)])
def test_the_zone_goes_out_under_open_doors_though_nothing_moves(seconds, doubted):
    car = parked()
    car.feed(10, front="open", landing=False)
    car.feed(15, zone=False)
    car.feed(15 + seconds, zone=True) if not doubted else car.feed(15 + seconds)
    car.feed(100)
    assert told(car, ZONE) == (["25 raised"] if doubted else [])


def test_what_may_be_true_has_been_said_before_it_is_doubted():
    """Without a speed nobody knows that the car stands: it may have left the landing with its doors open."""
    car = parked(*CAR, "landing", "occupied")
    car.feed(10, front="open", landing=False, occupied=True)
    car.feed(15, zone=False)
    car.feed(200)
    assert critical(car) == [
        "unintended_movement",
        "doors_open_outside_zone",
        "landing_door_unlocked",
    ]
    assert [car.stands(code) for code in critical(car)] == [True, True, True]
    assert told(car, ZONE) == ["25 raised"]


@pytest.mark.parametrize(
    "moved",
    [{"moving": True}, {"speed": 60}, {"speed": 10}, {"command": True}, {"brake": True}],
)
def test_whatever_says_that_the_car_may_move_keeps_the_zone_believed(moved):
    car = parked()
    car.feed(10, front="open", landing=False)
    car.feed(14, **moved)
    car.feed(15, zone=False)
    car.feed(100)
    assert told(car, ZONE) == []


def test_motion_that_comes_later_ends_the_doubt_s_delay():
    car = parked()
    car.feed(10, front="open", landing=False)
    car.feed(15, zone=False)
    car.feed(20, moving=True)
    car.feed(22, moving=False)
    car.feed(100)
    assert told(car, ZONE) == []


def test_levelling_flicker_is_no_loss_and_chatter_adds_up():
    car = parked()
    car.feed(10, front="open", landing=False)
    for at in range(12, 60, 5):
        car.feed(at, zone=False)
        car.feed(at + 0.9, zone=True)
    assert told(car, ZONE) == []
    chattering = parked()
    chattering.feed(10, front="open", landing=False)
    for at in range(12, 30, 2):
        chattering.feed(at, zone=False)
        chattering.feed(at + 1, zone=True)
    chattering.feed(30, zone=False)
    chattering.feed(40)
    assert told(chattering, ZONE) == ["31 raised"]


def test_a_flicker_leaves_nothing_for_the_next_stop():
    car = parked()
    car.feed(10, front="open", landing=False)
    car.feed(12, zone=False)
    car.feed(12.5, zone=True)
    car.feed(13, front="closed", landing=True)
    car.feed(14, moving=True)
    car.feed(15, zone=False)
    car.feed(18.1, moving=False)
    car.feed(18.2, front="open", landing=False)
    car.feed(100)
    assert told(car, ZONE) == []


def test_a_zone_unknown_under_open_doors_may_have_been_out_before():
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False, zone=LOST)
    car.feed(21, front="open", landing=False)
    car.feed(23, zone=False)
    car.feed(100)
    assert told(car, ZONE) == []


def test_a_zone_out_before_the_doors_opened_is_a_stop_outside_it():
    car = parked()
    car.feed(10, zone=False)
    car.feed(12, front="open", landing=False)
    car.feed(100)
    assert told(car, ZONE) == []


def test_over_slow_links_it_outlasts_what_a_frozen_one_goes_on_showing():
    polls = {"car.door_zone": ("a", 5_000_000), "door.front": ("b", 100_000)}
    car = parked(polls_us=polls)
    car.feed(10, front="open", landing=False)
    car.feed(15, zone=False)
    car.feed(100)
    assert told(car, ZONE) == ["30 raised"]


# ---------------------------------------------------------------- while it is doubted, and when it is believed again


def doubted(*names):
    car = dead_zone(*names)
    opens(car, 50)
    return car


def test_it_is_believed_again_when_it_changes_on_a_run():
    car = doubted()
    car.feed(70, zone=True)
    car.feed(80)
    assert car.term("zone") is None
    car.feed(100, moving=True)
    assert car.term("zone") is None
    car.feed(101, zone=False)
    assert car.term("zone") is False
    car.feed(110, zone=True, moving=False)
    car.feed(200)
    assert told(car, ZONE) == ["50 raised", "103 cleared"]
    assert car.term("zone") is True


def test_a_change_in_the_instant_of_the_stop_is_one_of_the_run():
    car = doubted()
    car.feed(100, moving=True)
    car.feed(110, moving=False, zone=True)
    assert car.term("zone") is True


def test_flicker_at_a_standstill_proves_nothing():
    car = doubted()
    for at in range(70, 100, 3):
        car.feed(at, zone=True)
        car.feed(at + 1, zone=False)
    car.feed(300)
    assert told(car, ZONE) == ["50 raised"]
    assert car.term("zone") is None


def test_a_doubted_zone_that_is_lost_is_a_lost_signal_and_its_return_no_change():
    car = doubted()
    car.feed(100, moving=True)
    car.feed(101, zone=LOST)
    assert car.stands("signal_lost", "controller")
    car.feed(105, zone=False)
    car.feed(110)
    assert not car.stands("signal_lost", "controller")
    assert told(car, ZONE) == ["50 raised"]
    car.feed(111, zone=LOST)
    car.feed(112, zone=True)
    assert car.term("zone") is True


def test_a_zone_of_a_learning_run_counts_as_seen():
    car = doubted()
    car.feed(100, mode="learning", moving=True)
    car.feed(103, zone=True)
    car.feed(110)
    assert told(car, ZONE) == ["50 raised", "105 cleared"]


def test_it_can_be_doubted_again():
    car = doubted()
    car.feed(100, moving=True)
    car.feed(101, zone=True)
    car.feed(102, zone=False)
    car.feed(110, moving=False)
    opens(car, 111)
    rides(car, 130)
    opens(car, 150)
    assert told(car, ZONE) == ["50 raised", "103 cleared", "150 raised"]
    assert car.term("zone") is None


def test_an_entrapment_is_seen_without_the_zone_and_ends_by_two_runs():
    car = doubted()
    car.feed(60, call=True)
    car.feed(100, moving=True)
    car.feed(110, moving=False)
    car.feed(300)
    assert car.of("trapped_passengers") == ["200 raised"]
    car.feed(310, call=False)
    rides(car, 310)
    rides(car, 330)
    assert car.of("trapped_passengers") == ["200 raised", "340 cleared"]


def test_a_stop_outside_that_stood_before_stays_until_the_car_moves():
    car = parked()
    car.feed(10, moving=True)
    car.feed(11, zone=False)
    car.feed(20, moving=False)
    opens(car, 21, 40)
    assert car.stands("stopped_outside_door_zone")
    rides(car, 70)
    opens(car, 90, 40)
    assert car.of("stopped_outside_door_zone") == ["35 raised", "72 cleared"]


def test_what_the_zone_said_last_is_no_reason_for_a_possible_entrapment():
    car = doubted()
    car.feed(60, call=True)
    rides(car, 65)
    opens(car, 80)
    car.feed(100, zone=LOST, moving=LOST, front="open", landing=False)
    car.feed(101, front=LOST)
    car.feed(300)
    assert car.of("entrapment_possible") == []


def test_a_door_opened_on_the_way_is_still_seen_by_the_speed():
    car = doubted()
    car.feed(70, front="open", landing=False, speed=60)
    car.feed(72)
    assert car.stands("unintended_movement")


# ---------------------------------------------------------------- memory


def test_the_doubt_survives_being_written_down():
    plain, twin = doubted(), doubted()
    for at in range(60, 120, 7):
        for car in (plain, twin):
            car.feed(at, zone=at % 2 == 0)
        twin.again()
    for car in (plain, twin):
        car.feed(130, moving=True)
        car.feed(131, zone=False)
        car.feed(140)
    assert twin.events == plain.events
    assert told(twin, ZONE) == ["50 raised", "133 cleared"]


def test_what_was_counted_survives_too():
    car = dead_zone().again()
    opens(car, 50)
    assert told(car, ZONE) == ["50 raised"]


def test_after_a_restart_the_zone_is_believed_and_the_event_stands_until_it_is_right():
    standing = [Standing(CODE, ZONE, CATALOG[CODE].severity)]
    car = Machine(*FULL)
    car.monitor = Monitor(car.drivers, car.limits, standing=standing)
    car.feed(0, **{name: QUIET[name] for name in FULL})
    car.feed(100, moving=True)
    car.feed(103, zone=False)
    car.feed(109, zone=True)
    assert car.term("zone") is True
    car.feed(110, moving=False)
    assert car.stands(CODE, ZONE)
    opens(car, 120)
    assert told(car, ZONE) == ["122 cleared"]


def test_taking_over_what_stood_changes_no_doubt():
    car = doubted()
    car.monitor.adopt([])
    assert car.term("zone") is None
    car.feed(100, zone=True)
    assert car.term("zone") is None


# ---------------------------------------------------------------- whatever such a sensor does

ACTS: dict[str, dict[str, object]] = {
    "run": {"moving": True},
    "stop": {"moving": False},
    "in": {"zone": True},
    "out": {"zone": False},
    "gone": {"zone": LOST},
    "open": {"front": "open", "landing": False},
    "shut": {"front": "closed", "landing": True},
    "stop at a landing": {"moving": False, "zone": True},
    "inspection": {"mode": "inspection"},
    "normal": {"mode": "normal"},
}
ACT = st.tuples(st.sampled_from(list(ACTS)), st.sampled_from([0.1, 2, 3.5, 9, 11, 30]))


def lived(lives, again=False, backwards=False):
    car, at = dead_zone(*CAR, "landing", "occupied", "call"), 50
    opens(car, at)
    for act, seconds in lives:
        at += 10 if car.monitor.snapshot.at_us == us(58) else seconds
        values = list(ACTS[act].items())
        car.feed(at, **dict(values[::-1] if backwards else values))
        if again:
            car.again()
    car.feed(at + 1000)
    return car


@settings(max_examples=80, deadline=None)
@given(st.lists(ACT, max_size=25))
def test_a_doubted_zone_written_down_at_any_point_goes_on_as_if_nothing_had_happened(lives):
    car = lived(lives)
    assert lived(lives, again=True).events == car.events
    assert lived(lives, backwards=True).events == car.events
    assert [e for e in car.events if e.code == "agent_fault"] == []
    transitions = [word.split()[1] for word in told(car, ZONE)]
    assert transitions == (["raised", "cleared"] * len(transitions))[: len(transitions)]
    believed = car.monitor.snapshot.values["zone.doubted"] is False
    assert believed or car.term("zone") is None


def test_a_contact_that_turns_into_a_state_while_the_door_counts_as_open_is_noticed():
    car = Timeline("zone", "moving", "front", "landing")
    car.feed(0, zone=True, moving=False, front="not_closed", landing=True)
    car.until(15)
    car.feed(20, front="open")
    events = car.monitor.step(79_999_999)
    assert [e.code for e in events if e.code == "sensor_contradiction"] == []
    events = car.monitor.step(80_000_001)
    assert [e.at_us for e in events if e.code == "sensor_contradiction"] == [80_000_000]


# ---------------------------------------------------------------- what makes a zone doubted, to the letter


def test_a_zone_that_was_true_between_two_stops_begins_the_count_anew():
    car = dead_zone()
    car.feed(46, zone=True)
    car.feed(47, zone=False)
    opens(car, 50)
    assert car.term("zone.doubted") is not True


@pytest.mark.parametrize(("state", "doubted"), [("open", True), ("opening", False)])
def test_doors_that_do_not_run_to_open_doubt_no_zone(state, doubted):
    """Half open for 8 s at the second stop, with that landing's door unlocked."""
    car = dead_zone()
    opens(car, 50, state=state)
    assert (car.term("zone.doubted") is True) is doubted


def test_a_zone_that_goes_as_the_doors_open_has_not_gone_from_under_them():
    car = parked()
    car.feed(10, front="open", landing=False, zone=False)
    car.until(100)
    assert car.term("zone.doubted") is not True


def test_a_zone_lost_for_a_moment_after_it_went_pauses_the_10_s():
    car = parked()
    car.feed(10, front="open", landing=False)
    car.feed(20, zone=False)
    car.feed(23, zone=LOST)
    car.feed(24, zone=False)
    car.until(30.9)
    assert car.term("zone.doubted") is not True
    car.until(31.1)
    assert car.term("zone.doubted") is True


def test_a_change_in_the_instant_the_car_starts_shows_that_the_sensor_lives():
    car = dead_zone()
    opens(car, 50)
    assert car.term("zone.doubted") is True
    car.feed(70, moving=True, zone=True)
    assert car.term("zone.doubted") is False


def test_what_a_sensor_said_in_an_earlier_doubt_is_no_change_in_the_next():
    car = dead_zone()
    opens(car, 50)
    car.feed(70, moving=True)
    car.feed(75, zone=True)
    assert car.term("zone.doubted") is False
    car.feed(79, zone=False)
    car.feed(80, moving=False)
    opens(car, 81)
    rides(car, 95)
    opens(car, 110)
    assert car.term("zone.doubted") is True
    rides(car, 130)
    assert car.term("zone.doubted") is True
