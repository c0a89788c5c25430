"""One probe of a station over a real socket: whether it answers. Knows no signals and no intervals.

Three ends: it answers; it was asked and did not answer; it could not even be asked. The last says
something about us or the network, never about the station.
"""

import asyncio
import errno
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from agent.clock import sleep
from agent.drivers.names import Name, Peer
from agent.drivers.sip import NotSipError, Probe, Stream

T1_S: Final = 0.5  # RFC 3261's first wait before a datagram is sent again; each wait is doubled
T2_S: Final = 4.0
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


@dataclass(slots=True)
class Station:
    """What is asked: `address` is `host:port`, with an IPv6 host in brackets."""

    address: str
    probe: str
    transport: Literal["udp", "tcp"]
    timeout_s: float
    _number: int = 0
    _name: Name | None = None

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
        raise end or NotSentError(f"{self.address} has no address: correct it")

    async def _peers(self) -> list[Peer]:
        if self._name is None:
            self._name = Name(*host_and_port(self.address))
        advice = "check the name, the DNS server and the network, or give a number"
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._name.peers()
        except TimeoutError:
            text = f"{self.address}: no answer from DNS in {self.timeout_s:g} s: {advice}"
            raise NotSentError(text) from None
        except OSError as wrong:
            raise NotSentError(f"{self.address}: {_said(wrong)}: {advice}") from None

    async def _ask_one(self, peer: Peer, timeout_s: float) -> None:
        ways: dict[tuple[str, str], Ask] = {
            ("sip", "udp"): self._ask_sip_udp,
            ("sip", "tcp"): self._ask_sip_tcp,
        }
        try:
            async with asyncio.timeout(timeout_s):
                await ways.get((self.probe, self.transport), _ask_tcp)(peer)
        except TimeoutError:
            raise UnansweredError(f"no answer in {self.timeout_s:g} s") from None

    def _sip(self, local: tuple[str, int]) -> Probe:
        self._number = self._number % 0x7FFF_FFFF + 1  # what a CSeq may hold
        host = f"[{local[0]}]" if ":" in local[0] else local[0]
        own = f"{host}:{local[1]}"
        return Probe(self.address, own, self.transport, secrets.token_hex(12), self._number)

    async def _ask_sip_udp(self, peer: Peer) -> None:
        """Ask over a connected socket: others are not heard, and a refusal is."""
        loop = asyncio.get_running_loop()
        with _open(peer, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect(peer.address)
                probe = self._sip(sock.getsockname()[:2])
                await loop.sock_sendall(sock, probe.request())
            except OSError as wrong:
                raise _not_sent(wrong) from None
            await _with_repeats(sock, probe)

    async def _ask_sip_tcp(self, peer: Peer) -> None:
        loop = asyncio.get_running_loop()
        with _open(peer, socket.SOCK_STREAM) as sock:
            await _connect(sock, peer)
            try:
                probe = self._sip(sock.getsockname()[:2])
                await loop.sock_sendall(sock, probe.request())
                await _answer_in_stream(sock, probe)
            except (OSError, NotSipError) as wrong:
                raise UnansweredError(_said(wrong)) from None


def host_and_port(address: str) -> tuple[str, int]:
    """Split `host:port`; raises ValueError for anything else."""
    parts = urlsplit(f"//{address}")
    if not parts.hostname or not parts.port:
        raise ValueError(f'"{address}" has no host and port; write it like "192.168.1.30:5060"')
    return parts.hostname, parts.port


def _open(peer: Peer, kind: socket.SocketKind) -> socket.socket:
    try:
        sock = socket.socket(peer.family, kind)
    except OSError as wrong:
        raise _not_sent(wrong) from None
    sock.settimeout(0)
    return sock


async def _ask_tcp(peer: Peer) -> None:
    """A connection that is accepted is all that is asked."""
    with _open(peer, socket.SOCK_STREAM) as sock:
        await _connect(sock, peer)


async def _connect(sock: socket.socket, peer: Peer) -> None:
    try:
        await asyncio.get_running_loop().sock_connect(sock, peer.address)
    except OSError as wrong:
        if wrong.errno in _ASKED:
            raise UnansweredError(_said(wrong)) from None
        raise _not_sent(wrong) from None


async def _with_repeats(sock: socket.socket, probe: Probe) -> None:
    """Wait for the answer and send the question again as RFC 3261 says, until cancelled."""
    wait_s = T1_S
    while True:
        try:
            async with asyncio.timeout(wait_s):
                return await _answer_in_datagrams(sock, probe)
        except TimeoutError:
            wait_s = min(2 * wait_s, T2_S)
        except OSError as wrong:
            raise UnansweredError(_said(wrong)) from None
        try:
            await asyncio.get_running_loop().sock_sendall(sock, probe.request())
        except OSError as wrong:  # what came back about the one before
            raise UnansweredError(_said(wrong)) from None


async def _answer_in_datagrams(sock: socket.socket, probe: Probe) -> None:
    loop = asyncio.get_running_loop()
    while not probe.is_answered_by(await loop.sock_recv(sock, 65_535)):
        await sleep(REST_S)


async def _answer_in_stream(sock: socket.socket, probe: Probe) -> None:
    """Read until the answer; raises OSError and NotSipError."""
    loop = asyncio.get_running_loop()
    stream = Stream()
    while data := await loop.sock_recv(sock, 4096):
        if any(probe.is_answered_by(head) for head in stream.feed(data)):
            return
        await sleep(REST_S)
    raise UnansweredError("the connection was closed without an answer")


_ADVICE: Final = {
    errno.EPERM: "a firewall or the service's IPAddressAllow= forbids it; allow the address there",
    errno.EACCES: "a firewall or a route forbids it; allow the address there",
    errno.EMFILE: "too many open files; raise the service's LimitNOFILE=",
}


def _not_sent(wrong: OSError) -> NotSentError:
    known = _ADVICE.get(wrong.errno or 0, "check the address, this computer's network and cable")
    return NotSentError(f"{_said(wrong)}: {known}")


def _said(wrong: Exception) -> str:
    return (wrong.strerror if isinstance(wrong, OSError) else "") or str(wrong)
