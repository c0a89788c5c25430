"""`doctor` names what is broken in service and configuration, and blames nothing beside it: hil/broken/services.py."""

import pytest

from hil.broken.services import SERVICE
from tests.broken_stage import claim, crew_of, named

crew = pytest.fixture(scope="module")(crew_of)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", SERVICE.cases, ids=named)
def test_doctor_names_the_cause_and_blames_nothing_beside_it(crew, case):
    claim(crew, case)
