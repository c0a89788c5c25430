"""Asks one camera by RTSP OPTIONS over TCP. Knows no signals and no intervals."""

import socket

from agent.drivers.names import Peer
from agent.drivers.probes import UnansweredError, connected, opened
from agent.drivers.rtsp import Question, is_answer
from agent.drivers.streams import ask_in_stream


class RtspAsk:
    """Asks `target` (`host:port`), each time with a number of its own."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._number = 0

    async def __call__(self, peer: Peer) -> None:
        """Ask at one address until it is answered."""
        self._number = self._number % 0xFFFF + 1
        question = Question(self._target, self._number)

        def answers(head: bytes) -> bool:
            if not is_answer(head):
                raise UnansweredError("what answers is not RTSP: check the port, often 554")
            return question.is_answered_by(head)

        with opened(peer, socket.SOCK_STREAM) as sock:
            await connected(sock, peer)
            await ask_in_stream(sock, question.request(), answers)
