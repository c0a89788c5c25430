"""控制器故障: the controller itself reports a fault; its raw code goes with the event."""

from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot


def _step(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, Condition]:
    fault = snapshot.values["controller.fault"]
    if fault is None:
        return None, UNKNOWN
    if fault is False:
        return None, NO
    code = snapshot.values["controller.fault_code"]
    since_us = snapshot.since_us["controller.fault"]
    return None, Condition(holds=True, since_us=since_us, detail={"fault_code": code})


CONTROLLER_FAULT = Detector(
    "controller_fault", ("controller.fault", "controller.fault_code"), _step
)
