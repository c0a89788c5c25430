"""`doctor` names what is broken at wired contacts, and blames nothing beside it: hil/broken/wires.py."""

import pytest

from hil.broken.wires import WIRES
from tests.broken_stage import claim, crew_of, named

crew = pytest.fixture(scope="module")(crew_of)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", WIRES.cases, ids=named)
def test_doctor_names_the_cause_and_blames_nothing_beside_it(crew, case):
    claim(crew, case)
