"""What is wrong with bytes that are no answer, and what to do about it: words for a technician."""

from typing import Final

from agent.drivers.crc16 import crc16

REFUSAL_BYTES: Final = 5  # device, function + 0x80, code, checksum: the shortest frame there is


def diagnosis(frame: bytes, head: bytes, length: int, came: bytes) -> str:
    """Say why these bytes, all that came within the time, do not answer the question `frame`.

    `head` is how its answer begins and `length` of how many bytes it is.
    """
    rest = came.removeprefix(frame)
    if not rest:
        return "only the question itself came back: device off or wrong device_id; check them"
    if len(rest) >= REFUSAL_BYTES and crc16(rest) == 0:
        return _of_another(head, length, rest)
    if not rest.startswith(head[:2]):
        return (
            f"{len(rest)} bytes that make no frame: wrong baudrate or parity, wires A and B "
            "swapped, or noise; check them in this order"
        )
    if len(rest) < length:
        return (
            f"the answer broke off after {len(rest)} of {length} bytes: a loose wire, or "
            "timeout_ms too short; check them"
        )
    return "the checksum is wrong: noise; check shield, termination and distance to the drive"


def _of_another(head: bytes, length: int, frame: bytes) -> str:
    device, function = head[:2]
    if frame[0] != device:
        return f"device {frame[0]} answered instead: a late answer, or a second master on the line"
    if frame[1] != function:
        return f"answered with function {frame[1]}: a faulty device or gateway"
    return (
        f"{len(frame)} bytes came where {length} were asked for: a late answer, or the "
        "profile does not fit this device"
    )
