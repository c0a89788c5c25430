"""Terms and detectors in one form, so that the monitor's loop treats them alike.

A node is a step `(memory, snapshot, limits) -> (memory, value, due_us)`. A term's value is the fact it derives; a
detector's is whether its event stands, and its transitions go into `events` on the way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.model import Event, Severity, Transition
from agent.monitor import usage
from agent.monitor.alarms import Life, live, reads, standing_term
from agent.monitor.capabilities import is_possible
from agent.monitor.catalog import CATALOG
from agent.monitor.condition import NO, RESTING, UNKNOWN, Condition
from agent.monitor.detectors import Detector, detectors_for
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms import TERMS
from agent.monitor.terms.term import TermStep


class Standing(msgspec.Struct, frozen=True):
    """An event that stood when the agent ended, as the journal knows it; perhaps somebody had taken it up."""

    code: str
    instance: str | None
    severity: Severity
    since_us: int | None = None
    acknowledged: bool = False

    @property
    def life(self) -> Life:
        """Where its event stands now."""
        return Life(
            standing=True,
            severity=self.severity,
            since_us=self.since_us,
            acknowledged=self.acknowledged,
        )


@dataclass(frozen=True, slots=True)
class Node:
    """`name` in the snapshot; what its value and its losses depend on; its step, first memory and their types.

    `wakes`: what of its reads matters while it rests.
    """

    name: str
    reads: tuple[str, ...]
    reads_loss: tuple[str, ...]
    step: TermStep
    memory: object
    memory_type: Any
    value_type: Any
    wakes: tuple[str, ...] = ()


class Watch:
    """A detector with the life of its event: asks the rule, then whether to speak."""

    __slots__ = ("_rule", "detector", "entry", "events", "life")

    def __init__(self, detector: Detector, events: list[Event]) -> None:
        self.detector, self.life, self.events = detector, Life(), events
        self.entry = CATALOG[detector.code]
        self._rule = detector.step

    def step(
        self, memory: object, snapshot: Snapshot, limits: Limits
    ) -> tuple[Any, bool, int | None]:
        """Give the rule's memory, whether the event stands now, and when to ask again."""
        memory, condition = self._rule(memory, snapshot, limits)
        life = self.life
        if life.standing and life.episode_us is None:
            life = _with_episode(life, condition, snapshot.at_us)
        due_us = condition.due_us
        if not life.standing and (condition is NO or _says_nothing(condition)):
            return memory, False, due_us
        if due_us == REST:  # while it stands, its ending is watched
            due_us = None
        instance = self.detector.instance
        life, event, ending_us = live(self.entry, instance, life, condition, snapshot, limits)
        self.life = life
        if event is not None:
            self.events.append(event)
            if event.transition is Transition.CLEARED and condition.holds:
                # No hold-off: what still holds is raised again, one instant later, so that the end and the
                # new beginning do not bear the same time and others see the event gone in between.
                return memory, False, snapshot.at_us + 1
        if due_us is None or (ending_us is not None and ending_us < due_us):
            due_us = ending_us
        return memory, life.standing, due_us

    @property
    def key(self) -> tuple[str, str | None]:
        """The code and instance of its event."""
        return (self.detector.code, self.detector.instance)


def _with_episode(life: Life, condition: Condition, at_us: int) -> Life:
    """Of an event that stood before a restart: a button still held is the press that was spoken of.

    Once it is seen released, the next press is a new one.
    """
    if condition.holds is True or condition.filtered:
        return msgspec.structs.replace(life, episode_us=condition.since_us)
    return msgspec.structs.replace(life, episode_us=at_us) if condition is NO else life


def _says_nothing(condition: Condition) -> bool:
    """Of an event that does not stand."""
    return (
        condition is UNKNOWN
        or condition is RESTING
        or not (condition.holds or condition.filtered or condition.notice)
    )


def term_nodes() -> list[Node]:
    """The contract's terms, in the order of their derivation."""
    return [
        Node(
            term.name,
            term.reads,
            (),
            term.step,
            term.memory,
            term.memory_type,
            term.value_type,
            term.wakes,
        )
        for term in TERMS
    ]


def watches(
    drivers: Mapping[str, Sequence[str]], intervals_us: Mapping[str, int], events: list[Event]
) -> list[Watch]:
    """The detectors that an installation's signals allow: one whose inputs are not fitted is never raised."""
    wired = {name: tuple(signals) for name, signals in drivers.items()}
    fitted = {signal for signals in wired.values() for signal in signals}
    return [
        Watch(detector, events)
        for detector in detectors_for(wired, intervals_us)
        if is_possible(CATALOG[detector.code], fitted)
    ]


def watch_node(watch: Watch) -> Node:
    """A detector as a node."""
    detector = watch.detector
    name = standing_term(detector.code, detector.instance)
    return Node(
        name,
        (*detector.reads, *reads(watch.entry)),
        detector.reads_loss,
        watch.step,
        detector.memory,
        detector.memory_type,
        bool,
        detector.wakes,
    )


def usage_node(events: list[Event]) -> Node:
    """The hourly notice as a node: it never stands, and cars move too often for a detector's whole way."""
    entry, quiet = CATALOG["usage"], Life()

    def say(told: Condition, snapshot: Snapshot, limits: Limits) -> None:
        _, event, _ = live(entry, None, quiet, told, snapshot, limits)
        assert event is not None, "a notice is an event"
        events.append(event)

    step, first = usage.stepping(say), usage.Usage()
    return Node("usage", usage.READS, usage.READS_LOSS, step, first, usage.Usage, None)
