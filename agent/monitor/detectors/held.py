"""The plain kind of rule: something holds for some time. Most detectors are one such predicate."""

from collections.abc import Callable

from agent.monitor.catalog import CATALOG
from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.stops import INSPECTION_MODES


def held(
    code: str,
    reads: tuple[str, ...],
    holds: Callable[[Snapshot], bool | None],
    limit_us: Callable[[Limits], int],
) -> Detector:
    """A detector that raises when `holds` has been True for `limit_us`; None is unknown.

    In inspection a muted rule is not counted, so that its delay begins anew afterwards; what stands stays meanwhile.
    """
    muted = CATALOG[code].inspection_mutes

    def step(memory: Delay, snapshot: Snapshot, limits: Limits) -> tuple[Delay, Condition]:
        now = holds(snapshot)
        if memory is IDLE and now is not True:
            return memory, UNKNOWN if now is None else NO
        pace = RUN if now is True else BREAK
        if muted and snapshot.values["car.mode"] in INSPECTION_MODES:
            pace = RESTART
        delay = advance(memory, pace, snapshot.at_us, limits.trifle_us)
        return delay, reached(delay, limit_us(limits), snapshot.at_us, over=now is False)

    names = (*reads, "car.mode") if muted else reads
    return Detector(code, names, step, memory=IDLE, memory_type=Delay)


def reached(delay: Delay, limit_us: int, at_us: int, *, over: bool) -> Condition:
    """The condition that a delay gives: it holds once the delay has run for the limit.

    Until then it does not raise; nor does it clear, since what it is about is so again (after a lost link, say), unless
    that is known to be `over`.
    """
    due_us = delay.reached_at(limit_us)
    if due_us is None:
        return NO if over else UNKNOWN
    if at_us < due_us:
        return Condition(holds=None, due_us=due_us)
    return Condition(holds=True, since_us=delay.began_us)
