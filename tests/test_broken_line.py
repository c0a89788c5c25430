"""`doctor` names what is broken on a serial line, and blames nothing beside it: hil/broken/lines.py."""

import pytest

from hil.broken.lines import LINE
from tests.broken_stage import claim, crew_of, named

crew = pytest.fixture(scope="module")(crew_of)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", LINE.cases, ids=named)
def test_doctor_names_the_cause_and_blames_nothing_beside_it(crew, case):
    claim(crew, case)
