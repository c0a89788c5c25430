"""One point of a profile: its keys, and what must fit together in it and between points. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from agent.drivers.blocks import Limits
from agent.drivers.profile_keys import (
    Key,
    Problems,
    array,
    choice,
    flag,
    number,
    pair,
    positive,
    raw_values,
    read_table,
    text,
    whole,
)
from agent.drivers.registers import Point, Table, Type
from agent.model import Value
from agent.signals import SIGNALS, Kind, Signal, signal_for

_TABLES = tuple(table.value for table in Table)
_TYPES = tuple(kind.value for kind in Type)

_KEYS: Mapping[str, Key] = {
    "table": Key("one of " + ", ".join(_TABLES), choice(*_TABLES), required=True),
    "address": Key("0 to 65535, counted from 0", whole(0, 0xFFFF), required=True),
    "source": Key("a text: where this fact comes from", text, required=True),
    "type": Key("one of " + ", ".join(_TYPES), choice(*_TYPES)),
    "byte": Key("high or low", choice("high", "low")),
    "word_order": Key("high_first or low_first", choice("high_first", "low_first")),
    "bit": Key("0 (least significant) to 15", whole(0, 15)),
    "bits": Key("[first, last], each 0 to 15", pair(0, 15)),
    "any_of": Key("2 to 125 registers", whole(2, 125)),
    "values": Key("a table of raw number to value, not empty", raw_values),
    "negative_from": Key("a raw number above 0", whole(1, 0xFFFF_FFFF)),
    "divide": Key("2 to 65535", whole(2, 0xFFFF)),
    "scale": Key("a number, not 0", number),
    "offset": Key("a number", number),
    "invert": Key("true or false", flag, default=False),
    "min": Key("a number", number),
    "max": Key("a number", number),
    "max_step": Key("a number above 0: the most it changes between two polls", positive),
    "sentinels": Key("an array of raw numbers", array(whole(-(2**31), 0xFFFF_FFFF))),
    "shared": Key("true or false", flag, default=False),
    "every_ms": Key("100 to 3600000", whole(100, 3_600_000)),
    "stale_after_ms": Key("500 to 3600000", whole(500, 3_600_000)),
}
_NUMERIC_KEYS = ("negative_from", "divide", "scale", "offset", "min", "max", "max_step")

Fault = tuple[str, object, str]  # key inside the point, what was found, what is allowed


def read_points(found: object, limits: Limits, problems: Problems) -> tuple[Point, ...]:
    """Read `[points]`; what is wrong is noted and left out."""
    if not isinstance(found, dict) or not found:
        problems.add("points", "nothing", 'at least one table like [points."car.door_zone"]')
        return ()
    points: list[Point] = []
    for name, body in found.items():  # pyright: ignore[reportUnknownVariableType]
        point = _read_point(str(name), body, limits, problems)  # pyright: ignore[reportUnknownArgumentType]
        if point is not None:
            points.append(point)
    _note_overlaps(points, problems)
    return tuple(points)


def _read_point(name: str, body: object, limits: Limits, problems: Problems) -> Point | None:
    where = f'points."{name}"'
    row = signal_for(name)
    if row is None:
        problems.add(where, name, "a signal's name", SIGNALS)
    keys = read_table(body, _KEYS, where, problems)
    if keys is None or row is None:
        return None
    faults = [*_layout_faults(keys), *_meaning_faults(keys, row)]
    point = None if faults else _point(name, keys)
    if point is not None:
        faults = [*_range_faults(point, keys), *_reach_faults(point, limits)]
    for key, wrong, allowed in faults:
        problems.add(f"{where}.{key}", wrong, allowed)
    return None if faults else point


def _point(name: str, keys: Mapping[str, Any]) -> Point:
    bit, stale_ms, every_ms = keys["bit"], keys["stale_after_ms"], keys["every_ms"]
    return Point(
        signal=name,
        table=Table(keys["table"]),
        address=keys["address"],
        type=Type(keys["type"] or Type.U16.value),
        high_byte=keys["byte"] == "high",
        high_word_first=keys["word_order"] != "low_first",
        bits=keys["bits"] if bit is None else (bit, bit),
        any_of=keys["any_of"],
        values=keys["values"],
        negative_from=keys["negative_from"],
        divide=keys["divide"] or 1,
        scale=1 if keys["scale"] is None else keys["scale"],
        offset=keys["offset"] or 0,
        invert=keys["invert"],
        least=keys["min"],
        most=keys["max"],
        sentinels=frozenset(keys["sentinels"] or ()),
        shared=keys["shared"],
        stale_after_us=None if stale_ms is None else stale_ms * 1000,
        every_us=None if every_ms is None else every_ms * 1000,
        max_step=keys["max_step"],
        source=keys["source"],
    )


def _layout_faults(keys: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what contradicts itself in where the number stands."""
    if Table(keys["table"]).is_bits:
        for key in ("type", "byte", "word_order", "bit", "bits", "any_of"):
            if keys[key] is not None:
                yield key, keys[key], f"nothing, as a {keys['table']} is one bit"
        return
    if keys["any_of"] is not None:
        for key in ("type", "byte", "word_order", "bit", "bits"):
            if keys[key] is not None:
                yield key, keys[key], "nothing, as any_of reads every bit of its registers"
        return
    yield from _field_faults(keys)


def _field_faults(keys: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what contradicts itself in which bits of registers are meant."""
    width = Type(keys["type"] or Type.U16.value).width_bits
    if keys["byte"] is None and width == 8:
        yield "byte", "nothing", "high or low, as the type has 8 bits"
    if keys["byte"] is not None and width != 8:
        yield "byte", keys["byte"], "only with type u8 or i8"
    if keys["word_order"] is not None and width != 32:
        yield "word_order", keys["word_order"], "only with type u32 or i32"
    if keys["bit"] is not None and keys["bits"] is not None:
        yield "bit", keys["bit"], "either bit or bits"
    for key in ("bit", "bits"):
        if keys[key] is not None and keys["type"] not in {None, Type.U16.value}:
            yield key, keys[key], "only with type u16"


def _meaning_faults(keys: Mapping[str, Any], row: Signal) -> Iterator[Fault]:
    """Yield what does not fit the kind of the signal."""
    bits = Table(keys["table"]).is_bits or any(
        keys[key] is not None for key in ("bit", "bits", "any_of")
    )
    mapped, numeric = keys["values"] is not None, row.kind in {Kind.INT, Kind.FLOAT}
    if not mapped and row.kind in {Kind.ENUM, Kind.TEXT}:
        yield "values", "nothing", "a table of raw number to value, as the signal is not a number"
    if not mapped and row.kind is Kind.BOOL and not bits:
        allowed = (
            "bit, or values, or bits or any_of of which any counts, as the signal is true or false"
        )
        yield "bit", "nothing", allowed
    if keys["invert"] and (mapped or row.kind is not Kind.BOOL):
        yield "invert", True, "only for one bit of a true-or-false signal"
    for key in _NUMERIC_KEYS:
        if keys[key] is not None and (mapped or not numeric):
            yield key, keys[key], "only for a number without values"
    if keys["scale"] == 0:
        yield "scale", 0, "a number, not 0"
    yield from _value_faults(keys["values"] or {}, row)


def _value_faults(values: Mapping[int, Value], row: Signal) -> Iterator[Fault]:
    for raw, value in values.items():
        if not row.accepts(value):
            allowed = ", ".join(sorted(row.choices)) or f"a value of type {row.kind.value}"
            yield f"values.{raw}", value, allowed


def _range_faults(point: Point, keys: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield raw numbers that the field cannot hold, and bounds that exclude everything."""
    least, most = raw_range(point)
    bounds = f"a raw number of this field, {least} to {most}"
    for raw in point.values or ():
        if not least <= raw <= most:
            yield f"values.{raw}", raw, bounds
    for raw in sorted(point.sentinels):
        if not least <= raw <= most:
            yield "sentinels", raw, bounds
    if point.negative_from is not None and not (least == 0 and point.negative_from <= most):
        yield "negative_from", point.negative_from, bounds + ", of an unsigned type"
    if point.least is not None and point.most is not None and point.least > point.most:
        yield "min", keys["min"], f"at most max, {keys['max']}"


def _reach_faults(point: Point, limits: Limits) -> Iterator[Fault]:
    """Yield addresses the device does not answer."""
    if not limits.is_readable(point.table, point.addresses.start, point.addresses.stop):
        spans = limits.readable.get(point.table, ())
        ranges = ", ".join(f"0x{span.start:02X} to 0x{span.stop - 1:02X}" for span in spans)
        allowed = f"inside protocol.readable.{point.table.value}: {ranges or 'nothing'}"
        yield "address", f"0x{point.address:02X}, {point.width} wide", allowed
    if point.width > limits.most(point.table):
        yield "type", point.type.value, f"at most {limits.most(point.table)} registers a request"


def raw_range(point: Point) -> tuple[int, int]:
    """Give the smallest and largest raw number the field can hold."""
    if point.table.is_bits or point.any_of is not None:
        return 0, 1
    if point.bits is not None:
        return 0, (1 << point.bits[1] - point.bits[0] + 1) - 1
    width = point.type.width_bits
    if point.type.is_signed:
        return -(1 << width - 1), (1 << width - 1) - 1
    return 0, (1 << width) - 1


def _note_overlaps(points: Sequence[Point], problems: Problems) -> None:
    """Note pairs that claim the same bits; both must say `shared` if they mean it."""
    for one, other in combinations(points, 2):
        if one.table is not other.table or (one.shared and other.shared):
            continue
        meet = max(one.address, other.address) < min(one.addresses.stop, other.addresses.stop)
        if meet and one.mask & other.mask:
            problems.add(
                f'points."{other.signal}"',
                f'the bits of points."{one.signal}" at {other.table.value} 0x{other.address:02X}',
                "bits of its own, or shared = true in both",
            )
