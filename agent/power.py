"""What is told when the power is back: of the mains, and of a cut that took the agent's own computer too.

Pure: events and rows in, what a notice `power_restored` says out. It decides nothing about alarms.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from agent.model import Detail, Event, Instant, Row, Transition
from agent.uplink.messages import iso

MAINS_LOST, RESTORED, USAGE = "mains_lost", "power_restored", "usage"
STOPPED = "stopped"  # the reason of the usage notice with which an orderly run ends
_BEFORE = 64  # transitions remembered from before the mains are known to be lost
_PAIRED = (Transition.RAISED, Transition.CLEARED)


class Back(msgspec.Struct, frozen=True):
    """The mains are back: the instant, since when they were lost (None: in another boot), what the notice says."""

    at_us: int
    since_us: int | None
    detail: Mapping[str, Detail]


class MainsStory:
    """Follows all events and sums up each loss of the mains: what was raised and cleared meanwhile, and what stands.

    A loss is told from when the contact dropped, which is before `mains_lost` is raised: what came between belongs to it.
    """

    def __init__(self) -> None:
        self._stands: dict[str, None] = {}
        self._before: deque[Event] = deque(maxlen=_BEFORE)
        self._lost: Event | None = None
        self._adopted = False
        self._counts = {transition: Counter[str]() for transition in _PAIRED}

    def adopt(self, rows: Iterable[Row]) -> None:
        """What an earlier run left standing, perhaps the loss itself."""
        for row in rows:
            if row.event.transition is Transition.RAISED:
                self._stands[_subject(row.event)] = None
                if row.event.code == MAINS_LOST:
                    self._lost, self._adopted = row.event, True

    def add(self, rows: Iterable[Row]) -> None:
        """What an earlier run said of the loss that was adopted, unless that is over by now."""
        if self._adopted:
            for row in rows:
                self._count(row.event)

    def follow(self, events: Iterable[Event]) -> list[Back]:
        """Take events over in their order; gives each return of the mains among them."""
        returns: list[Back] = []
        for event in events:
            if event.transition is Transition.RAISED:
                self._stands[_subject(event)] = None
            elif event.transition is Transition.CLEARED:
                self._stands.pop(_subject(event), None)
            if event.code != MAINS_LOST:
                self._note(event)
            elif event.transition is Transition.RAISED:
                self._begin(event)
            elif event.transition is Transition.CLEARED:
                returns += self._end(event)
        return returns

    def _note(self, event: Event) -> None:
        if event.transition in _PAIRED:
            self._before.append(event)
            if self._lost is not None:
                self._count(event)

    def _count(self, event: Event) -> None:
        if event.transition in _PAIRED and event.code != MAINS_LOST:
            self._counts[event.transition][event.code] += 1

    def _begin(self, lost: Event) -> None:
        self._lost = lost
        since_us = lost.at_us if lost.since_us is None else lost.since_us
        for event in self._before:
            if event.at_us >= since_us:
                self._count(event)

    def _end(self, cleared: Event) -> list[Back]:
        """The loss is over. One whose contact was configured away has not ended by a return."""
        since_us = cleared.since_us
        detail: dict[str, Detail] = {
            "cause": "mains",
            "lasted_ms": None if since_us is None else (_back_us(cleared) - since_us) // 1000,
            "person_by": self._lost.detail.get("person_by") if self._lost is not None else None,
            "raised": dict(self._counts[Transition.RAISED]),
            "cleared": dict(self._counts[Transition.CLEARED]),
            "stands": list(self._stands),
        }
        self._lost, self._adopted = None, False
        for count in self._counts.values():
            count.clear()
        if cleared.detail.get("reason") == "configuration_changed":
            return []
        return [Back(cleared.at_us, since_us, detail)]


def _back_us(cleared: Event) -> int:
    """When the contact came back, which is before the loss clears."""
    contact = cleared.evidence.get("power.mains")
    if contact is None or contact.since_us is None:
        return cleared.at_us
    return contact.since_us


def was_cut(rows: Sequence[Row], boot_id: str) -> bool:
    """Whether the computer itself was off without an orderly end, by the last rows of the run before (oldest first).

    An orderly run ends with its last `usage`. A process that was killed comes back in the same boot, which is no cut.
    """
    if not rows or rows[-1].boot_id == boot_id:
        return False
    ends = [row for row in rows if row.event.code in (USAGE, "agent_started")]
    last = ends[-1].event if ends else None
    return last is None or last.code != USAGE or last.detail.get("reason") != STOPPED


def cut_told(last: Row, stood: Iterable[Row], now: Instant) -> dict[str, Detail]:
    """What is said after such a cut. `last` is the run's last row, its last sign of life: it was alive then.

    A wall time counts only from a clock that was synchronised, then or in time to date it, the length where both ends are.
    """
    passed_us = now.wall_us - last.told_us
    both = last.is_dated and now.synchronised and passed_us >= 0
    lost = [row.event for row in stood if row.event.code == MAINS_LOST]
    return {
        "cause": "agent_off",
        "down_since": iso(last.told_us) if last.is_dated else None,
        "down_ms": passed_us // 1000 if both else None,
        "person_by": lost[-1].detail.get("person_by") if lost else None,
        "stands": [_subject(row.event) for row in stood],
    }


def _subject(event: Event) -> str:
    return event.code if event.instance is None else f"{event.code}/{event.instance}"
