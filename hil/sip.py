"""A station of the intercom that answers SIP, over UDP and TCP on one port.

`python -m hil.sip --port 5060` prints one line of JSON when it listens, and runs until SIGTERM or
Ctrl-C. It answers OPTIONS; with `--control-socket` it can be told to be silent, late, half-hearted
or to talk rubbish: {"do":"answer","status":486}, {"do":"silence","on":true}, {"do":"state"}.
It reads requests by itself, without the agent's code, so that one mistake does not hide another.
"""

import argparse
import asyncio
import json
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil.connections import Connections
from hil.control import Command, ControlServer
from hil.deeds import Refused

GARBAGE = b"\x00\xff not SIP at all \r\n\r\n"
_COPIED = ("via", "from", "call-id", "cseq")
_REASONS = {100: "Trying", 180: "Ringing", 200: "OK", 404: "Not Found", 486: "Busy Here"}
_Address = tuple[str | int, ...]


@dataclass(slots=True)
class Behaviour:
    """How the station errs. `silent`: hears and does not answer.

    `status` below 200 is a provisional answer and nothing after it. `delay_s` before each answer.
    `garbage` goes out before the answer.
    """

    status: int = 200
    silent: bool = False
    delay_s: float = 0.0
    garbage: bool = False


class SipStation:
    """Answers what it hears; `methods` counts the requests by method, repeats too."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.methods: Counter[str] = Counter()
        self.port = 0
        self._connections = Connections(self._serve)
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        """Listen; port 0 takes one that is free for both, told by `port`."""
        loop = asyncio.get_running_loop()
        for _ in range(20):
            self._server = await asyncio.start_server(self._connections.accept, host, port)
            self.port = self._server.sockets[0].getsockname()[1]
            try:
                self._datagrams, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(host, self.port)
                )
            except OSError:
                self._server.close()
                if port:
                    raise
            else:
                return
        raise OSError("found no port that is free for both UDP and TCP")

    async def close(self) -> None:
        """End everything at once."""
        if self._datagrams is not None:
            self._datagrams.close()
        if self._server is not None:
            self._server.close()
        await self._connections.end()

    def answers(self, request: bytes) -> list[bytes]:
        """Give what a request deserves, in the order of sending."""
        method, headers = _read(request)
        if not method:
            return []
        self.methods[method] += 1
        if self.behaviour.silent:
            return []
        garbage = [GARBAGE] if self.behaviour.garbage else []
        return [*garbage, _answer(self.behaviour.status, headers)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            answers = self.answers(request)
            await asyncio.sleep(self.behaviour.delay_s)
            writer.write(b"".join(answers))
            await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP side of a station."""

    def __init__(self, station: SipStation) -> None:
        self._station = station
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override,explicit-override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: _Address) -> None:  # type: ignore[explicit-override]
        for answer in self._station.answers(data):
            delay_s = self._station.behaviour.delay_s
            asyncio.get_running_loop().call_later(delay_s, self._send, answer, addr)

    def _send(self, answer: bytes, addr: _Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, addr)


def _read(request: bytes) -> tuple[str, dict[str, str]]:
    """Give the method (empty for anything but a request) and the headers."""
    first, *lines = request.decode("utf-8", "replace").strip().split("\r\n")
    words = first.split()
    if len(words) != 3 or words[2] != "SIP/2.0":
        return "", {}
    pairs = (line.partition(":") for line in lines)
    return words[0], {name.strip().lower(): value.strip() for name, _, value in pairs}


def _answer(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"SIP/2.0 {status} {_REASONS.get(status, 'Answer')}"]
    lines += [f"{name}: {headers[name]}" for name in _COPIED if name in headers]
    lines += [f"To: {headers.get('to', '')};tag=station", "Content-Length: 0"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Commands:
    """What a bench may tell a station."""

    def __init__(self, station: SipStation) -> None:
        self._station = station

    def answer(
        self, status: int = 200, delay_s: float = 0.0, garbage: bool = False
    ) -> Mapping[str, object]:
        """Answer so from now on."""
        if not 100 <= status <= 699 or not 0 <= delay_s <= 60:
            raise Refused("status 100 to 699, delay_s 0 to 60")
        self._station.behaviour = Behaviour(status=status, delay_s=delay_s, garbage=garbage)
        return self.state()

    def silence(self, on: bool) -> Mapping[str, object]:
        """Hear and do not answer, or answer again."""
        self._station.behaviour.silent = on
        return self.state()

    def state(self) -> Mapping[str, object]:
        """How it behaves and what it heard."""
        behaviour = self._station.behaviour
        return {
            "status": behaviour.status,
            "silent": behaviour.silent,
            "delay_s": behaviour.delay_s,
            "garbage": behaviour.garbage,
            "methods": dict(self._station.methods),
        }

    def server(self) -> ControlServer:
        """Make the socket that takes them."""
        table: dict[str, Command] = {
            "answer": self.answer,
            "silence": self.silence,
            "state": self.state,
        }
        return ControlServer(table, before=lambda: None, after=lambda: None)


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="python -m hil.sip", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--control-socket", type=Path)
    parser.add_argument("--status", type=int, default=200, help="the answer to begin with")
    parser.add_argument("--silent", action="store_true", help="begin silent")
    arguments = parser.parse_args()
    path: Path | None = arguments.control_socket
    if path is not None:
        path.unlink(missing_ok=True)  # what an earlier run left
    asyncio.run(_run(arguments, path))
    if path is not None:
        path.unlink(missing_ok=True)


async def _run(arguments: argparse.Namespace, path: Path | None) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    station = SipStation()
    station.behaviour = Behaviour(status=arguments.status, silent=arguments.silent)
    await station.start(arguments.port, arguments.host)
    control = Commands(station).server()
    if path is not None:
        await control.start(path)
    ready = {"ready": True, "port": station.port, "control_socket": str(path) if path else None}
    print(json.dumps(ready), flush=True)
    await stop.wait()
    await station.close()
    await control.close()


if __name__ == "__main__":
    main()
