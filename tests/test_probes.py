"""Whether a station was asked: at several addresses, and by what the kernel says of a connection."""

import asyncio
import errno
import os
import socket

import pytest

from agent.drivers.names import Peer
from agent.drivers.probes import NotSentError, Station, UnansweredError, connected, opened

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
