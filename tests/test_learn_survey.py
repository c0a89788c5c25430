"""Looking around in an unknown device, in pure form: what is asked next, what moved, what is written."""

import asyncio
import random
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Clock
from agent.drivers.blocks import Block
from agent.drivers.learn import LONGEST_PAUSE_S, SILENT_MOST, Learner, NobodyError, Pace
from agent.drivers.learn_profile import skeleton
from agent.drivers.learn_survey import Outcome, Survey, halves, runs
from agent.drivers.learn_watch import FOLLOW_US, LEAD_US, Place, Watch
from agent.drivers.profiles import load_profile
from agent.drivers.registers import Table
from agent.model import SECOND_US

HOLDING, INPUT, COIL = Table.HOLDING, Table.INPUT, Table.COIL
SILENCE = Outcome()


class Device:
    """Registers by table; refuses what it has not, or stays silent there; at most `most` a request."""

    def __init__(self, registers, most=125, silent=frozenset(), no_table=(), losses=0):
        self.registers, self.most, self.silent, self.no_table = registers, most, silent, no_table
        self.losses, self.deaf_above = losses, 125
        self.asked = []
        self.said = "no answer"

    def answer(self, block):
        self.asked.append(block)
        if self.losses:
            self.losses -= 1
            return SILENCE
        if block.count > self.deaf_above:
            return SILENCE
        if block.table in self.no_table:
            return Outcome(exception=1)
        addresses = range(block.address, block.end)
        if block.count > self.most:
            return Outcome(exception=3)
        if any(n in self.silent for n in addresses):
            return SILENCE
        known = self.registers.get(block.table, {})
        if any(n not in known for n in addresses):
            return Outcome(exception=2)
        return Outcome([known[n] for n in addresses])

    async def ask(self, block):
        return self.answer(block)


def surveyed(device, tables=(HOLDING,), span=range(64)):
    survey = Survey(tables, span)
    steps = survey.steps()
    block = next(steps, None)
    while block is not None:
        try:
            block = steps.send(device.answer(block))
        except StopIteration:
            break
    return survey


@given(st.sets(st.integers(0, 63)), st.sampled_from([1, 2, 4, 7, 16, 125]))
def test_every_address_is_found_or_named_as_refused_and_nothing_outside_is_asked(known, most):
    device = Device({HOLDING: {n: n * 3 for n in known}}, most=most)
    survey = surveyed(device)
    assert survey.answering[HOLDING] == {n: n * 3 for n in known}
    assert set(survey.refused[HOLDING]) == set(range(64)) - known
    assert survey.silent[HOLDING] == set()
    assert all(0 <= b.address < b.end <= 64 and b.count <= 16 for b in device.asked)
    assert len(device.asked) <= 4 * 31


@given(st.sets(st.integers(0, 63)), st.sets(st.integers(0, 63)))
def test_with_silences_nothing_is_invented_and_every_address_has_one_verdict(known, silent):
    device = Device({HOLDING: dict.fromkeys(known, 1)}, silent=silent)
    survey = surveyed(device)
    found = [
        survey.answering[HOLDING].keys(),
        survey.refused[HOLDING].keys(),
        survey.silent[HOLDING],
    ]
    assert set(survey.answering[HOLDING]) <= known - silent
    assert set().union(*found) == set(range(64))
    assert sum(map(len, found)) == 64


def test_one_lost_answer_is_asked_for_again():
    survey = surveyed(Device({HOLDING: dict.fromkeys(range(64), 7)}, losses=1))
    assert len(survey.answering[HOLDING]) == 64


def test_a_silent_address_among_answering_ones_is_found():
    known = dict.fromkeys(range(64), 7)
    survey = surveyed(Device({HOLDING: known}, silent={21}))
    assert survey.silent[HOLDING] == {21}
    assert len(survey.answering[HOLDING]) == 63


def test_a_silent_address_inside_what_was_refused_is_found():
    survey = surveyed(Device({HOLDING: dict.fromkeys(range(64), 7)}, most=4, silent={5}))
    assert survey.silent[HOLDING] == {5}
    assert len(survey.answering[HOLDING]) == 63


def test_a_device_that_ignores_long_requests_is_asked_for_less():
    device = Device({HOLDING: dict.fromkeys(range(64), 7)})
    device.deaf_above = 8
    survey = surveyed(device)
    assert (survey.found, survey.largest) == (64, 8)
    assert survey.silent[HOLDING] == set()


def test_a_whole_silent_region_costs_few_requests():
    device = Device({HOLDING: {}}, silent=set(range(64)))
    survey = surveyed(device)
    assert survey.silent[HOLDING] == set(range(64))
    assert len(device.asked) == 4 * 6


def test_a_table_the_device_does_not_know_is_left_at_once():
    device = Device({HOLDING: dict.fromkeys(range(64), 7)}, no_table=(INPUT,))
    survey = surveyed(device, (INPUT, HOLDING))
    assert survey.absent == {INPUT}
    assert [b for b in device.asked if b.table is INPUT] == [Block(INPUT, 0, 16)]
    assert survey.found == 64


def test_a_device_of_few_registers_a_request_is_then_asked_for_as_many():
    device = Device({HOLDING: dict.fromkeys(range(64), 7)}, most=4)
    survey = surveyed(device)
    assert (survey.found, survey.largest) == (64, 4)
    assert sum(b.count > 4 for b in device.asked) == 3
    assert {b.count for b in survey.blocks()} == {4}


def test_a_busy_device_is_asked_again_and_a_gateway_without_device_is_silence():
    assert Outcome(exception=11).is_silent
    assert Outcome(exception=10).is_silent
    assert not Outcome(exception=6).is_silent
    survey, busy = Survey((HOLDING,), range(1)), Outcome(exception=6)
    steps = survey.steps()
    assert next(steps) == steps.send(busy) == Block(HOLDING, 0, 1)
    with pytest.raises(StopIteration):
        steps.send(busy)
    assert survey.refused[HOLDING] == {0: 6}


@given(st.sets(st.integers(0, 300)))
def test_runs_hold_exactly_the_addresses(addresses):
    assert [n for run in runs(addresses) for n in run] == sorted(addresses)


@given(st.integers(0, 1000), st.integers(2, 125))
def test_halves_meet(address, count):
    first, second = halves(Block(HOLDING, address, count))
    assert (first.address, first.end, second.end) == (address, second.address, address + count)


# ---------------------------------------------------------------- the pace


def test_the_pause_grows_with_silence_and_is_the_usual_after_an_answer():
    pace = Pace(0.1)
    assert pace.after(Outcome([1])) == 0.1
    pauses = [pace.after(SILENCE) for _ in range(8)]
    assert pauses[:2] == [0.2, 0.4]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert pace.after(Outcome(exception=2)) == 0.1
    assert Pace(5.0).after(SILENCE) == 5.0


def test_a_device_that_never_says_anything_is_soon_left_alone():
    device = Device({}, silent=set(range(64)))
    learner = Learner(device, Clock(), 0.0, lambda _block, _outcome: None)
    with pytest.raises(NobodyError, match="no answer"):
        asyncio.run(learner.survey(Survey((HOLDING,), range(64))))
    assert len(device.asked) == SILENT_MOST


def test_watching_nothing_or_for_no_time_ends():
    async def watch():
        device = Device({HOLDING: {0: 1}}, losses=1)
        learner = Learner(device, Clock(), 0.0, lambda _block, _outcome: None)
        await learner.survey(Survey((), range(1)))
        await learner.survey(Survey((HOLDING,), range(1)))
        device.losses = 1
        await learner.watch(watched := Watch(), (), None)
        await learner.watch(watched, (Block(HOLDING, 0, 1),), 0.05)
        return watched

    watched = asyncio.run(watch())
    assert watched.polls > 1
    assert watched.moves[Place(3, 0)].value == 1


# ---------------------------------------------------------------- what moved after a mark


def watched(changes, marks):
    """Replay the words of one register, by second, between the marks."""
    watch = Watch()
    moments = [(at, 0, ("word", word)) for at, word in changes]
    moments += [(at, 1, ("mark", name)) for at, name in marks]
    for at, _, (kind, what) in sorted(moments, key=lambda each: each[:2]):
        if kind == "word":
            watch.came(Block(HOLDING, 0x11, 1), [what], round(at * SECOND_US))
        else:
            watch.mark(what, round(at * SECOND_US))
    return watch


def test_the_bit_that_follows_each_mark_comes_first_and_a_restless_one_is_counted():
    chance = random.Random(1)
    level = {20: 0, 40: 1 << 11, 60: 0, 80: 1 << 11}
    word, changes = 0, []
    for second in range(100):
        word = level.get(second, word & 1 << 11) | chance.getrandbits(1)
        changes.append((second, word))
    watch = watched(changes, [(39, "door open"), (79, "door open"), (19, "x"), (59, "x")])
    first = watch.followed("door open")[0]
    assert (first.place, first.bit) == (Place(3, 0x11), 11)
    assert (first.times, first.otherwise, first.to) == (2, 1, 1)
    assert first.place.table is HOLDING
    other = next(hint for hint in watch.followed("door open") if hint.bit == 0)
    assert other.otherwise > 10
    assert watch.names == ["x", "door open"]
    assert watch.times("door open") == 2


@pytest.mark.parametrize(
    ("after_us", "counts"),
    [(-LEAD_US - 1, 0), (-LEAD_US, 1), (0, 1), (FOLLOW_US, 1), (FOLLOW_US + 1, 0)],
)
def test_a_mark_explains_changes_from_just_before_until_five_seconds_after(after_us, counts):
    watch = Watch()
    watch.came(Block(COIL, 4, 1), [0], 0)
    mark_us = 100 * SECOND_US
    if after_us < 0:
        watch.came(Block(COIL, 4, 1), [1], mark_us + after_us)
        watch.mark("m", mark_us)
    else:
        watch.mark("m", mark_us)
        watch.came(Block(COIL, 4, 1), [1], mark_us + after_us)
    assert len(watch.followed("m")) == counts


def test_the_next_mark_ends_what_the_last_one_explains():
    watch = watched([(0, 0), (12, 1)], [(10, "a"), (11.9, "b")])
    assert watch.followed("a") == []
    assert [hint.to for hint in watch.followed("b")] == [1]


def test_a_bit_that_goes_either_way_says_so():
    watch = watched([(0, 0), (11, 1), (21, 0)], [(10, "a"), (20, "a")])
    assert [(hint.times, hint.to) for hint in watch.followed("a")] == [(2, None)]


# ---------------------------------------------------------------- the beginning of a profile


def test_the_skeleton_becomes_a_profile_once_a_signal_is_named(tmp_path):
    known = {n: n for n in (*range(0x10, 0x23), 0x40)}
    survey = surveyed(Device({HOLDING: known, COIL: {3: 1}}), (HOLDING, COIL), range(0x50))
    watch = watched([(0, 0), (11, 1 << 10), (30, 0)], [(10, 'car at "level"\n')])
    text = skeleton('tcp://h:1 "device"\n', survey, watch)
    document = tomllib.loads(text)
    assert document["protocol"]["readable"] == {
        "holding": [[0x10, 0x22], [0x40, 0x40]],
        "coil": [[3, 3]],
    }
    assert "Everything" in document["uncertain"][0]
    assert "#   holding 0x0011 bit 10: to 1, after 1 marks, 1 times otherwise" in text
    assert "#   0x0011: 0 to 1024, 2 changes, bits 10" in text
    assert "#   0x0012: 18 (0x0012), never changed" in text
    path = tmp_path / "new.toml"
    point = (
        '[points."car.door_zone"]\ntable = "holding"\naddress = 0x11\nbit = 10\nsource = "seen"\n'
    )
    path.write_text(text + point, encoding="utf-8")
    profile = load_profile(path)
    assert [each.signal for each in profile.points] == ["car.door_zone"]
    assert "coil 0x0003" not in text


def test_a_survey_without_a_find_still_makes_a_readable_file():
    survey = surveyed(Device({}))
    assert tomllib.loads(skeleton("x", survey, Watch()))["protocol"]["readable"] == {}


def test_a_moving_bit_of_a_bit_table_is_named_without_its_bit():
    watch = Watch()
    watch.came(Block(COIL, 3, 1), [0], 0)
    watch.mark("m", SECOND_US)
    watch.came(Block(COIL, 3, 1), [1], SECOND_US)
    survey = surveyed(Device({COIL: {3: 1}}), (COIL,), range(8))
    assert "#   coil 0x0003: to 1" in skeleton("x", survey, watch)
