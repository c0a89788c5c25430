"""防止再运行故障: a call is registered and everything is ready, but the car does not start."""

from agent.monitor.detectors.held import held
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CLOSED
from agent.monitor.truth import every

_CAR_CALL, _HALL_CALL = "car.call_registered", "hall.call_pending"


def _call(snapshot: Snapshot) -> bool | None:
    """A call from inside or from a landing is pending."""
    car, hall = snapshot.values[_CAR_CALL], snapshot.values[_HALL_CALL]
    if car is True or hall is True:
        return True
    fitted = snapshot.fitted
    unknown = (car is None and _CAR_CALL in fitted) or (hall is None and _HALL_CALL in fitted)
    return None if unknown else False


def _does_not_start(snapshot: Snapshot) -> bool | None:
    values = snapshot.values
    stopped, doors = values["stopped"], values["doors"]
    if stopped is False or doors not in (CLOSED, None):
        return False
    if values["car.mode"] not in ("normal", None):
        return False
    call = _call(snapshot)
    if call is False:
        return False
    mains = values["power.mains"] if "power.mains" in snapshot.fitted else True
    closed = None if doors is None else True
    return every(call, closed, stopped, mains)


START_FAILURE = held(
    "start_failure",
    (_CAR_CALL, _HALL_CALL, "doors", "stopped", "power.mains"),
    _does_not_start,
    lambda limits: limits.start_failure_us,
)
