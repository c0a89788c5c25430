"""What only the running service knows and `doctor` asks: contacts, the watchdog, the broker's limits, its own writes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.clock import Clock
from agent.control import Peer
from agent.toggles import Toggles

_IO = Path("/proc/self/io")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorAnswer:
    """The verb `doctor`. `watchdog` and `broker` give the facts of those parts."""

    clock: Clock
    toggles: Toggles
    watchdog: Callable[[], dict[str, object]]
    broker: Callable[[], dict[str, object]]

    async def doctor(self, _params: dict[str, Any], _peer: Peer) -> dict[str, object]:
        """Give the facts."""
        return {
            "pid": os.getpid(),
            "contacts": self.toggles.facts(self.clock.uptime_us()),
            "watchdog": self.watchdog(),
            "broker": self.broker(),
            "written_bytes": _written(),
        }


def _written() -> int | None:
    """Bytes this process made the disk write, as the kernel counts them; None where it does not."""
    try:
        lines = _IO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = dict(line.split(": ", 1) for line in lines if ": " in line)
    count = found.get("write_bytes", "")
    return int(count) if count.isdigit() else None
