"""A controller that never rests: another mode at each poll, and an alarm raised and ended again and again.

It makes events as fast as it is polled, for kill tests and measurements. Runs on a thread of its own; knows no agent.
"""

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from hil.modbus_face import ModbusFace

NAME = "restless"
DEVICE_ID = 1
MODES = ("normal", "attendant", "independent")
KEY_EVERY = 41  # polls; between two turns of the key the held button raises anew

_PROFILE = """
title = "A controller that never rests"
source = "hil/restless.py"

[protocol]
readable = { holding = [[0, 2]] }

[points."car.mode"]
table = "holding"
address = 0
values = { 0 = "normal", 1 = "attendant", 2 = "independent" }
source = "register 0"

[points."alarm.button"]
table = "holding"
address = 1
values = { 0 = false, 1 = true }
source = "register 1"

[points."alarm.end_key"]
table = "holding"
address = 2
values = { 0 = false, 1 = true }
source = "register 2"
"""


class RestlessController:
    """Modbus TCP on `port`; `table` is its part of the agent's configuration."""

    def __init__(self, poll_interval_ms: int = 20) -> None:
        self._poll_interval_ms = poll_interval_ms
        self._looks = 0
        self._resting = False
        self._face = ModbusFace(self._registers, first=0, device_id=DEVICE_ID)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=NAME, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._face.start(0), self._loop).result()
        self.port = self._face.port

    def describe(self, folder: Path) -> dict[str, object]:
        """Write its profile beside a configuration file in `folder`; returns its `[[drivers]]` table."""
        (folder / "controllers").mkdir(exist_ok=True)
        (folder / "controllers" / f"{NAME}.toml").write_text(_PROFILE, encoding="utf-8")
        return {
            "name": NAME,
            "kind": "modbus",
            "profile": NAME,
            "url": f"tcp://127.0.0.1:{self.port}",
            "device_id": DEVICE_ID,
            "poll_interval_ms": self._poll_interval_ms,
        }

    def close(self) -> None:
        """End it."""
        asyncio.run_coroutine_threadsafe(self._face.close(), self._loop).result()
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

    def rest(self) -> None:
        """From now on nothing changes any more."""
        self._resting = True

    def _registers(self) -> tuple[int, ...]:
        # The face looks once or twice a poll: neither brings the same mode again.
        self._looks += not self._resting
        return (self._looks % len(MODES), 1, int(self._looks % KEY_EVERY == 0))
