"""A mode was entered. Unknown in between changes nothing, and the first mode seen is no change."""

from agent.monitor.condition import NO, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot


def _step(last: str | None, snapshot: Snapshot, _: Limits) -> tuple[str | None, Condition]:
    mode: str | None = snapshot.values["car.mode"]
    if mode is None or mode == last:
        return last, NO
    if last is None:
        return mode, NO
    detail = {"from": last, "to": mode}
    return mode, Condition(holds=False, notice=True, since_us=snapshot.at_us, detail=detail)


MODE_CHANGED = Detector("mode_changed", ("car.mode",), _step, memory_type=str | None)
