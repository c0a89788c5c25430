"""A question over a connection: asked once, answered by one of the messages that come. Knows no protocol."""

import asyncio
import socket
from collections.abc import Callable

from agent.clock import sleep
from agent.drivers.heads import EndlessError, Stream
from agent.drivers.probes import REST_S, UnansweredError, said


async def ask_in_stream(
    sock: socket.socket, question: bytes, answers: Callable[[bytes], bool]
) -> None:
    """Send on a connected socket and read until `answers` takes a message's head.

    Raises UnansweredError, as `answers` may.
    """
    loop = asyncio.get_running_loop()
    stream = Stream()
    try:
        await loop.sock_sendall(sock, question)
        while data := await loop.sock_recv(sock, 4096):
            if any(answers(head) for head in stream.feed(data)):
                return
            await sleep(REST_S)
    except (OSError, EndlessError) as wrong:
        raise UnansweredError(said(wrong)) from None
    raise UnansweredError("the connection was closed without an answer")
