"""Recorded exchanges with a device, in files of tests/data/exchanges: read, and played by a peer.

A file has scenes; each has questions (`>`) and answers (`<`) as frames of an RTU line, and what is
read from them (`=`). The peer answers the questions of one scene and nothing else.
"""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.model import Quality, Value
from hil import wiretap
from hil.pty_adapter import PtyAdapter
from hil.rtu_manners import READ_BYTES

ROOT = Path(__file__).parent.parent
CONTROLLERS = ROOT / "config/controllers"
EXCHANGES = ROOT / "tests/data/exchanges"
WORTHLESS = {"bad": Quality.BAD, "none": Quality.NO_ANSWER}  # words instead of a value


@dataclass
class Scene:
    """One scene: answers by question, in the order asked, and what is read: values, else a quality."""

    name: str
    answers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    expected: dict[str, Value | Quality] = field(default_factory=dict[str, Value | Quality])


@dataclass
class Exchange:
    """One file."""

    profile: str
    device: int
    scenes: list[Scene]


def read_exchange(path: Path) -> Exchange:
    """Read a file; raises ValueError naming the line that cannot be read."""
    exchange = Exchange(path.stem, 0, [])
    question = b""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark, _, rest = line.partition(" ")
        try:
            if mark == ">":
                question = bytes.fromhex(rest)
            elif mark == "<":
                assert question not in exchange.scenes[-1].answers, "asked twice in one scene"
                exchange.scenes[-1].answers[question] = bytes.fromhex(rest)
            elif mark == "=":
                signal, _, value = rest.partition(" ")
                read = WORTHLESS[value] if value in WORTHLESS else json.loads(value)
                exchange.scenes[-1].expected[signal] = read
            elif mark == "device":
                exchange.device = int(rest)
            elif line.startswith("["):
                exchange.scenes.append(Scene(line.strip("[]")))
            else:
                assert mark in {"", "#"}, f"begins with {mark!r}"
        except (ValueError, IndexError, AssertionError) as wrong:
            raise ValueError(f"{path.name}, line {number}: {wrong}") from wrong
    return exchange


@dataclass
class Peer:
    """A device that knows one scene. `asked` are the questions so far, as frames of an RTU line."""

    scene: Scene
    asked: list[bytes] = field(default_factory=list[bytes])

    @property
    def first_asked(self) -> list[bytes]:
        """Each question once, in the order in which they were first asked."""
        return list(dict.fromkeys(self.asked))

    def answer(self, question: bytes) -> bytes:
        """Note the question; empty for one that is not in the scene."""
        self.asked.append(question)
        return self.scene.answers.get(question, b"")


@contextlib.asynccontextmanager
async def on_a_line(peer: Peer, link: Path) -> AsyncIterator[str]:
    """Play on a pty; yields the url."""
    heard = bytearray()

    def take(data: bytes) -> None:
        heard.extend(data)
        while len(heard) >= READ_BYTES:
            question = bytes(heard[:READ_BYTES])
            del heard[:READ_BYTES]
            wiretap.heard("rtu", question)
            adapter.write(peer.answer(question))

    adapter = PtyAdapter(link, take)
    adapter.plug()
    try:
        yield f"serial://{link}?baudrate=115200&parity=N"
    finally:
        adapter.unplug()


@contextlib.asynccontextmanager
async def on_tcp(peer: Peer, checksum: dict[bytes, bytes]) -> AsyncIterator[str]:
    """Play over Modbus TCP: the same bytes without checksums, which `checksum` gives back."""
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(6)
                transaction, _, length = struct.unpack(">HHH", header)
                body = await reader.readexactly(length)
                wiretap.heard("tcp", header + body)
                answer = peer.answer(checksum.get(body, body))[:-2]
                if answer:
                    writer.write(struct.pack(">HHH", transaction, 0, len(answer)) + answer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*filter(None, serving))  # they end with the driver's connections
