"""The contract's terms (section 3.1): facts that several rules share, each derived once from signals.

A term is `step(memory, snapshot, limits) -> (memory, value, due_us)`: pure, called only when something it reads changed
or `due_us` came. Its value stands in the snapshot under its name, beside the signals.
"""

from agent.monitor.terms.arrivals import ARRIVALS
from agent.monitor.terms.astray import CAR_DOOR_ASTRAY, CAR_DOOR_CARRIED
from agent.monitor.terms.boarding import BOARDING, END_KEY
from agent.monitor.terms.contact_doors import CONTACT_CLOSINGS
from agent.monitor.terms.doors import CAR_DOOR_AJAR, CAR_DOOR_OPEN, CLOSED_US, DOORS
from agent.monitor.terms.landing import ALARM_OVER, AT_LANDING
from agent.monitor.terms.levels import BATTERY_LOW, DISK_LOW, HOST_HOT, ROOM_HOT
from agent.monitor.terms.lock_trust import LOCK_DOUBTED
from agent.monitor.terms.long_run import LONG_RUN
from agent.monitor.terms.miscounts import MISCOUNTS
from agent.monitor.terms.motion import MOVED, OUTSIDE, STOPPED
from agent.monitor.terms.person import PERSON
from agent.monitor.terms.presence import PRESENCE
from agent.monitor.terms.runs import RUNS
from agent.monitor.terms.sources import BUTTON, CALL, LOAD
from agent.monitor.terms.speed import SPEED
from agent.monitor.terms.stops import STOP_OUTSIDE, STOP_OUTSIDE_IN_ALL, STOP_SHUT
from agent.monitor.terms.term import Term
from agent.monitor.terms.visit import VISIT_MUTES
from agent.monitor.terms.zone_trust import ZONE_BELIEVED, ZONE_DOUBTED, ZONE_SAID

# In the order of their derivation: a term reads signals and terms above it.
TERMS: tuple[Term, ...] = (
    END_KEY,
    CAR_DOOR_OPEN,
    CAR_DOOR_AJAR,
    CAR_DOOR_ASTRAY,
    CAR_DOOR_CARRIED,
    DOORS,
    CONTACT_CLOSINGS,
    CLOSED_US,
    VISIT_MUTES,
    SPEED,
    ZONE_DOUBTED,
    ZONE_BELIEVED,
    ZONE_SAID,
    BATTERY_LOW,
    ROOM_HOT,
    DISK_LOW,
    HOST_HOT,
    LONG_RUN,
    STOPPED,
    ARRIVALS,
    OUTSIDE,
    LOCK_DOUBTED,
    AT_LANDING,
    BOARDING,
    MOVED,
    CALL,
    BUTTON,
    LOAD,
    PRESENCE,
    PERSON,
    STOP_OUTSIDE,
    STOP_OUTSIDE_IN_ALL,
    STOP_SHUT,
    ALARM_OVER,
    RUNS,
    MISCOUNTS,
)

__all__ = ["TERMS", "Term"]
