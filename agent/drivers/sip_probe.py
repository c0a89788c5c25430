"""Asks one SIP station by OPTIONS over a real socket, UDP or TCP. Knows no signals and no intervals."""

import secrets
import socket
from collections.abc import Iterator
from typing import Final, Literal

from agent.drivers.names import Peer
from agent.drivers.probes import connected, not_sent, opened
from agent.drivers.repeats import ask_with_repeats
from agent.drivers.sip import Probe
from agent.drivers.streams import ask_in_stream

T1_S: Final = 0.5  # RFC 3261's first wait before a datagram is sent again; each wait is doubled
T2_S: Final = 4.0


class SipAsk:
    """Asks `target` (`host:port`); each time a transaction of its own."""

    def __init__(self, target: str, transport: Literal["udp", "tcp"]) -> None:
        self._target = target
        self._transport: Literal["udp", "tcp"] = transport
        self._number = 0

    async def __call__(self, peer: Peer) -> None:
        """Ask at one address until it is answered."""
        await (self._over_udp(peer) if self._transport == "udp" else self._over_tcp(peer))

    async def _over_udp(self, peer: Peer) -> None:
        """Ask over a connected socket: others are not heard, and a refusal is."""
        with opened(peer, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect(peer.address)
            except OSError as wrong:
                raise not_sent(wrong) from None
            probe = self._probe(sock)
            await ask_with_repeats(sock, probe.request, probe.is_answered_by, _waits_s())

    async def _over_tcp(self, peer: Peer) -> None:
        with opened(peer, socket.SOCK_STREAM) as sock:
            await connected(sock, peer)
            probe = self._probe(sock)
            await ask_in_stream(sock, probe.request(), probe.is_answered_by)

    def _probe(self, sock: socket.socket) -> Probe:
        self._number = self._number % 0x7FFF_FFFF + 1  # what a CSeq may hold
        host, port = sock.getsockname()[:2]
        own = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return Probe(self._target, own, self._transport, secrets.token_hex(12), self._number)


def _waits_s() -> Iterator[float]:
    wait_s = T1_S
    while True:
        yield wait_s
        wait_s = min(2 * wait_s, T2_S)
