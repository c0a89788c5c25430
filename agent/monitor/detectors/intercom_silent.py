"""五方通话中断: a station has not answered for three of its intervals; one event a station.

A probe that could not be sent says nothing about the station: it neither raises nor clears, but the time goes on.
"""

from collections.abc import Mapping

from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot

_FAMILY = "intercom."


def intercom_silent(signals: tuple[str, ...], intervals_us: Mapping[str, int]) -> list[Detector]:
    """A detector for each wired station; `intervals_us` says how often each is asked."""
    return [
        _station(signal, intervals_us.get(signal))
        for signal in signals
        if signal.startswith(_FAMILY)
    ]


def _station(signal: str, interval_us: int | None) -> Detector:
    def step(
        ceased_us: int | None, snapshot: Snapshot, limits: Limits
    ) -> tuple[int | None, Condition]:
        """`ceased_us`: when the signal ceased to be true, None while it is."""
        heard = snapshot.values[signal]
        if heard is True:
            return None, NO
        if ceased_us is None:
            ceased_us = snapshot.at_us
        if heard is None:
            return ceased_us, UNKNOWN
        interval = limits.intercom_interval_us if interval_us is None else interval_us
        due_us = ceased_us + limits.intercom_silent_intervals * interval
        if snapshot.at_us < due_us:
            # Not so yet; nor is it over, where it stood before a restart.
            return ceased_us, Condition(holds=None, due_us=due_us)
        return ceased_us, Condition(holds=True, since_us=ceased_us, evidence=(signal,))

    return Detector(
        "intercom_silent",
        (signal,),
        step,
        memory_type=int | None,
        instance=signal.removeprefix(_FAMILY),
    )
