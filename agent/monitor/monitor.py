"""Readings → events: keeps the board, wakes what must be asked, fires what is due.

How it works. Terms and detectors are nodes in one fixed order (a node reads signals and nodes before it). A batch marks the
nodes that read something that changed; they run in order, and each marks the ones that read its own result. Every node has
at most one instant at which it wants to be asked again; those stand in a heap. Timers due before a batch fire before it,
timers due exactly at it fire with it, so that a condition that ends at its limit does not raise.

It never reads a clock and does no I/O. A node that fails is set aside and said so; the others go on.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from agent.model import Event, Quality, Reading, Severity, Transition
from agent.monitor.alarms import Life, cleared, live, reads, standing_term
from agent.monitor.capabilities import is_possible
from agent.monitor.catalog import CATALOG
from agent.monitor.condition import NO, Condition
from agent.monitor.detectors import Detector, detectors_for
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms import TERMS, Term
from agent.signals import SIGNALS

Wake = Callable[[int, int | None], None]


class Standing(msgspec.Struct, frozen=True):
    """An event that stood when the agent ended, as the journal knows it."""

    code: str
    instance: str | None
    severity: Severity
    since_us: int | None = None


class _TermNode:
    """A term at work."""

    __slots__ = (
        "_limits",
        "_snapshot",
        "_step",
        "due_us",
        "index",
        "memory",
        "name",
        "term",
        "wakes",
    )

    def __init__(self, index: int, term: Term, snapshot: Snapshot, limits: Limits) -> None:
        self.index, self.term, self.name = index, term, term.name
        self.memory = term.memory
        self.due_us: int | None = None
        self.wakes = 0
        self._step, self._snapshot, self._limits = term.step, snapshot, limits

    def run(self, wake: Wake, _: list[Event]) -> int:
        """Ask it; returns the marks of the nodes that read a changed result."""
        snapshot = self._snapshot
        self.memory, value, due_us = self._step(self.memory, snapshot, self._limits)
        if due_us != self.due_us:
            self.due_us = due_us
            wake(self.index, due_us)
        if value == snapshot.values[self.name]:
            return 0
        snapshot.values[self.name] = value
        snapshot.since_us[self.name] = snapshot.at_us
        return self.wakes


class _DetectorNode:
    """A detector and the life of its event at work."""

    __slots__ = (
        "_limits", "_snapshot", "detector", "due_us", "entry", "index", "life", "memory", "name",
        "wakes",
    )  # fmt: skip

    def __init__(
        self, index: int, detector: Detector, life: Life, snapshot: Snapshot, limits: Limits
    ) -> None:
        self.index, self.detector, self.life = index, detector, life
        self.entry = CATALOG[detector.code]
        self.name = standing_term(detector.code)
        self.memory = detector.memory
        self.due_us: int | None = None
        self.wakes = 0
        self._snapshot, self._limits = snapshot, limits

    def run(self, wake: Wake, events: list[Event]) -> int:
        """Ask it; adds its transition to the events and returns the marks of the nodes that read its standing."""
        snapshot = self._snapshot
        self.memory, condition = self.detector.step(self.memory, snapshot, self._limits)
        due_us, changed = condition.due_us, 0
        if self.life.standing or condition is not NO:
            changed, due_us = self._live(condition, events)
        if due_us != self.due_us:
            self.due_us = due_us
            wake(self.index, due_us)
        return changed

    def _live(self, condition: Condition, events: list[Event]) -> tuple[int, int | None]:
        before = self.life
        self.life, event, ending_us = live(
            self.entry, self.detector.instance, before, condition, self._snapshot, self._limits
        )
        if event is not None:
            events.append(event)
        dues = [due for due in (condition.due_us, ending_us) if due is not None]
        changed = self.life.standing != before.standing
        if changed:
            self.publish()
        return self.wakes if changed else 0, min(dues, default=None)

    def publish(self) -> None:
        """Show on the board whether the event stands."""
        if self.name in self._snapshot.values:
            self._snapshot.values[self.name] = self.life.standing


class Monitor:
    """One elevator's rules at work.

    `drivers` maps each driver to the signals it gives; `standing` is what the journal says stands. The first batch may
    come at `start_us` or later. Timers and batches are given in rising order of time.
    """

    def __init__(
        self,
        drivers: Mapping[str, Sequence[str]],
        limits: Limits,
        *,
        start_us: int = 0,
        standing: Iterable[Standing] = (),
    ) -> None:
        wired = {name: tuple(signals) for name, signals in drivers.items()}
        fitted = [signal for signals in wired.values() for signal in signals]
        names = (*SIGNALS, *fitted, *(term.name for term in TERMS), *_yielded_to())
        self.snapshot = Snapshot(names, fitted, start_us)
        self._limits = limits
        self._heap: list[tuple[int, int]] = []
        self._out: list[Event] = []
        self._alive = -1
        self._terms = [
            _TermNode(index, term, self.snapshot, limits) for index, term in enumerate(TERMS)
        ]
        self._detectors = self._fitted_detectors(wired, {(s.code, s.instance): s for s in standing})
        self._nodes: list[_TermNode | _DetectorNode] = [*self._terms, *self._detectors]
        self._by_value, self._by_loss = self._marks()
        self._ask((1 << len(self._nodes)) - 1)
        self._configured_away(standing)

    def _fitted_detectors(
        self,
        wired: Mapping[str, tuple[str, ...]],
        standing: Mapping[tuple[str, str | None], Standing],
    ) -> list[_DetectorNode]:
        """Only what can be detected at all is: an event whose inputs are not fitted is never raised."""
        nodes: list[_DetectorNode] = []
        for detector in detectors_for(wired):
            if not is_possible(CATALOG[detector.code], self.snapshot.fitted):
                continue
            life = _restored(standing.get((detector.code, detector.instance)))
            index = len(self._terms) + len(nodes)
            nodes.append(_DetectorNode(index, detector, life, self.snapshot, self._limits))
            nodes[-1].publish()
        return nodes

    def _marks(self) -> tuple[dict[str, int], dict[str, int]]:
        """For each name, the nodes that read its value, and those that read whether it is lost."""
        by_value: dict[str, int] = dict.fromkeys(self.snapshot.values, 0)
        by_loss: dict[str, int] = dict.fromkeys(self.snapshot.values, 0)
        for node in self._terms:
            for name in node.term.reads:
                by_value[name] |= 1 << node.index
        for watcher in self._detectors:
            marks = by_loss if watcher.detector.reads_loss else by_value
            for name in watcher.detector.reads:
                marks[name] |= 1 << watcher.index
            for name in reads(watcher.entry):
                by_value[name] |= 1 << watcher.index
        for each in self._nodes:
            each.wakes = by_value.get(each.name, 0)
        return by_value, by_loss

    def _configured_away(self, standing: Iterable[Standing]) -> None:
        """What stands although its detector is no longer configured is cleared, and says why."""
        kept = {(node.detector.code, node.detector.instance) for node in self._detectors}
        for old in standing:
            entry = CATALOG.get(old.code)
            if entry is None or entry.agent or (old.code, old.instance) in kept:
                continue
            life = _restored(old)
            self._out.append(
                cleared(entry, old.instance, life, self.snapshot, "configuration_changed")
            )

    @property
    def due_us(self) -> int | None:
        """The next instant at which a timer could fire, or None."""
        self._tidy()
        return self._heap[0][0] if self._heap else None

    @property
    def set_aside(self) -> tuple[str, ...]:
        """The terms and detectors that failed and no longer run."""
        return tuple(_name(node) for node in self._nodes if not self._alive >> node.index & 1)

    def step(self, at_us: int, readings: Sequence[Reading] = ()) -> list[Event]:
        """Take over one batch at an instant (none: only time moves on); returns the transitions in order.

        The last reading about a signal in the batch counts.
        """
        heap, snapshot = self._heap, self.snapshot
        while heap and heap[0][0] < at_us:
            self._fire(heap[0][0])
        snapshot.at_us = at_us
        if len(readings) > 1:
            readings = list({reading.signal: reading for reading in readings}.values())
        marks = 0
        for reading in readings:
            marks |= self._take(reading.signal, reading.value, reading.quality)
        if heap and heap[0][0] <= at_us:
            marks |= self._due(at_us)
        if marks:
            self._ask(marks)
        return self._events() if self._out else []

    def _take(self, signal: str, value: object, quality: Quality) -> int:
        if signal not in self.snapshot.values:
            return 0
        changed, requalified = self.snapshot.set_signal(signal, value, quality)
        marks = self._by_value[signal] if changed else 0
        return marks | self._by_loss[signal] if requalified else marks

    def _events(self) -> list[Event]:
        events, self._out = self._out, []
        return events

    def _fire(self, at_us: int) -> None:
        """Move to an instant at which timers are due and ask their nodes."""
        self.snapshot.at_us = at_us
        self._ask(self._due(at_us))

    def _due(self, at_us: int) -> int:
        """The marks of the nodes that are due; entries that were overtaken are dropped."""
        heap, marks = self._heap, 0
        while heap and heap[0][0] <= at_us:
            due_us, index = heapq.heappop(heap)
            node = self._nodes[index]
            if node.due_us == due_us:
                node.due_us = None
                marks |= 1 << index
        return marks

    def _tidy(self) -> None:
        heap = self._heap
        while heap and self._nodes[heap[0][1]].due_us != heap[0][0]:
            heapq.heappop(heap)

    def _wake(self, index: int, due_us: int | None) -> None:
        if due_us is not None:
            heapq.heappush(self._heap, (due_us, index))

    def _ask(self, marks: int) -> None:
        """Run the marked nodes in order, and those they wake."""
        nodes, wake, out = self._nodes, self._wake, self._out
        marks &= self._alive
        index = -1
        while marks:
            bit = marks & -marks
            index = bit.bit_length() - 1
            marks ^= bit
            try:
                marks |= nodes[index].run(wake, out) & self._alive
            except Exception as error:  # noqa: BLE001  a broken rule must not silence the others
                self._set_aside(nodes[index], error)

    def _set_aside(self, node: _TermNode | _DetectorNode, error: Exception) -> None:
        """A rule failed: it no longer runs, which is an event; what it had raised stays."""
        self._alive &= ~(1 << node.index)
        node.due_us = None
        self._out.append(
            Event(
                code="agent_fault",
                transition=Transition.RAISED,
                severity=CATALOG["agent_fault"].severity,
                at_us=self.snapshot.at_us,
                instance=_name(node),
                since_us=self.snapshot.at_us,
                detail={"error": f"{type(error).__name__}: {error}"[:300]},
            )
        )

    def encode(self) -> bytes:
        """Everything it remembers, so that `decode` goes on as if nothing had happened."""
        board = self.snapshot
        return msgspec.json.encode(
            {
                "at_us": board.at_us,
                "values": {name: board.values[name] for name in board.values},
                "since_us": board.since_us,
                "lost": sorted(board.lost),
                "memories": [node.memory for node in self._nodes],
                "dues": [node.due_us for node in self._nodes],
                "lives": [node.life for node in self._detectors],
                "alive": self._alive,
            }
        )

    def decode(self, encoded: bytes) -> None:
        """Take over what a monitor of the same configuration remembered."""
        kept = msgspec.json.decode(encoded)
        board = self.snapshot
        board.at_us, board.lost, self._alive = kept["at_us"], set(kept["lost"]), kept["alive"]
        types = {node.name: node.term.value_type for node in self._terms}
        for name, value in kept["values"].items():
            board.values[name] = msgspec.convert(value, types[name]) if name in types else value
        board.since_us.update(kept["since_us"])
        for node, memory, due_us in zip(self._nodes, kept["memories"], kept["dues"], strict=True):
            rule = node.term if isinstance(node, _TermNode) else node.detector
            node.memory, node.due_us = msgspec.convert(memory, rule.memory_type), due_us
        for watcher, life in zip(self._detectors, kept["lives"], strict=True):
            watcher.life = msgspec.convert(life, Life)
        self._heap = [(n.due_us, n.index) for n in self._nodes if n.due_us is not None]
        heapq.heapify(self._heap)


def _name(node: _TermNode | _DetectorNode) -> str:
    if isinstance(node, _TermNode):
        return node.name
    instance = node.detector.instance
    return node.detector.code if instance is None else f"{node.detector.code}/{instance}"


def _yielded_to() -> tuple[str, ...]:
    return tuple(standing_term(e.yields_to) for e in CATALOG.values() if e.yields_to is not None)


def _restored(standing: Standing | None) -> Life:
    if standing is None:
        return Life()
    return Life(standing=True, severity=standing.severity, since_us=standing.since_us)
