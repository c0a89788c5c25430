"""What holds for every life on every kind of installation, over the whole catalog.

PROVE_N sets how many lives each property is tried on, PROVE_SEED which ones.
"""

import os
import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from typing_extensions import override

from agent.clock import Clock
from agent.freshness import Freshness
from agent.intake import Intake
from agent.model import Event, Instant, Quality, Reading, Transition
from agent.monitor.capabilities import is_possible
from agent.monitor.catalog import CATALOG
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor, Standing
from agent.settings import MonitorSettings
from hil.scenarios.installations import CONTACTS, DRIVE, KINDS
from tests.lives import EVERYTHING, LIFELIKE, WILD, lifelike, lives, values_of

EXAMPLES = int(os.environ.get("PROVE_N", "25"))
SEED = int(os.environ.get("PROVE_SEED", "20261123"))
READINGS = max(10_000, 200 * EXAMPLES)  # of the long lives
FEW = settings(max_examples=EXAMPLES, deadline=None)
LIMITS = limits_of(MonitorSettings(ard_hold_s=20), rated_speed_mm_s=1000)
RAISED, CLEARED = Transition.RAISED, Transition.CLEARED
SECOND_US = 1_000_000
TRIFLE_US = 3 * SECOND_US


def mind(on, **more):
    return Monitor(on.drivers, LIMITS, **more)


def told(life, **more):
    monitor = mind(life.on, **more)
    return [event for at_us, batch in life.batches for event in monitor.step(at_us, batch)]


def paired(events, standing=()):
    """That raises and clears alternate; gives what stands at the end."""
    stands = set(standing)
    for event in events:
        if event.transition is RAISED:
            assert event.key not in stands, event
            stands.add(event.key)
        elif event.transition is CLEARED:
            assert event.key in stands, event
            stands.remove(event.key)
    return stands


# ---------------------------------------------------------------- what is said


@seed(SEED)
@FEW
@given(lives())
def test_raised_and_cleared_alternate_in_order_of_time_and_no_rule_fails(life):
    events = told(life)
    paired(events)
    assert [e.at_us for e in events] == sorted(e.at_us for e in events)
    assert [e.detail for e in events if e.code == "agent_fault"] == []
    for event in events:
        assert event.since_us is None or event.since_us <= event.at_us


@seed(SEED)
@FEW
@given(lives(), st.data())
def test_nothing_is_said_of_what_is_not_fitted(life, data):
    """The same life where only some of its signals are wired."""
    wired = set(data.draw(st.lists(st.sampled_from(life.on.signals), min_size=1, unique=True)))
    drivers = {name: [s for s in has if s in wired] for name, has in life.on.drivers.items()}
    monitor = Monitor({name: has for name, has in drivers.items() if has}, LIMITS)
    for at_us, batch in life.batches:
        for event in monitor.step(at_us, batch):
            entry = CATALOG[event.code]
            assert entry.agent or is_possible(entry, wired), event
            assert set(event.evidence) | set(event.unknown) <= wired, event


@pytest.mark.parametrize("on", WILD, ids=lambda on: on.name)
def test_nothing_is_said_before_anything_is_read(on):
    assert {event.code for event in mind(on).step(100 * 3600 * SECOND_US)} == {"usage"}


# ---------------------------------------------------------------- memory


def remembered(monitor):
    return msgspec.json.decode(monitor.encode())


@seed(SEED)
@FEW
@given(lives(), st.data())
def test_memory_written_down_and_read_again_at_any_point_changes_nothing(life, data):
    last = len(life.batches) - 1
    cuts = data.draw(st.sets(st.integers(0, last), min_size=1, max_size=6))
    monitor, heard = mind(life.on), []
    for index, (at_us, batch) in enumerate(life.batches):
        if index in cuts:
            twin = mind(life.on)
            twin.decode(monitor.encode())
            assert remembered(twin) == remembered(monitor)
            monitor = twin
        heard += monitor.step(at_us, batch)
    assert heard == told(life)


@pytest.mark.parametrize("on", WILD, ids=lambda on: on.name)
def test_memory_does_not_grow(on):
    """A long life in which everything flickers: what is remembered stays below what a short one needs, and a bit."""
    chance, monitor, at_us = random.Random(f"{SEED} {on.name}"), mind(on), 0
    names, most, waiting = on.signals, [], 0
    for number in range(READINGS):
        at_us += chance.choice((50_000, 100_000, 100_000, 700_000, 5 * SECOND_US))
        name = chance.choice(names)
        good = chance.random() < 0.97
        value = chance.choice(values_of(name)) if good else None
        reading = Reading(name, value, at_us, Quality.GOOD if good else Quality.NO_ANSWER)
        monitor.step(at_us, [reading])
        if number % 1000 == 999:
            most.append(len(monitor.encode()))
            waiting = max(waiting, len(monitor._heap))
    assert max(most) <= min(most) + 16_384
    assert max(most) <= 65_536
    assert waiting <= 8 * len(monitor._nodes)


def test_an_instant_in_a_hundred_years_that_is_put_off_at_each_opening_fills_nothing():
    parking = Monitor(CONTACTS.drivers, limits_of(MonitorSettings(parks_with_doors_open=True)))
    for number in range(4000):
        state = "open" if number % 2 else "closed"
        parking.step(number * SECOND_US, [Reading("door.front", state, number * SECOND_US)])
    assert len(parking._heap) <= 8 * len(parking._nodes)


# ---------------------------------------------------------------- a restart


def stands_after(events):
    """The raises that stand, as the journal keeps them."""
    stands: dict[tuple[str, str | None], Event] = {}
    for event in events:
        if event.transition is RAISED:
            stands[event.key] = event
        elif event.transition is CLEARED:
            del stands[event.key]
    return [Standing(e.code, e.instance, e.severity, e.since_us) for e in stands.values()]


@seed(SEED)
@FEW
@given(lives(), st.data())
def test_after_a_restart_what_stands_stands_and_delays_begin_at_the_first_good_reading(life, data):
    cut = data.draw(st.integers(0, len(life.batches) - 1))
    before, monitor, now = [], mind(life.on), dict[str, Reading]()
    for at_us, batch in life.batches[: cut + 1]:
        before += monitor.step(at_us, batch)
        now |= {reading.signal: reading for reading in batch}
    standing = stands_after(before)
    start_us = life.batches[cut][0] + data.draw(st.integers(0, 600)) * SECOND_US
    again = mind(life.on, start_us=start_us, standing=standing)
    first_us = start_us + data.draw(st.sampled_from([1, SECOND_US, 5000 * SECOND_US]))
    silent = again.step(first_us - 1)
    assert {event.code for event in silent} <= {"usage"}  # whatever stood
    heard = again.step(
        first_us, [msgspec.structs.replace(reading, at_us=first_us) for reading in now.values()]
    )
    shift_us = first_us - life.batches[cut][0]
    for at_us, batch in life.batches[cut + 1 :]:
        heard += again.step(at_us + shift_us, batch)
    keys = {(each.code, each.instance) for each in standing}
    paired(heard, keys)
    for event in heard:
        if event.transition is RAISED:
            assert event.since_us is None or event.since_us >= start_us, event


# ---------------------------------------------------------------- unknown


# What mutes does not while it is unknown: mode unknown counts as `normal` (contract, 3.3), a visit unknown as none.
MUTING = ("car.mode", "visit.active")


@seed(SEED)
@FEW
@given(lives(), st.data())
def test_a_value_lost_and_back_as_it_was_raises_and_clears_nothing_meanwhile(life, data):
    """Long after anything else: only the lost link itself is said."""
    monitor = mind(life.on)
    for at_us, batch in life.batches:
        monitor.step(at_us, batch)
    at_us, values = life.batches[-1][0], monitor.snapshot.values
    names = [
        name
        for name in life.on.signals
        if values[name] is not None and name not in (*monitor.snapshot.lost, *MUTING)
    ]
    if not names:
        return
    name, value = data.draw(st.sampled_from(names)), None
    value = values[name]
    lost_us = data.draw(st.sampled_from([1000, SECOND_US, TRIFLE_US - 1]))
    undisturbed = mind(life.on)
    undisturbed.decode(monitor.encode())
    heard = monitor.step(at_us + 1, [Reading(name, None, at_us + 1, Quality.NO_ANSWER)])
    heard += monitor.step(at_us + 1 + lost_us, [Reading(name, value, at_us + 1 + lost_us)])
    quiet = {(e.key, e.transition) for e in undisturbed.step(at_us + 1 + lost_us)}
    heard = [e for e in heard if e.code not in ("signal_lost", "usage")]
    assert [e for e in heard if (e.key, e.transition) not in quiet] == []


# ---------------------------------------------------------------- the order within an instant


@seed(SEED)
@FEW
@given(lives(), st.randoms(use_true_random=False))
def test_the_order_of_readings_of_one_instant_does_not_matter(life, chance):
    monitor, heard = mind(life.on), []
    for at_us, batch in life.batches:
        single = list({reading.signal: reading for reading in batch}.values())
        chance.shuffle(single)
        heard += monitor.step(at_us, single)
    assert heard == told(life)


@seed(SEED)
@FEW
@given(lives())
def test_of_two_readings_of_one_signal_in_an_instant_only_the_last_counts(life):
    monitor, heard = mind(life.on), []
    for at_us, batch in life.batches:
        other = [Reading(each.signal, None, at_us, Quality.NO_ANSWER) for each in batch]
        heard += monitor.step(at_us, [*other, *batch])
    assert heard == told(life)


@seed(SEED)
@FEW
@given(lives(), st.lists(st.floats(0, 1), max_size=8))
def test_waking_up_in_between_changes_nothing(life, parts):
    taken = {at_us for at_us, _ in life.batches}
    instants = {round(part * life.batches[-1][0]) for part in parts} - taken
    nothing: list[Reading] = []
    woken = [*life.batches, *((at_us, nothing) for at_us in instants)]
    monitor, heard = mind(life.on), []
    for at_us, batch in sorted(woken, key=lambda each: each[0]):
        heard += monitor.step(at_us, batch)
    assert heard == told(life)


# ---------------------------------------------------------------- through the intake

POLL_US = 500_000
STALE_US = 4 * POLL_US


class Stepping(Clock):
    """A clock whose wall jumps by years, to and fro, while its uptime only rises."""

    def __init__(self, steps: Sequence[int]) -> None:
        super().__init__()
        self._steps, self._asked, self.at_us = steps, 0, 0

    @override
    def now(self) -> Instant:
        self._asked += 1
        wall_us = self.at_us + (self._steps[self._asked % len(self._steps)] if self._steps else 0)
        return Instant(uptime_us=self.at_us, wall_us=wall_us, synchronised=bool(self._asked % 3))

    @override
    def uptime_us(self) -> int:
        return self.at_us


def polled(life, clock, spoil=None):
    """What the whole way from polls to events says: every signal read twice a second, some reads spoiled."""
    limits_us = dict.fromkeys(life.on.signals, STALE_US)
    heard: list[Event] = []
    intake = Intake(
        clock, Freshness(limits_us, 0), mind(life.on), lambda events, _: heard.extend(events)
    )
    now: dict[str, Reading] = {}
    coming = list(life.batches)
    for tick in range(coming[-1][0] // POLL_US + 1):
        clock.at_us = tick * POLL_US
        while coming and coming[0][0] <= clock.at_us:
            now |= {each.signal: each for each in coming.pop(0)[1]}
        for driver, names in life.on.drivers.items():
            reads = [_read(now.get(name), name, tick, spoil, clock.at_us) for name in names]
            intake.readings(driver, [each for each in reads if each is not None])
    clock.at_us += 3600 * SECOND_US
    intake.finish()
    return heard


def _read(known, name, tick, spoil, at_us):
    if known is None:
        return None
    if spoil is not None and (name, tick) in spoil:
        return Reading(name, None, at_us, Quality.NO_ANSWER)
    return msgspec.structs.replace(known, at_us=at_us)


SHORT = lifelike(kinds=(CONTACTS, DRIVE), most=2).filter(
    lambda life: life.batches[-1][0] < 900 * SECOND_US
)
YEARS_US = st.integers(-(10**14), 10**14)
FEWER = settings(max_examples=max(5, EXAMPLES // 5), deadline=None)


@seed(SEED)
@FEWER
@given(SHORT, st.lists(YEARS_US, min_size=1, max_size=5))
def test_a_wall_clock_that_steps_by_years_changes_nothing(life, steps):
    assert polled(life, Stepping(steps)) == polled(life, Stepping(()))


@seed(SEED)
@FEWER
@given(SHORT, st.data())
def test_reads_that_fail_within_staleness_while_nothing_changes_change_nothing(life, data):
    """A read in vain, or two in a row, of a signal that says the same before and after; a third would make it stale."""
    name = data.draw(st.sampled_from(life.on.signals))
    changes = [at_us for at_us, batch in life.batches for each in batch if each.signal == name]
    ticks = range(2, life.batches[-1][0] // POLL_US)
    first = data.draw(st.sampled_from(ticks))
    window = range(first, first + data.draw(st.integers(1, 2)))
    from_us, to_us = (window[0] - 1) * POLL_US, window[-1] * POLL_US
    if any(from_us < at_us <= to_us for at_us in changes):
        return
    spoil = {(name, tick) for tick in window}
    assert polled(life, Stepping(()), spoil) == polled(life, Stepping(()))


def test_the_kinds_of_these_lives_are_those_of_the_scenarios():
    assert all(kind in LIFELIKE for kind in KINDS)
    possible = {e.code for e in CATALOG.values() if is_possible(e, EVERYTHING.signals)}
    assert {e.code for e in CATALOG.values() if not e.agent} == possible
