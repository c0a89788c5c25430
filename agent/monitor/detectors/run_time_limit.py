"""运行超时: the run-time limiter has tripped, or the motor runs and no landing passes."""

from agent.monitor.detectors.held import Way, either_held, reported
from agent.monitor.snapshot import Snapshot


def _no_landing_passed(snapshot: Snapshot) -> bool | None:
    long: bool | None = snapshot.values["long_run"]
    return long


RUN_TIME_LIMIT = either_held(
    "run_time_limit",
    ("run_time_limit.tripped", "long_run"),
    reported("run_time_limit.tripped"),
    Way("no_landing_passed", _no_landing_passed),
)
