"""A stage for RTU: devices whose registers change with every question, on a pty, and the drivers.

Every register of a marked device says which question it answers: a mixed-up, old or foreign value
is recognised by its number alone.
"""

import asyncio
import contextlib
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.clock import Clock
from agent.drivers.blocks import Limits
from agent.drivers.profiles import Profile
from agent.drivers.registers import Point, Table
from agent.drivers.rtu import RtuDriver
from agent.model import Quality, Reading
from agent.settings import ModbusSettings
from hil.rtu_face import RtuFace

WAIT_S = 20  # an upper bound that only a failure reaches
BAUD = 115200
INTS = (
    "car.floor", "car.speed_mm_s", "car.load_percent", "power.battery_percent",
    "controller.fault_code", "controller.run_count", "controller.run_hours", "door.cycle_count",
)  # fmt: skip


def mark(device: int, table: Table, address: int, count: int) -> int:
    """What a register says when its device is asked for the `count`-th time."""
    return random.Random(f"{device} {table.value} {address} {count}").getrandbits(16)


@dataclass
class Marked:
    """A device of holding and input registers and bits that answers every question anew."""

    address: int
    asked: int = 0

    def __call__(self, question: bytes) -> bytes:
        self.asked += 1
        table = next(table for table in Table if table.function == question[0])
        start = int.from_bytes(question[1:3], "big")
        count = int.from_bytes(question[3:5], "big")
        words = [mark(self.address, table, start + n, self.asked) for n in range(count)]
        if table.is_bits:
            bits = sum((word & 1) << n for n, word in enumerate(words))
            data = bits.to_bytes((count + 7) // 8, "little")
        else:
            data = b"".join(word.to_bytes(2, "big") for word in words)
        return bytes((question[0], len(data))) + data


@dataclass
class Heard:
    """A sink for all drivers that remembers.

    `check` says what is wrong with a good reading; what it says is kept in `wrong`.
    """

    batches: dict[str, list[list[Reading]]] = field(default_factory=lambda: defaultdict(list))
    links: dict[str, list[tuple[bool, str]]] = field(default_factory=lambda: defaultdict(list))
    turns: Counter[str] = field(default_factory=Counter)
    check: Callable[[str, Reading], str] = lambda _driver, _reading: ""
    wrong: list[str] = field(default_factory=list)

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        self.batches[driver].append(list(readings))
        for reading in readings:
            if reading.quality is Quality.GOOD:
                wrong = self.check(driver, reading)
                self.wrong += [f"{driver}: {reading} {wrong}"] if wrong else []

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        self.links[driver].append((up, reason))

    def turned(self, driver: str) -> None:
        self.turns[driver] += 1

    def all(self, driver: str, quality: Quality = Quality.GOOD) -> list[Reading]:
        return [one for batch in self.batches[driver] for one in batch if one.quality is quality]

    def states(self, driver: str) -> list[bool]:
        return [up for up, _ in self.links[driver]]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - conditions of many objects
            await asyncio.sleep(0.005)


def profile(
    *points: Point, answer_max_ms: int = 100, spare: int = 0, stale_ms: int | None = None
) -> Profile:
    """Give a profile of these points; `spare` addresses around each are readable as well."""
    readable: dict[Table, tuple[range, ...]] = {}
    for point in points:
        around = range(max(0, point.address - spare), point.addresses.stop + spare)
        readable[point.table] = (*readable.get(point.table, ()), around)
    return Profile(
        name="test", title="t", source="s", verified=(), uncertain=(),
        limits=Limits(readable=readable), answer_max_us=answer_max_ms * 1000, points=points,
    )  # fmt: skip


def url_of(link: Path, baudrate: int = BAUD) -> str:
    return f"serial://{link}?baudrate={baudrate}&parity=N"


@contextlib.asynccontextmanager
async def line(tmp_path: Path, *addresses: int, baudrate: int = BAUD) -> AsyncIterator[RtuFace]:
    """Run marked devices on one line behind `tmp_path / "rs485"`."""
    face = RtuFace({address: Marked(address) for address in addresses}, baudrate=baudrate)
    await face.start(tmp_path / "rs485")
    try:
        yield face
    finally:
        await face.close()


@contextlib.asynccontextmanager
async def polled(
    url: str,
    *watched: tuple[int, Profile],
    heard: Heard | None = None,
    interval_ms: int = 20,
    timeout_ms: int = 60,
) -> AsyncIterator[tuple[Heard, list[RtuDriver]]]:
    """Run a driver a device, named by its address, for the length of the block."""
    heard = heard or Heard()
    drivers = [
        RtuDriver(
            ModbusSettings(
                name=f"d{address}", profile="test", url=url, device_id=address,
                poll_interval_ms=interval_ms, timeout_ms=timeout_ms,
            ),
            one, Clock(), random.Random(address),
        )
        for address, one in watched
    ]  # fmt: skip
    tasks = [asyncio.create_task(driver.run(heard)) for driver in drivers]
    try:
        yield heard, drivers
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
