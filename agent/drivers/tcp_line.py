"""A TCP connection as a line: a serial device server that passes RTU frames on as they are."""

import asyncio
from typing import Final, cast

from agent.clock import Clock
from agent.drivers.address import TcpAddress
from agent.drivers.line import Inbox, Pace, pace_of

CONNECT_S: Final = 0.8  # with the rest below 2 s: a returned device is polled by then
_SLOWEST_COMMON_BAUD: Final = 9600  # what the far line is taken for, as nobody tells


class TcpLine(asyncio.Protocol):
    """One connection to one device server."""

    rest_s: float = 1.0  # a server of one connection only needs time to forget the old

    def __init__(self, address: TcpAddress, clock: Clock) -> None:
        self._address = address
        self._transport: asyncio.Transport | None = None
        self.inbox = Inbox(clock)
        self.pace: Pace = pace_of(_SLOWEST_COMMON_BAUD)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection not known to be lost."""
        return self._transport is not None

    async def open(self) -> str:
        """Connect once."""
        loop = asyncio.get_running_loop()
        host, port = self._address.host, self._address.port
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(lambda: self, host, port)
        except (TimeoutError, OSError, UnicodeError):  # UnicodeError: no resolver can take the name
            return (
                f"no connection to rtu+tcp://{self._address.line}: device server off, cable, wrong "
                "address, or another master holds its only connection; check power, cable and url"
            )
        return ""

    def send(self, data: bytes) -> None:
        """Send; a connection that is lost is noticed by its end."""
        assert self._transport is not None, "not open"
        self._transport.write(data)

    def catch_up(self) -> None:
        """Do nothing: the loop reads a connection before it wakes anybody."""

    def flush(self) -> None:
        """Forget what came."""
        self.inbox.bytes.clear()

    def close(self) -> None:
        """End the connection at once, so that the server is free for the next."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
            self.inbox.wake()

    def connection_made(  # type: ignore[explicit-override]
        self, transport: asyncio.BaseTransport
    ) -> None:
        """Take over the new connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:  # type: ignore[explicit-override]
        """Take what came."""
        self.inbox.add(data)

    def connection_lost(  # type: ignore[explicit-override]
        self,
        exc: Exception | None,  # noqa: ARG002 - whatever the cause
    ) -> None:
        """Note that it is lost."""
        self._transport = None
        self.inbox.wake()
