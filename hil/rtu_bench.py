"""How close RTU polling comes to the wire, and what it costs: for `make bench`, or by hand.

`python -m hil.rtu_bench` prints JSON. The line and its device run in a process of their own, so that
the processor time is the driver's alone. 32 registers and 16 bits a poll, in two questions.
"""

import asyncio
import contextlib
import functools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from agent.clock import Clock
from agent.drivers.address import address_of
from agent.drivers.blocks import Limits, compile_blocks
from agent.drivers.bus import Timing, bus_for
from agent.drivers.bus_driver import BusWire
from agent.drivers.profiles import Profile
from agent.drivers.registers import Point, Table
from agent.drivers.rtu import RtuDriver
from agent.drivers.rtu_framing import question
from agent.drivers.tap import Tap
from agent.model import Reading
from agent.settings import ModbusSettings
from hil.rtu_device import device
from hil.rtu_face import RtuFace

DEVICE = 9
REGISTERS, BITS = 32, 16
FRAMES = (8, 5 + 2 * REGISTERS, 8, 5 + BITS // 8)  # bytes of the two questions and their answers
RATES = ((9600, 200), (19200, 100), (115200, 100))  # baud, and the poll interval in ms
_START_S = 20.0
BITS_READ = (
    "car.moving", "car.door_zone", "car.overload", "car.occupied", "car.call_registered",
    "hall.call_pending", "car.light", "door.obstructed", "door.open_button", "door.bypass",
    "landing_doors.locked", "safety_chain.closed", "brake.released", "drive.command",
    "power.mains", "alarm.button",
)  # fmt: skip


def measure(seconds: float = 10.0) -> dict[str, float]:
    """Measure for so long at each rate.

    `rtu_ratio_B`: a poll's time over its wire time (frames and silences before them) at B baud;
    `rtu_cpu_s_per_min_B`: processor seconds a minute of polling; `rtu_cpu_s_per_min_unplugged`.
    """
    found: dict[str, float] = {}
    for baudrate, interval_ms in RATES:
        with _line(baudrate) as (link, line):
            url = f"serial://{link}?baudrate={baudrate}&parity=N"
            settings = ModbusSettings(
                name="bench", profile="bench", url=url, device_id=DEVICE,
                poll_interval_ms=interval_ms,
            )  # fmt: skip
            found[f"rtu_ratio_{baudrate}"] = asyncio.run(_ratio(settings, baudrate, seconds))
            cost = asyncio.run(_cost(settings, seconds, line))
            found[f"rtu_cpu_s_per_min_{baudrate}"], found["rtu_cpu_s_per_min_unplugged"] = cost
    return found


def _profile() -> Profile:
    registers = [
        Point(signal=f"host.r{n}", table=Table.HOLDING, address=n) for n in range(REGISTERS)
    ]
    bits = [
        Point(signal=signal, table=Table.DISCRETE, address=n) for n, signal in enumerate(BITS_READ)
    ]
    readable = {Table.HOLDING: (range(REGISTERS),), Table.DISCRETE: (range(BITS),)}
    return Profile(
        name="bench", title="bench", source="bench", verified=(), uncertain=(),
        limits=Limits(readable=readable), answer_max_us=500_000, points=(*registers, *bits),
    )  # fmt: skip


async def _ratio(settings: ModbusSettings, baudrate: int, seconds: float) -> float:
    """Poll without a pause; give the mean poll over its wire time."""
    profile, clock = _profile(), Clock()
    bus = bus_for(address_of(settings.url), clock, Tap())
    timing = Timing(settings.timeout_ms * 1000, profile.answer_max_us)
    wire = BusWire(bus, "bench", settings.url, functools.partial(question, DEVICE), timing)
    blocks = [each.block for each in compile_blocks(profile.points, profile.limits)]
    assert await wire.connect() == ""
    polls, began_s = 0, time.monotonic()
    try:
        while time.monotonic() - began_s < seconds:
            async with wire.turn():
                for block in blocks:
                    await wire.read(block)
            polls += 1
        took_s = time.monotonic() - began_s
    finally:
        wire.close()
    return took_s / polls / RtuFace({}, baudrate=baudrate).wire_s(*FRAMES)


class _Sink:
    """Takes readings and forgets them."""

    def __init__(self) -> None:
        self.polls = 0

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:  # noqa: ARG002
        self.polls += 1

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        pass

    def turned(self, driver: str) -> None:
        pass


async def _cost(
    settings: ModbusSettings, seconds: float, line: subprocess.Popen[str]
) -> tuple[float, float]:
    """Give processor seconds a minute: while polling, and while the adapter is unplugged."""
    driver, sink = RtuDriver(settings, _profile(), Clock()), _Sink()
    async with _running(driver, sink):
        await _until(lambda: sink.polls >= 3)
        polling = await _cpu_share(seconds)
        assert line.stdin is not None
        line.stdin.write("unplug\n")
        line.stdin.flush()
        await _until(lambda: driver.statistics.drops > 0)
        return polling, await _cpu_share(seconds / 2)


@contextlib.asynccontextmanager
async def _running(driver: RtuDriver, sink: _Sink) -> AsyncIterator[None]:
    task = asyncio.create_task(driver.run(sink))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(_START_S):
        while not holds():  # noqa: ASYNC110 - a condition of another's object
            await asyncio.sleep(0.05)


async def _cpu_share(seconds: float) -> float:
    began_s, used_s = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - used_s) / (time.monotonic() - began_s) * 60


@contextlib.contextmanager
def _line(baudrate: int) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    with tempfile.TemporaryDirectory(prefix="rtu-") as folder:
        link = Path(folder) / "rs485"
        command = [sys.executable, "-m", "hil.rtu_bench", str(link), str(baudrate)]
        with subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as line:
            assert line.stdout is not None
            assert line.stdout.readline() == "ready\n"
            try:
                yield link, line
            finally:
                line.terminate()


async def _serve(link: Path, baudrate: int) -> None:
    """Be the line, until terminated; a line of text unplugs it."""
    face = RtuFace(
        {DEVICE: device({3: (0, lambda: range(REGISTERS)), 2: (0, lambda: [1] * BITS)})},
        baudrate=baudrate,
    )
    await face.start(link)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    face.plug(on=False)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
    else:
        print(json.dumps(measure(), indent=1))
