"""SIP OPTIONS as bytes: builds the question and recognises its answer (RFC 3261, RFC 3581). Pure.

Knows no socket and no clock. OPTIONS asks what a station can do: it rings nowhere and registers
nothing. Whatever a station answers finally, a refusal included, shows that it lives.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from agent.drivers.heads import read_head

FIRST_FINAL: Final = 200  # lower ones are provisional

_MAGIC: Final = "z9hG4bK"  # every branch of RFC 3261 begins so
_STATUS: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: |$)", re.IGNORECASE)
_BRANCH: Final = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
_COMPACT: Final = {"v": "via", "i": "call-id"}


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


def _parsed(message: bytes) -> tuple[int, dict[str, str]]:
    """Give the status (0 for anything but an answer) and the headers by their long names."""
    first, headers = read_head(message)
    named: dict[str, str] = {}
    for name, value in headers.items():
        named.setdefault(_COMPACT.get(name, name), value)
    status = _STATUS.match(first)
    return int(status[1]) if status else 0, named
