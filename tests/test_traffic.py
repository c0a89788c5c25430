"""Ordinary life raises nothing critical, on any kind of installation. In full: `make prove`."""

import msgspec
import pytest

from agent.model import Severity
from hil.scenarios.installations import CONTACTS, FULL, KINDS, Installation
from hil.scenarios.traffic import OFFICE, RESIDENTIAL, Building, Traffic
from hil.scenarios.years import Years, lived, wanted

DAYS = 3


@pytest.mark.parametrize("building", [RESIDENTIAL, OFFICE], ids=lambda each: each.name)
@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.name)
def test_days_of_ordinary_life_raise_nothing(kind: Installation, building: Building) -> None:
    tally = Traffic(kind, building, seed=1, days=365).live(DAYS)
    assert tally.rides > 100 * DAYS
    assert tally.false == []


def test_the_monthly_visit_is_no_alarm_where_the_mode_is_known() -> None:
    tally = Traffic(FULL, Building("visited", 4, 5, (1,) * 24), seed=2, days=60).live(60)
    assert tally.false == []


def test_where_the_mode_is_not_known_a_visit_looks_like_a_stop_between_landings() -> None:
    tally = Traffic(CONTACTS, Building("visited", 4, 5, (1,) * 24), seed=2, days=60).live(60)
    assert tally.false_of(Severity.CRITICAL) == []
    assert {event.code for _, event in tally.false} <= {"stopped_outside_door_zone"}


def test_the_same_seed_is_the_same_life() -> None:
    first, second = (Traffic(FULL, OFFICE, seed=7, days=365).live(1) for _ in range(2))
    assert first == second
    assert Traffic(FULL, OFFICE, seed=8, days=365).live(1) != first


def test_somebody_trapped_is_counted_as_a_false_raise() -> None:
    traffic = Traffic(FULL, Building("empty", 4, 0, (1,) * 24), seed=1, days=1)
    traffic.script.opens().wait(3).enter().closes().stops_between().wait(60)
    assert len(traffic.live(1).false_of(Severity.CRITICAL)) == 1


def test_years_are_lived_side_by_side_and_told() -> None:
    told = list(lived(wanted(1, seed=5), days=1))
    assert {year.kind for year in told} == {kind.name for kind in KINDS}
    assert [problem for year in told for problem in year.problems] == []
    assert all(year.readings > 1000 for year in told)


def test_a_false_critical_raise_is_a_problem() -> None:
    year = Years("full", "office", 1, 365, 1, 1, {"critical alarm_button": 2}, [])
    assert year.problems == ["full, office, seed 1: 2 false critical alarm_button"]
    assert msgspec.structs.replace(year, false={"minor usage": 2}).problems == []
