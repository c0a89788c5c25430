"""The only place that reads real time: monotonic, wall, whether it is synchronised, and which boot this is."""

import asyncio
import time
from pathlib import Path

from agent.model import SECOND_US, Instant

# Readable with ProtectClock=yes, which blocks adjtimex.
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """Reads both clocks at once. `uptime_us` counts like the event loop's own time, so that both can be compared."""

    def __init__(self, *, synchronised_file: Path = _SYNCHRONISED) -> None:
        self._synchronised_file = synchronised_file
        self.boot_id = _BOOT_ID.read_text(encoding="ascii").strip()

    def now(self) -> Instant:
        """Both clocks, and whether the wall clock can be trusted."""
        return Instant(
            uptime_us=self.uptime_us(),
            wall_us=time.time_ns() // 1000,
            synchronised=self._synchronised_file.exists(),
        )

    def uptime_us(self) -> int:
        """Monotonic microseconds; the hot path's reading of time."""
        return time.monotonic_ns() // 1000


async def sleep(seconds: float) -> None:
    """Wait on the loop's monotonic clock."""
    await asyncio.sleep(seconds)


async def sleep_until(uptime_us: int) -> None:
    """Wait until the monotonic clock reaches an instant; returns at once when it has passed."""
    await asyncio.sleep(max(0.0, (uptime_us - time.monotonic_ns() // 1000) / SECOND_US))
