"""信号丢失: signals of a driver went stale or its link is down; one event a driver, naming the signals."""

from agent.monitor.condition import NO, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot


def signal_lost(driver: str, signals: tuple[str, ...]) -> Detector:
    """The detector of one driver over the signals it gives."""

    def step(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, Condition]:
        lost = [name for name in signals if name in snapshot.lost]
        if not lost:
            return None, NO
        since_us = min(snapshot.since_us[name] for name in lost)
        return None, Condition(
            holds=True, since_us=since_us, detail={"signals": lost}, evidence=tuple(lost)
        )

    return Detector("signal_lost", signals, step, reads_loss=True, instance=driver)
