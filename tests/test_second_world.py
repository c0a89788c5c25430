"""The simulated elevator before the monitor: ordinary traffic says nothing critical, a power cut tells its story."""

import random

import pytest

from agent.model import SECOND_US, Quality, Reading, Severity, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings
from hil import deeds
from hil.shaft import Shaft
from hil.world import World

STEP_S = 0.1
HOUR_S = 3600
CONTACTS = frozenset({"power.mains", "alarm.button", "alarm.end_key"})
# How an installation may be wired: what the contacts give beside the mains and the button.
WIRINGS = {
    "all from the controller": frozenset(),
    "doors by contacts": frozenset({"door.front", "landing_doors.locked"}),
    "zone by a contact": frozenset({"car.door_zone"}),
    "doors and zone by contacts": frozenset(
        {"door.front", "landing_doors.locked", "car.door_zone"}
    ),
    "chain by a contact": frozenset({"safety_chain.closed"}),
}


class Installation:
    """A world and a monitor. The controller is polled every `poll_s`; contacts tell their edges at once."""

    def __init__(self, world, poll_s=0.2, contacts=frozenset(), phase_s=0.0, **settings):
        self.world, self.poll_s, self.next_poll_s = world, poll_s, phase_s
        contacts = contacts | CONTACTS
        names = list(world.signals())
        self.drivers = {
            "contacts": [name for name in names if name in contacts],
            "controller": [name for name in names if name not in contacts],
        }
        polls_us = dict.fromkeys(self.drivers["contacts"], ("contacts", 0))
        interval_us = round(poll_s * SECOND_US)
        polls_us |= dict.fromkeys(self.drivers["controller"], ("controller", interval_us))
        self.monitor = Monitor(self.drivers, limits_of(MonitorSettings(**settings), polls_us))
        self.known, self.events, self.dead = {}, [], False
        self.tick = 0

    @property
    def now_s(self):
        return self.tick * STEP_S

    def go(self, until_s):
        """Live on until a second."""
        while self.now_s < until_s - 1e-9:
            self.tick += 1
            self.world.advance(self.now_s)
            names = list(self.drivers["contacts"])
            if not self.dead and self.now_s >= self.next_poll_s - 1e-9:
                names += self.drivers["controller"]
                self.next_poll_s += self.poll_s
            self._feed(names, self.world.signals())

    def _feed(self, names, signals):
        at_us = round(self.now_s * SECOND_US)
        changed = [name for name in names if self.known.get(name) != signals[name]]
        self.known |= {name: signals[name] for name in changed}
        readings = [Reading(name, signals[name], at_us) for name in changed]
        self.events += self.monitor.step(at_us, readings)

    def lose_controller(self):
        """Its link is down: everything it gives is unknown."""
        self.dead = True
        at_us = round(self.now_s * SECOND_US)
        names = self.drivers["controller"]
        for name in names:
            self.known.pop(name, None)
        lost = [Reading(name, None, at_us, Quality.NO_ANSWER) for name in names]
        self.events += self.monitor.step(at_us, lost)

    def find_controller(self):
        """It answers again."""
        self.dead, self.next_poll_s = False, self.now_s

    def heard(self, code=None):
        return [(e.code, e.transition.value) for e in self.events if code in {None, e.code}]


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize(("poll_s", "phase_s"), [(0.2, 0.0), (0.5, 0.3), (2.0, 1.3)])
def test_an_hour_of_ordinary_traffic_says_nothing(wiring, poll_s, phase_s):
    seed = f"{wiring} {poll_s}"
    world = World(seed=sum(seed.encode()), interval_s=30)
    installation = Installation(world, poll_s, WIRINGS[wiring], phase_s)
    installation.go(HOUR_S / 3)
    assert world.controller.runs > 10
    assert installation.events == [], seed


@pytest.mark.parametrize("seed", range(3))
def test_a_busy_hour_with_a_rear_door_and_slow_doors_says_nothing(seed):
    world = World(seed=seed, interval_s=15, shaft=Shaft(floors=5, rear_floors=frozenset({1, 3})))
    installation = Installation(world)
    installation.go(HOUR_S / 3)
    assert installation.events == []


@pytest.mark.parametrize("wiring", [name for name in WIRINGS if name != "doors by contacts"])
def test_a_link_that_freezes_and_is_lost_for_a_while_says_only_that(wiring):
    """The controller answers no more; its values stand for the 2 s until they are stale, then are unknown."""
    chance = random.Random(wiring)
    world = World(seed=len(wiring), interval_s=25)
    installation = Installation(world, 0.2, WIRINGS[wiring])
    while installation.now_s < HOUR_S / 3:
        installation.go(installation.now_s + chance.uniform(5, 40))
        installation.dead = True
        lost = chance.random() < 0.7
        installation.go(installation.now_s + (2 if lost else chance.uniform(0.2, 1.9)))
        if lost:
            installation.lose_controller()
            installation.go(installation.now_s + chance.uniform(0.1, 25))
        installation.find_controller()
    assert {event.code for event in installation.events} == {"signal_lost"}


def people_riding(seed):
    """Two people on their way, and a random instant of their ride outside the zones."""
    chance = random.Random(seed)
    world = World(seed=seed, interval_s=None)
    installation = Installation(world, chance.choice([0.1, 0.2, 0.5]))
    deeds.board(world, 2, 7)
    installation.go(0.1)
    while not (world.riders.aboard and world.car.moving and not world.car.in_zone):
        installation.go(installation.now_s + STEP_S)
        assert installation.now_s < 60
    installation.go(installation.now_s + chance.uniform(0.2, 12))
    while world.shaft.in_zone(world.car.brake_stop_m):
        installation.go(installation.now_s + STEP_S)
    assert world.car.moving
    return installation, chance


@pytest.mark.parametrize("seed", range(8))
def test_a_power_cut_under_way_tells_its_story(seed):
    installation, chance = people_riding(seed)
    world = installation.world
    deeds.fault(world, "mains_lost")
    cut_s = installation.now_s
    installation.go(cut_s + chance.uniform(0.3, 5))
    installation.lose_controller()
    dark_s = installation.now_s
    installation.go(dark_s + chance.uniform(60, 900))
    deeds.clear_faults(world)
    installation.go(installation.now_s + chance.uniform(0.5, 20))
    installation.find_controller()
    installation.go(installation.now_s + 60)
    assert not world.riders.aboard or world.controller.phase.value != "halted"
    heard = installation.heard()
    expected = {
        ("mains_lost", "raised"),
        ("signal_lost", "raised"),
        ("entrapment_possible", "raised"),
        ("mains_lost", "cleared"),
        ("signal_lost", "cleared"),
        ("entrapment_possible", "cleared"),
    }
    assert (set(heard), len(heard)) == (expected, 6), heard
    raised = next(
        e
        for e in installation.events
        if e.code == "entrapment_possible" and e.transition is Transition.RAISED
    )
    assert raised.severity is Severity.CRITICAL
    assert abs(raised.at_us / SECOND_US - dark_s - 30) < 0.05
    assert raised.detail["person_by"]
    assert raised.evidence["car.door_zone"].last_known


@pytest.mark.parametrize("seed", range(4))
def test_a_power_cut_whose_car_stays_between_landings_is_an_entrapment_in_the_end(seed):
    installation, chance = people_riding(seed)
    world = installation.world
    deeds.fault(world, "mains_lost")
    deeds.fault(world, "stuck")
    installation.go(installation.now_s + 1)
    installation.lose_controller()
    installation.go(installation.now_s + chance.uniform(40, 300))
    world.faults.names.discard("mains_lost")
    world.faults_changed()
    installation.find_controller()
    installation.go(installation.now_s + 60)
    deeds.release(world)
    installation.go(installation.now_s + 120)
    told = [pair for pair in installation.heard() if pair[0] != "mode_changed"]
    codes = (
        "mains_lost",
        "signal_lost",
        "entrapment_possible",
        "trapped_passengers",
        "controller_fault",
    )
    both = ("raised", "cleared")
    assert sorted(told) == sorted((code, transition) for code in codes for transition in both)
    entrapments = [pair for pair in told if pair[0] in codes[2:4]]
    assert entrapments == [
        ("entrapment_possible", "raised"),
        ("trapped_passengers", "raised"),
        ("entrapment_possible", "cleared"),
        ("trapped_passengers", "cleared"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_of_a_parked_empty_car_says_only_that(seed):
    world = World(seed=seed, interval_s=None)
    installation = Installation(world)
    installation.go(60 + seed)
    deeds.fault(world, "mains_lost")
    installation.go(installation.now_s + 2)
    installation.lose_controller()
    installation.go(installation.now_s + 300)
    deeds.clear_faults(world)
    installation.find_controller()
    installation.go(installation.now_s + 60)
    assert sorted(installation.heard()) == sorted(
        (code, transition)
        for code in ("mains_lost", "signal_lost")
        for transition in ("raised", "cleared")
    )


def test_a_power_cut_that_the_sensors_survive_is_an_entrapment_at_once():
    installation, _ = people_riding(3)
    deeds.fault(installation.world, "mains_lost")
    installation.go(installation.now_s + 60)
    assert installation.heard() == [("mains_lost", "raised"), ("trapped_passengers", "raised")]


@pytest.mark.parametrize("seed", [0, 1, 5])
def test_a_chain_that_opens_under_way_is_said(seed):
    """Polled so slowly that the car stands before the rule for moving has held, it is said standing."""
    installation, _ = people_riding(seed)
    deeds.fault(installation.world, "chain_open")
    installation.go(installation.now_s + 12)
    assert ("safety_chain_open", "raised") in installation.heard()


def test_a_door_forced_between_landings_is_said():
    installation, _ = people_riding(6)
    world = installation.world
    deeds.fault(world, "stuck")
    installation.go(installation.now_s + 5)
    deeds.fault(world, "door_forced")
    installation.go(installation.now_s + 5)
    assert ("doors_open_outside_zone", "raised") in installation.heard()


def test_a_door_frozen_open_under_way_is_said():
    installation, _ = people_riding(7)
    deeds.fault(installation.world, "freeze", "door.front", "open")
    installation.go(installation.now_s + 1.5)
    assert ("moved_with_doors_open", "raised") in installation.heard()
