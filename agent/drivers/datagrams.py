"""Heartbeats that a station sends in datagrams to a port of this computer. What they hold is not looked at."""

import asyncio
import errno
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from agent.clock import sleep
from agent.drivers.probes import REST_S, NotSentError, host_and_port, said

BUFFER_BYTES: Final = 65_536  # what waits in the kernel; more is dropped there
MOST_AT_ONCE: Final = 256

_ADVICE: Final = {
    errno.EADDRINUSE: "another program has this port; choose another one, at the station too",
    errno.EADDRNOTAVAIL: "this computer has no such address; correct it, or listen on 0.0.0.0",
    errno.EACCES: "the service may not open it; choose a port from 1024 on",
    errno.EPERM: "the service's SocketBindDeny= or a firewall forbids it; allow the port there",
}


class Datagrams:
    """Listens on `address` (`host:port`), from the first `beat` on; with `sender`, hears that host alone."""

    def __init__(self, address: str, sender: str | None = None) -> None:
        self._address = address
        self._sender = _plain(ip_address(sender)) if sender else None
        self._sock: socket.socket | None = None

    async def beat(self) -> None:
        """Wait for a datagram; raises NotSentError when the port cannot be opened or read."""
        sock = self._sock = self._sock or self._opened()
        loop = asyncio.get_running_loop()
        try:
            while True:
                _, came_from = await loop.sock_recvfrom(sock, 1)
                if self._is_rest_life(sock) or self._is_life(came_from):
                    return
                await sleep(REST_S)
        except OSError as wrong:
            self.close()
            raise self._deaf(wrong) from None

    def close(self) -> None:
        """Give the port back."""
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()

    def _opened(self) -> socket.socket:
        host, port = host_and_port(self._address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.settimeout(0)
            sock.bind((host, port))
        except OSError as wrong:
            if sock is not None:
                sock.close()
            raise self._deaf(wrong) from None
        return sock

    async def doubt(self, since_us: int) -> str | None:  # noqa: ARG002 - a socket of our own hears all that comes
        """Nothing stands between."""
        return None

    def _is_rest_life(self, sock: socket.socket) -> bool:
        """Take what waits behind the first: it is as old, and kept it would count as life later.

        All at once, or a stranger's flood would fill the place of the station's heartbeats.
        """
        is_life = False
        for _ in range(MOST_AT_ONCE):
            try:
                is_life = self._is_life(sock.recvfrom(1)[1]) or is_life
            except BlockingIOError:
                break
        return is_life

    def _is_life(self, came_from: Any) -> bool:  # noqa: ANN401 - an address as its family has it
        if self._sender is None:
            return True
        return _plain(ip_address(came_from[0].partition("%")[0])) == self._sender

    def _deaf(self, wrong: OSError) -> NotSentError:
        advice = _ADVICE.get(wrong.errno or 0, "check the address and this computer's network")
        return NotSentError(f"UDP port {self._address} is not open: {said(wrong)}: {advice}")


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Take an IPv4 address out of the IPv6 form in which a socket on [::] shows it."""
    return getattr(address, "ipv4_mapped", None) or address
