"""A sink that remembers what a driver said, and waiting for it to say it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.model import Quality, Reading, Value

WAIT_S = 20  # an upper bound that only a failure reaches


@dataclass
class Hearing:
    """What one driver said, in order."""

    said: list[Reading] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    turns: Counter[str] = field(default_factory=Counter)

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        assert len({one.at_us for one in readings}) == 1, "one time a batch"
        self.said += readings

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        self.links.append((up, reason))

    def turned(self, driver: str) -> None:
        self.turns[driver] += 1

    @property
    def states(self) -> list[bool]:
        return [up for up, _ in self.links]

    def of(self, signal: str) -> list[Reading]:
        return [one for one in self.said if one.signal == signal]

    def last(self, signal: str) -> tuple[Value | None, Quality] | None:
        found = self.of(signal)
        return (found[-1].value, found[-1].quality) if found else None


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - conditions of many objects
            await asyncio.sleep(0.005)
