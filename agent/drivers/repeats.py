"""A question in a datagram, sent again while nothing comes. Knows no protocol."""

import asyncio
import socket
from collections.abc import Callable, Iterator

from agent.clock import sleep
from agent.drivers.probes import REST_S, UnansweredError, not_sent, said


async def ask_with_repeats(
    sock: socket.socket,
    question: Callable[[], bytes],
    answers: Callable[[bytes], bool],
    waits_s: Iterator[float],
) -> None:
    """Send on a connected socket, wait `waits_s` each time, until `answers` or cancelled.

    Raises NotSentError if the first could not leave; UnansweredError for what came back.
    """
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(sock, question())
    except OSError as wrong:
        raise not_sent(wrong) from None
    while True:
        try:
            async with asyncio.timeout(next(waits_s)):
                return await _answer(sock, answers)
        except TimeoutError:
            pass
        except OSError as wrong:
            raise UnansweredError(said(wrong)) from None
        try:
            await loop.sock_sendall(sock, question())
        except OSError as wrong:  # what came back about the one before
            raise UnansweredError(said(wrong)) from None


async def _answer(sock: socket.socket, answers: Callable[[bytes], bool]) -> None:
    loop = asyncio.get_running_loop()
    while not answers(await loop.sock_recv(sock, 65_535)):
        await sleep(REST_S)
