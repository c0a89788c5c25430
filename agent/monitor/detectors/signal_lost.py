"""信号丢失: signals of a driver went stale or its link is down; one event a driver, naming the signals.

What stood when the agent ended stands until every signal of the driver has spoken: until then nobody knows of the link.
"""

from agent.monitor.alarms import standing_term
from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot

_CODE = "signal_lost"


def signal_lost(driver: str, signals: tuple[str, ...]) -> Detector:
    """The detector of one driver over the signals it gives."""
    stands = standing_term(_CODE, driver)

    def step(seen: bool, snapshot: Snapshot, _: Limits) -> tuple[bool, Condition]:  # noqa: FBT001
        """`seen`: a loss was seen in this run, or there is none left to wait for."""
        values = snapshot.values
        lost = [name for name in signals if name in snapshot.lost]
        if not lost:
            silent = not seen and values[stands] is True and None in map(values.get, signals)
            return seen, UNKNOWN if silent else NO
        since_us = min(snapshot.since_us[name] for name in lost)
        return True, Condition(
            holds=True, since_us=since_us, detail={"signals": lost}, evidence=tuple(lost)
        )

    return Detector(
        _CODE, (), step, memory=False, memory_type=bool, reads_loss=signals, instance=driver
    )
