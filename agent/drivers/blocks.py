"""Which registers to ask for in one request, and how often: points to read blocks. Pure.

Blocks of one device get different lengths where its map allows it, so that a late answer to one
block cannot pass for the answer to another. Points of one pace share blocks; a slow point that a
faster block covers anyway is read with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.drivers.registers import Decode, Point, Table, Words, decoder
from agent.drivers.validity import Validity
from agent.model import Reading


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` addresses of a table, from `address` on."""

    table: Table
    address: int
    count: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.count

    @property
    def shape(self) -> tuple[Table, int]:
        """What an answer to it looks like on the wire: its table and its payload's length."""
        return (self.table, (self.count + 7) // 8 if self.table.is_bits else self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request of this device may be.

    `readable` are the addresses it answers, per table; nothing outside them is ever asked for.
    `max_gap` is how many unused addresses are worth reading to save a request. The register of
    `valid` is read in each, whatever lies between.
    """

    readable: Mapping[Table, tuple[range, ...]]
    max_registers: int = 125
    max_bits: int = 2000
    max_gap: int = 8
    valid: Validity | None = None

    def most(self, table: Table) -> int:
        """Give the largest count of one request."""
        return self.max_bits if table.is_bits else self.max_registers

    def is_readable(self, table: Table, address: int, end: int) -> bool:
        """Say whether the addresses from `address` to before `end` lie in one readable range."""
        return any(
            span.start <= address and end <= span.stop for span in self.readable.get(table, ())
        )


def plan(points: Iterable[Point], limits: Limits, taken: Iterable[Block] = ()) -> tuple[Block, ...]:
    """Merge points into the fewest blocks that gaps and limits allow, by table and address.

    Where the readable addresses allow it, no two blocks have the same shape, nor that of a block
    already `taken`.
    """
    blocks: list[Block] = []
    for point in sorted(points, key=lambda p: (p.table.function, p.address, p.width)):
        block = _with_valid(Block(point.table, point.address, point.width), limits)
        merged = _merged(blocks[-1], block, limits) if blocks else None
        if merged is None:
            blocks.append(block)
        else:
            blocks[-1] = merged
    return tuple(_distinct(blocks, limits, {block.shape for block in taken}))


def _with_valid(block: Block, limits: Limits) -> Block:
    """Give the block that holds the register of `valid` too; the same where none can.

    Point by point, so that whichever points are read, and in whatever groups, none is without it.
    """
    valid = limits.valid
    if valid is None:
        return block
    return _joined(block, Block(valid.table, valid.address, 1), limits) or block


def _merged(left: Block, right: Block, limits: Limits) -> Block | None:
    return None if right.address - left.end > limits.max_gap else _joined(left, right, limits)


def _joined(one: Block, other: Block, limits: Limits) -> Block | None:
    """Give the one request that reads both; None where the device has none."""
    address, end = min(one.address, other.address), max(one.end, other.end)
    both = Block(one.table, address, end - address)
    if one.table is not other.table or both.count > limits.most(both.table):
        return None
    return both if limits.is_readable(both.table, address, end) else None


def _distinct(
    blocks: Sequence[Block], limits: Limits, shapes: set[tuple[Table, int]]
) -> list[Block]:
    result: list[Block] = []
    for block in blocks:
        chosen = next((b for b in _widened(block, limits) if b.shape not in shapes), block)
        shapes.add(chosen.shape)
        result.append(chosen)
    return result


def _widened(block: Block, limits: Limits) -> Iterable[Block]:
    """Yield the block, then ever longer ones around it, upward first, as far as readable."""
    for count in range(block.count, limits.most(block.table) + 1):
        for address in range(block.address, max(-1, block.end - count - 1), -1):
            if limits.is_readable(block.table, address, address + count):
                yield Block(block.table, address, count)
                break


@dataclass(frozen=True, slots=True)
class Compiled:
    """A block with the functions that read its points from the answer's words.

    `signals`, `decoders` and `max_steps` belong together, one each a point. `every_us` is its pace;
    0 is at every poll.
    """

    block: Block
    signals: tuple[str, ...]
    decoders: tuple[Decode, ...]
    max_steps: tuple[float | None, ...]
    every_us: int = 0
    valid: Validity | None = None

    def refutes(self, words: Words) -> str:
        """Say why the device itself holds the whole block for worthless; empty if it does not."""
        return "" if self.valid is None else self.valid.refutes(words, self.block.address)

    def decode(self, words: Words, at_us: int) -> list[Reading]:
        """Read every point; the whole block or nothing: none from an answer of another length."""
        if len(words) != self.block.count:
            return []
        return [decode(words, at_us) for decode in self.decoders]


def compile_blocks(
    points: Sequence[Point], limits: Limits, poll_us: int = 0
) -> tuple[Compiled, ...]:
    """Plan the blocks and give each its points' decoders; each point is read exactly once.

    The fastest come first. A pace that is not slower than a poll, `poll_us`, is that of the polls.
    """
    homes: dict[Block, list[Point]] = {}
    paces_us: dict[Block, int] = {}
    for every_us, group in _by_pace(points, poll_us):
        homeless = [point for point in group if _home(homes, point) is None]
        for block in plan(homeless, limits, homes):
            paces_us.setdefault(block, every_us)
            homes.setdefault(block, [])
        for point in group:
            home = _home(homes, point)
            assert home is not None, "every point is planned for"
            homes[home].append(point)
    return tuple(
        _compiled(block, inside, paces_us[block], limits.valid)
        for block, inside in homes.items()
        if inside
    )


def compile_heard(block: Block, points: Sequence[Point], limits: Limits) -> Compiled:
    """Give the decoders for a block that somebody else chose: of the points that lie whole in it."""
    inside = [point for point in points if _holds(block, point)]
    return _compiled(block, inside, 0, limits.valid)


def _by_pace(points: Sequence[Point], poll_us: int) -> list[tuple[int, list[Point]]]:
    groups: dict[int, list[Point]] = {}
    for point in points:
        every_us = point.every_us or 0
        groups.setdefault(every_us if every_us > poll_us else 0, []).append(point)
    return sorted(groups.items())


def _home(blocks: Iterable[Block], point: Point) -> Block | None:
    return next((block for block in blocks if _holds(block, point)), None)


def _compiled(
    block: Block, points: Sequence[Point], every_us: int, valid: Validity | None
) -> Compiled:
    signals = tuple(point.signal for point in points)
    decoders = tuple(decoder(point, block.address) for point in points)
    steps = tuple(point.max_step for point in points)
    within = valid if valid is not None and _holds(block, valid.point) else None
    return Compiled(block, signals, decoders, steps, every_us, within)


def _holds(block: Block, point: Point) -> bool:
    inside = block.address <= point.address and point.addresses.stop <= block.end
    return block.table is point.table and inside
