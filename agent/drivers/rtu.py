"""Modbus RTU, on a serial line or through a device server. Devices of one line share its bus.

Without pymodbus: what comes is judged byte by byte here, because RTU has nothing but the shape of a
frame to tell an answer from a late one.
"""

import random
from contextlib import AbstractAsyncContextManager
from typing import Final
from weakref import WeakValueDictionary

from agent.backoff import Backoff
from agent.clock import Clock
from agent.drivers.address import Address, SerialAddress, address_of
from agent.drivers.blocks import Block, compile_blocks
from agent.drivers.line import Line
from agent.drivers.poller import Poller
from agent.drivers.profiles import Profile
from agent.drivers.registers import Words
from agent.drivers.rtu_bus import Bus, Reply
from agent.drivers.rtu_framing import Question, question
from agent.drivers.second_look import SecondLook
from agent.drivers.serial_line import SerialLine
from agent.drivers.tcp_line import TcpLine
from agent.drivers.wire import DamagedError, RefusedError, SilenceError
from agent.settings import ModbusSettings

BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 1.0

_buses: WeakValueDictionary[Address, Bus] = WeakValueDictionary()  # a line exists once a process


def bus_for(address: Address, clock: Clock) -> Bus:
    """Give the bus of a line: the same for all devices that are on it."""
    bus = _buses.get(address)
    if bus is None:
        bus = _buses[address] = Bus(_line(address, clock), clock)
    return bus


def _line(address: Address, clock: Clock) -> Line:
    if isinstance(address, SerialAddress):
        return SerialLine(address, clock)
    return TcpLine(address, clock)


class RtuWire:
    """One device's place on its bus, for reading blocks."""

    def __init__(self, bus: Bus, settings: ModbusSettings, answer_max_us: int) -> None:
        self._bus, self._settings = bus, settings
        self._name = settings.name
        self._timeout_us, self._answer_max_us = settings.timeout_ms * 1000, answer_max_us
        self._questions: dict[Block, Question] = {}

    async def connect(self) -> str:
        """Open the line if it is not; empty on success, else what is wrong and what to do."""
        return await self._bus.open(self._name)

    @property
    def is_gone(self) -> bool:
        """Whether the line is certainly lost."""
        return not self._bus.is_open

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
            asked = self._questions[block] = question(self._settings.device_id, block)
        reply = await self._bus.ask(self._name, asked, self._timeout_us, self._answer_max_us)
        if reply.words is not None:
            return reply.words
        raise self._error(reply, block)

    def _error(self, reply: Reply, block: Block) -> RefusedError | SilenceError:
        where = f"{self._settings.url} device_id {self._settings.device_id}"
        told = f"{where}, {block.table.value} 0x{block.address:04X}+{block.count}: {reply.wrong}"
        if reply.refused:
            return RefusedError(told)
        return (DamagedError if reply.heard else SilenceError)(told)


class RtuDriver(Poller):
    """A device read over Modbus RTU by a profile; `url` must have passed `address_of`."""

    def __init__(
        self,
        settings: ModbusSettings,
        profile: Profile,
        clock: Clock,
        chance: random.Random | None = None,
    ) -> None:
        bus, name = bus_for(address_of(settings.url), clock), settings.name
        super().__init__(
            name,
            lambda: RtuWire(bus, settings, profile.answer_max_us),
            compile_blocks(profile.points, profile.limits),
            profile.staleness_us(settings.poll_interval_ms),
            interval_us=settings.poll_interval_ms * 1000,
            clock=clock,
            backoff=Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random()),  # noqa: S311 - spreads load
            trust=SecondLook(lambda block: bus.disturbances(name, block)),
        )
