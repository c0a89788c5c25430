"""`doctor` names what is broken in the computer, and blames nothing beside it: hil/broken/computers.py."""

import pytest

from hil.broken.computers import COMPUTER
from tests.broken_stage import claim, crew_of, named

crew = pytest.fixture(scope="module")(crew_of)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", COMPUTER.cases, ids=named)
def test_doctor_names_the_cause_and_blames_nothing_beside_it(crew, case):
    claim(crew, case)
