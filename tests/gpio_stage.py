"""What the tests of pins share: a board without a Pi, a sink that remembers, a driver at work."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from agent.clock import Clock
from agent.drivers.gpio import GpioDriver
from agent.model import Quality, Reading
from agent.settings import GpioAnnouncement, GpioInput, GpioSettings

WAIT_S = 10  # an upper bound that only a failure reaches


class FlakyPin(MockPin):  # type: ignore[misc]
    """A pin whose chip can vanish, and that notes what was asked of it."""

    gone = False
    functions: list[tuple[int, str]] = []  # noqa: RUF012 - of the whole board
    bounces: list[float | None] = []  # noqa: RUF012

    def _get_state(self) -> bool:
        if FlakyPin.gone:
            raise OSError(19, "No such device")
        return bool(super()._get_state())

    def _set_state(self, value: float) -> None:
        if FlakyPin.gone:
            raise OSError(19, "No such device")
        super()._set_state(value)

    def _set_function(self, value: str) -> None:
        FlakyPin.functions.append((self._number, value))
        super()._set_function(value)

    def _set_bounce(self, value: float | None) -> None:
        FlakyPin.bounces.append(value)
        super()._set_bounce(value)


@contextlib.contextmanager
def board() -> Iterator[Any]:
    """Give a factory of such pins, all of them in their first state."""
    made = MockFactory(pin_class=FlakyPin)
    FlakyPin.gone = False
    FlakyPin.functions.clear()
    FlakyPin.bounces.clear()
    Device.pin_factory = made
    yield made
    made.reset()
    Device.pin_factory = None


@dataclass
class Heard:
    """A sink that remembers."""

    driver: Any = None
    batches: list[list[Reading]] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    turns: int = 0

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        assert driver == "contacts"
        assert len({reading.at_us for reading in readings}) == 1
        self.batches.append(list(readings))

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        assert driver == "contacts"
        self.links.append((up, reason))

    def turned(self, driver: str) -> None:
        assert driver == "contacts"
        self.turns += 1

    def of(self, signal: str) -> list[Reading]:
        return [one for batch in self.batches for one in batch if one.signal == signal]

    def now(self, signal: str) -> object:
        """Give the value said last, or its quality when there is none."""
        if not (said := self.of(signal)):
            return None
        return said[-1].value if said[-1].quality is Quality.GOOD else said[-1].quality

    def changes(self, signal: str) -> list[object]:
        """Give the values said, one for each change."""
        values = [one.value for one in self.of(signal)]
        return [value for n, value in enumerate(values) if n == 0 or value != values[n - 1]]

    @property
    def states(self) -> list[bool]:
        return [up for up, _ in self.links]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - conditions of many objects
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def watched(
    inputs: Mapping[str, GpioInput], announcement: GpioAnnouncement | None = None
) -> AsyncIterator[Heard]:
    """Let a driver work on these pins; it must not end by itself."""
    settings = GpioSettings(name="contacts", inputs=dict(inputs), announcement=announcement)
    driver = GpioDriver(settings, Clock(), random.Random(1))
    heard = Heard(driver)
    task = asyncio.create_task(driver.run(heard))
    try:
        yield heard
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
