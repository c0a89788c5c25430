"""Asks one host by ICMP echo, without privileges (Linux's ping sockets). Knows no signals and no intervals.

The kernel gives such a socket to the groups of net.ipv4.ping_group_range, for IPv6 too.
"""

import errno
import itertools
import secrets
import socket
from typing import Final

from agent.drivers.icmp import Echo
from agent.drivers.names import Peer
from agent.drivers.probes import NotSentError, not_sent
from agent.drivers.repeats import ask_with_repeats

REPEAT_S: Final = 1.0  # one lost packet is no silence
_TOKEN_BYTES: Final = 32
_FORBIDDEN: Final = (
    "the kernel lets this service send no ping: set net.ipv4.ping_group_range as "
    "systemd/elevator-agent.sysctl.conf does, then `sysctl --system` (docs/install.md)"
)


async def ask_icmp(peer: Peer) -> None:
    """Ask at one address until it is answered."""
    v6 = peer.family == socket.AF_INET6
    echo = Echo(v6, secrets.token_bytes(_TOKEN_BYTES))
    numbers = itertools.count(1)
    with _opened(peer, v6=v6) as sock:
        try:
            sock.connect(peer.address)
        except OSError as wrong:
            raise not_sent(wrong) from None
        await ask_with_repeats(
            sock,
            lambda: echo.request(next(numbers)),
            echo.is_answered_by,
            itertools.repeat(REPEAT_S),
        )


def _opened(peer: Peer, *, v6: bool) -> socket.socket:
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    try:
        sock = socket.socket(peer.family, socket.SOCK_DGRAM, protocol)
    except OSError as wrong:
        if wrong.errno in {errno.EACCES, errno.EPERM}:
            raise NotSentError(_FORBIDDEN) from None
        raise not_sent(wrong) from None
    sock.settimeout(0)
    return sock
