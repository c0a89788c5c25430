"""Modbus TCP. The only file that knows pymodbus; only function codes 1 to 4 can leave it.

pymodbus is trusted when it says that a connection is gone, never when it says that one stands. It
neither retries nor reconnects here, and every answer is checked against its question once more.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

from agent.backoff import Backoff
from agent.clock import Clock, sleep_until
from agent.drivers.address import TcpAddress, address_of
from agent.drivers.blocks import Block, compile_blocks
from agent.drivers.names import Name, Peer
from agent.drivers.poller import Poller
from agent.drivers.profiles import Profile
from agent.drivers.refusals import refusal
from agent.drivers.registers import Table, Words
from agent.drivers.tap import Tap
from agent.drivers.tcp_tap import TcpTap
from agent.drivers.wire import NoAnswerError, RefusedError, SilenceError
from agent.settings import ModbusSettings

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it reports every miss; we say it once

READ_FUNCTIONS: Final = frozenset({1, 2, 3, 4})
CONNECT_S: Final = 0.8  # with the longest back-off below 2 s: a returned device is polled by then
BACKOFF_FIRST_S: Final = 0.25
BACKOFF_MOST_S: Final = 1.0
SILENT_POLLS: Final = 3  # then the connection itself is suspected and made anew
MOST_HELD: Final = 4096  # bytes that make no frame, held for the tap
_FOREIGN: Final = "of another device, or to another question; not believed"
_UNREADABLE: Final = "its function or length is not one of an answer to a read; not believed"
_UNASKED: Final = "nobody waits for it: late, or sent twice"
AFTER_DROP_S: Final = 1.0  # a device that serves one connection only needs time to forget the old


class ReadOnlyFramer(FramerSocket):
    """Lets only read requests out, and no bytes from outside break the connection's callback.

    Tells the tap of each frame; `judge` says what is wrong with an answer.
    """

    def __init__(self, tap: TcpTap, judge: Callable[[ModbusPDU], str]) -> None:
        decoder = DecodePDU(is_server=False)
        known = DecodePDU.pdu_table.items()
        decoder.pdu_table = {code: pair for code, pair in known if code in READ_FUNCTIONS}
        super().__init__(decoder)
        self._tap, self._judge = tap, judge

    def buildFrame(  # type: ignore[explicit-override]  # noqa: N802 - their name
        self, message: ModbusPDU
    ) -> bytes:
        """Encode a request; anything but a read is our own mistake."""
        assert message.function_code in READ_FUNCTIONS, "this agent only reads"
        frame = super().buildFrame(message)
        self._tap.asked(frame)
        return frame

    def handleFrame(  # type: ignore[explicit-override]  # noqa: N802 - their name
        self, data: bytes, exp_devid: int, exp_tid: int
    ) -> tuple[int, ModbusPDU | None]:
        """Decode what came; what cannot be decoded is dropped, and its request times out."""
        answer: ModbusPDU | None
        try:
            used, answer = super().handleFrame(data, exp_devid, exp_tid)
            note = _FOREIGN if answer is None else self._judge(answer)
        except ModbusException:
            used, answer, note = len(data), None, _UNREADABLE
        self._tell(data[:used], note, is_answer=answer is not None)
        self._tap.held(data[used:])
        return used, answer

    def _tell(self, data: bytes, note: str, *, is_answer: bool) -> None:
        """Tell frame by frame; of several the last is the answer, and the others were passed over."""
        while data:
            size = self.decode(data)[0] or len(data)
            is_last = size >= len(data)
            self._tap.came(data[:size], note if is_last or not is_answer else _FOREIGN)
            data = data[size:]


class TcpWire:
    """One TCP connection to one device, for reading blocks."""

    patience: int = SILENT_POLLS
    rest_s: float = AFTER_DROP_S
    asked_us: int = 0

    def __init__(
        self, settings: ModbusSettings, answer_max_us: int, clock: Clock, tap: TcpTap
    ) -> None:
        address = address_of(settings.url)
        assert isinstance(address, TcpAddress)
        self._settings, self._clock = settings, clock
        self._answer_max_us, self._quiet_until_us = answer_max_us, 0
        self._timeout_s = settings.timeout_ms / 1000
        self._waiting: asyncio.Timeout | None = None
        self._name = Name(address.host, address.port)
        self._tap = tap
        self._asked: Block | None = None
        self._client: AsyncModbusTcpClient | None = None
        self._readers: dict[Table, Callable[..., Awaitable[ModbusPDU]]] = {}

    def _open(self, peer: Peer) -> AsyncModbusTcpClient:
        """A client of a numeric address: pymodbus would ask the resolver where an end has to wait for it."""
        client = AsyncModbusTcpClient(
            peer.address[0],
            port=peer.address[1],
            timeout=None,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # ours only
            retries=0,
            reconnect_delay=0,
            trace_connect=self._changed,
        )
        client.ctx.framer = ReadOnlyFramer(self._tap, self._judge)
        client.ctx.max_buffer_size = MOST_HELD
        self._readers = {
            Table.COIL: client.read_coils,
            Table.DISCRETE: client.read_discrete_inputs,
            Table.HOLDING: client.read_holding_registers,
            Table.INPUT: client.read_input_registers,
        }
        return client

    async def connect(self) -> str:
        """Connect once; empty on success, else what is wrong and what to do about it."""
        try:
            async with asyncio.timeout(CONNECT_S):
                self._client = self._open((await self._name.peers())[0])
                connected = await self._client.connect()
        except (TimeoutError, OSError):
            connected = False
        if connected:
            return ""
        return (
            f"no connection to {self._settings.url}: device off, cable, wrong address, or another "
            "master holds its only connection; check power, cable and url"
        )

    @property
    def is_gone(self) -> bool:
        """Whether the connection is certainly lost."""
        return self._client is None or not self._client.connected

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Share with nobody."""
        return nullcontext()

    def close(self) -> None:
        """Close the connection properly, so that the device is free for the next one."""
        if self._client is not None:
            self._client.close()
        self._tap.ended()

    async def read(self, block: Block) -> Words:
        """Read one whole block; raises NoAnswerError for anything but a proper answer in time."""
        device_id = self._settings.device_id
        ask = self._readers[block.table]  # there is one since `connect`
        if self._quiet_until_us:
            await sleep_until(self._quiet_until_us)
            self._quiet_until_us = 0
        self.asked_us = self._clock.uptime_us()
        self._asked = block
        try:
            async with asyncio.timeout(self._timeout_s) as self._waiting:
                answer = await ask(block.address, count=block.count, device_id=device_id)
        except (TimeoutError, ConnectionException):
            self._quiet_until_us = self.asked_us + self._answer_max_us
            raise SilenceError(self._told(block, self._silence())) from None
        finally:
            self._waiting = self._asked = None
        words, wrong = check_answer(answer, block, device_id)
        if not wrong:
            return words
        raise (RefusedError if answer.isError() else NoAnswerError)(self._told(block, wrong))

    def _judge(self, answer: ModbusPDU) -> str:
        if self._asked is None:
            return _UNASKED
        return check_answer(answer, self._asked, self._settings.device_id)[1]

    def _told(self, block: Block, wrong: str) -> str:
        where = f"{self._settings.url} device_id {self._settings.device_id}"
        return f"{where}, {block.table.value} 0x{block.address:04X}+{block.count}: {wrong}"

    def _silence(self) -> str:
        waited = f"no answer in {self._settings.timeout_ms} ms"
        return f"{waited}: device off, wrong device_id, or timeout_ms too short; check them"

    def _changed(self, connected: bool) -> None:  # noqa: FBT001 - pymodbus calls it so
        """End a wait at once when the connection is lost under it."""
        if not connected and self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())


def check_answer(answer: ModbusPDU, block: Block, device_id: int) -> tuple[Words, str]:
    """Check an answer against its request: the words, or what is wrong with a remedy.

    pymodbus itself lets pass: transaction id 0, another function code, another length.
    """
    if answer.isError():
        return (), refusal(answer.exception_code)
    words: Words = answer.registers
    if block.table.is_bits:
        bits = answer.bits
        words = bits[: block.count] if len(bits) == (block.count + 7) // 8 * 8 else ()
    is_ours = answer.function_code == block.table.function and answer.dev_id == device_id
    if is_ours and answer.transaction_id != 0 and len(words) == block.count:
        return words, ""
    return (), "an answer to another question: a faulty gateway, or two devices with one address"


class ModbusDriver(Poller):
    """A device read over Modbus TCP by a profile; `url` must have passed `address_of`."""

    def __init__(
        self,
        settings: ModbusSettings,
        profile: Profile,
        clock: Clock,
        chance: random.Random | None = None,
        *,
        tap: Tap | None = None,
    ) -> None:
        told = TcpTap(tap or Tap(), clock, settings.name)
        super().__init__(
            settings.name,
            lambda: TcpWire(settings, profile.answer_max_us, clock, told),
            compile_blocks(profile.points, profile.limits, settings.poll_interval_ms * 1000),
            profile.staleness_us(settings.poll_interval_ms),
            interval_us=settings.poll_interval_ms * 1000,
            clock=clock,
            backoff=Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random()),  # noqa: S311 - spreads load
        )
