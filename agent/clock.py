"""The only place that reads real time: monotonic, wall, whether it is synchronised, and which boot this is."""

import asyncio
import time
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from agent.clock_trust import Trust
from agent.model import SECOND_US, Instant

# Readable with ProtectClock=yes, which blocks adjtimex.
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Of use where another service than systemd-timesyncd sets the clock: chrony, ntpd.
_QUESTION = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
_ANSWER_S = 10.0
_LOOK_S = 1.0
_FIRST_WAIT_US = 2 * SECOND_US
_LONGEST_WAIT_US = 60 * SECOND_US


class Clock:
    """Reads both clocks at once. `uptime_us` counts like the event loop's own time, so that both can be compared.

    `anchor_us` is this boot's anchor (agent/clock_anchor.py) once it is known, for whoever tells a time of this boot.
    """

    def __init__(self, *, synchronised_file: Path = _SYNCHRONISED) -> None:
        self._synchronised_file = synchronised_file
        self._trust = Trust()
        self.anchor_us: int | None = None
        self.boot_id = _BOOT_ID.read_text(encoding="ascii").strip()

    def now(self) -> Instant:
        """Both clocks, and whether the wall clock can be trusted."""
        uptime_us, wall_us = self.uptime_us(), self._wall_us()
        trusted = self._trust.look(wall_us - uptime_us, marked=self._is_marked())
        return Instant(uptime_us=uptime_us, wall_us=wall_us, synchronised=trusted)

    def uptime_us(self) -> int:
        """Monotonic microseconds; the hot path's reading of time."""
        return time.monotonic_ns() // 1000

    @property
    def trusted_us(self) -> int | None:
        """Wall minus uptime when the wall clock was last believed; None when it never was."""
        return self._trust.trusted_us

    def dates(self, anchor_us: int) -> None:
        """Take over this boot's anchor; a clock that has left it far behind is not believed for now."""
        self.anchor_us = anchor_us
        self._trust.remember(anchor_us)

    @property
    def source(self) -> str | None:
        """By what the wall clock is believed; None while it is not."""
        if self._trust.is_confirmed:
            return "timedatectl"
        return "systemd-timesyncd" if self.now().synchronised else None

    async def follow(self) -> None:
        """Ask the system whether the clock is synchronised, where no mark says so; until cancelled, or of no use."""
        waits = _Waits()
        while True:
            believed, steps = self.now().synchronised, self._trust.steps
            if not believed and waits.are_over(self.uptime_us(), steps) and not await self.ask():
                return
            await sleep(_LOOK_S)

    async def ask(self) -> bool:
        """Ask the system once whether the clock is synchronised; false where it cannot be asked."""
        steps = self._trust.steps
        answer = await self._ask()
        self._trust.answered(answer, steps)
        return answer is not None

    def _wall_us(self) -> int:
        return time.time_ns() // 1000

    def _is_marked(self) -> bool:
        return self._synchronised_file.exists()

    async def _ask(self) -> bool | None:
        return await ask_the_system()


class _Waits:
    """When to ask again: ever more rarely, and anew after a step, which a synchronisation often begins with."""

    def __init__(self) -> None:
        self._steps = 0
        self._due_us, self._wait_us = 0, _FIRST_WAIT_US

    def are_over(self, now_us: int, steps: int) -> bool:
        if steps != self._steps:
            self._steps, self._due_us, self._wait_us = steps, now_us, _FIRST_WAIT_US
        if now_us < self._due_us:
            return False
        self._due_us = now_us + self._wait_us
        self._wait_us = min(2 * self._wait_us, _LONGEST_WAIT_US)
        return True


async def ask_the_system() -> bool | None:
    """Whether the kernel's clock is synchronised, by whatever service does that here; None where nobody can be asked."""
    try:
        asked = await asyncio.create_subprocess_exec(
            *_QUESTION, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_ANSWER_S):
            said, _ = await asked.communicate()
    except TimeoutError:
        return False
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()
    return said.strip() == b"yes"


async def sleep(seconds: float) -> None:
    """Wait on the loop's monotonic clock."""
    await asyncio.sleep(seconds)


async def sleep_until(uptime_us: int) -> None:
    """Wait until the monotonic clock reaches an instant; returns at once when it has passed."""
    await asyncio.sleep(max(0.0, (uptime_us - time.monotonic_ns() // 1000) / SECOND_US))
