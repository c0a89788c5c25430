"""What the tests of broken installations share: a crew for the cases of one file that are to be tested, and their claim."""

from collections.abc import Iterator
from typing import cast

import pytest

from hil.broken.case import Case
from hil.broken.computers import MountMissing
from hil.broken.crew import Crew
from hil.broken.prove import difference


def crew_of(request: pytest.FixtureRequest) -> Iterator[Crew]:
    """Begin with the cases of this module's tests, all at once."""
    module = request.node.path
    found: list[Case] = [
        cast("Case", item.callspec.params["case"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == module and hasattr(item, "callspec")
    ]
    with Crew(found) as crew:
        yield crew


def named(case: Case) -> str:
    """Give a test the name of its case."""
    return case.name


def claim(crew: Crew, case: Case) -> None:
    """What is broken is found, and nothing whole beside it."""
    try:
        outcome = crew.outcome(case)
    except MountMissing as wrong:
        pytest.skip(f"a disk of its own needs the right to mount: {wrong}")
    assert difference(case.expected, outcome.found) == [], outcome.measured
