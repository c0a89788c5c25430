"""SIP OPTIONS as bytes: builds the question and recognises its answer (RFC 3261, RFC 3581). Pure.

Knows no socket and no clock. OPTIONS asks what a station can do: it rings nowhere and registers
nothing. Whatever a station answers finally, a refusal included, shows that it lives.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

LONGEST_HEAD: Final = 16_384  # bytes; an answer to OPTIONS has hundreds
FIRST_FINAL: Final = 200  # lower ones are provisional

_MAGIC: Final = "z9hG4bK"  # every branch of RFC 3261 begins so
_STATUS: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: |$)", re.IGNORECASE)
_BRANCH: Final = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_COMPACT: Final = {"v": "via", "i": "call-id", "l": "content-length"}


class NotSipError(Exception):
    """A stream that cannot be SIP."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One OPTIONS transaction.

    `target` is the station as configured, `local` the address it is asked from, both `host:port`;
    `token` is a random text of its own for each probe, `number` counts the probes.
    """

    target: str
    local: str
    transport: Literal["udp", "tcp"]
    token: str
    number: int

    @property
    def branch(self) -> str:
        """What the top Via of an answer must carry."""
        return f"{_MAGIC}{self.token}"

    @property
    def call_id(self) -> str:
        """What the Call-ID of an answer must be."""
        return f"{self.token}@elevator-agent"

    def request(self) -> bytes:
        """Give the message to send; repeats are the same bytes."""
        own = f"<sip:elevator-agent@{self.local};transport={self.transport}>"
        lines = (
            f"OPTIONS sip:{self.target};transport={self.transport} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.local};branch={self.branch};rport",
            "Max-Forwards: 70",
            f"From: <sip:elevator-agent@{self.local}>;tag={self.token[:8]}",
            f"To: <sip:{self.target}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.number} OPTIONS",
            f"Contact: {own}",
            "Accept: application/sdp",
            "User-Agent: elevator-agent",
            "Content-Length: 0",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def is_answered_by(self, message: bytes) -> bool:
        """Say whether a message is a final answer to this very probe; never raises."""
        status, headers = _parsed(message)
        if status < FIRST_FINAL:
            return False
        branch = _BRANCH.search(headers.get("via", ""))
        return (
            branch is not None
            and branch[1] == self.branch
            and headers.get("call-id") == self.call_id
            and headers.get("cseq", "").split() == [str(self.number), "OPTIONS"]
        )


@dataclass(slots=True)
class Stream:
    """Cuts the bytes of a connection into the heads of its messages; drops their bodies.

    Holds no more than `LONGEST_HEAD` bytes.
    """

    _held: bytearray = field(default_factory=bytearray)
    _body: int = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what came and give each head that is whole; raises NotSipError."""
        self._held += data
        while head := self._cut():
            yield head
        if len(self._held) > LONGEST_HEAD:
            raise NotSipError(f"{LONGEST_HEAD} bytes without the end of a message")

    def _cut(self) -> bytes:
        """Take the next head off what is held; empty if it is not whole yet."""
        dropped = min(self._body, len(self._held))
        del self._held[:dropped]
        self._body -= dropped
        while self._held.startswith(b"\r\n"):  # keep-alives between messages
            del self._held[:2]
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return b""
        head = bytes(self._held[: end + 4])
        del self._held[: end + 4]
        length = _parsed(head)[1].get("content-length", "")
        self._body = int(length) if _LENGTH.fullmatch(length) else 0
        return head


def _parsed(message: bytes) -> tuple[int, dict[str, str]]:
    """Give the status (0 for anything but an answer) and the first header of each name."""
    head = message.lstrip(b"\r\n").partition(b"\r\n\r\n")[0][:LONGEST_HEAD]
    first, *lines = _unfolded(head.decode("utf-8", "replace"))
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.setdefault(_COMPACT.get(name, name), value.strip())
    status = _STATUS.match(first)
    return int(status[1]) if status else 0, headers


def _unfolded(head: str) -> list[str]:
    """Give the lines, with those that begin with a space joined to the one before."""
    lines: list[str] = []
    for line in head.split("\r\n"):
        if lines and line[:1] in {" ", "\t"}:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines
