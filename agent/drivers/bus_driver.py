"""A device polled on a bus, whatever its framing: its place on the line, and the driver."""

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from agent.backoff import Backoff
from agent.clock import Clock
from agent.drivers.address import address_of
from agent.drivers.blocks import Block, compile_blocks
from agent.drivers.bus import Bus, Reply, Timing, bus_for
from agent.drivers.exchange import Exchange
from agent.drivers.poller import Poller
from agent.drivers.profiles import Profile
from agent.drivers.registers import Words
from agent.drivers.second_look import SecondLook
from agent.drivers.tap import Tap
from agent.drivers.wire import DamagedError, RefusedError, SilenceError
from agent.settings import ModbusSettings, SerialSettings

BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 1.0

Ask = Callable[[Block], Exchange]


class BusWire:
    """One device's place on its bus, for reading blocks. `where` names it for a technician."""

    def __init__(self, bus: Bus, name: str, where: str, ask: Ask, timing: Timing) -> None:
        self._bus, self._name, self._where = bus, name, where
        self._ask, self._timing = ask, timing
        self._questions: dict[Block, Exchange] = {}

    async def connect(self) -> str:
        """Open the line if it is not; empty on success, else what is wrong and what to do."""
        return await self._bus.open(self._name)

    @property
    def is_gone(self) -> bool:
        """Whether the line is certainly lost."""
        return not self._bus.is_open

    @property
    def asked_us(self) -> int:
        """When the last question of this device began to go out."""
        return self._bus.asked_us

    @property
    def patience(self) -> int:
        """How many silent polls in a row before the device is left alone."""
        return self._bus.patience(self._name)

    @property
    def rest_s(self) -> float:
        """How long it is left alone then, at least."""
        return self._bus.rest_s(self._name)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Hold the line for one poll."""
        return self._bus.turn(self._name)

    def close(self) -> None:
        """Leave the line to the others."""
        self._bus.leave(self._name)

    async def read(self, block: Block) -> Words:
        """Read one whole block; raises NoAnswerError for anything but a proper answer in time."""
        asked = self._questions.get(block)
        if asked is None:
            asked = self._questions[block] = self._ask(block)
        reply = await self._bus.ask(self._name, asked, self._timing)
        if reply.words is not None:
            return reply.words
        raise self._error(reply, block)

    def _error(self, reply: Reply, block: Block) -> RefusedError | SilenceError:
        span = f"{block.table.value} 0x{block.address:04X}+{block.count}"
        told = f"{self._where}, {span}: {reply.wrong}"
        if reply.refused:
            return RefusedError(told)
        return (DamagedError if reply.heard else SilenceError)(told)


class BusDriver(Poller):
    """A device read by a profile on a line of its own or shared; `url` has passed `address_of`."""

    def __init__(  # noqa: PLR0913 - each is one fact of the device
        self,
        settings: ModbusSettings | SerialSettings,
        profile: Profile,
        clock: Clock,
        tap: Tap,
        ask: Ask,
        *,
        where: str,
        chance: random.Random | None = None,
    ) -> None:
        bus, name = bus_for(address_of(settings.url), clock, tap), settings.name
        interval_us = settings.poll_interval_ms * 1000
        timing = Timing(settings.timeout_ms * 1000, profile.answer_max_us, profile.pause_us)
        super().__init__(
            name,
            lambda: BusWire(bus, name, where, ask, timing),
            compile_blocks(profile.points, profile.limits, interval_us),
            profile.staleness_us(settings.poll_interval_ms),
            interval_us=interval_us,
            clock=clock,
            backoff=Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random()),  # noqa: S311 - spreads load
            trust=SecondLook(lambda block: bus.disturbances(name, block)),
        )
