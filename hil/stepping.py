"""Devices that change at an instant that is known: one register over Modbus TCP, and contacts on pins.

For measuring how long a change takes upstream. They run on a thread of their own; instants are monotonic seconds.
"""

import asyncio
import random
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from agent.model import Value
from hil.modbus_face import ModbusFace
from hil.pins_server import CONTACTS, PinsServer

REGISTERS, BITS = 32, 16
MODES = ("normal", "attendant")

_HEAD = """
title = "A wide controller: 32 registers and 16 bits"
source = "hil/stepping.py"

[protocol]
readable = { holding = [[0, 31], [100, 100]] }

[points."car.mode"]
table = "holding"
address = 0
values = { 0 = "normal", 1 = "attendant" }
source = "register 0"
"""


class Stepping:
    """A wide controller and a pair of contacts (alarm button, end key); `step` and `contact` say when they changed."""

    def __init__(self, pins_socket: Path) -> None:
        self.pins_socket = pins_socket
        self._registers = [0] * (101)
        self._levels: dict[str, Value] = dict.fromkeys(CONTACTS, False)
        self._face = ModbusFace(lambda: self._registers, first=0, device_id=1)
        self._pins = PinsServer(CONTACTS, random.Random(1), bounce=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="steps", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()

    def describe(self, folder: Path, poll_interval_ms: int = 100) -> dict[str, object]:
        """Write the profile beside a configuration file in `folder`; returns the controller's `[[drivers]]` table."""
        (folder / "controllers").mkdir(exist_ok=True)
        points = [_HEAD]
        points += [_point(f"host.register_{n}", n, "") for n in range(1, REGISTERS)]
        points += [_point(f"camera.bit_{n}", 100, f"bit = {n}") for n in range(BITS)]
        (folder / "controllers" / "wide.toml").write_text("\n".join(points), encoding="utf-8")
        return {
            "name": "controller",
            "kind": "modbus",
            "profile": "wide",
            "url": f"tcp://127.0.0.1:{self._face.port}",
            "device_id": 1,
            "poll_interval_ms": poll_interval_ms,
        }

    def step(self) -> tuple[float, str]:
        """Enter the other mode; when, and which."""
        self._registers[0] = 1 - self._registers[0]
        return time.monotonic(), MODES[self._registers[0]]

    def contact(self, signal: str, active: bool) -> float:
        """Close or open a contact; when its edge left."""

        async def move() -> float:
            self._levels[signal] = active
            self._pins.update(self._levels)
            return time.monotonic()

        return asyncio.run_coroutine_threadsafe(move(), self._loop).result()

    def close(self) -> None:
        """End both."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _start(self) -> None:
        self._pins.update(self._levels)
        await self._face.start(0)
        await self._pins.start(self.pins_socket)

    async def _end(self) -> None:
        await self._face.close()
        await self._pins.close()


def _point(signal: str, address: int, more: str) -> str:
    lines = f'address = {address}\n{more}\nsource = "register {address}"'
    return f'[points."{signal}"]\ntable = "holding"\n{lines}\n'
