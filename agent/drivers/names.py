"""Host names to addresses without holding up the event loop. Knows no protocol.

The resolver of the system can take half a minute when its servers are gone. It is asked in a thread
of its own that nothing waits for at the end, one question at a time.
"""

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import Any, Final

MOST_ADDRESSES: Final = 4


@dataclass(frozen=True, slots=True)
class Peer:
    """A numeric address and its family, as sockets want them."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


Found = tuple[list[Peer], OSError | None]


class Name:
    """One host and port to be looked up again and again."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._asked: asyncio.Future[Found] | None = None

    async def peers(self) -> list[Peer]:
        """Give its addresses, best first; raises OSError when there is none.

        May be cancelled: the next call then waits for the same answer.
        """
        with contextlib.suppress(socket.gaierror):
            return self._look_up(socket.AI_NUMERICHOST)
        if self._asked is None or self._asked.done():
            self._asked = self._ask()
        peers, wrong = await asyncio.shield(self._asked)
        self._asked = None
        if wrong is not None:
            raise wrong
        return peers

    def _ask(self) -> "asyncio.Future[Found]":
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[Found] = loop.create_future()

        def settle(found: Found) -> None:
            if not asked.done():
                asked.set_result(found)

        def look_up() -> None:
            try:
                found: Found = (self._look_up(0), None)
            except OSError as wrong:
                found = ([], wrong)
            with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
                loop.call_soon_threadsafe(settle, found)

        threading.Thread(target=look_up, name="resolver", daemon=True).start()
        return asked

    def _look_up(self, flags: int) -> list[Peer]:
        try:
            found = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=flags | socket.AI_NUMERICSERV
            )
        except UnicodeError:  # a label that no name may have
            raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
        return [Peer(family, address) for family, _, _, _, address in found][:MOST_ADDRESSES]
