"""Whether a station was asked: at several addresses, and by what the kernel says of a connection."""

import asyncio
import errno
import itertools
import os
import socket
import threading
from typing import Any

import pytest

from agent.drivers.names import Peer
from agent.drivers.probes import (
    NotSentError,
    Station,
    UnansweredError,
    ask_tcp,
    connected,
    opened,
)
from agent.drivers.repeats import ask_with_repeats
from agent.drivers.streams import ask_in_stream

HERE = Peer(socket.AF_INET, ("127.0.0.1", 9))
ENDS = {
    "answered": None,
    "unanswered": UnansweredError("refused"),
    "not sent": NotSentError("no route"),
}


def end_of(*ends: str) -> str:
    """How a station ends whose addresses end so, in this order."""
    left = list(ends)

    async def ask(_peer: Peer) -> None:
        end = ENDS[left.pop(0)]
        if end is not None:
            raise end

    async def peers() -> list[Peer]:
        return [HERE] * len(ends)

    async def story() -> str:
        station = Station("station.example", 9, ask, 1.0)
        station._name.peers = peers  # type: ignore[method-assign]
        try:
            await station.ask()
        except UnansweredError:
            return "unanswered"
        except NotSentError:
            return "not sent"
        return "answered"

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("unanswered", "not sent"), "unanswered"),
        (("not sent", "unanswered"), "unanswered"),
        (("not sent", "not sent"), "not sent"),
        (("not sent", "answered"), "answered"),
        (("unanswered", "answered"), "answered"),
        (("answered",), "answered"),
        ((), "not sent"),
    ],
)
def test_a_station_is_silent_if_it_was_asked_at_any_address_and_answered_at_none(ends, expected):
    assert end_of(*ends) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ECONNREFUSED, UnansweredError),
        (errno.ECONNRESET, UnansweredError),
        (errno.EHOSTDOWN, UnansweredError),
        (errno.EHOSTUNREACH, UnansweredError),
        (errno.EPIPE, UnansweredError),
        (errno.ETIMEDOUT, UnansweredError),
        (errno.ENETUNREACH, NotSentError),
        (errno.ENETDOWN, NotSentError),
        (errno.EACCES, NotSentError),
        (errno.EPERM, NotSentError),
        (errno.EADDRNOTAVAIL, NotSentError),
    ],
)
def test_what_came_back_is_silence_and_what_never_left_is_not(monkeypatch, number, expected):
    async def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    async def story() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refused)
        with opened(HERE, socket.SOCK_STREAM) as sock, pytest.raises(expected):
            await connected(sock, HERE)

    asyncio.run(story())


def in_a_flood_that_never_ends(monkeypatch, ask, junk: bytes) -> int:
    """How often an asker reads in a tenth of a second when each read gives junk at once."""
    reads = 0

    async def always(*_: object) -> bytes:
        nonlocal reads
        reads += 1
        assert reads < 10_000, "the loop is held: nothing else gets its turn"
        return junk

    async def story() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_recv", always)
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        with ours, theirs, pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(ours)

    asyncio.run(story())
    return reads


def test_a_flood_of_datagrams_that_answer_nothing_holds_nothing_up(monkeypatch):
    async def ask(sock: socket.socket) -> None:
        await ask_with_repeats(sock, lambda: b"?", lambda _: False, itertools.repeat(60.0))

    assert in_a_flood_that_never_ends(monkeypatch, ask, b"junk")


def test_a_flood_of_messages_that_answer_nothing_holds_nothing_up(monkeypatch):
    async def ask(sock: socket.socket) -> None:
        await ask_in_stream(sock, b"?", lambda _: False)

    assert in_a_flood_that_never_ends(monkeypatch, ask, b"junk\r\n\r\n")


def test_a_resolver_that_hangs_is_not_waited_for_at_the_end(monkeypatch):
    ending = threading.Event()
    real: Any = socket.getaddrinfo

    def hanging(*args: Any, flags: int = 0, **keys: Any) -> Any:
        if flags & socket.AI_NUMERICHOST:
            return real(*args, flags=flags, **keys)
        ending.wait()
        return []

    async def story() -> None:
        with pytest.raises(NotSentError, match="no answer from DNS"):
            await Station("station.example", 9, ask_tcp, 0.1).ask()

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    asyncio.run(story())
    left = [thread for thread in threading.enumerate() if thread.name == "resolver"]
    ending.set()
    assert [thread.daemon for thread in left] == [True]
