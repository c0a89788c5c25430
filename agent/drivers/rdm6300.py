"""What an RDM6300 card reader says: bytes to card numbers. Pure; knows no port and no clock.

A frame has 14 bytes: 02, ten hexadecimal digits, two more as a checksum, 03. The ten are the five
bytes of an EM4100 card, the checksum is their exclusive or. The number printed on a card is the
decimal value of the last four of them, with ten digits.
"""

import re
from dataclasses import dataclass
from typing import Final

BAUDRATE: Final = 9600  # always, 8 data bits, no parity, one stop bit

_START: Final = b"\x02"
_FRAME: Final = re.compile(rb"\x02([0-9A-Fa-f]{12})\x03")
_LENGTH: Final = 14
PAUSE_US: Final = 100_000  # a frame takes 15 ms: after this pause its other half is another one's


@dataclass(frozen=True, slots=True)
class CardFrame:
    """One frame: its bytes, and the printed number of its card; None if the checksum is wrong."""

    data: bytes
    number: str | None


class Frames:
    """Finds the frames in what comes, whatever stands between them. Holds no more than a frame."""

    def __init__(self) -> None:
        self._held = b""
        self._last_us = 0

    def feed(self, data: bytes, at_us: int) -> list[CardFrame]:
        """Take what came at an instant; give the frames that are complete by that, in order."""
        if at_us - self._last_us > PAUSE_US:
            self._held = b""
        self._last_us = at_us
        heard = self._held + data
        found = list(_FRAME.finditer(heard))
        self._held = _begun(heard[found[-1].end() :] if found else heard)
        return [CardFrame(one[0], printed_number(bytes.fromhex(one[1].decode()))) for one in found]


def _begun(rest: bytes) -> bytes:
    """Give what may still become a frame: no frame has a second start in it."""
    start = rest.rfind(_START)
    begun = rest[start:] if start >= 0 else b""
    return begun if len(begun) < _LENGTH else b""


def printed_number(data: bytes) -> str | None:
    """Give the number on a card from its five bytes and their checksum; None if they disagree."""
    folded = 0
    for byte in data:
        folded ^= byte
    if folded:
        return None
    return f"{int.from_bytes(data[1:5], 'big'):010d}"
