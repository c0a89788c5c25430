"""The monitor asks a node only when it must. One that asks all of them says the same of every life, to the microsecond.

It asks every node at every reading, at every timer and at instants between. A node that keeps silent about
what it reads, or about the next instant at which its answer changes, is found here.

PROVE_N sets how many lives, PROVE_SEED which ones.
"""

import os
import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from typing_extensions import override

from agent.model import Quality, Reading, Severity, Value
from agent.monitor.catalog import CATALOG
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor, Standing
from agent.settings import MonitorSettings
from hil.scenarios.installations import CAR_TOP_BOX, EVERYWHERE, Installation
from hil.scenarios.traffic import RESIDENTIAL, Traffic
from tests.lives import EVERYTHING, LIFELIKE, Batches, Life, lives, values_of

EXAMPLES = int(os.environ.get("PROVE_N", "25"))
SEED = int(os.environ.get("PROVE_SEED", "20261123"))
LIMITS = limits_of(MonitorSettings(ard_hold_s=20), rated_speed_mm_s=1000)
BATCHES = 60 * EXAMPLES  # of ordinary days


class AllAsked(Monitor):
    """Asks every node whenever it is called or a timer is due."""

    @override
    def _written(self, readings: Sequence[Reading]) -> int:
        super()._written(readings)
        return self._alive

    @override
    def _ask(self, marks: int) -> None:
        super()._ask(self._alive)


def told(monitor, batches):
    return [event for at_us, batch in batches for event in monitor.step(at_us, batch)]


def and_between(batches, chance):
    """The same, and now and then an instant at which nothing is read."""
    last_us = 0
    for at_us, batch in batches:
        if at_us - last_us > 1 and chance.random() < 0.7:
            yield last_us + chance.randrange(1, min(at_us - last_us, 100_000_000)), []
        yield at_us, batch
        last_us = at_us


def assert_same(life, chance, standing=()):
    batches = list(life.batches)
    woken = told(Monitor(life.on.drivers, LIMITS, standing=standing), batches)
    for asked_at in (batches, and_between(batches, chance)):
        asked = told(AllAsked(life.on.drivers, LIMITS, standing=standing), asked_at)
        for one, other in zip(woken, asked, strict=False):
            assert one == other
        assert woken == asked


# ---------------------------------------------------------------- the lives

# Around the limits of the rules, from both sides; the first are the most frequent.
GAPS_US = (
    1, 200_000, 499_999, 500_000, 999_999, 1_999_999, 2_000_000, 2_999_999, 3_000_000, 5_000_000,
    9_999_999, 10_000_000, 15_000_000, 20_000_000, 24_999_999, 25_000_000, 60_000_000, 90_000_000,
    120_000_000, 600_000_000, 3_600_000_000, 86_400_000_000,
)  # fmt: skip
CAR = (
    "car.moving", "car.door_zone", "door.front", "car.occupied", "car.call_registered",
    "car.speed_mm_s", "alarm.button", "car.mode", "landing_doors.locked", "power.mains",
)  # fmt: skip


def long_life(number, kind=None, most=400):
    """Anything at crooked instants, on a kind of installation or on one wired at random."""
    chance = random.Random(f"{number} {kind and kind.name}")
    on = kind or wired_at_random(chance)
    often = [6 if name in CAR[:7] else 1 for name in on.signals]
    lost, gaps = chance.choice((0, 0.02, 0.1, 0.3)), chance.choice((8, 12, 18, len(GAPS_US)))
    at_us, batches = 0, Batches()
    for _ in range(most):
        short = chance.random() < 0.7
        at_us += chance.choice(GAPS_US[:gaps]) if short else chance.randrange(1, 4_000_000)
        names = chance.choices(on.signals, often, k=chance.choice((0, 1, 1, 1, 1, 2, 3, 6)))
        batches.append((at_us, [some_reading(name, at_us, lost, chance) for name in names]))
    return Life(on, [*batches, (at_us + 700_000_000, [])])


def wired_at_random(chance):
    much, little = chance.choice((0.4, 0.8, 1)), chance.choice((0.1, 0.6))
    drivers = {
        driver: tuple(n for n in names if chance.random() < (much if n in CAR else little))
        for driver, names in EVERYTHING.drivers.items()
    }
    drivers = {driver: names for driver, names in drivers.items() if names}
    return Installation("at-random", drivers or {"controller": ("car.moving",)})


def some_reading(name, at_us, lost, chance):
    if chance.random() < lost:
        return Reading(name, None, at_us, chance.choice((Quality.BAD, Quality.NO_ANSWER)))
    return Reading(name, chance.choice(values_of(name)), at_us)


class Heard(Monitor):
    """Keeps what it is told."""

    def __init__(self, drivers):
        super().__init__(drivers, LIMITS)
        self.batches = Batches()

    @override
    def step(self, at_us, readings=()):
        self.batches.append((at_us, list(readings)))
        return []


def ordinary_life(kind):
    """People ride, doors are held, sensors err, links are lost."""
    traffic = Traffic(kind, RESIDENTIAL, SEED, 1 + EXAMPLES // 100)
    traffic._monitor = heard = Heard(kind.drivers)
    traffic.live()
    return Life(kind, heard.batches[:BATCHES])


# ---------------------------------------------------------------- the same is said


@pytest.mark.parametrize("number", range(SEED, SEED + EXAMPLES))
def test_of_a_long_life_on_signals_wired_at_random_the_same_is_said(number):
    assert_same(long_life(number), random.Random(number))


@pytest.mark.parametrize("kind", [*LIFELIKE, CAR_TOP_BOX], ids=lambda kind: kind.name)
def test_of_a_long_life_on_each_kind_of_installation_the_same_is_said(kind):
    for number in range(SEED, SEED + max(1, EXAMPLES // 10)):
        assert_same(long_life(number, kind), random.Random(number))


@pytest.mark.parametrize("kind", EVERYWHERE, ids=lambda kind: kind.name)
def test_of_ordinary_days_the_same_is_said(kind):
    assert_same(ordinary_life(kind), random.Random(SEED))


def stood_before(on):
    """What the journal of an installation may say stands."""
    codes = st.sampled_from([code for code, entry in CATALOG.items() if not entry.agent])
    lost = st.sampled_from(sorted(on.drivers)).map(
        lambda driver: Standing("signal_lost", driver, Severity.MAJOR, 0)
    )
    other = codes.map(lambda code: Standing(code, None, CATALOG[code].severity, 0))
    return st.lists(lost | other, max_size=4, unique_by=lambda each: (each.code, each.instance))


@seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None)
@given(lives(), st.data(), st.randoms(use_true_random=False))
def test_of_a_life_after_a_restart_the_same_is_said(life, data, chance):
    assert_same(life, chance, data.draw(stood_before(life.on)))


# ---------------------------------------------------------------- at rest

Said = Mapping[str, Value]
History = list[tuple[int, Said]]  # what was said in which second


def test_what_wakes_a_resting_node_is_among_its_reads():
    for node in Monitor(EVERYTHING.drivers, LIMITS)._nodes:
        assert set(node.wakes) <= set(node.reads), node.name


def test_a_rule_that_rests_is_asked_when_its_one_contact_changes():
    on = {"bus": ["safety_chain.closed", "car.moving", "car.door_zone"]}
    subject = Monitor(on, LIMITS)
    subject.step(0, [Reading("safety_chain.closed", True, 0), Reading("car.moving", False, 0)])
    subject.step(1, [Reading("car.moving", True, 1), Reading("car.door_zone", False, 1)])
    subject.step(2, [Reading("safety_chain.closed", False, 2)])
    (raised,) = subject.step(2 + LIMITS.safety_chain_moving_us)
    assert raised.code == "safety_chain_open"


def test_what_stands_is_ended_after_its_time_although_its_rule_could_rest():
    on = ["landing_doors.locked", "car.moving", "car.door_zone"]
    unlocked = dict(zip(on, (False, True, False), strict=True))
    life: History = [(0, unlocked), (60, {"landing_doors.locked": True}), (90, {})]
    assert clears(on, life) == {"landing_door_unlocked": 62}


# ---------------------------------------------------------------- what no timer and no mark told of


def clears(on, history, standing=()):
    """When each event ended."""
    batches = [
        (at_s * 1_000_000, [Reading(name, value, at_s * 1_000_000) for name, value in said.items()])
        for at_s, said in history
    ]
    events = told(Monitor({"bus": on}, LIMITS, standing=standing), batches)
    return {event.code: event.at_us / 1e6 for event in events if "reason" in event.detail}


def test_doors_that_stood_in_the_way_of_closing_before_a_restart_are_well_after_five_seconds_open():
    stood = Standing("door_close_failure", None, Severity.MAJOR, 0)
    open_again: History = [(0, {"door.front": "opening"}), (10, {"door.front": "open"}), (60, {})]
    assert clears(["door.front"], open_again, [stood]) == {"door_close_failure": 10 + 5 + 2}


def test_a_run_that_left_the_zone_with_its_door_ajar_is_no_normal_run():
    on = ["car.moving", "car.door_zone", "door.front", "overtravel.top"]
    landed: Said = {"car.moving": False, "car.door_zone": True, "door.front": "closed"}
    ajar: History = [
        (10, {"car.moving": True}),
        (11, {"door.front": "opening"}),
        (12, {"car.door_zone": False}),
        (13, {"door.front": "closed"}),
        (20, {"car.door_zone": True}),
        (21, {"car.moving": False}),
    ]
    shut = [
        (at_s + 20, {k: v for k, v in said.items() if k != "door.front"}) for at_s, said in ajar
    ]
    again = [(at_s + 20, said) for at_s, said in shut]
    life: History = [(0, landed), (1, {"overtravel.top": True}), *ajar, *shut, *again]
    assert clears(on, life) == {"moved_with_doors_open": 61, "overtravel_top": 61}
