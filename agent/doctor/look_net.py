"""Tries to reach a host: its name, then a TCP connection that is closed at once. Sends nothing."""

import asyncio
import socket
from typing import Final

from agent.clock import Clock
from agent.doctor.network import Reach, ReachFacts
from agent.drivers.names import Name, Peer
from agent.drivers.probes import NotSentError, UnansweredError, connected, opened

NAME_S: Final = 5.0
CONNECT_S: Final = 5.0


async def reach(host: str, port: int, clock: Clock) -> ReachFacts:
    """Try every address of a host until one takes a connection."""
    try:
        async with asyncio.timeout(NAME_S):
            peers = await Name(host, port).peers()
    except (
        OSError,
        UnicodeError,
    ) as wrong:  # a time-out is an OSError; UnicodeError: no resolver can take it
        return _told(host, port, "name_unknown", str(wrong) or f"no answer in {NAME_S:g} s")
    begun_us = clock.uptime_us()
    end: Reach = "no_answer"
    reason = ""
    for peer in peers:
        end, reason = await _try(peer)
        if end == "connects":
            took_ms = (clock.uptime_us() - begun_us) / 1000
            return ReachFacts(name=host, where=f"{host}:{port}", end=end, took_ms=took_ms)
    return _told(host, port, end, reason)


def _told(host: str, port: int, end: Reach, reason: str) -> ReachFacts:
    return ReachFacts(name=host, where=f"{host}:{port}", end=end, reason=reason)


async def _try(peer: Peer) -> tuple[Reach, str]:
    try:
        with opened(peer, socket.SOCK_STREAM) as sock:
            async with asyncio.timeout(CONNECT_S):
                await connected(sock, peer)
    except TimeoutError:
        return "no_answer", f"no answer in {CONNECT_S:g} s"
    except UnansweredError as wrong:
        cause = wrong.__context__  # the system's own error, of which the probe tells the words only
        refused = isinstance(cause, (ConnectionRefusedError, ConnectionResetError))
        return ("refused" if refused else "unreachable"), str(wrong)
    except NotSentError as wrong:
        return "unreachable", str(wrong)
    return "connects", ""
