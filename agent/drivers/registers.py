"""Register words to readings: a point of a profile becomes one small function, compiled once.

Pure. It knows the layout of registers, not how they were fetched, and signals only by name.
"""

import enum
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.model import Quality, Reading, Value
from agent.signals import Kind, signal_for

Words = Sequence[int]
Decode = Callable[[Words, int], Reading]
_Raw = Callable[[Words], int]


class Table(enum.Enum):
    """The four tables of Modbus. Only reading exists here: function codes 1 to 4."""

    COIL = "coil"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"

    @property
    def function(self) -> int:
        """The function code that reads this table."""
        return _FUNCTIONS[self]

    @property
    def is_bits(self) -> bool:
        """Whether an address holds one bit instead of a 16-bit register."""
        return self in {Table.COIL, Table.DISCRETE}


_FUNCTIONS = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}


class Type(enum.Enum):
    """How the bits of a number are read; an 8-bit type is one half of a register."""

    U8 = "u8"
    I8 = "i8"
    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"

    @property
    def width_bits(self) -> int:
        """8, 16 or 32."""
        return int(self.value[1:])

    @property
    def is_signed(self) -> bool:
        """Whether the top bit is a sign (two's complement)."""
        return self.value[0] == "i"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where one signal stands in a device and what its raw number means.

    `bits` are the first and last bit of a field of one register, 0 the least significant.
    `values` maps raw numbers to values; a number that is not in it is implausible.
    `any_of`: so many registers are read, and the number is 1 if any bit of any of them is set.
    `negative_from`: a raw number at or above it means minus the excess (0xE0 + n for −n).
    `divide`: the raw number is divided by it first, without a rest.
    Without `values` the value is raw × `scale` + `offset`. Outside `least` to `most`, or equal to
    one of the raw numbers in `sentinels`, it is bad. `shared` says that several points read the
    same bits on purpose. `stale_after_us` overrides the default staleness. `every_us` is how often
    it is worth reading; None is at every poll.
    `max_step`: over RTU, a number further from the last one than this counts only when the next
    poll agrees with it, that is, is no further than this from it. Choose what the device cannot
    exceed between two polls.
    """

    signal: str
    table: Table
    address: int
    type: Type = Type.U16
    high_byte: bool = False
    high_word_first: bool = True
    bits: tuple[int, int] | None = None
    values: Mapping[int, Value] | None = None
    any_of: int | None = None
    negative_from: int | None = None
    divide: int = 1
    scale: float = 1
    offset: float = 0
    invert: bool = False
    least: float | None = None
    most: float | None = None
    sentinels: frozenset[int] = frozenset()
    shared: bool = False
    stale_after_us: int | None = None
    every_us: int | None = None
    max_step: float | None = None
    source: str = ""

    @property
    def width(self) -> int:
        """How many addresses it takes."""
        if self.any_of is not None:
            return self.any_of
        return 2 if self.type.width_bits == 32 else 1

    @property
    def addresses(self) -> range:
        """The addresses it takes."""
        return range(self.address, self.address + self.width)

    @property
    def mask(self) -> int:
        """The bits it uses of each register it takes."""
        if self.table.is_bits:
            return 1
        if self.bits is not None:
            first, last = self.bits
            return (1 << last + 1) - (1 << first)
        if self.type.width_bits == 8:
            return 0xFF00 if self.high_byte else 0x00FF
        return 0xFFFF


def decoder(point: Point, block_address: int) -> Decode:
    """Compile the function that reads this point from a block's words: `(words, at_us) -> Reading`.

    The words are the whole block, its first at `block_address`; their number is the caller's to
    check. An implausible number gives quality bad and, where it has one, the value for the record.
    """
    raw_of = _raw(point, point.address - block_address)
    meaning = _meaning(point)
    signal, sentinels = point.signal, point.sentinels

    def decode(words: Words, at_us: int) -> Reading:
        raw = raw_of(words)
        value, plausible = meaning(raw)
        if plausible and raw not in sentinels:
            return Reading(signal, value, at_us)
        return Reading(signal, value, at_us, Quality.BAD)

    return decode


def _raw(point: Point, index: int) -> _Raw:
    if point.table.is_bits:
        return lambda words: 1 if words[index] else 0
    if point.any_of is not None:
        end = index + point.any_of
        return lambda words: 1 if any(words[index:end]) else 0
    if point.type.width_bits == 32:
        return _long(point, index)
    mask = point.mask
    shift = (mask & -mask).bit_length() - 1
    limit = (mask >> shift) + 1
    if not point.type.is_signed:
        return lambda words: (words[index] & mask) >> shift
    return lambda words: _signed((words[index] & mask) >> shift, limit)


def _long(point: Point, index: int) -> _Raw:
    high, low = (index, index + 1) if point.high_word_first else (index + 1, index)
    if not point.type.is_signed:
        return lambda words: (words[high] & 0xFFFF) << 16 | (words[low] & 0xFFFF)
    return lambda words: _signed((words[high] & 0xFFFF) << 16 | (words[low] & 0xFFFF), 1 << 32)


def _signed(raw: int, limit: int) -> int:
    return raw - limit if raw * 2 >= limit else raw


_Meaning = Callable[[int], tuple[Value | None, bool]]


def _meaning(point: Point) -> _Meaning:
    """Raw number to value and whether it is plausible."""
    if point.values is not None:
        known: Mapping[int, tuple[Value | None, bool]]
        known = {raw: (value, True) for raw, value in point.values.items()}
        return lambda raw: known.get(raw, (None, False))
    row = signal_for(point.signal)
    if row is not None and row.kind is Kind.BOOL:
        inverted = point.invert
        return lambda raw: ((raw != 0) is not inverted, True)
    return _number(point, whole=row is None or row.kind is not Kind.FLOAT)


def _number(point: Point, *, whole: bool) -> _Meaning:
    scale, offset, negative_from = point.scale, point.offset, point.negative_from
    divide = point.divide
    least = -math.inf if point.least is None else point.least
    most = math.inf if point.most is None else point.most

    def meaning(raw: int) -> tuple[Value | None, bool]:
        if negative_from is not None and raw >= negative_from:
            raw = negative_from - raw
        number = raw // divide * scale + offset
        return (round(number) if whole else float(number)), least <= number <= most

    return meaning
