"""RTSP OPTIONS as bytes: builds the question and recognises its answer (RFC 2326, RFC 7826). Pure.

Knows no socket and no clock. OPTIONS asks what a camera can do: it starts no stream, and needs no
password; a refusal (401 and any other) shows as well that the camera lives.
"""

import re
from dataclasses import dataclass
from typing import Final

from agent.drivers.heads import read_head

_STATUS: Final = re.compile(r"RTSP/[12]\.0 [1-5][0-9]{2}(?: |$)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """One OPTIONS request. `target` is the camera as configured, `host:port`; `number` its CSeq."""

    target: str
    number: int

    def request(self) -> bytes:
        """Give the message to send."""
        lines = (
            f"OPTIONS rtsp://{self.target}/ RTSP/1.0",
            f"CSeq: {self.number}",
            "User-Agent: elevator-agent",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def is_answered_by(self, message: bytes) -> bool:
        """Say whether a message is an answer to this very question; never raises."""
        headers = read_head(message)[1]
        return is_answer(message) and headers.get("cseq", "") == str(self.number)


def is_answer(message: bytes) -> bool:
    """Say whether a message is an RTSP answer at all; never raises."""
    return _STATUS.match(read_head(message)[0]) is not None
