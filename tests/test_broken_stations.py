"""`doctor` names what is broken at stations, cameras, readers, modems, and blames nothing else: hil/broken/networks.py."""

import pytest

from hil.broken.networks import STATIONS
from tests.broken_stage import claim, crew_of, named

crew = pytest.fixture(scope="module")(crew_of)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", STATIONS.cases, ids=named)
def test_doctor_names_the_cause_and_blames_nothing_beside_it(crew, case):
    claim(crew, case)
