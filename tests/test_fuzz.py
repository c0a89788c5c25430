"""Hostile bytes for every framing and decoder, by the code of `make prove` with less of them."""

import random

import pytest

from agent.drivers import cic_framing, rtu_framing
from hil import fuzz as fuzzing
from hil.fuzz import Tally, Target, fuzz, most_by_chance
from hil.fuzz_targets import TARGETS

BYTES = 60_000


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_crash_it_hold_it_up_or_lie_to_it(name: str) -> None:
    seed = str(random.randrange(1 << 32))
    outcome = fuzzing.shown(fuzz(name, TARGETS[name], BYTES, seed))
    assert outcome.problems == ()
    assert outcome.fed >= BYTES


def test_the_same_seed_feeds_the_same_bytes() -> None:
    one, two = (fuzz("rtu", TARGETS["rtu"], 5000, "7") for _ in range(2))
    assert (one.fed, one.accepted) == (two.fed, two.accepted)
    assert fuzz("rtu", TARGETS["rtu"], 5000, "8").fed != one.fed


@pytest.mark.parametrize(
    ("name", "module"), [("rtu", rtu_framing), ("cic", cic_framing), ("cic-talk", cic_framing)]
)
def test_a_framing_without_its_checksum_is_found_out(
    name: str, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "crc16", lambda _data: 0)
    assert fuzz(name, TARGETS[name], BYTES, "1").problems


@pytest.mark.parametrize(("growth_kib", "found"), [(32 * 1024, 0), (32 * 1024 + 1, 1)])
def test_memory_that_grows_beyond_the_bound_is_a_problem(
    growth_kib: int, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = iter((1000, 1000 + growth_kib))
    monkeypatch.setattr(fuzzing, "_peak_kib", lambda: next(peaks))

    def feeds(_chance: random.Random, tally: Tally) -> None:
        tally.fed += 1

    assert len(fuzz("g", Target(lambda: feeds), 1, "1").problems) == found


def test_what_chance_explains_is_allowed_and_no_more() -> None:
    assert most_by_chance(0.0) == 0
    assert [most_by_chance(n) for n in (0.01, 1.0, 100.0)] == [3, 10, 163]
