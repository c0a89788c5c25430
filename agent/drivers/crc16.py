"""The checksum of Modbus RTU, and of frames made like it. Pure."""

from typing import Final


def _table() -> tuple[int, ...]:
    table: list[int] = []
    for crc in range(256):
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1  # noqa: PLW2901 - shifts itself out
        table.append(crc)
    return tuple(table)


_TABLE: Final = _table()


def crc16(data: bytes) -> int:
    """Compute the checksum of RTU: 0 for a frame that ends with its own, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def framed(body: bytes) -> bytes:
    """Add the checksum."""
    return body + crc16(body).to_bytes(2, "little")
