"""Registers to readings, and points to read blocks."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.blocks import Block, Limits, compile_blocks, plan
from agent.drivers.registers import Point, Table, Type, decoder
from agent.model import Quality, Reading

AT = 7_000_000
RANGES = {
    Type.U8: (0, 2**8 - 1),
    Type.I8: (-(2**7), 2**7 - 1),
    Type.U16: (0, 2**16 - 1),
    Type.I16: (-(2**15), 2**15 - 1),
    Type.U32: (0, 2**32 - 1),
    Type.I32: (-(2**31), 2**31 - 1),
}
words16 = st.integers(0, 0xFFFF)


def number(**kwargs: Any) -> Point:
    return Point(
        **{"signal": "controller.run_count", "table": Table.HOLDING, "address": 0, **kwargs}
    )


def read(point: Point, *words: int) -> Reading:
    return decoder(point, 0)(words, AT)


def words_of(
    value: int,
    kind: Type,
    *,
    high_byte: bool = False,
    high_word_first: bool = True,
    other: int = 0,
) -> tuple[int, ...]:
    """Encode by struct, independently of the code under test."""
    if kind.width_bits == 8:
        byte = struct.unpack("B", struct.pack("b" if kind.is_signed else "B", value))[0]
        return (byte << 8 | other,) if high_byte else (other << 8 | byte,)
    if kind.width_bits == 16:
        return struct.unpack(">H", struct.pack(">h" if kind.is_signed else ">H", value))
    pair = struct.unpack(">HH", struct.pack(">i" if kind.is_signed else ">I", value))
    return pair if high_word_first else pair[::-1]


@given(st.data())
def test_every_type_and_order_reads_back_what_was_written(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(Type))
    value = data.draw(st.integers(*RANGES[kind]))
    layout = {"high_byte": data.draw(st.booleans()), "high_word_first": data.draw(st.booleans())}
    words = words_of(value, kind, other=data.draw(st.integers(0, 255)), **layout)
    assert read(number(type=kind, **layout), *words) == Reading("controller.run_count", value, AT)


@pytest.mark.parametrize("kind", Type)
def test_the_ends_of_every_type_read_back(kind: Type) -> None:
    for value in (*RANGES[kind], 0, 1):
        assert read(number(type=kind), *words_of(value, kind)).value == value


@given(word=words16, first=st.integers(0, 15), last=st.integers(0, 15))
def test_a_bit_field_is_exactly_its_bits(word: int, first: int, last: int) -> None:
    first, last = sorted((first, last))
    text = format(word, "016b")[::-1][first : last + 1]
    assert read(number(bits=(first, last)), word).value == int(text[::-1], 2)


@given(word=words16, bit=st.integers(0, 15), invert=st.booleans())
def test_a_bit_is_true_when_set_and_the_other_way_round_when_inverted(
    word: int, bit: int, invert: bool
) -> None:
    point = Point(
        signal="car.door_zone", table=Table.INPUT, address=0, bits=(bit, bit), invert=invert
    )
    assert read(point, word).value is (bool(word >> bit & 1) is not invert)


def test_a_coil_is_true_when_set() -> None:
    point = Point(signal="door.obstructed", table=Table.COIL, address=0)
    assert read(point, True).value is True
    assert read(point, False).value is False


def test_a_number_is_scaled_and_shifted_and_stays_whole_for_a_whole_signal() -> None:
    reading = read(number(signal="car.speed_mm_s", scale=100, offset=-5), 18)
    assert reading.value == 1795
    assert isinstance(reading.value, int)
    assert read(number(signal="machine_room.temperature_c", scale=0.1), 255).value == 25.5


def test_a_raw_number_from_the_threshold_on_is_minus_its_excess() -> None:
    point = number(signal="car.floor", type=Type.U8, high_byte=True, negative_from=0xE0)
    assert read(point, 0xDF00).value == 0xDF
    assert read(point, 0xE000).value == 0
    assert read(point, 0xE200).value == -2


def test_the_plausible_range_includes_both_its_ends() -> None:
    point = number(least=3, most=5)
    good = [read(point, raw).quality is Quality.GOOD for raw in (2, 3, 5, 6)]
    assert good == [False, True, True, False]
    assert read(point, 6) == Reading("controller.run_count", 6, AT, Quality.BAD)


def test_a_sentinel_is_bad_though_it_is_in_range() -> None:
    point = number(type=Type.I16, sentinels=frozenset({-1}))
    assert read(point, 0xFFFF).quality is Quality.BAD
    assert read(point, 0xFFFE).quality is Quality.GOOD


def test_a_raw_number_without_meaning_is_bad_and_has_no_value() -> None:
    point = Point(
        signal="car.direction",
        table=Table.HOLDING,
        address=0,
        bits=(8, 9),
        values={0: "none", 1: "up", 2: "down"},
    )
    values = [read(point, raw << 8).value for raw in range(4)]
    assert values == ["none", "up", "down", None]
    assert read(point, 0x0300).quality is Quality.BAD


def limits(first: int = 0, last: int = 0xFFFF, **kwargs: Any) -> Limits:
    return Limits(readable=dict.fromkeys(Table, (range(first, last + 1),)), **kwargs)


def at(*addresses: int, table: Table = Table.HOLDING) -> list[Point]:
    return [number(address=address, table=table) for address in addresses]


def test_neighbours_and_small_gaps_share_a_request_and_large_gaps_do_not() -> None:
    assert plan(at(10, 11, 14), limits(max_gap=2)) == (Block(Table.HOLDING, 10, 5),)
    assert [b.address for b in plan(at(10, 11, 14), limits(max_gap=1))] == [10, 14]


def test_a_request_is_never_longer_than_the_device_allows() -> None:
    assert [b.count for b in plan(at(0, 1, 2), limits(max_registers=3))] == [3]
    assert max(b.count for b in plan(at(0, 1, 2, 3), limits(max_registers=3))) == 3


def test_a_gap_that_the_device_does_not_answer_is_never_read() -> None:
    holes = Limits(readable={Table.HOLDING: (range(2), range(3, 5))})
    assert [(b.address, b.count) for b in plan(at(0, 1, 3), holes)] == [(0, 2), (3, 1)]


def test_a_gap_is_read_over_when_the_device_answers_it_and_it_is_no_wider_than_worth_it() -> None:
    whole = Limits(readable={Table.HOLDING: (range(5),)}, max_gap=1)
    assert plan(at(0, 1, 3), whole) == (Block(Table.HOLDING, 0, 4),)


def test_points_of_another_pace_have_blocks_of_their_own() -> None:
    slow = [number(address=address, every_us=60_000_000) for address in (13, 14)]
    fast, counters = compile_blocks([*slow, *at(10, 12)], limits())
    assert (fast.block, fast.every_us) == (Block(Table.HOLDING, 10, 3), 0)
    assert (counters.block.address, counters.block.end) == (13, 15)
    assert counters.every_us == 60_000_000


def test_a_slow_point_that_a_faster_block_covers_is_read_with_it() -> None:
    slow = number(address=11, every_us=60_000_000)
    (only,) = compile_blocks([slow, *at(10, 12)], limits())
    assert only.every_us == 0
    assert len(only.signals) == 3


def test_a_pace_no_slower_than_the_polls_is_theirs() -> None:
    points = [number(address=10), number(address=11, every_us=200_000)]
    assert [one.every_us for one in compile_blocks(points, limits(), 200_000)] == [0]
    assert [one.every_us for one in compile_blocks(points, limits(), 199_999)] == [0, 200_000]


def test_blocks_of_different_pace_have_different_lengths_too() -> None:
    points = [number(address=10), number(address=40, every_us=1_000_000)]
    fast, slow = compile_blocks(points, limits())
    assert fast.block.shape != slow.block.shape


def test_blocks_of_one_table_get_different_lengths_where_the_map_allows() -> None:
    counts = [b.count for b in plan(at(10, 30, 50), limits())]
    assert len(set(counts)) == 3
    fixed = Limits(readable={Table.HOLDING: (range(10, 11), range(30, 31))})
    assert [b.count for b in plan(at(10, 30), fixed)] == [1, 1]


def test_blocks_of_bits_differ_in_bytes_because_that_is_what_the_wire_shows() -> None:
    shapes = [b.shape for b in plan(at(0, 100, table=Table.COIL), limits())]
    assert len(set(shapes)) == 2


points = st.builds(
    number,
    table=st.sampled_from(Table),
    address=st.integers(0, 300),
    type=st.sampled_from([Type.U16, Type.I16]),
    every_us=st.sampled_from([None, 1_000_000, 60_000_000]),
) | st.builds(
    number,
    table=st.sampled_from([Table.HOLDING, Table.INPUT]),
    address=st.integers(0, 299),
    type=st.just(Type.U32),
)


@given(
    st.lists(points, min_size=1, max_size=30),
    st.integers(2, 125),
    st.integers(0, 20),
    st.integers(300, 400),
)
def test_every_point_lies_whole_in_a_block_within_all_limits(
    listed: list[Point], most: int, gap: int, last: int
) -> None:
    allowed = limits(last=last, max_registers=most, max_bits=most, max_gap=gap)
    compiled = compile_blocks(listed, allowed)
    assert sum(len(one.signals) for one in compiled) == len(listed)
    for one in compiled:
        assert one.block.count <= most
        assert allowed.is_readable(one.block.table, one.block.address, one.block.end)
        assert len(one.decode([0] * one.block.count, AT)) == len(one.signals)
    blocks = [one.block for one in compiled]
    assert len(set(blocks)) == len(blocks)
    paces_us = [one.every_us for one in compiled]
    assert paces_us == sorted(paces_us)


@given(st.lists(st.integers() | st.booleans(), max_size=12), st.sampled_from(Table))
def test_any_list_of_words_gives_the_whole_block_or_nothing(words: list[int], table: Table) -> None:
    listed = [
        number(table=table, address=3),
        Point(
            signal="car.door_zone", table=table, address=4, bits=None if table.is_bits else (3, 3)
        ),
    ]
    (compiled,) = compile_blocks(listed, Limits(readable={table: (range(3, 5),)}))
    assert len(compiled.decode(words, AT)) == (2 if len(words) == 2 else 0)


def test_a_coil_uses_its_one_bit():
    assert Point(signal="alarm.button", table=Table.COIL, address=3).mask == 1
