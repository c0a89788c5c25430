"""MQTT as far as a fault needs it: where packets end, and the few that it names. Pure; versions 3.1.1 and 5."""

import enum
import re
from collections.abc import Iterator

_SEQUENCE = re.compile(rb'"sequence":"(\d+)"')
_MOST_LENGTH_BYTES = 4


class Kind(enum.IntEnum):
    """The packet types that matter here; the others pass unnamed."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4


class Splitter:
    """Cuts one direction of a connection into packets."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that are complete now."""
        self._kept += data
        while (length := _length(self._kept)) is not None and len(self._kept) >= length:
            packet, self._kept = self._kept[:length], self._kept[length:]
            yield packet


def kind_of(packet: bytes) -> int:
    """Its type, a Kind where it matters."""
    return packet[0] >> 4


def is_v5(connect: bytes) -> bool:
    """Whether a CONNECT speaks MQTT 5."""
    body = _body(connect)
    return body[2 + _number(body)] == 5


def is_welcome(connack: bytes) -> bool:
    """Whether a CONNACK lets in."""
    return _body(connack)[1] == 0


def topic_of(publish: bytes) -> str:
    """The topic of a PUBLISH."""
    body = _body(publish)
    return body[2 : 2 + _number(body)].decode()


def packet_id_of(publish: bytes) -> bytes | None:
    """The packet id of a PUBLISH as its two bytes; None at QoS 0."""
    if not publish[0] & 0x06:
        return None
    body = _body(publish)
    at = 2 + _number(body)
    return body[at : at + 2]


def sequence_of(publish: bytes) -> int | None:
    """The sequence that an event says in its payload."""
    found = _SEQUENCE.search(publish)
    return int(found[1]) if found else None


def refusal(packet_id: bytes, code: int) -> bytes:
    """A PUBACK of MQTT 5 with a reason code."""
    return bytes((Kind.PUBACK << 4, 3)) + packet_id + bytes((code,))


def _number(two: bytes) -> int:
    return int.from_bytes(two[:2], "big")


def _body(packet: bytes) -> bytes:
    at = 1
    while packet[at] & 0x80:
        at += 1
    return packet[at + 1 :]


def _length(data: bytes) -> int | None:
    """How long the packet that begins here is, None while that is not known."""
    length = shift = 0
    for at, byte in enumerate(data[1 : 1 + _MOST_LENGTH_BYTES], 2):
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return at + length
        shift += 7
    return None
