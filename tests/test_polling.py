"""What is counted of a link: totals since the start, and how long the last answers took."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.polling import WINDOW, Statistics


def timed(*round_trips_us: int) -> Statistics:
    statistics = Statistics()
    for round_trip_us in round_trips_us:
        statistics.answered_in(round_trip_us)
    return statistics


def test_before_the_first_answer_there_is_no_round_trip() -> None:
    facts = timed().facts()
    assert (facts["round_trip_p50_ms"], facts["round_trip_p95_ms"]) == (None, None)
    assert timed().round_trip_ms is None
    assert facts["answered"] == 0


@pytest.mark.parametrize(
    ("count", "p50_ms", "p95_ms"), [(1, 1, 1), (2, 1, 2), (19, 10, 19), (20, 10, 19), (21, 11, 20)]
)
def test_half_of_the_answers_came_within_p50_and_19_of_20_within_p95(
    count: int, p50_ms: float, p95_ms: float
) -> None:
    statistics = timed(*(1000 * n for n in range(count, 0, -1)))
    facts = statistics.facts()
    assert (facts["round_trip_p50_ms"], facts["round_trip_p95_ms"]) == (p50_ms, p95_ms)
    assert statistics.round_trip_ms == 1


def test_only_the_last_answers_are_timed_but_all_are_counted() -> None:
    statistics = timed(9_000_000, *[1000] * (WINDOW - 1))
    assert max(statistics.round_trips_us) == 9_000_000
    statistics.answered_in(1000)
    assert max(statistics.round_trips_us) == 1000
    assert statistics.facts()["answered"] == WINDOW + 1


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=300))
def test_a_share_is_one_of_the_last_answers_and_enough_are_within_it(taken_us: list[int]) -> None:
    facts = timed(*taken_us).facts()
    last = taken_us[-WINDOW:]
    for percent in (50, 95):
        limit_ms = facts[f"round_trip_p{percent}_ms"]
        assert limit_ms is not None
        limit_us = round(limit_ms * 1000)
        assert limit_us in last
        assert 100 * sum(us <= limit_us for us in last) >= percent * len(last)
