"""The running service's ear for the command line: a Unix socket, frames in, frames out.

It knows requests, answers and bad company (slow, silent, hostile, too many clients); what a verb
means it is told. The kernel says who asks.
"""

import asyncio
import contextlib
import inspect
import logging
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import msgspec

from agent import control_socket
from agent.control_frames import (
    HEADER_BYTES,
    LARGEST_FRAME,
    Answer,
    Failure,
    Request,
    TooLargeError,
    pack,
    size_of,
)
from agent.control_socket import ControlTakenError, ControlUnavailableError

__all__ = [
    "ControlServer", "ControlTakenError", "ControlUnavailableError", "Handler", "Limits", "Peer",
    "RefusedError",
]  # fmt: skip

_log = logging.getLogger("agent.control")

_MESSAGE_MOST, _REMEDY_MOST = 400, 1000  # characters of a refusal


@dataclass(frozen=True, slots=True)
class Peer:
    """Who asks, as the kernel knows it."""

    uid: int
    pid: int


class RefusedError(Exception):
    """A handler's no: the code is a stable word, the message and the remedy are for a person."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.failure = _short(code, message, remedy)


Handler = Callable[[dict[str, Any], Peer], Awaitable[object] | AsyncGenerator[object, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much patience there is, in seconds, and for how many at once."""

    request_s: float = 30.0  # for a whole request, the silence before it included
    answer_s: float = 10.0  # for a handler that answers once
    drain_s: float = 5.0  # for a reader to take what was written
    connections: int = 16


class ControlServer:
    """Answers `verbs` on a Unix socket; a coroutine answers once, an async generator in a stream.

    A list that does not fit into one frame is sent as a stream of its items.
    """

    def __init__(
        self, path: Path, verbs: Mapping[str, Handler], *, limits: Limits | None = None
    ) -> None:
        self._path = path
        self._verbs = verbs
        self._limits = limits or Limits()
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; raises ControlTakenError for a second agent, else ControlUnavailableError."""
        made = control_socket.bind(self._path)
        self._made = self._path.lstat()
        self._server = await asyncio.start_unix_server(
            self._accept, sock=made, limit=LARGEST_FRAME, backlog=control_socket.BACKLOG
        )

    async def close(self) -> None:
        """Stop listening, hang up on everybody and remove the socket's file."""
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        control_socket.remove(self._path, self._made)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=LARGEST_FRAME)
        talk = _Talk(reader, writer, self._verbs, self._limits)
        places = self._limits.connections
        if len(self._clients) >= 2 * places:
            writer.transport.abort()  # a flood is not even told
            return
        room = len(self._clients) < places
        client = asyncio.ensure_future(_alone(talk.run() if room else talk.turn_away()))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)


class _Talk:
    """One connection: request after request until either side has had enough."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        verbs: Mapping[str, Handler],
        limits: Limits,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._verbs = verbs
        self._limits = limits
        self._open = True

    async def run(self) -> None:
        """Answer until the client leaves, says nonsense, falls silent or does not read."""
        try:
            peer = _peer(self._writer)
            while self._open and (request := await self._request()) is not None:
                await self._respond(request, peer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            self._writer.transport.abort()  # gone, silent or slow: nothing is owed to it
        except asyncio.CancelledError:
            self._writer.transport.abort()  # the service stops, and waits for nobody
            raise
        finally:
            await self._hang_up()

    async def turn_away(self) -> None:
        """Say that all places are taken."""
        remedy = "Close other sessions of elevator-agent (such as events --follow), then try again."
        try:
            await self._fail("busy", "Too many clients are connected.", remedy)
        except (ConnectionError, TimeoutError):
            self._writer.transport.abort()
        finally:
            await self._hang_up()

    async def _request(self) -> Request | None:
        """Take the next request; None when the client left or what it said cannot be read."""
        async with asyncio.timeout(self._limits.request_s):
            try:
                header = await self._reader.readexactly(HEADER_BYTES)
            except asyncio.IncompleteReadError:
                return None
            try:
                body = await self._reader.readexactly(size_of(header))
                return _requests.decode(body)
            except TooLargeError as wrong:
                await self._fail("too_large", f"The request is too large: {wrong}.")
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
                await self._fail("malformed", f"The request cannot be read: {wrong}.")
            return None

    async def _respond(self, request: Request, peer: Peer) -> None:
        handler = self._verbs.get(request.verb)
        if handler is None:
            known = ", ".join(sorted(self._verbs))
            remedy = f"This service knows: {known}. Is the command line of another version?"
            await self._fail("unknown_verb", "The service does not know this request.", remedy)
            return
        try:
            await self._handle(handler, request.params, peer)
        except RefusedError as no:
            await self._send(Answer(ok=False, error=no.failure))
        except (ConnectionError, asyncio.IncompleteReadError, _SlowReaderError):
            raise
        except TimeoutError:
            remedy = "The service is busy, maybe with a slow card; try again, see its log."
            await self._fail("timeout", "No answer in time.", remedy)
        except Exception:  # noqa: BLE001 - a failed answer must not end the watching; it is reported
            _log.exception("The control request %r failed", request.verb)
            await self._fail("internal", "The service failed to answer.", "See its log.")

    async def _handle(self, handler: Handler, params: dict[str, Any], peer: Peer) -> None:
        result = handler(params, peer)
        if inspect.isawaitable(result):
            async with asyncio.timeout(self._limits.answer_s):
                data = await result
            await self._answer(data)
        else:
            await self._until_gone(self._stream(result))

    async def _answer(self, data: object) -> None:
        try:
            await self._send(Answer(ok=True, data=msgspec.Raw(msgspec.json.encode(data))))
        except TooLargeError:
            if not isinstance(data, (list, tuple)):
                raise
            items = cast("Sequence[object]", data)
            await self._until_gone(self._stream(_each(items)))

    async def _stream(self, items: AsyncGenerator[object, None]) -> None:
        async with contextlib.aclosing(items):
            async for item in items:
                raw = msgspec.Raw(msgspec.json.encode(item))
                await self._send(Answer(ok=True, data=raw, more=True))
        await self._send(Answer(ok=True, end=True))

    async def _until_gone(self, stream: Coroutine[Any, Any, None]) -> None:
        """Stream until done or until the client hangs up or speaks; a stream ends its connection."""
        self._open = False
        sending = asyncio.ensure_future(stream)
        leaving = asyncio.ensure_future(self._reader.read(1))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ConnectionResetError
            sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _fail(self, code: str, message: str, remedy: str = "") -> None:
        await self._send(Answer(ok=False, error=_short(code, message, remedy)))

    async def _send(self, answer: Answer) -> None:
        frame = pack(answer)
        self._writer.write(frame)
        try:
            async with asyncio.timeout(self._limits.drain_s):
                await self._writer.drain()
        except TimeoutError:
            raise _SlowReaderError from None

    async def _hang_up(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(self._limits.drain_s):
                await self._writer.wait_closed()
            return
        self._writer.transport.abort()


class _SlowReaderError(TimeoutError):
    """The client does not take what is written to it."""


_requests = msgspec.json.Decoder(Request)


async def _alone(conversation: Coroutine[Any, Any, None]) -> None:
    """Keep an error of our own to one conversation: no client may end the watching."""
    try:
        await conversation
    except Exception:  # noqa: BLE001 - it is reported, and only this client is left without an answer
        _log.exception("A conversation on the control socket ended by an error")


def _short(code: str, message: str, remedy: str) -> Failure:
    """Cut what may repeat the request: a refusal always fits into a frame, however it is escaped."""
    return Failure(code, _cut(message, _MESSAGE_MOST), _cut(remedy, _REMEDY_MOST))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


async def _each(items: Sequence[object]) -> AsyncGenerator[object, None]:
    for item in items:
        yield item


def _peer(writer: asyncio.StreamWriter) -> Peer:
    raw = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    pid, uid, _group = struct.unpack("3i", raw)
    return Peer(uid=uid, pid=pid)
