"""The simulated box on the wire: its registers, its refusals, and how it errs on command."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest

from hil import car_top_box
from hil.car_top_box import AT_LEVEL, DOOR_OPEN, DOWN, FIRST, PERSON, UP
from hil.modbus_face import ModbusFace
from hil.shaft import Shaft
from hil.world import World

WAIT_S = 5.0
SILENCE_S = 0.2


def registers(base_floor: int = 0, **changes: object) -> list[int]:
    """Encode a parked car at the lowest landing, with changes."""
    signals = World(interval_s=None).signals()
    signals.update({name.replace("__", "."): value for name, value in changes.items()})  # type: ignore[misc]
    return car_top_box.encode(signals, Shaft(base_floor=base_floor))


def status(**changes: object) -> int:
    return registers(0, **changes)[0x11 - FIRST]


def test_the_status_word_has_one_bit_for_each_thing_the_box_sees() -> None:
    assert status() == AT_LEVEL
    assert status(car__door_zone=False) == 0
    assert status(car__moving=True, car__direction="up") == AT_LEVEL | UP
    assert status(car__moving=True, car__direction="down") == AT_LEVEL | DOWN
    assert status(car__moving=False, car__direction="up") == AT_LEVEL
    assert status(door__front="opening") == AT_LEVEL | DOOR_OPEN
    assert status(car__occupied=True) == AT_LEVEL | PERSON
    assert (UP, DOWN, AT_LEVEL, DOOR_OPEN, PERSON) == (0x100, 0x200, 0x400, 0x800, 0x1000)


@pytest.mark.parametrize(
    ("floor", "base", "high"), [(0, 0, 0), (7, 0, 7), (0, -2, 0xE2), (1, -2, 0xE1), (2, -2, 0)]
)
def test_floors_below_the_ground_are_encoded_from_e0(floor: int, base: int, high: int) -> None:
    word = registers(base, car__floor=floor, car__speed_mm_s=1540)[0x12 - FIRST]
    assert word == high << 8 | 15


def test_the_map_has_its_nineteen_registers_and_the_boxs_own_limits() -> None:
    block = registers()
    assert len(block) == 19
    assert all(0 <= register <= 0xFFFF for register in block)
    assert block[0x1D - FIRST] == 8 << 8


class Wire:
    """A raw client: frames out, frames in."""

    def __init__(self, face: ModbusFace) -> None:
        self.face = face

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.face.port)

    async def ask(self, pdu: bytes, device: int = 247, transaction: int = 9) -> bytes:
        self.writer.write(struct.pack(">HHHB", transaction, 0, len(pdu) + 1, device) + pdu)
        return await asyncio.wait_for(self.answer(transaction, device), WAIT_S)

    async def answer(self, transaction: int, device: int) -> bytes:
        got = struct.unpack(">HHHB", await self.reader.readexactly(7))
        self.device = got[3]
        assert got[:2] == (transaction, 0)
        return await self.reader.readexactly(got[2] - 1)


def on_the_wire(talk: Callable[[Wire], Awaitable[None]]) -> ModbusFace:
    """Run a talk against a face with registers 0x10 to 0x22 that hold their own address."""

    async def run() -> ModbusFace:
        face = ModbusFace(lambda: range(0x10, 0x23), first=0x10, device_id=247)
        await face.start(0)
        wire = Wire(face)
        await wire.open()
        try:
            await talk(wire)
        finally:
            wire.writer.close()
            await face.close()
        return face

    return asyncio.run(run())


def read(start: int, count: int, function: int = 3) -> bytes:
    return struct.pack(">BHH", function, start, count)


def test_it_serves_any_part_of_its_block_and_nothing_outside() -> None:
    async def talk(wire: Wire) -> None:
        assert await wire.ask(read(0x11, 2)) == b"\x03\x04\x00\x11\x00\x12"
        assert len(await wire.ask(read(0x10, 19))) == 2 + 38
        for start, count in ((0x0F, 2), (0x22, 2), (0x10, 20), (0xFFFF, 1)):
            assert await wire.ask(read(start, count)) == b"\x83\x02"
        for count in (0, 126):
            assert await wire.ask(read(0x10, count)) == b"\x83\x03"

    on_the_wire(talk)


def test_every_other_function_is_refused_and_all_are_recorded() -> None:
    async def talk(wire: Wire) -> None:
        for function in (1, 2, 4, 6, 16, 43):
            assert await wire.ask(read(0x10, 1, function)) == bytes((function | 0x80, 1))
        await wire.ask(read(0x10, 1))
        assert await wire.ask(read(0x10, 1), device=1) == b"\x83\x0b"

    face = on_the_wire(talk)
    assert face.functions == {1: 1, 2: 1, 3: 2, 4: 1, 6: 1, 16: 1, 43: 1}


def test_it_errs_as_told() -> None:
    async def talk(wire: Wire) -> None:
        behaviour = wire.face.behaviour
        behaviour.exception = 4
        assert await wire.ask(read(0x10, 1)) == b"\x83\x04"
        behaviour.exception = 0
        behaviour.extra_registers = -1
        assert await wire.ask(read(0x10, 2)) == b"\x03\x02\x00\x10"
        behaviour.extra_registers = 1
        assert await wire.ask(read(0x22, 1)) == b"\x03\x04\x00\x22\x00\x00"
        behaviour.extra_registers = 0
        behaviour.other_device = True
        await wire.ask(read(0x10, 1))
        assert wire.device != 247

    on_the_wire(talk)


def test_silent_it_hears_and_does_not_answer_and_late_answers_come_in_order() -> None:
    async def talk(wire: Wire) -> None:
        wire.face.behaviour.silent = True
        asked = asyncio.create_task(wire.ask(read(0x10, 1), transaction=1))
        done, _ = await asyncio.wait([asked], timeout=SILENCE_S)
        assert not done
        asked.cancel()
        await asyncio.wait([asked])
        assert wire.face.functions[3] == 1
        wire.face.behaviour.silent = False
        wire.face.behaviour.delay_s = 0.05
        for transaction in (2, 3):
            header = struct.pack(">HHHB", transaction, 0, 6, 247)
            wire.writer.write(header + read(0x10, 1))
        for transaction in (2, 3):
            assert await wire.answer(transaction, 247) == b"\x03\x02\x00\x10"

    on_the_wire(talk)


def test_connections_are_dropped_on_command_and_when_the_client_speaks_something_else() -> None:
    async def talk(wire: Wire) -> None:
        await wire.ask(read(0x10, 1))
        wire.face.drop_connections()
        assert await asyncio.wait_for(wire.reader.read(), WAIT_S) == b""
        wire.writer.close()
        await wire.open()
        wire.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await asyncio.wait_for(wire.reader.read(), WAIT_S) == b""

    on_the_wire(talk)
