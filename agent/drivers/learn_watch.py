"""Which registers and bits of a device move, and which of them after something a person did. Pure.

A person marks what he does ("door open"); a bit that changes after each such mark, and seldom
otherwise, is probably what he did. It is a hint, never a proof.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from agent.drivers.blocks import Block
from agent.drivers.registers import Table, Words
from agent.model import SECOND_US

LEAD_US: Final = SECOND_US // 2  # who marks after he acted is late by less
FOLLOW_US: Final = 5 * SECOND_US  # a mark explains changes for so long, or until the next mark
KEPT_CHANGES: Final = 256  # of each bit, the latest
KEPT_MARKS: Final = 256
NAMED_MOST: Final = 8  # bits named a mark


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One register, or one bit of a bit table."""

    function: int
    address: int

    @property
    def table(self) -> Table:
        """Which table it stands in."""
        return next(table for table in Table if table.function == self.function)


@dataclass(slots=True)
class Moves:
    """What one place did: its last value, extremes, number of changes, and when each bit changed to what."""

    value: int
    least: int
    most: int
    changes: int = 0
    bits: dict[int, deque[tuple[int, int]]] = field(
        default_factory=dict[int, "deque[tuple[int, int]]"]
    )

    def came(self, value: int, at_us: int) -> None:
        """Take the next value."""
        changed = self.value ^ value
        if not changed:
            return
        self.changes += 1
        self.value, self.least, self.most = value, min(self.least, value), max(self.most, value)
        for bit in range(changed.bit_length()):
            if changed >> bit & 1:
                history = self.bits.setdefault(bit, deque(maxlen=KEPT_CHANGES))
                history.append((at_us, value >> bit & 1))


@dataclass(frozen=True, slots=True)
class Followed:
    """One bit that changed after marks of one name: after how many of them, and how often otherwise.

    `to` is what it changed to after the mark: 0, 1, or None where that differed.
    """

    place: Place
    bit: int
    times: int
    otherwise: int
    to: int | None


@dataclass(slots=True)
class Watch:
    """All that was seen while watching."""

    moves: dict[Place, Moves] = field(default_factory=dict[Place, Moves])
    marks: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=KEPT_MARKS))
    polls: int = 0

    def came(self, block: Block, words: Words, at_us: int) -> None:
        """Take the answer to one block."""
        for n, word in enumerate(words):
            place, value = Place(block.table.function, block.address + n), int(word)
            known = self.moves.get(place)
            if known is None:
                self.moves[place] = Moves(value, value, value)
            else:
                known.came(value, at_us)

    def mark(self, name: str, at_us: int) -> None:
        """Note what a person does now."""
        self.marks.append((name, at_us))

    @property
    def names(self) -> list[str]:
        """The marks' names, in the order they were first used."""
        return list(dict.fromkeys(name for name, _ in self.marks))

    def times(self, name: str) -> int:
        """How often a mark was made."""
        return sum(each == name for each, _ in self.marks)

    def followed(self, name: str) -> list[Followed]:
        """Name the bits that changed after a mark, the likeliest first."""
        spans = list(self._spans(name))
        found = (
            _followed(place, bit, history, spans)
            for place, moves in self.moves.items()
            for bit, history in moves.bits.items()
        )
        likely = [each for each in found if each.times]
        likely.sort(key=lambda each: (-each.times, each.otherwise, each.place, each.bit))
        return likely[:NAMED_MOST]

    def _spans(self, name: str) -> Iterator[tuple[int, int]]:
        """When changes are explained by each mark of this name."""
        ends = [at_us for _, at_us in self.marks][1:]
        for n, (each, at_us) in enumerate(self.marks):
            if each == name:
                last = at_us + FOLLOW_US
                until = min(last, ends[n] - LEAD_US) if n < len(ends) else last
                yield at_us - LEAD_US, until


def _followed(
    place: Place, bit: int, history: Iterable[tuple[int, int]], spans: list[tuple[int, int]]
) -> Followed:
    inside: dict[int, int] = {}
    otherwise = 0
    for at_us, to in history:
        span = next((n for n, (begin, end) in enumerate(spans) if begin <= at_us <= end), None)
        if span is None:
            otherwise += 1
        else:
            inside.setdefault(span, to)
    ways = set(inside.values())
    return Followed(place, bit, len(inside), otherwise, ways.pop() if len(ways) == 1 else None)
