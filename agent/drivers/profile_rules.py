"""What a profile says beyond its points: how frames are made, and when values count at all. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from agent.drivers.blocks import Limits, compile_blocks
from agent.drivers.profile_keys import Key, Problems, choice, read_table, text, whole
from agent.drivers.registers import Point, Table
from agent.drivers.validity import Validity

MODBUS: Final = "modbus"
FRAMINGS: Final = (MODBUS, "cic")
_TABLES: Final = tuple(table.value for table in Table)
_VALID_WHEN: Mapping[str, Key] = {
    "table": Key("one of " + ", ".join(_TABLES), choice(*_TABLES), required=True),
    "address": Key("0 to 65535, counted from 0", whole(0, 0xFFFF), required=True),
    "equals": Key("a raw number, 0 to 65535", whole(0, 0xFFFF), required=True),
    "otherwise": Key("a text: what it means when it is not, and what to do", text, required=True),
    "source": Key("a text: where this fact comes from", text, required=True),
}


def read_validity(found: object, limits: Limits, problems: Problems) -> Validity | None:
    """Read `[valid_when]`; None, with the problems noted, if it cannot be used."""
    keys = read_table(found, _VALID_WHEN, "valid_when", problems)
    if keys is None:
        return None
    table, address = Table(keys["table"]), keys["address"]
    if not limits.is_readable(table, address, address + 1):
        problems.add(
            "valid_when.address", f"0x{address:04X}", f"inside protocol.readable.{table.value}"
        )
        return None
    return Validity(table, address, keys["equals"], keys["otherwise"])


def check_framing(framing: object, limits: Limits, problems: Problems) -> None:
    """Note tables that the frames have no way to ask for."""
    for table in limits.readable:
        if framing not in {None, MODBUS} and table is not Table.HOLDING:
            problems.add(
                "protocol.readable",
                table.value,
                f"holding alone, as framing {framing} has no other",
            )


def check_together(points: Sequence[Point], limits: Limits, problems: Problems) -> None:
    """Note points that are not read in one request with the register of `valid_when`."""
    for compiled in compile_blocks(points, limits):
        if compiled.valid is not limits.valid:
            problems.add(
                "valid_when",
                "a register too far from " + ", ".join(compiled.signals),
                "one read in one request with every point; raise max_registers",
            )
