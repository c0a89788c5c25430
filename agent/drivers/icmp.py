"""ICMP echo as bytes: builds the question and recognises its answer (RFC 792, RFC 4443). Pure.

Knows no socket. Identifier and checksum are the kernel's business: it fills them in and takes only
answers that carry them.
"""

import struct
from dataclasses import dataclass
from typing import Final

_HEAD: Final = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence


@dataclass(frozen=True, slots=True)
class Echo:
    """One echo, of IPv6 or IPv4; `token` is a random content of its own for each probe."""

    v6: bool
    token: bytes

    def request(self, number: int) -> bytes:
        """Give the message to send for the `number`-th time."""
        return _HEAD.pack(128 if self.v6 else 8, 0, 0, 0, number & 0xFFFF) + self.token

    def is_answered_by(self, message: bytes) -> bool:
        """Say whether a message is the reply to any of these requests; never raises."""
        if len(message) < _HEAD.size:
            return False
        kind, code, *_ = _HEAD.unpack_from(message)
        return (kind, code) == (129 if self.v6 else 0, 0) and message[_HEAD.size :] == self.token
