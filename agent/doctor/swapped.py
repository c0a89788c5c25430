"""Whether registers would make more sense read in another order: bytes swapped in each, or words in each pair. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from agent.drivers.blocks import Block
from agent.drivers.registers import Point, Words, decoder
from agent.model import Quality

Heard = Sequence[tuple[Block, Words]]
LEAST_CURED: Final = 2  # one value may look right by accident


def judged(points: Sequence[Point], heard: Heard) -> dict[str, bool]:
    """Read every point that was heard: whether its value is plausible."""
    return {
        point.signal: decoder(point, block.address)(words, 0).quality is Quality.GOOD
        for point, block, words in _where(points, heard)
    }


def better(points: Sequence[Point], heard: Heard) -> str:
    """Say which other order makes the implausible plausible and nothing else implausible: `byte`, `word` or neither."""
    plain = judged(points, heard)
    if all(plain.values()):
        return ""
    registers = [point for point in points if not point.table.is_bits]
    if _cures(plain, judged(registers, _bytes_swapped(heard))):
        return "byte"
    turned = [replace(point, high_word_first=not point.high_word_first) for point in registers]
    long = [point for point in turned if point.width == 2 and point.any_of is None]
    return "word" if _cures(plain, judged(long, heard), least=1) else ""


def _cures(plain: dict[str, bool], other: dict[str, bool], least: int = LEAST_CURED) -> bool:
    cured = [name for name, is_good in other.items() if is_good and not plain[name]]
    harmed = [name for name, is_good in other.items() if not is_good and plain[name]]
    return len(cured) >= least and not harmed


def _where(points: Iterable[Point], heard: Heard) -> Iterable[tuple[Point, Block, Words]]:
    for point in points:
        for block, words in heard:
            inside = block.address <= point.address and point.addresses.stop <= block.end
            if block.table is point.table and inside and len(words) == block.count:
                yield point, block, words
                break


def _bytes_swapped(heard: Heard) -> Heard:
    return [
        (block, [(word & 0xFF) << 8 | word >> 8 for word in words])
        for block, words in heard
        if not block.table.is_bits
    ]
