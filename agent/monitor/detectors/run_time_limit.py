"""运行超时: the run-time limiter has tripped, or the motor runs and no landing passes."""

import msgspec

from agent.monitor.condition import Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.detectors.held import Delays, Way, either_held, reported
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.long_run import Long

_NO_LANDING = "no_landing_passed"


def _no_landing_passed(snapshot: Snapshot) -> bool | None:
    run: Long | None = snapshot.values["long_run"]
    return None if run is None else run.holds


_LIMIT = either_held(
    "run_time_limit",
    ("run_time_limit.tripped", "long_run"),
    reported("run_time_limit.tripped"),
    Way(_NO_LANDING, _no_landing_passed),
)


def _step(memory: Delays, snapshot: Snapshot, limits: Limits) -> tuple[Delays, Condition]:
    """A long run began when the last landing passed."""
    memory, condition = _LIMIT.step(memory, snapshot, limits)
    if condition.detail is not None and condition.detail["rule"] == _NO_LANDING:
        since_us = snapshot.values["long_run"].since_us
        condition = msgspec.structs.replace(condition, since_us=since_us)
    return memory, condition


RUN_TIME_LIMIT = Detector("run_time_limit", _LIMIT.reads, _step, memory=(), memory_type=Delays)
