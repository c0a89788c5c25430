"""When trapped people are calmed: at once, and again and again while they stay trapped.

It looks at what stands and starts the player. Nobody waits for it, and no failure of the player gets
past it. The repeat of 300 s is the default of a public monitor's calming
audio; the installer may choose another.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final, Protocol, runtime_checkable

from agent.clock import Clock
from agent.model import SECOND_US
from agent.settings import GpioSettings, Settings

_log = logging.getLogger("agent.announcement")

CODE: Final = "trapped_passengers"
LOOK_S: Final = (
    1.0  # for what no event tells: repeats, an output that comes late, a journal that does
)


@runtime_checkable
class Announcer(Protocol):
    """A driver that may have an output for it."""

    def announce(self) -> bool:
        """Start the player; returns at once, False where none is at hand."""
        ...


def step(
    said_us: int | None, *, trapped: bool, now_us: int, repeat_us: int
) -> tuple[bool, int | None]:
    """Decide whether to say it now; gives when it was said last in this entrapment."""
    if not trapped:
        return False, None
    if said_us is None or now_us - said_us >= repeat_us:
        return True, now_us
    return False, said_us


class Calming:
    """Calls `announce` while `trapped` is true. `wake` it when that may have changed."""

    def __init__(
        self,
        clock: Clock,
        repeat_us: int,
        announce: Callable[[], bool],
        trapped: Callable[[], bool],
    ) -> None:
        self._clock, self._repeat_us = clock, repeat_us
        self._announce, self._trapped = announce, trapped
        self._said_us: int | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look soon; returns at once and cannot fail."""
        self._woken.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._woken.clear()
            self._look()
            await self._rest()

    def _look(self) -> None:
        said_us = self._said_us
        say, self._said_us = step(
            said_us,
            trapped=self._trapped(),
            now_us=self._clock.uptime_us(),
            repeat_us=self._repeat_us,
        )
        if say and not self._said():
            self._said_us = said_us

    def _said(self) -> bool:
        """Start the player; False where that is to be tried again with the next look."""
        try:
            return self._announce()
        except Exception:  # noqa: BLE001 - reported; what calms must not end what calls for rescue
            _log.exception("the announcement failed; it is tried again at its next time")
            return True

    async def _rest(self) -> None:
        """Wait for a change, or the next look."""
        try:
            async with asyncio.timeout(LOOK_S):
                await self._woken.wait()
        except TimeoutError:
            return


def calming_of(
    settings: Settings, clock: Clock, drivers: Iterable[object], trapped: Callable[[], bool]
) -> Calming | None:
    """Give what calms trapped people, None where no announcement is configured."""
    outputs = [d.announcement for d in settings.drivers if isinstance(d, GpioSettings)]
    configured = next((each for each in outputs if each is not None), None)
    if configured is None:
        return None
    announcers = [driver for driver in drivers if isinstance(driver, Announcer)]

    def announce() -> bool:
        return any([announcer.announce() for announcer in announcers])  # noqa: C419 - all of them

    return Calming(clock, round(configured.repeat_s * SECOND_US), announce, trapped)
