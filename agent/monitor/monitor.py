"""Readings → events: keeps the board, wakes what must be asked, fires what is due.

How it works. Terms and detectors are nodes in one fixed order; a node reads signals and nodes before it. A batch marks the
nodes that read something that changed; they run in order, and each marks those that read its own result. Every node has
at most one instant at which it wants to be asked again; those stand in a heap. One that rests (`rest.py`) is marked by few
of its reads. Timers due before a batch fire before it, timers due exactly at it fire with it, so that a condition that ends
at its limit does not raise.

It never reads a clock and does no I/O. A node that fails is set aside and said so; the others go on.
"""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agent.model import Detail, Event, Quality, Reading, Transition
from agent.monitor.alarms import Life, acknowledged, cleared, standing_term
from agent.monitor.catalog import CATALOG, Entry
from agent.monitor.limits import Limits
from agent.monitor.nodes import Standing, term_nodes, usage_node, watch_node, watches
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms import TERMS
from agent.monitor.terms.zone_trust import DOUBTED, set_beside
from agent.monitor.usage import ENDING
from agent.signals import SIGNALS

__all__ = ["Monitor", "Standing"]

_GOOD = Quality.GOOD  # bound once for the hot path


class Monitor:
    """One elevator's rules at work.

    `drivers` maps each driver to the signals it gives, `intervals_us` a probed signal to how often it is asked;
    `standing` is what the journal says stands. Batches come in rising order of time, from `start_us` on.
    """

    def __init__(
        self,
        drivers: Mapping[str, Sequence[str]],
        limits: Limits,
        *,
        start_us: int = 0,
        intervals_us: Mapping[str, int] | None = None,
        standing: Sequence[Standing] = (),
    ) -> None:
        self._out: list[Event] = []
        self._watches = watches(drivers, intervals_us or {}, self._out)
        terms = term_nodes()
        self._terms = len(terms)
        detectors = (watch_node(watch) for watch in self._watches)
        self._nodes = [*terms, *detectors, usage_node(self._out)]
        fitted = [signal for signals in drivers.values() for signal in signals]
        nodes = (node.name for node in self._nodes)
        names = (*SIGNALS, *fitted, *nodes, *_taken_for_granted(), ENDING)
        self.snapshot = Snapshot(names, fitted, start_us)
        self._limits = limits
        self._heap: list[tuple[int, int]] = []
        self._heap_most = 8 * len(self._nodes)
        # Any: each node's own type, named in its file.
        self._memories: list[Any] = [node.memory for node in self._nodes]
        self._dues: list[int | None] = [None] * len(self._nodes)
        # The first node has the highest bit: the highest is the cheapest to find.
        self._bits = [1 << index for index in reversed(range(len(self._nodes)))]
        self._alive = self._awake = (1 << len(self._nodes)) - 1
        self._by_value, self._by_rest, self._by_loss = self._marks()
        # Only what says what wakes it may rest.
        nodes_and_bits = zip(self._nodes, self._bits, strict=True)
        self._restful = sum(bit for node, bit in nodes_and_bits if node.wakes)
        self._banded = {term.reads[0]: index for index, term in enumerate(TERMS) if term.banded}
        by_value, by_rest = self._by_value, self._by_rest
        self._plan = {
            bit.bit_length(): (
                node.step,
                node.name,
                by_value[node.name],
                by_rest[node.name],
                index,
                bit,
            )
            for index, (node, bit) in enumerate(zip(self._nodes, self._bits, strict=True))
        }
        self._take_over(standing)
        self._ask(self._alive)

    def _marks(self) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
        """For each name, the nodes that read its value, those of them that do at rest too, and those that read its loss."""
        by_value: dict[str, int] = dict.fromkeys(self.snapshot.values, 0)
        by_rest, by_loss = by_value.copy(), by_value.copy()
        for node, bit in zip(self._nodes, self._bits, strict=True):
            for name in node.reads:
                by_value[name] |= bit
            for name in node.wakes:
                by_rest[name] |= bit
            for name in node.reads_loss:
                by_loss[name] |= bit
        return by_value, by_rest, by_loss

    def adopt(self, standing: Sequence[Standing]) -> list[Event]:
        """Take over what a journal that could not be read at the start says stands; returns what that brings about."""
        self._take_over(standing)
        self._ask(self._alive)
        return self._events()

    def _take_over(self, standing: Sequence[Standing]) -> None:
        """What stands goes on standing; what no configured detector can end is cleared, and says why."""
        watches_by_key = {watch.key: watch for watch in self._watches}
        for old in standing:
            entry, watch = CATALOG.get(old.code), watches_by_key.get((old.code, old.instance))
            if watch is not None and not watch.life.standing:
                watch.life = old.life
                self.snapshot.values[standing_term(*watch.key)] = True
            elif watch is None and (entry is None or not entry.agent):
                entry = entry or Entry(
                    code=old.code, severity=old.severity, en=old.code, zh=old.code
                )
                reason = "configuration_changed"
                self._out.append(cleared(entry, old.instance, old.life, self.snapshot, reason))

    @property
    def due_us(self) -> int | None:
        """The next instant at which a timer could fire, or None."""
        heap, dues = self._heap, self._dues
        while heap and dues[heap[0][1]] != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    @property
    def set_aside(self) -> tuple[str, ...]:
        """The terms and detectors that failed and no longer run."""
        nodes = zip(self._nodes, self._bits, strict=True)
        return tuple(node.name for node, bit in nodes if not self._alive & bit)

    def step(self, at_us: int, readings: Sequence[Reading] = ()) -> list[Event]:
        """Take over one batch at an instant (none: only time moves on); returns the transitions in order.

        The last reading about a signal in the batch counts.
        """
        heap, snapshot = self._heap, self.snapshot
        while heap and heap[0][0] < at_us:
            due_us, index = heap[0]
            if self._dues[index] != due_us:  # overtaken, as most are
                heapq.heappop(heap)
                continue
            snapshot.at_us = due_us
            self._ask(self._due(due_us))
        snapshot.at_us = at_us
        if snapshot.values[DOUBTED]:
            readings = set_beside(readings)
        if len(readings) > 1:
            readings = list({reading.signal: reading for reading in readings}.values())
        marks = self._written(readings)
        if heap and heap[0][0] <= at_us:
            marks |= self._due(at_us)
        if marks:
            self._ask(marks)
        return self._events() if self._out else []

    def acknowledge(
        self,
        at_us: int,
        key: tuple[str, str | None],
        detail: Mapping[str, Detail],
        *,
        on_site: bool,
    ) -> list[Event]:
        """Somebody takes up what stands; returns what that brings about, nothing where none of its rules stands so.

        `detail` says who. What was due by `at_us` has to have happened (`step`).
        """
        watch = next((each for each in self._watches if each.key == key), None)
        if watch is None or not watch.life.standing:
            return []
        self.snapshot.at_us = at_us
        watch.life, event = acknowledged(
            watch.entry, watch.detector.instance, watch.life, self.snapshot, detail, on_site=on_site
        )
        self._out.append(event)
        index = self._terms + self._watches.index(watch)
        self._ask(self._bits[index])
        return self._events()

    def finish(self, at_us: int) -> list[Event]:
        """The end of an orderly run: what is due by then, and what is said only at the end."""
        events = self.step(at_us)
        self.snapshot.put(ENDING, at_us)
        self._ask(self._by_value[ENDING])
        return events + self._events()

    def _written(self, readings: Sequence[Reading]) -> int:
        """Write a batch on the board; give the marks of the nodes that it concerns.

        Every reading passes here: a good one, while nothing is lost, is written without a detour. A number that has
        changed and means the same to the one term that reads it wakes nobody; one that was unknown does.
        """
        snapshot, by_value, banded = self.snapshot, self._by_value, self._banded
        by_rest, awake = self._by_rest, self._awake
        values, since_us, lost, marks = snapshot.values, snapshot.since_us, snapshot.lost, 0
        for reading in readings:
            signal, value = reading.signal, reading.value
            if signal not in by_value:
                continue
            before = values[signal]
            if lost or value is None or reading.quality is not _GOOD:
                changed, requalified = snapshot.set_signal(signal, value, reading.quality)
                if requalified:
                    marks |= self._by_loss[signal]
                if not changed:
                    continue
                value = values[signal]
            elif value == before:
                continue
            else:
                values[signal], since_us[signal] = value, snapshot.at_us
            if before is None:
                marks |= self._by_loss[signal]
            elif signal in banded and value is not None:
                low, high = self._memories[banded[signal]]
                if low <= value < high:
                    continue
            marks |= by_value[signal] & awake | by_rest[signal]
        return marks

    def _events(self) -> list[Event]:
        events = self._out.copy()
        self._out.clear()
        return events

    def _due(self, at_us: int) -> int:
        """The marks of the nodes that are due; entries that were overtaken are dropped."""
        heap, dues, marks = self._heap, self._dues, 0
        while heap and heap[0][0] <= at_us:
            due_us, index = heapq.heappop(heap)
            if dues[index] == due_us:
                dues[index] = None
                marks |= self._bits[index]
        return marks

    def _ask(self, marks: int) -> None:
        """Run the marked nodes in order, and those that read what changed by it.

        The hot path. Written out in one loop on purpose: 200,000 readings a second pass here.
        """
        snapshot, limits, plan, dues = self.snapshot, self._limits, self._plan, self._dues
        memories, values, since_us = self._memories, snapshot.values, snapshot.since_us
        alive, awake, restful = self._alive, self._awake, self._restful
        marks &= alive
        while marks:
            step, name, readers, wakes, index, bit = plan[marks.bit_length()]
            marks ^= bit
            try:
                memories[index], value, due_us = step(memories[index], snapshot, limits)
            except Exception as error:  # noqa: BLE001  a broken rule must not silence the others
                marks |= self._set_aside(index, error)
                alive = self._alive
                continue
            if due_us != dues[index]:
                dues[index] = due_us
                awake = awake & ~(bit & restful) if due_us == REST else awake | bit
                if due_us is not None and due_us != REST:
                    heapq.heappush(self._heap, (due_us, index))
                    if len(self._heap) > self._heap_most:
                        self._tidy()
            if value != values[name]:
                if value is None:
                    snapshot.put(name, value)
                else:
                    values[name], since_us[name] = value, snapshot.at_us
                marks |= (readers & awake | wakes) & alive
        self._awake = awake

    def _tidy(self) -> None:
        """Drop what was overtaken: a far instant that is put off again and again would fill the heap."""
        dues = enumerate(self._dues)
        self._heap[:] = [(due, index) for index, due in dues if due not in (None, REST)]
        heapq.heapify(self._heap)

    def _set_aside(self, index: int, error: Exception) -> int:
        """A rule failed: it no longer runs, which is an event; what it had raised stays, what it derived is unknown."""
        self._alive &= ~self._bits[index]
        self._dues[index] = None
        name = self._nodes[index].name
        marks = 0
        if index < self._terms and self.snapshot.values[name] is not None:
            self.snapshot.put(name, None)
            marks = self._by_value[name] & self._alive
        self._out.append(
            Event(
                code="agent_fault",
                transition=Transition.RAISED,
                severity=CATALOG["agent_fault"].severity,
                at_us=self.snapshot.at_us,
                instance=name.removeprefix("standing.").replace("/", "."),
                since_us=self.snapshot.at_us,
                detail={"error": f"{type(error).__name__}: {error}"[:300]},
            )
        )
        return marks

    def encode(self) -> bytes:
        """Everything it remembers, so that `decode` goes on as if nothing had happened."""
        board = self.snapshot
        return msgspec.json.encode(
            {
                "at_us": board.at_us,
                "values": board.values,
                "since_us": board.since_us,
                "lost": sorted(board.lost),
                "last": board.last_known,
                "memories": self._memories,
                "dues": self._dues,
                "lives": [watch.life for watch in self._watches],
                "alive": self._alive,
            }
        )

    def decode(self, encoded: bytes) -> None:
        """Take over what a monitor of the same configuration remembered."""
        kept = msgspec.json.decode(encoded)
        board = self.snapshot
        board.at_us, board.lost, self._alive = kept["at_us"], set(kept["lost"]), kept["alive"]
        types = {node.name: node.value_type for node in self._nodes}
        for name, value in kept["values"].items():
            board.values[name] = (
                msgspec.convert(value, types[name])
                if name in types and value is not None
                else value
            )
        board.since_us.update(kept["since_us"])
        for name, (value, since_us) in kept["last"].items():
            known = (
                msgspec.convert(value, types[name])
                if name in types and value is not None
                else value
            )
            board.last_known[name] = (known, since_us)
        for index, (node, memory) in enumerate(zip(self._nodes, kept["memories"], strict=True)):
            self._memories[index] = msgspec.convert(memory, node.memory_type)
        self._dues[:] = kept["dues"]
        resting = sum(bit for bit, due in zip(self._bits, self._dues, strict=True) if due == REST)
        self._awake = (1 << len(self._nodes)) - 1 - (resting & self._restful)
        for watch, life in zip(self._watches, kept["lives"], strict=True):
            watch.life = msgspec.convert(life, Life)
        self._tidy()


def _taken_for_granted() -> tuple[str, ...]:
    """Whether an event stands can be asked for every code, detected here or not."""
    return tuple(standing_term(code) for code in CATALOG)
