"""When people can leave: the car stands in the zone with its doors open. It ends an entrapment and a heard alarm."""

from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import OPEN
from agent.monitor.terms.term import Term
from agent.monitor.truth import every


def _at_landing(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, int | None]:
    values = snapshot.values
    stopped, outside, doors = values["stopped"], values["outside"], values["doors"]
    if doors not in (OPEN, None):
        return None, False, REST
    if stopped is False or outside is True:
        return None, False, None
    return None, None if None in (stopped, outside, doors) else True, None


def _alarm_over(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, None]:
    """The same, with the alarm button released."""
    pressed = snapshot.values["alarm.button"]
    released = None if pressed is None else not pressed
    return None, every(snapshot.values["at_landing"], released), None


AT_LANDING = Term(
    "at_landing",
    ("stopped", "outside", "doors"),
    _at_landing,
    value_type=bool | None,
    wakes=("doors",),
)
ALARM_OVER = Term("alarm_over", ("at_landing", "alarm.button"), _alarm_over, value_type=bool | None)
