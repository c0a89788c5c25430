"""The agent's own computer: heat, supply, disk, memory, clock; and its modem's signal if it has one.

The computer is always there, so its link is up from the first look on. A value that cannot be read
is missed by itself, and so is the modem: its port gone is no news about the computer.
"""

import asyncio
import logging
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agent.clock import sleep_until
from agent.drivers.aside import Aside
from agent.drivers.host_facts import disk_free
from agent.drivers.host_files import CLOCK, DISK, MODEM, ROOT, Source, sources, staleness_us
from agent.drivers.means import Means
from agent.drivers.polling import Grid, Statistics
from agent.drivers.port import Sink
from agent.model import SECOND_US, Quality, Reading, Value
from agent.settings import HostSettings

if TYPE_CHECKING:
    from agent.drivers.modem import Modem

_log = logging.getLogger("agent.host")

DISK_TIMEOUT_S: Final = 2.0

Outcome = tuple[Value | None, Quality, str]  # the last says why there is no value


class HostDriver:
    """The computer of one `[[drivers]]` table. `root` is where its /sys and /proc are."""

    def __init__(
        self,
        settings: HostSettings,
        means: Means,
        root: Path = ROOT,
        chance: random.Random | None = None,
    ) -> None:
        self._settings, self._clock = settings, means.clock
        self._signals, self._sources = staleness_us(settings, root), sources(root)
        folder = means.journal.parent
        self._disk = Aside(lambda: os.statvfs(folder))
        self._missing: set[str] = set()
        self._modem = _modem(settings, means, chance or random.Random())  # noqa: S311 - spreads load
        # Of the modem's line: the computer's own files have none.
        self.statistics = self._modem.statistics if self._modem else Statistics()

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return self._signals

    async def run(self, sink: Sink) -> None:
        """Look on a steady grid until cancelled, and ask the modem beside it."""
        sink.link(self.name, up=True, reason="this computer's own values are read")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_steadily(sink), name=f"{self.name} computer")
            if self._modem is not None:
                asking = self._modem.run(lambda outcome: self._tell(sink, {MODEM: outcome}))
                group.create_task(asking, name=f"{self.name} modem")

    async def _look_steadily(self, sink: Sink) -> None:
        grid = Grid(self._clock.uptime_us())
        while True:
            due_us = grid.after(
                self._clock.uptime_us(), round(self._settings.interval_s * SECOND_US)
            )
            self._tell(sink, self._files())
            self._tell(sink, await self._free())
            sink.turned(self.name)
            await sleep_until(due_us)

    def _files(self) -> dict[str, Outcome]:
        """Look at what the kernel has ready at once."""
        found = {signal: _read(source) for signal, source in self._sources.items()}
        found[CLOCK] = (self._clock.now().synchronised, Quality.GOOD, "")
        return found

    async def _free(self) -> dict[str, Outcome]:
        """Ask the file system, which may hang."""
        try:
            told = await self._disk.call(DISK_TIMEOUT_S)
            free = disk_free(told.f_frsize, told.f_blocks, told.f_bavail)
        except TimeoutError:
            wrong = "the journal's disk does not answer: check it, and the kernel's log"
        except OSError as error:
            wrong = f"the journal's folder cannot be asked: {error.strerror}: check outbox.path"
        except ValueError as error:
            return dict.fromkeys(DISK, (None, Quality.BAD, str(error)))
        else:
            return {
                signal: (value, Quality.GOOD, "") for signal, value in zip(DISK, free, strict=True)
            }
        return dict.fromkeys(DISK, (None, Quality.NO_ANSWER, wrong))

    def _tell(self, sink: Sink, found: Mapping[str, Outcome]) -> None:
        """Report a batch; what is missing is logged when it begins and when it ends."""
        now_us = self._clock.uptime_us()
        for signal, (value, _, wrong) in found.items():
            if value is None and signal not in self._missing:
                self._missing.add(signal)
                _log.warning("%s: no %s: %s", self.name, signal, wrong)
            elif value is not None and signal in self._missing:
                self._missing.discard(signal)
                _log.info("%s: %s is back", self.name, signal)
        sink.readings(
            self.name,
            [Reading(s, value, now_us, quality) for s, (value, quality, _) in found.items()],
        )


def _modem(settings: HostSettings, means: Means, chance: random.Random) -> "Modem | None":
    if settings.modem_url is None:
        return None
    from agent.drivers.modem import Modem

    return Modem(settings, means.clock, means.tap, chance)


def _read(source: Source) -> Outcome:
    try:
        return source.read(), Quality.GOOD, ""
    except OSError as error:
        return None, Quality.NO_ANSWER, f"{source.path}: {error.strerror}"
    except ValueError as error:
        return None, Quality.BAD, f"{source.path}: {error}"
