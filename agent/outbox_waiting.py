"""Where events wait for the disk, and which go first when there is no more room. Pure.

Nothing is dropped below the bound. Above it `info` goes first, then `minor`, then `major`; `critical` never. Within a
severity the oldest goes first, since the newest tells what is now; and what is over (notices, acknowledgements, raises
already cleared) before what still stands. A raise takes its waiting acknowledgements and clear with it. A clear whose
raise is already in the journal is kept: without it the journal would say for ever that it stands. One whose raise was
dropped waits as a notice.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from agent.model import Event, Severity, Transition
from agent.outbox_rows import Batch, Key, unpaired

BOUND = 1000
_DROPPABLE = (Severity.INFO, Severity.MINOR, Severity.MAJOR)


class WaitingRoom:
    """Batches in the order they came. `dropped` counts events lost here, by severity, since the start."""

    def __init__(self) -> None:
        self.dropped: Counter[Severity] = Counter()
        self._batches: deque[Batch] = deque()
        self._count = 0
        self._raise_dropped: set[Key] = set()

    def __len__(self) -> int:
        return self._count

    def add(self, batch: Batch, *, room: int = BOUND) -> None:
        """Let a batch in; `room` is how many events may wait here now."""
        events = tuple(self._with_its_raise(event) for event in batch.events)
        self._batches.append(Batch(events, batch.now))
        self._count += len(events)
        if self._count > room:
            self._make_room(room)

    def take(self, most: int) -> tuple[Batch, ...]:
        """The oldest batches, whole, up to `most` events together; one at least, unless nothing waits."""
        taken: list[Batch] = []
        count = 0
        while self._batches and (not taken or count + len(self._batches[0].events) <= most):
            batch = self._batches.popleft()
            count += len(batch.events)
            taken.append(batch)
        self._count -= count
        return tuple(taken)

    def _with_its_raise(self, event: Event) -> Event:
        if event.transition is not Transition.CLEARED or event.key not in self._raise_dropped:
            return event
        self._raise_dropped.discard(event.key)
        return unpaired(event)

    def _make_room(self, room: int) -> None:
        events = [event for batch in self._batches for event in batch.events]
        gone: set[int] = set()
        for unit in _in_order_to_go(events):
            if len(events) - len(gone) <= room:
                break
            gone.update(unit)
            if _stands(events, unit):
                self._raise_dropped.add(events[unit[0]].key)
        self.dropped.update(events[index].severity for index in gone)
        self._keep(gone)

    def _keep(self, gone: set[int]) -> None:
        kept: deque[Batch] = deque()
        first = 0
        for batch in self._batches:
            events = tuple(
                event for index, event in enumerate(batch.events, first) if index not in gone
            )
            first += len(batch.events)
            if events:
                kept.append(Batch(events, batch.now))
        self._batches = kept
        self._count = sum(len(batch.events) for batch in kept)


def _in_order_to_go(events: Sequence[Event]) -> Iterator[list[int]]:
    """What can be dropped together, as indices, first to go first."""
    units = _units(events)
    for severity in _DROPPABLE:
        mine = [unit for unit in units if events[unit[0]].severity is severity]
        yield from (unit for unit in mine if not _stands(events, unit))
        yield from (unit for unit in mine if _stands(events, unit))


def _units(events: Sequence[Event]) -> list[list[int]]:
    """A raise with its acknowledgements and clear, a notice, an acknowledgement alone; no clear alone."""
    units: list[list[int]] = []
    raised: dict[Key, list[int]] = {}
    for index, event in enumerate(events):
        mine = raised.get(event.key)
        match event.transition:
            case Transition.RAISED:
                raised[event.key] = [index]
                units.append(raised[event.key])
            case Transition.ACKNOWLEDGED if mine is not None:
                mine.append(index)
            case Transition.CLEARED:
                if mine is not None:
                    raised.pop(event.key).append(index)
            case Transition.NOTICE | Transition.ACKNOWLEDGED:
                units.append([index])
    return units


def _stands(events: Sequence[Event], unit: Sequence[int]) -> bool:
    is_raise = events[unit[0]].transition is Transition.RAISED
    return is_raise and events[unit[-1]].transition is not Transition.CLEARED
