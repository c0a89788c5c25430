"""What the tests of intercom and cameras share: a sink that keeps what is reported, and a driver that runs."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from agent.drivers.port import Driver
from agent.drivers.probes import NotSentError, Station, UnansweredError
from agent.model import Reading

WAIT_S = 30  # an upper bound that only a failure reaches


@dataclass
class Sink:
    """Keeps what a driver reports."""

    heard: list[Reading] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    turns: int = 0

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        self.heard.extend(readings)

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        self.links.append((up, reason))

    def turned(self, driver: str) -> None:
        self.turns += 1

    @property
    def values(self) -> list[object]:
        return [reading.value for reading in self.heard]


class AtOnce(random.Random):
    """No jitter: the lower end of every range."""

    def uniform(self, a: float, b: float) -> float:  # type: ignore[explicit-override]
        return a


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - the state of others
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running_driver(driver: Driver) -> AsyncIterator[Sink]:
    """A running driver; gives what it reports."""
    sink = Sink()
    task = asyncio.create_task(driver.run(sink))
    try:
        yield sink
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def ends(asked: Station) -> str:
    """How a probe ended, in one word."""
    try:
        await asked.ask()
    except UnansweredError:
        return "unanswered"
    except NotSentError:
        return "not sent"
    return "answered"
