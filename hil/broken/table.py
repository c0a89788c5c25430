"""Every broken installation, group by group."""

from collections.abc import Sequence
from typing import Final

from hil.broken.brokers import BROKER
from hil.broken.case import Case, Group
from hil.broken.computers import COMPUTER
from hil.broken.lines import LINE
from hil.broken.networks import NETWORK, STATIONS
from hil.broken.services import SERVICE
from hil.broken.wires import WIRES

GROUPS: Final[tuple[Group, ...]] = (LINE, NETWORK, WIRES, STATIONS, BROKER, COMPUTER, SERVICE)
CASES: Final[Sequence[Case]] = [case for group in GROUPS for case in group.cases]
