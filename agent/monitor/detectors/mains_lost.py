"""主电源断电: the mains contact has dropped for 1 s."""

from agent.monitor.detectors.held import held
from agent.monitor.truth import is_not

MAINS_LOST = held(
    "mains_lost",
    ("power.mains",),
    lambda snapshot: is_not(snapshot.values["power.mains"]),
    lambda limits: limits.mains_lost_us,
)
