"""A broker of a few lines that answers as a test tells it: refuses, keeps silent, throws away, takes a session over.

For what mosquitto never does. MQTT 5 and 3.1.1, QoS 1; it keeps retained messages and knows filters that end in `#`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

SUCCESS, NO_SUBSCRIBERS, UNSPECIFIED = 0x00, 0x10, 0x80
NOT_AUTHORISED, QUOTA, BAD_PAYLOAD = 0x87, 0x97, 0x99
TAKEN_OVER = 0x8E

Answer = Callable[[str, bytes], int | None]  # topic and payload → reason code, None for no answer


@dataclass(frozen=True, slots=True)
class Published:
    """One publish of a client, and the code it got."""

    topic: str
    payload: bytes
    code: int | None


class Session:
    """One connection."""

    def __init__(self, broker: "ScriptedBroker", writer: asyncio.StreamWriter) -> None:
        self.broker, self.writer = broker, writer
        self.v5 = True
        self.filters: list[str] = []

    def send(self, kind: int, body: bytes) -> None:
        if not self.broker.is_mute:
            self.writer.write(bytes([kind]) + _length(len(body)) + body)

    def deliver(self, topic: str, payload: bytes, *, retained: bool) -> None:
        name = topic.encode()
        properties = b"\x00" if self.v5 else b""
        body = len(name).to_bytes(2, "big") + name + properties + payload
        self.send(0x31 if retained else 0x30, body)

    def hears(self, topic: str) -> bool:
        return any(
            topic == each or (each.endswith("#") and topic.startswith(each[:-1]))
            for each in self.filters
        )

    def handle(self, kind: int, flags: int, body: bytes) -> None:
        match kind:
            case 1:
                self._connect(body)
            case 3:
                self._publish(flags, body)
            case 8:
                self._subscribe(body)
            case 12:
                self.send(0xD0, b"")
            case _:
                pass

    def _connect(self, body: bytes) -> None:
        self.v5 = body[6] == 5
        self.broker.connects += 1
        self.send(0x20, b"\x00\x00\x00" if self.v5 else b"\x00\x00")

    def _publish(self, flags: int, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        number, payload = rest[:2], rest[2:]
        if self.v5:
            payload = payload[1 + payload[0] :]
        code = self.broker.answer(topic, payload)
        self.broker.published.append(Published(topic, payload, code))
        if code is None:
            return
        self.send(0x40, number + bytes([code]) if self.v5 and code else number)
        if code < UNSPECIFIED:
            self.broker.take(topic, payload, retain=bool(flags & 1))

    def _subscribe(self, body: bytes) -> None:
        number, rest = body[:2], body[3 + body[2] :] if self.v5 else body[2:]
        asked: list[str] = []
        while rest:
            size = int.from_bytes(rest[:2], "big")
            asked.append(rest[2 : 2 + size].decode())
            rest = rest[3 + size :]
        self.filters += asked
        self.send(0x90, number + (b"\x00" if self.v5 else b"") + b"\x01" * len(asked))
        for topic, payload in list(self.broker.retained.items()):
            if self.hears(topic):
                self.deliver(topic, payload, retained=True)


class ScriptedBroker:
    """`answer` gives the code of each publish. Under MQTT 3.1.1 the client cannot see it; a refusal is thrown away."""

    def __init__(self) -> None:
        self.answer: Answer = lambda topic, payload: SUCCESS
        self.is_mute = False  # True: half-open: it takes bytes and says nothing
        self.connects = 0
        self.published: list[Published] = []
        self.retained: dict[str, bytes] = {}
        self.sessions: list[Session] = []
        self.port = 0

    def take(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Keep and pass on."""
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for session in self.sessions:
            if session.hears(topic):
                session.deliver(topic, payload, retained=False)

    def take_over(self) -> None:
        """End every connection as if another client had come with its id."""
        for session in self.sessions:
            session.send(0xE0, bytes([TAKEN_OVER, 0]))
            session.writer.close()

    def taken(self, part: str) -> list[Published]:
        """What was published on topics that contain this, and accepted."""
        good = (one for one in self.published if one.code is not None and one.code < UNSPECIFIED)
        return [one for one in good if part in one.topic]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, writer)
        self.sessions.append(session)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    session.handle(*await _packet(reader))
        finally:
            self.sessions.remove(session)
            writer.close()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    (first,) = await reader.readexactly(1)
    size = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first >> 4, first & 0x0F, await reader.readexactly(size)


def _length(size: int) -> bytes:
    said = bytearray()
    while size > 0x7F:
        said.append(size & 0x7F | 0x80)
        size >>= 7
    said.append(size)
    return bytes(said)


@contextlib.asynccontextmanager
async def scripted_broker() -> AsyncIterator[ScriptedBroker]:
    """One on a free port of loopback, for as long as the block runs."""
    broker = ScriptedBroker()
    server = await asyncio.start_server(broker._serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for session in list(broker.sessions):
            session.writer.close()
        await server.wait_closed()
