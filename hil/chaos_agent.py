"""The real service with events by chance in the place of an elevator, in time that runs faster. Run as a process.

`python -m hil.chaos_agent --config C --seed S --pace 20`; with `--rest` nothing happens any more.
"""

import argparse
import asyncio
import contextlib
import logging
import sys
from functools import partial
from pathlib import Path

from typing_extensions import override

from agent.app import Service
from agent.clock import Clock, sleep
from agent.config import load
from agent.drivers.profiles import default_folders
from agent.settings import Settings
from hil.chaos_events import Life
from hil.chaos_time import HastyLoop, hasten


class Fed(Service):
    """A service that is told what happened."""

    def __init__(self, settings: Settings, config: Path, life: Life | None) -> None:
        super().__init__(settings, default_folders(config), None)
        self._life = life

    @override
    async def run(self) -> int:
        feeding = asyncio.create_task(self._feed(), name="feeding")
        try:
            return await super().run()
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding

    async def _feed(self) -> None:
        clock, ending = Clock(), self._ending
        while self._life is not None:
            await sleep(self._life.pause_s())
            if ending.is_set():
                return
            now = clock.now()
            board = self._delivery.board
            self._delivery.deliver(self._life.events(now.uptime_us, board.standing.keys()), now)


async def _serve(settings: Settings, config: Path, life: Life | None) -> int:
    service = Fed(settings, config, life)
    await service.start()
    return await service.run()


def main() -> int:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="python -m hil.chaos_agent", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--rest", action="store_true")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    hasten(asked.pace)
    settings = load(asked.config)
    life = None if asked.rest else Life(asked.seed)
    with asyncio.Runner(loop_factory=partial(HastyLoop, asked.pace)) as runner:
        return runner.run(_serve(settings, asked.config, life))


if __name__ == "__main__":
    sys.exit(main())
