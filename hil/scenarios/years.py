"""Elevator-years of ordinary life, side by side in processes: what was raised in them that should not have been."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

import msgspec

from agent.model import Severity
from hil.scenarios.installations import KINDS
from hil.scenarios.traffic import OFFICE, RESIDENTIAL, Traffic

DAYS = 365
BUILDINGS = (RESIDENTIAL, OFFICE)
NAMED_MOST = 20  # false raises told with their time


class Years(msgspec.Struct, frozen=True):
    """One year of one elevator: `false` counts raises as `severity code`, `named` says when the first were."""

    kind: str
    building: str
    seed: int
    days: int
    rides: int
    readings: int
    false: dict[str, int]
    named: list[str]

    @property
    def problems(self) -> list[str]:
        """Critical raises: there must be none."""
        where = f"{self.kind}, {self.building}, seed {self.seed}"
        return [
            f"{where}: {count} false {name}"
            for name, count in self.false.items()
            if "critical" in name
        ]


def one_year(kind: str, building: str, seed: int, days: int = DAYS) -> Years:
    """Live one year (or fewer days) of one elevator."""
    on = next(each for each in KINDS if each.name == kind)
    where = next(each for each in BUILDINGS if each.name == building)
    tally = Traffic(on, where, seed, days).live()
    false: dict[str, int] = {}
    for _, event in tally.false:
        name = f"{event.severity.value} {event.code}"
        false[name] = false.get(name, 0) + 1
    named = [what for severity in Severity for what in tally.false_of(severity)]
    return Years(kind, building, seed, days, tally.rides, tally.readings, false, named[:NAMED_MOST])


def wanted(years: int, seed: int) -> list[tuple[str, str, int]]:
    """So many years of each kind of installation, the buildings in turn."""
    return [
        (kind.name, BUILDINGS[number % len(BUILDINGS)].name, seed + number)
        for number in range(years)
        for kind in KINDS
    ]


def lived(years: list[tuple[str, str, int]], days: int = DAYS) -> Iterator[Years]:
    """Live them, as many at once as there are processors; each is given when it is over."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for each in as_completed([pool.submit(one_year, *year, days) for year in years]):
            yield each.result()
