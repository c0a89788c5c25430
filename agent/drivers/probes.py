"""One probe over the network: whether what is asked answers. Knows no signals and no intervals.

Three ends: it answers; it was asked and did not answer; it could not even be asked. The last says
something about us or the network, never about what is asked.
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from agent.drivers.names import Name, Peer

REST_S: Final = 0.001  # after anything that is no answer, so that a flood cannot hold the loop

# Errors of a connection attempt that came back from the way or the station: it was asked.
_ASKED: Final = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EPIPE,
        errno.ETIMEDOUT,
    }
)


class UnansweredError(Exception):
    """The station was asked and did not answer; the text says how."""


class NotSentError(Exception):
    """The station could not be asked; the text says why and what to do."""


Ask = Callable[[Peer], Awaitable[None]]
"""Asks at one address until it is answered or cancelled; raises UnansweredError, NotSentError."""


@dataclass(slots=True)
class Station:
    """What is asked, and how: at every address of `host`, in `timeout_s` all together."""

    host: str
    port: int
    how: Ask
    timeout_s: float
    _name: Name = field(init=False)

    def __post_init__(self) -> None:
        self._name = Name(self.host, self.port)

    async def ask(self) -> None:
        """Return when it answers; raises UnansweredError or NotSentError."""
        peers = await self._peers()
        deadline_s = asyncio.get_running_loop().time() + self.timeout_s
        end: UnansweredError | NotSentError | None = None
        for index, peer in enumerate(peers):
            left_s = deadline_s - asyncio.get_running_loop().time()
            try:
                return await self._ask_one(peer, left_s / (len(peers) - index))
            except NotSentError as wrong:
                end = end or wrong
            except UnansweredError as wrong:
                end = wrong
        raise end or NotSentError(f"{self.host} has no address: correct it")

    async def _peers(self) -> list[Peer]:
        advice = "check the name, the DNS server and the network, or give a number"
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._name.peers()
        except TimeoutError:
            text = f"{self.host}: no answer from DNS in {self.timeout_s:g} s: {advice}"
            raise NotSentError(text) from None
        except OSError as wrong:
            raise NotSentError(f"{self.host}: {said(wrong)}: {advice}") from None

    async def _ask_one(self, peer: Peer, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self.how(peer)
        except TimeoutError:
            raise UnansweredError(f"no answer in {self.timeout_s:g} s") from None


def host_and_port(address: str) -> tuple[str, int]:
    """Split `host:port`; raises ValueError for anything else."""
    parts = urlsplit(f"//{address}")
    if not parts.hostname or not parts.port:
        raise ValueError(f'"{address}" has no host and port; write it like "192.168.1.30:5060"')
    return parts.hostname, parts.port


def host_alone(address: str) -> str:
    """Take the brackets off an IPv6 address; raises ValueError for anything but a host."""
    parts = urlsplit(f"//{address}")
    if not parts.hostname or parts.port is not None:
        raise ValueError(f'"{address}" is not a host alone; write it like "192.168.1.30"')
    return parts.hostname


def opened(peer: Peer, kind: socket.SocketKind) -> socket.socket:
    """Make a socket that does not block; raises NotSentError."""
    try:
        sock = socket.socket(peer.family, kind)
    except OSError as wrong:
        raise not_sent(wrong) from None
    sock.settimeout(0)
    return sock


async def connected(sock: socket.socket, peer: Peer) -> None:
    """Connect a stream; raises UnansweredError and NotSentError."""
    try:
        await asyncio.get_running_loop().sock_connect(sock, peer.address)
    except OSError as wrong:
        if wrong.errno in _ASKED:
            raise UnansweredError(said(wrong)) from None
        raise not_sent(wrong) from None


async def ask_tcp(peer: Peer) -> None:
    """A connection that is accepted is all that is asked."""
    with opened(peer, socket.SOCK_STREAM) as sock:
        await connected(sock, peer)


_ADVICE: Final = {
    errno.EPERM: "a firewall or the service's IPAddressAllow= forbids it; allow the address there",
    errno.EACCES: "a firewall or a route forbids it; allow the address there",
    errno.EMFILE: "too many open files; raise the service's LimitNOFILE=",
}


def not_sent(wrong: OSError) -> NotSentError:
    """Turn an error of our own side into words, with what to do."""
    known = _ADVICE.get(wrong.errno or 0, "check the address, this computer's network and cable")
    return NotSentError(f"{said(wrong)}: {known}")


def said(wrong: Exception) -> str:
    """Give what an error says."""
    return (wrong.strerror if isinstance(wrong, OSError) else "") or str(wrong)
