"""The plain kind of rule: something holds for some time. Most detectors are one such predicate, or one of several."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from agent.model import Detail
from agent.monitor.capabilities import is_fitted
from agent.monitor.catalog import CATALOG
from agent.monitor.condition import NO, RESTING, UNKNOWN, Condition
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.stops import INSPECTION_MODES

Holds = Callable[[Snapshot], bool | None]
LimitUs = Callable[[Limits], int]


def at_once(_: Limits) -> int:
    """No delay: what is reported holds as soon as it is read."""
    return 0


# While this one of its reads is so, a rule is known not to hold, whatever the others say.
Unless = tuple[str, bool]


def held(
    code: str,
    reads: tuple[str, ...],
    holds: Holds,
    limit_us: LimitUs = at_once,
    *,
    unless: Unless | None = None,
) -> Detector:
    """A detector that raises when `holds` has been True for `limit_us`; None is unknown. It rests by `unless`.

    In inspection a muted rule is not counted, so that its delay begins anew afterwards; what stands stays meanwhile.
    """
    muted = CATALOG[code].inspection_mutes

    def step(memory: Delay, snapshot: Snapshot, limits: Limits) -> tuple[Delay, Condition]:
        if memory is IDLE and unless is not None and _is_so(unless, snapshot):
            return IDLE, RESTING
        now = holds(snapshot)
        if now is not True and (memory is IDLE or _over(memory, snapshot.at_us, limits)):
            return IDLE, UNKNOWN if now is None else NO
        delay = _advanced(memory, now, snapshot, limits, muted=muted)
        return delay, reached(delay, limit_us(limits), snapshot.at_us, over=now is False)

    names = (*reads, "car.mode") if muted else reads
    wakes = () if unless is None else unless[:1]
    return Detector(code, names, step, memory=IDLE, memory_type=Delay, wakes=wakes)


def _is_so(unless: Unless, snapshot: Snapshot) -> bool:
    return snapshot.values[unless[0]] is unless[1]


def contact_held(code: str, signal: str) -> Detector:
    """A detector of one contact that reports the event itself."""
    return held(code, (signal,), lambda snapshot: snapshot.values[signal])


@dataclass(frozen=True, slots=True)
class Way:
    """One of several ways in which a rule can hold, each with a delay of its own. The event tells its `name` as `rule`."""

    name: str
    holds: Holds
    limit_us: LimitUs = at_once
    unless: Unless | None = None


def reported(signal: str) -> Way:
    """The way of an event that a signal of its own reports."""
    return Way("reported", lambda snapshot: snapshot.values[signal], unless=(signal, False))


Delays = tuple[Delay, ...]


def either_held(code: str, reads: tuple[str, ...], *ways: Way) -> Detector:
    """A detector that raises when one of its ways holds, and ends when none does. It rests when all do.

    The ways are the catalog's parts, in their order: one whose signals are not fitted is left out.
    """
    parts, muted = CATALOG[code].parts, CATALOG[code].inspection_mutes
    pairs = tuple(zip(parts, ways, strict=True))

    @lru_cache(maxsize=16)
    def fitted_ways(fitted: frozenset[str]) -> tuple[tuple[Way, ...], tuple[Unless, ...]]:
        possible = tuple(way for part, way in pairs if is_fitted(part, fitted))
        unless = tuple(way.unless for way in possible if way.unless is not None)
        return possible, unless if len(unless) == len(possible) else ()

    def step(memory: Delays, snapshot: Snapshot, limits: Limits) -> tuple[Delays, Condition]:
        at_us = snapshot.at_us
        possible, unless = fitted_ways(snapshot.fitted)
        if not memory and unless and _are_so(unless, snapshot):
            return (), RESTING
        now = [way.holds(snapshot) for way in possible]
        if True not in now and (not memory or _all_over(memory, at_us, limits)):
            return (), UNKNOWN if None in now else NO
        delays = tuple(
            _advanced(delay, holds, snapshot, limits, muted=muted)
            for delay, holds in zip(memory or (IDLE,) * len(possible), now, strict=True)
        )
        said = [
            reached(delay, way.limit_us(limits), at_us, over=holds is False, rule=way.name)
            for way, delay, holds in zip(possible, delays, now, strict=True)
        ]
        return delays, _either(said)

    names = (*reads, "car.mode") if muted else reads
    wakes = tuple(way.unless[0] for way in ways if way.unless is not None)
    return Detector(code, names, step, memory=(), memory_type=Delays, wakes=wakes)


def _are_so(unless: tuple[Unless, ...], snapshot: Snapshot) -> bool:
    for each in unless:  # noqa: SIM110  a generator in `all` would cost as much as the rules
        if not _is_so(each, snapshot):
            return False
    return True


def _all_over(delays: Delays, at_us: int, limits: Limits) -> bool:
    return all(_over(delay, at_us, limits) for delay in delays)


def _over(delay: Delay, at_us: int, limits: Limits) -> bool:
    """Nothing of a delay counts any more: it is idle, or broken for longer than a trifle."""
    if delay is IDLE:
        return True
    return delay.broken_us is not None and at_us - delay.broken_us >= limits.trifle_us


def _advanced(
    delay: Delay,
    now: bool | None,  # noqa: FBT001
    snapshot: Snapshot,
    limits: Limits,
    *,
    muted: bool,
) -> Delay:
    pace = RUN if now is True else BREAK
    if muted and snapshot.values["car.mode"] in INSPECTION_MODES:
        pace = RESTART
    return advance(delay, pace, snapshot.at_us, limits.trifle_us)


def reached(
    delay: Delay, limit_us: int, at_us: int, *, over: bool, rule: str | None = None
) -> Condition:
    """The condition that a delay gives: it holds once the delay has run for the limit.

    Until then it does not raise; nor does it clear, since what it is about is so again (after a lost link, say), unless
    that is known to be `over`. `rule` goes into the event.
    """
    due_us = delay.reached_at(limit_us)
    if due_us is None:
        return NO if over else UNKNOWN
    if at_us < due_us:
        return Condition(holds=None, due_us=due_us)
    detail: dict[str, Detail] | None = None if rule is None else {"rule": rule}
    return Condition(holds=True, since_us=delay.began_us, detail=detail)


def _either(said: list[Condition]) -> Condition:
    """One that holds raises; the event ends when all are known not to hold."""
    for each in said:
        if each.holds is True:
            return each
    dues = [each.due_us for each in said if each.due_us is not None]
    holds = None if any(each.holds is None for each in said) else False
    return Condition(holds=holds, due_us=min(dues, default=None))
