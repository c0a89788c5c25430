"""The client of the control socket: ask the running service, wait for the answer, no longer."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.control_frames import (
    HEADER_BYTES,
    Answer,
    Failure,
    Request,
    TooLargeError,
    pack,
    size_of,
)

TIMEOUT_S = 15.0  # the service gives up on itself after 10


class NotRunningError(Exception):
    """Nobody answers on the socket; `reason` says how it failed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ForbiddenError(NotRunningError):
    """The socket is there, but this user may not use it."""


class NoAnswerError(NotRunningError):
    """The service accepted the connection and then did not answer, or not sensibly."""


class RefusedError(Exception):
    """The service answered with an error."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def ask(
    path: Path, verb: str, params: Mapping[str, Any] | None = None, timeout_s: float = TIMEOUT_S
) -> bytes:
    """Ask once and return the answer's JSON; a list that came in pieces is put together."""
    answers = list(_answers(path, verb, params or {}, timeout_s))
    if len(answers) == 1 and not answers[0].more:
        return bytes(answers[0].data)
    return b"[" + b",".join(bytes(answer.data) for answer in answers) + b"]"


def stream(
    path: Path,
    verb: str,
    params: Mapping[str, Any] | None = None,
    timeout_s: float | None = TIMEOUT_S,
) -> Iterator[bytes]:
    """Ask and yield the JSON of each item; `timeout_s` is for the silence between two, None for ever."""
    for answer in _answers(path, verb, params or {}, timeout_s):
        yield bytes(answer.data)


def _answers(
    path: Path, verb: str, params: Mapping[str, Any], timeout_s: float | None
) -> Iterator[Answer]:
    with _connect(path) as link:
        link.settimeout(timeout_s)
        try:
            link.sendall(pack(Request(verb, dict(params))))
            more = True
            while more:
                answer = _answers_of.decode(_frame(link))
                if answer.error is not None:
                    raise RefusedError(answer.error)
                more = answer.more
                if not answer.end:
                    yield answer
        except TimeoutError:
            raise NoAnswerError(path, f"no answer within {timeout_s:g} s") from None
        except (OSError, EOFError, TooLargeError, msgspec.MsgspecError) as wrong:
            raise NoAnswerError(path, str(wrong) or "the connection broke") from wrong


def _connect(path: Path) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(TIMEOUT_S)
    try:
        link.connect(str(path))
    except PermissionError as wrong:
        link.close()
        raise ForbiddenError(path, wrong.strerror or str(wrong)) from wrong
    except (
        BlockingIOError,
        TimeoutError,
    ) as wrong:  # its queue is full: it is there and takes nobody
        link.close()
        raise NoAnswerError(path, "nobody takes the connection") from wrong
    except (OSError, ValueError) as wrong:  # ValueError: a path that no address can hold
        link.close()
        raise NotRunningError(path, getattr(wrong, "strerror", None) or str(wrong)) from wrong
    return link


def _frame(link: socket.socket) -> bytes:
    return _exactly(link, size_of(_exactly(link, HEADER_BYTES)))


def _exactly(link: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        part = link.recv(size - len(received))
        if not part:
            raise EOFError("the service hung up")
        received += part
    return bytes(received)


_answers_of = msgspec.json.Decoder(Answer)
