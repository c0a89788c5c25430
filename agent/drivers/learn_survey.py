"""Which addresses of an unknown device answer: what to ask next, and what the answers mean. Pure.

A refused block is asked again in halves, down to single addresses. Silence costs a time-out each, so
a silent block is only divided further where a part of it was heard.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.drivers.blocks import Block
from agent.drivers.registers import Table, Words

FIRST_COUNT: Final = 16  # addresses a request to begin with; many devices allow few
NO_FUNCTION: Final = 1  # the exception that speaks of a whole table
BUSY: Final = 6
GATEWAY: Final = frozenset({10, 11})  # the gateway speaks, not the device behind it

Steps = Generator[Block, "Outcome", bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: words, or the exception's code, or neither: silence."""

    words: Words | None = None
    exception: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether the device itself said nothing."""
        return self.words is None and (self.exception == 0 or self.exception in GATEWAY)


@dataclass(slots=True)
class Survey:
    """What is known so far of the addresses in `span` of each table.

    `answering`: address → the value first seen. `refused`: address → exception. `silent`: addresses.
    `absent`: tables the device does not have at all. `largest`: the most addresses it gave at once.
    """

    tables: Sequence[Table]
    span: range
    answering: dict[Table, dict[int, int]] = field(default_factory=dict[Table, dict[int, int]])
    refused: dict[Table, dict[int, int]] = field(default_factory=dict[Table, dict[int, int]])
    silent: dict[Table, set[int]] = field(default_factory=dict[Table, set[int]])
    absent: set[Table] = field(default_factory=set[Table])
    largest: int = 0
    _count: int = FIRST_COUNT

    def __post_init__(self) -> None:
        for table in self.tables:
            self.answering[table], self.refused[table], self.silent[table] = {}, {}, set()

    @property
    def found(self) -> int:
        """How many addresses answer."""
        return sum(map(len, self.answering.values()))

    def steps(self) -> Generator[Block, Outcome, None]:
        """Yield each request to make; send its outcome."""
        for table in self.tables:
            start = self.span.start
            while start < self.span.stop and table not in self.absent:
                block = Block(table, start, min(self._count, self.span.stop - start))
                if not (yield from self._once(block)):
                    yield from self._divide(block)
                start = block.end

    def blocks(self) -> tuple[Block, ...]:
        """Give the requests that read every answering address, and nothing else."""
        return tuple(
            Block(table, start, min(self.largest, run.stop - start))
            for table in self.tables
            for run in runs(self.answering[table])
            for start in range(run.start, run.stop, max(1, self.largest))
        )

    def _once(self, block: Block) -> Steps:
        """Ask for a block, twice if need be; false if it stays silent."""
        outcome = yield block
        if outcome.is_silent or outcome.exception == BUSY:
            outcome = yield block
        if outcome.is_silent:
            return False
        if outcome.words is not None:
            self._came(block, outcome.words)
        elif outcome.exception == NO_FUNCTION and not self.answering[block.table]:
            self.absent.add(block.table)
        elif block.count == 1:
            self.refused[block.table][block.address] = outcome.exception
        else:
            yield from self._halve(block)
        return True

    def _halve(self, block: Block) -> Generator[Block, Outcome, None]:
        """Ask for the halves of a refused block; when both answer, it was too long for the device."""
        for half in halves(block):
            if not (yield from self._once(half)):
                yield from self._divide(half)
        if all(n in self.answering[block.table] for n in range(block.address, block.end)):
            self._shorten(block)

    def _divide(self, block: Block) -> Generator[Block, Outcome, None]:
        """Look for what answers in a silent block, as long as some of it does."""
        if block.count == 1:
            self.silent[block.table].add(block.address)
            return
        first, second = halves(block)
        first_heard = yield from self._once(first)
        second_heard = yield from self._once(second)
        if not (first_heard or second_heard):
            self.silent[block.table].update(range(block.address, block.end))
        elif first_heard and second_heard:
            self._shorten(block)
        else:
            yield from self._divide(second if first_heard else first)

    def _shorten(self, block: Block) -> None:
        """Ask for no more than half as much from now on: this block was too long for the device."""
        self._count = min(self._count, max(1, block.count // 2))

    def _came(self, block: Block, words: Words) -> None:
        self.largest = max(self.largest, block.count)
        known = self.answering[block.table]
        for n, word in enumerate(words):
            known.setdefault(block.address + n, int(word))


def halves(block: Block) -> tuple[Block, Block]:
    """Divide a block of two or more."""
    middle = block.count // 2
    return (
        Block(block.table, block.address, middle),
        Block(block.table, block.address + middle, block.count - middle),
    )


def runs(addresses: Iterable[int]) -> list[range]:
    """Join addresses that follow each other."""
    joined: list[range] = []
    for address in sorted(addresses):
        if joined and joined[-1].stop == address:
            joined[-1] = range(joined[-1].start, address + 1)
        else:
            joined.append(range(address, address + 1))
    return joined
