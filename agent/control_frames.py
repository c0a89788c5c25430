"""The frames of the control socket, for both ends: a length of four bytes, big-endian, then JSON.

A request is one frame. Its answer is one frame, or, while `more` is set, one frame an item and a
last one with `end`. Knows no socket.
"""

from typing import Any

import msgspec

HEADER_BYTES = 4
LARGEST_FRAME = 64 * 1024  # bytes of JSON


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client asks: a verb and what it says about it."""

    verb: str
    params: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True):
    """Why a request was not answered, and what the asker can do."""

    code: str
    message: str
    remedy: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One frame from the service; `data` is JSON as it stands, decoded by whoever wants it."""

    ok: bool
    data: msgspec.Raw = msgspec.Raw(b"null")
    more: bool = False
    end: bool = False
    error: Failure | None = None


class TooLargeError(ValueError):
    """A frame would exceed the limit."""


def pack(answer: Answer | Request) -> bytes:
    """Frame one answer or request; raises TooLargeError."""
    body = msgspec.json.encode(answer)
    if len(body) > LARGEST_FRAME:
        raise TooLargeError(f"{len(body)} bytes; a frame holds {LARGEST_FRAME}")
    return len(body).to_bytes(HEADER_BYTES) + body


def size_of(header: bytes) -> int:
    """Read the length of the frame that follows; raises TooLargeError."""
    size = int.from_bytes(header)
    if size > LARGEST_FRAME:
        raise TooLargeError(f"{size} bytes announced; a frame holds {LARGEST_FRAME}")
    return size
