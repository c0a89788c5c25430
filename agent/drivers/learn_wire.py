"""A wire to any Modbus device for who looks around: by url and address, without a profile. Only reads.

It is the drivers' own wire, with the same care for late answers; beside each answer it tells the
exception's code, which it hears on the tap.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from agent.clock import Clock
from agent.drivers.address import Address, TcpAddress, address_of, is_rtu
from agent.drivers.blocks import Block
from agent.drivers.dissect_talk import Talk
from agent.drivers.learn_survey import Outcome
from agent.drivers.tap import Frame, Tap
from agent.drivers.wire import NoAnswerError, RefusedError, Wire
from agent.settings import ModbusSettings

NAME: Final = "learn"
NO_CODE: Final = 255  # refused, and nobody heard why


@dataclass(frozen=True, slots=True)
class Waits:
    """How long an answer is waited for, and how long a late one may still come, in milliseconds."""

    timeout_ms: int
    answer_max_ms: int


class LookingWire:
    """One device. All of one process share a `tap`, as they may share a line.

    `said` is what was wrong with the last answer, for a person.
    """

    def __init__(self, url: str, device_id: int, clock: Clock, waits: Waits, tap: Tap) -> None:
        settings = ModbusSettings(
            name=NAME, profile=NAME, url=url, device_id=device_id, timeout_ms=waits.timeout_ms
        )
        self._tap, self._talk, self._exception = tap, Talk(), 0
        self._wire = _wire(settings, address_of(url), clock, tap, waits.answer_max_ms * 1000)
        self.said = ""

    async def connect(self) -> str:
        """Connect unless it is; empty on success, else what is wrong and what to do about it."""
        return await self._wire.connect() if self._wire.is_gone else ""

    async def ask(self, block: Block) -> Outcome:
        """Ask for one block, once; a connection that is lost is silence."""
        self.said = await self.connect()
        if self.said:
            return Outcome()
        self._exception = 0
        stop = self._tap.listen(self._heard)
        try:
            async with self._wire.turn():
                return Outcome(await self._wire.read(block))
        except NoAnswerError as error:
            self.said = str(error)
            refused = isinstance(error, RefusedError)
            return Outcome(exception=(self._exception or NO_CODE) if refused else 0)
        finally:
            stop()

    def close(self) -> None:
        """Free the line."""
        self._wire.close()

    def _heard(self, frame: Frame) -> None:
        said = self._talk.heard(frame.driver, frame.data, out=frame.way == "out")
        if said.exception and not said.wrong:
            self._exception = said.exception


def _wire(
    settings: ModbusSettings, address: Address, clock: Clock, tap: Tap, answer_max_us: int
) -> Wire:
    if isinstance(address, TcpAddress) and not is_rtu(address):
        from agent.drivers.modbus import TcpWire
        from agent.drivers.tcp_tap import TcpTap

        return TcpWire(settings, answer_max_us, clock, TcpTap(tap, clock, NAME))
    from agent.drivers.bus import Timing, bus_for
    from agent.drivers.bus_driver import BusWire
    from agent.drivers.rtu_framing import question

    timing = Timing(settings.timeout_ms * 1000, answer_max_us)
    where = f"{settings.url} device_id {settings.device_id}"
    name = f"{NAME} {settings.device_id}"
    bus = bus_for(address, clock, tap)
    return BusWire(bus, name, where, partial(question, settings.device_id), timing)
