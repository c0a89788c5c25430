"""Every form in which a broker may acknowledge, whole, in pieces, and many packets at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Literal

import pytest

from agent.clock import Clock
from agent.settings import MqttSettings
from agent.uplink.link import MqttLink
from agent.uplink.mqtt import Will
from tests.publisher_stage import until
from tests.scripted_broker import _packet

_CONNACK: dict[str, bytes] = {"5": b"\x20\x03\x00\x00\x00", "3.1.1": b"\x20\x02\x00\x00"}
_REASON = b"\x08\x1f\x00\x05later"  # MQTT 5: properties with a reason string
Protocol = Literal["5", "3.1.1"]
_HEARD, _UNHEARD = (None, False), (None, True)


class Told:
    """What the link told: of each answer its refusal and whether nobody heard the message."""

    def __init__(self) -> None:
        self.is_up = False
        self.ends: list[str] = []
        self.answers: dict[int, tuple[str | None, bool]] = {}
        self.messages: list[bytes] = []

    def connected(self, receive_maximum: int) -> None:
        self.is_up = True

    def disconnected(self, reason: str) -> None:
        self.ends.append(reason)

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        assert token not in self.answers
        self.answers[token] = (refusal, unheard)

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self.messages.append(payload)


class Broker:
    """Lets the client in; what it answers to a publish is `answer` of the message's number."""

    def __init__(self, protocol: Protocol, answer: Callable[[bytes], list[bytes]]) -> None:
        self._protocol, self._answer = protocol, answer
        self.first = b""
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, _, body = await _packet(reader)
                if kind == 1:
                    writer.write(_CONNACK[self._protocol] + self.first)
                if kind == 3:
                    size = int.from_bytes(body[:2], "big")
                    for piece in self._answer(body[2 + size : 4 + size]):
                        writer.write(piece)
                        await asyncio.sleep(0.001)  # so that the pieces arrive as such
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.open -= 1


@contextlib.asynccontextmanager
async def linked(
    protocol: Protocol, answer: Callable[[bytes], list[bytes]], first: bytes = b""
) -> AsyncIterator[tuple[MqttLink, Told]]:
    """A link to such a broker, which sends `first` right behind its welcome."""
    broker = Broker(protocol, answer)
    broker.first = first
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    settings = MqttSettings(port=server.sockets[0].getsockname()[1], protocol=protocol)
    link, told = MqttLink(settings, "one", lambda: Will("t", b""), Clock()), Told()
    task = asyncio.create_task(link.run(told))
    try:
        await until(lambda: told.is_up)
        yield link, told
    finally:
        await link.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        server.close()
        await until(lambda: not broker.open)


def _answers(rest: bytes, *, in_pieces: bool) -> Callable[[bytes], list[bytes]]:
    def answer(number: bytes) -> list[bytes]:
        packet = bytes([0x40, 2 + len(rest)]) + number + rest
        return [packet[at : at + 1] for at in range(len(packet))] if in_pieces else [packet]

    return answer


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize(
    ("protocol", "rest", "told_of_it"),
    [
        ("3.1.1", b"", _HEARD),
        ("5", b"", _HEARD),
        ("5", b"\x00", _HEARD),
        ("5", b"\x00\x00", _HEARD),
        ("5", b"\x00" + _REASON, _HEARD),
        ("5", b"\x10", _UNHEARD),
        ("5", b"\x10\x00", _UNHEARD),
        ("5", b"\x10" + _REASON, _UNHEARD),
        ("5", b"\x87", "[0x87]"),
        ("5", b"\x97\x00", "[0x97]"),
        ("5", b"\x97" + _REASON, "[0x97]"),
    ],
)
def test_an_acknowledgement_is_understood_in_each_of_its_forms(
    protocol: Protocol, rest: bytes, told_of_it: object, *, in_pieces: bool
) -> None:
    async def story() -> None:
        async with linked(protocol, _answers(rest, in_pieces=in_pieces)) as (link, told):
            tokens = [link.publish("t/a", b"1") for _ in range(3)]
            await until(lambda: len(told.answers) == 3)
            assert list(told.answers) == tokens
            for refusal, unheard in told.answers.values():
                if isinstance(told_of_it, str):
                    assert refusal is not None
                    assert refusal.endswith(told_of_it)
                else:
                    assert (refusal, unheard) == told_of_it
            assert told.ends == []

    asyncio.run(story())


@pytest.mark.parametrize(
    ("protocol", "packet"),
    [
        ("5", b"\x40\x00"),
        ("5", b"\x40\x01\x01"),
        ("5", b"\x40\x03\x00\x01\x7b"),
        ("3.1.1", b"\x40\x03\x00\x01\x10"),
    ],
)
def test_what_is_no_acknowledgement_ends_the_connection(protocol: Protocol, packet: bytes) -> None:
    async def story() -> None:
        async with linked(protocol, lambda _: [packet]) as (link, told):
            link.publish("t/a", b"1")
            await until(lambda: told.ends)
            assert told.answers == {}

    asyncio.run(story())


def test_an_acknowledgement_of_nothing_or_said_twice_changes_nothing() -> None:
    def answer(number: bytes) -> list[bytes]:
        return [b"\x40\x02\x7f\xff" + 2 * (b"\x40\x02" + number)]

    async def story() -> None:
        async with linked("5", answer) as (link, told):
            tokens = [link.publish("t/a", b"1") for _ in range(3)]
            await until(lambda: len(told.answers) == 3)
            assert told.answers == dict.fromkeys(tokens, _HEARD)
            assert told.ends == []

    asyncio.run(story())


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_messages_that_come_at_once_are_all_heard_though_the_socket_says_no_more(size: int) -> None:
    body = b"\x00\x01t\x00" + bytes(size)
    length = (
        bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
    )
    packets = 50 * (b"\x30" + length + body)

    async def story() -> None:
        async with linked("5", lambda _: [], first=packets) as (_, told):
            await until(lambda: len(told.messages) == 50)
            assert set(told.messages) == {bytes(size)}

    asyncio.run(story())
