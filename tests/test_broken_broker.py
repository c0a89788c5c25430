"""`doctor` names what is broken on the way to the broker, and blames nothing beside it: hil/broken/brokers.py."""

import pytest

from hil.broken.brokers import BROKER
from tests.broken_stage import claim, crew_of, named

crew = pytest.fixture(scope="module")(crew_of)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", BROKER.cases, ids=named)
def test_doctor_names_the_cause_and_blames_nothing_beside_it(crew, case):
    claim(crew, case)
