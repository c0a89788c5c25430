"""Messages whose head is lines of text (RFC 822's form, as SIP and RTSP have it): cut and read. Pure.

Knows neither protocol: what a first line means is for others to say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

LONGEST_HEAD: Final = 16_384  # bytes; the answers that are awaited have hundreds

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_LENGTH_NAMES: Final = ("content-length", "l")  # the second is SIP's short form


class EndlessError(Exception):
    """A stream that holds no message's end within the bound."""


def read_head(message: bytes) -> tuple[str, dict[str, str]]:
    """Give the first line and the first header of each name, in lower case; never raises."""
    head = message.lstrip(b"\r\n").partition(_END)[0][:LONGEST_HEAD]
    first, *lines = _unfolded(head.decode("utf-8", "replace"))
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return first, headers


def _unfolded(head: str) -> list[str]:
    """Give the lines, with those that begin with a space joined to the one before."""
    lines: list[str] = []
    for line in head.split("\r\n"):
        if lines and line[:1] in {" ", "\t"}:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


@dataclass(slots=True)
class Stream:
    """Cuts the bytes of a connection into the heads of its messages; drops their bodies.

    Holds no more than `LONGEST_HEAD` bytes.
    """

    _held: bytearray = field(default_factory=bytearray)
    _body: int = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what came and give each head that is whole; raises EndlessError."""
        self._held += data
        while head := self._cut():
            yield head
        if len(self._held) > LONGEST_HEAD:
            raise EndlessError(f"{LONGEST_HEAD} bytes without the end of a message")

    def _cut(self) -> bytes:
        """Take the next head off what is held; empty if it is not whole yet."""
        dropped = min(self._body, len(self._held))
        del self._held[:dropped]
        self._body -= dropped
        while self._held.startswith(b"\r\n"):  # keep-alives between messages
            del self._held[:2]
        end = self._held.find(_END)
        if end < 0:
            return b""
        head = bytes(self._held[: end + len(_END)])
        del self._held[: end + len(_END)]
        headers = read_head(head)[1]
        length = next((headers[name] for name in _LENGTH_NAMES if name in headers), "")
        self._body = int(length) if _LENGTH.fullmatch(length) else 0
        return head
