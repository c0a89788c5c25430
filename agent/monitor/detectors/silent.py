"""五方通话中断, 摄像头中断: a station or a camera has not answered for some of its intervals; one event each.

A probe that could not be sent says nothing about the station: it neither raises nor clears, but the time goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class _Family:
    """Signals named `prefix` + instance. `intervals`: of them unanswered; `interval_us`: where nobody says."""

    code: str
    prefix: str
    intervals: Callable[[Limits], int]
    interval_us: Callable[[Limits], int]


_INTERCOM = _Family(
    code="intercom_silent",
    prefix="intercom.",
    intervals=lambda limits: limits.intercom_silent_intervals,
    interval_us=lambda limits: limits.intercom_interval_us,
)
_CAMERA = _Family(
    code="camera_silent",
    prefix="camera.",
    intervals=lambda limits: limits.camera_silent_intervals,
    interval_us=lambda limits: limits.camera_interval_us,
)


def intercom_silent(signals: tuple[str, ...], intervals_us: Mapping[str, int]) -> list[Detector]:
    """A detector for each wired station; `intervals_us` says how often each is asked."""
    return _each(_INTERCOM, signals, intervals_us)


def camera_silent(signals: tuple[str, ...], intervals_us: Mapping[str, int]) -> list[Detector]:
    """A detector for each wired camera; `intervals_us` says how often each is asked."""
    return _each(_CAMERA, signals, intervals_us)


def _each(
    family: _Family, signals: tuple[str, ...], intervals_us: Mapping[str, int]
) -> list[Detector]:
    return [
        _silent(family, signal, intervals_us.get(signal))
        for signal in signals
        if signal.startswith(family.prefix)
    ]


def _silent(family: _Family, signal: str, interval_us: int | None) -> Detector:
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
        interval = family.interval_us(limits) if interval_us is None else interval_us
        due_us = ceased_us + family.intervals(limits) * interval
        if snapshot.at_us < due_us:
            # Not so yet; nor is it over, where it stood before a restart.
            return ceased_us, Condition(holds=None, due_us=due_us)
        return ceased_us, Condition(holds=True, since_us=ceased_us, evidence=(signal,))

    instance = signal.removeprefix(family.prefix)
    return Detector(family.code, (signal,), step, memory_type=int | None, instance=instance)
