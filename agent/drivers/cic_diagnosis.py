"""What is wrong with bytes that are no answer on the CIC link, and what to do: words for a technician."""

from agent.drivers.crc16 import crc16

_SHORTEST = 7  # bytes of a whole frame


def diagnosis(frame: bytes, length: int, came: bytes) -> str:
    """Say why these bytes, all that came within the time, do not answer the question `frame`.

    `length` is of how many bytes its answer is.
    """
    rest = came.removeprefix(frame)
    if not rest:
        return "only the question itself came back: the CIC module is off or not wired; check it"
    if len(rest) >= _SHORTEST and crc16(rest) == 0:
        return _of_another(frame, rest)
    if not rest.startswith(frame[:2]):
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


def _of_another(frame: bytes, found: bytes) -> str:
    if found[0] != frame[0]:
        return f"station {found[0]} answered instead: another device, or a second master, is there"
    if found[1] != frame[1]:
        return f"answered with function {found[1]}: this is no CIC link; check the profile"
    return (
        "the answer to another question: it came late, or a second master asks on this line; "
        'lengthen timeout_ms, or use mode = "listen"'
    )
