"""A car door not closed where no landing is."""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term
from agent.monitor.truth import every, is_not


def _astray(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, bool | None, None]:
    ajar = snapshot.values["car_door.ajar"]
    if ajar is False:
        return None, False, None
    return None, every(ajar, is_not(snapshot.values["car.door_zone"])), None


CAR_DOOR_ASTRAY = Term(
    "car_door.astray", ("car_door.ajar", "car.door_zone"), _astray, value_type=bool | None
)
