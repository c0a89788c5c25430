"""What a story expects, and what is wrong with what was said. Pure.

Everything that is not expected or allowed is forbidden, notices and `info` apart.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.model import SECOND_US, Event, Severity, Transition

EARLY_S = 0.05  # a label's own rounding; nothing may be raised before its rule says


class Silence(enum.Enum):
    """Why an event is not raised in a story that is about it: its rule just does not hold, is muted, or unknown."""

    JUST_NOT = "just not"
    MUTED = "muted"
    UNKNOWN = "unknown"


@dataclass
class Label:
    """One expected event: raised at `at_s`, at most `within_s` later, and cleared at `clears_s` likewise.

    `stands`: it must not clear. `severity` None: any. `notice`: it is not raised but a notice.
    """

    code: str
    at_s: float
    instance: str | None = None
    severity: str | None = None
    within_s: float = 0.5
    clears_s: float | None = None
    stands: bool = False
    notice: bool = False

    def takes(self, event: Event) -> bool:
        """Whether an event is this one, whenever it comes."""
        wanted = Transition.NOTICE if self.notice else Transition.RAISED
        same = event.code == self.code and self.instance in (None, event.instance)
        return same and event.transition is wanted


@dataclass
class Labels:
    """All of one story's. `silences`: the events it is about although they are not raised, and why not."""

    expected: list[Label] = field(default_factory=list[Label])
    allowed: set[str] = field(default_factory=set[str])
    silences: set[tuple[str, Silence]] = field(default_factory=set[tuple[str, Silence]])

    def expect(self, label: Label) -> Label:
        """Add one."""
        self.expected.append(label)
        return label


@dataclass(frozen=True)
class Outcome:
    """What became of a label: when it was raised and how late, in seconds; None: never."""

    label: Label
    raised_s: float | None

    @property
    def late_s(self) -> float | None:
        """Seconds beyond the label's instant; negative: too early."""
        return None if self.raised_s is None else self.raised_s - self.label.at_s


@dataclass
class Verdict:
    """`wrong` in words, none if the story came out as told; `false` are raises nobody expected."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    false: list[Event] = field(default_factory=list[Event])
    wrong: list[str] = field(default_factory=list[str])


def verdict(labels: Labels, events: Sequence[Event]) -> Verdict:
    """Compare what was said with what was expected."""
    result = Verdict()
    raises = [event for event in events if event.transition is not Transition.CLEARED]
    for label in labels.expected:
        raised = next((event for event in raises if label.takes(event)), None)
        if raised is not None:
            raises.remove(raised)
        result.outcomes.append(Outcome(label, None if raised is None else _s(raised.at_us)))
        result.wrong += _raise_wrong(label, raised) + _clear_wrong(label, raised, events)
    for event in raises:
        if event.code not in labels.allowed and event.severity is not Severity.INFO:
            result.false.append(event)
            result.wrong.append(f"{_name(event)} raised at {_s(event.at_us):g} s is forbidden")
    return result


def _raise_wrong(label: Label, raised: Event | None) -> list[str]:
    if raised is None:
        return [f"{label.code} expected at {label.at_s:g} s was never raised"]
    wrong: list[str] = []
    late_s = _s(raised.at_us) - label.at_s
    if not -EARLY_S <= late_s <= label.within_s:
        wrong.append(f"{label.code} expected at {label.at_s:g} s came {late_s:+g} s off")
    if label.severity is not None and raised.severity.value != label.severity:
        wrong.append(f"{label.code} is {raised.severity.value}, not {label.severity}")
    return wrong


def _clear_wrong(label: Label, raised: Event | None, events: Sequence[Event]) -> list[str]:
    if raised is None or (label.clears_s is None and not label.stands):
        return []
    ends = (e for e in events if e.transition is Transition.CLEARED and e.key == raised.key)
    ended = next((e for e in ends if e.at_us >= raised.at_us), None)
    if label.stands:
        return [f"{label.code} cleared at {_s(ended.at_us):g} s"] if ended is not None else []
    assert label.clears_s is not None
    if ended is None:
        return [f"{label.code} expected to clear at {label.clears_s:g} s stands"]
    off_s = _s(ended.at_us) - label.clears_s
    if -EARLY_S <= off_s <= label.within_s:
        return []
    return [f"{label.code} expected to clear at {label.clears_s:g} s did so {off_s:+g} s off"]


def _s(at_us: int) -> float:
    return at_us / SECOND_US


def _name(event: Event) -> str:
    return event.code if event.instance is None else f"{event.code}/{event.instance}"
