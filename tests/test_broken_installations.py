"""The list of broken installations: what it covers; and that nothing is found in a whole one."""

from collections import Counter

import pytest

from agent.doctor.finding import Verdict
from agent.doctor.table import CHECKS
from hil.broken.case import Case
from hil.broken.crew import Crew
from hil.broken.prove import difference
from hil.broken.site import Site
from hil.broken.table import CASES, GROUPS

WRONG = {
    (check.id, word): cause.verdict
    for check in CHECKS
    for word, cause in check.causes.items()
    if cause.verdict in {Verdict.FAILED, Verdict.WARNING}
}


def whole(site: Site) -> None:
    """Break nothing; a service is looked at once it has heard of every station and camera."""
    ready = site.ready
    site.ready = lambda s: ready(s) and set(s["links"]) == set(site.drivers)


def test_nothing_is_found_in_a_whole_installation_with_the_service_and_without():
    cases = [
        Case(name=name, story="", story_zh="", build=whole, finds=frozenset(), runs=runs)
        for name, runs in (("stopped", False), ("runs", True))
    ]
    with Crew(cases) as crew:
        for case in cases:
            assert difference(case.expected, crew.outcome(case).found) == []


def test_almost_every_failure_that_doctor_can_name_is_built():
    built = {
        (line.split()[0].rstrip(":"), line.rpartition(": ")[2])
        for each in CASES
        for line in each.expected
    }
    missing = {each for each, verdict in WRONG.items() if verdict is Verdict.FAILED} - built
    assert missing == NOT_BUILT


# What no part of the bench can be made to do; the judges' own tests hold these.
NOT_BUILT = {
    ("broker.login", "broker_busy"),
    ("broker.login", "client_id_refused"),
    ("broker.login", "refused"),
    ("broker.tcp", "name_unknown"),
    ("broker.tls", "failed"),
    ("broker.tls", "file_unusable"),
    ("camera.answer", "not_sent"),
    ("gpio.pin", "pin_lost"),
    ("gpio.pin", "wrong_pull"),
    ("input.sense", "contradictory"),
    ("intercom.station", "not_sent"),
    ("serial.port", "cannot_open"),
    ("service.watchdog", "not_fed"),
}


def test_the_list_is_long_enough_and_each_has_a_name_and_a_story_of_its_own():
    assert len(CASES) >= 40
    for told in ("name", "story", "story_zh"):
        counted = Counter(getattr(case, told) for case in CASES)
        assert [each for each, count in counted.items() if count > 1 or not each] == []
    assert sum(len(group.cases) for group in GROUPS) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_case_expects_is_something_that_doctor_can_find_wrong(case):
    for line in case.expected:
        head, _, cause = line.rpartition(": ")
        assert (head.split()[0], cause) in WRONG, line
