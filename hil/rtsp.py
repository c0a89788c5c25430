"""A camera that answers RTSP OPTIONS over TCP; it has no picture. Knows nothing of the agent.

It reads requests by itself, without the agent's code, so that one mistake does not hide another.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from hil.connections import Connections

GARBAGE = b"\x00\xff not RTSP at all \r\n\r\n"
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
_REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 454: "Session Not Found"}


@dataclass(slots=True)
class Manner:
    """How the camera errs. `silent`: hears and does not answer. `delay_s` before each answer.

    `instead` goes out in place of the answer; `cseq_offset` makes it another question's answer.
    """

    status: int = 200
    silent: bool = False
    delay_s: float = 0.0
    instead: bytes = b""
    cseq_offset: int = 0


class RtspCamera:
    """Answers what it hears; `methods` counts the requests by method."""

    def __init__(self, manner: Manner | None = None) -> None:
        self.manner = manner or Manner()
        self.methods: Counter[str] = Counter()
        self.port = 0
        self._connections = Connections(self._serve)
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen; port 0 takes a free one, told by `port`."""
        self._server = await asyncio.start_server(self._connections.accept, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything at once."""
        if self._server is not None:
            self._server.close()
        await self._connections.end()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            answer = self._answer(request)
            await asyncio.sleep(self.manner.delay_s)
            if not self.manner.silent:
                writer.write(answer)
                await writer.drain()

    def _answer(self, request: bytes) -> bytes:
        first, *lines = request.decode("utf-8", "replace").strip().split("\r\n")
        words = first.split()
        if len(words) != 3 or words[2] != "RTSP/1.0":
            return b"RTSP/1.0 400 Bad Request\r\n\r\n"
        self.methods[words[0]] += 1
        if self.manner.instead:
            return self.manner.instead
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        number = int(headers["cseq"]) + self.manner.cseq_offset
        status = self.manner.status
        answer = [f"RTSP/1.0 {status} {_REASONS.get(status, 'Answer')}", f"CSeq: {number}"]
        answer += ["Public: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY"]
        return ("\r\n".join(answer) + "\r\n\r\n").encode()
