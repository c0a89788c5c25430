"""What the bench heard from the agent over a whole run of the tests, and whether all of it only reads.

Every face that receives frames calls `heard`, in whichever process it is; the file that HIL_WIRETAP
names takes them, a line each. Without it nothing is kept.
"""

import functools
import os
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from agent.drivers.crc16 import crc16

VARIABLE: Final = "HIL_WIRETAP"
READING: Final = frozenset({1, 2, 3, 4})
WRONG_KEPT: Final = 20  # frames named; the rest is counted
CIC_DEVICE, CIC_FUNCTION = 2, 3
CIC_REGISTERS: Final = range(
    51200, 51239
)  # what the vendor's own server reads (elevator-facts 5.a)

Kind = Literal["tcp", "rtu", "cic"]


def heard(kind: Kind, data: bytes) -> None:
    """Keep one request as it came, from its first byte to its last."""
    path = os.environ.get(VARIABLE)
    if path:
        os.write(_opened(path), f"{kind} {data.hex()}\n".encode())


@functools.cache
def _opened(path: str) -> int:
    """Open once a process; each line is one write at the end, so that processes do not mix theirs."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def wrong_with(kind: str, data: bytes) -> str:
    """Say why a request is none that the agent may send; empty if it is one."""
    match kind:
        case "tcp":
            return _tcp(data)
        case "rtu":
            return _rtu(data)
        case "cic":
            return _cic(data)
        case _:
            return "a line nobody knows"


def function_of(kind: str, data: bytes) -> int:
    """Give the function code of a request, 0 where there is none."""
    return (data[7:8] if kind == "tcp" else data[1:2]).ljust(1, b"\0")[0]


def _tcp(data: bytes) -> str:
    if len(data) < 8 or data[2:4] != b"\0\0" or int.from_bytes(data[4:6]) != len(data) - 6:
        return "no Modbus TCP frame"
    return _request(data[7:])


def _rtu(data: bytes) -> str:
    if len(data) < 4 or crc16(data):
        return "no whole frame"
    return _request(data[1:-2])


def _request(body: bytes) -> str:
    if body[0] not in READING:
        return f"function {body[0]} does not read"
    return "" if len(body) == 5 else "not as long as a reading request"


def _cic(data: bytes) -> str:
    if len(data) != 7 or crc16(data):
        return "no whole request"
    device, function, address, count = struct.unpack(">BBHB", data[:-2])
    if (device, function) != (CIC_DEVICE, CIC_FUNCTION):
        return f"device {device}, function {function}: not the profile's request"
    if not (count and address in CIC_REGISTERS and address + count - 1 in CIC_REGISTERS):
        return f"registers {address}+{count}: not the profile's"
    return ""


@dataclass(slots=True)
class Tally:
    """What a file holds: requests by function, how many were wrong, and the first of those."""

    functions: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    named: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many there are."""
        return self.functions.total()

    @property
    def summary(self) -> str:
        """Say it in one line."""
        by_function = ", ".join(f"{code}: {n}" for code, n in sorted(self.functions.items()))
        writes = sum(n for code, n in self.functions.items() if code not in READING)
        return f"wiretap: {self.requests} requests, functions {{{by_function}}}, {writes} writes"


def tally(path: Path) -> Tally:
    """Read a file and judge every request in it."""
    found = Tally()
    for kind, data in _requests(path):
        found.functions[function_of(kind, data)] += 1
        wrong = wrong_with(kind, data)
        if wrong:
            found.wrong += 1
            if len(found.named) < WRONG_KEPT:
                found.named.append(f"{kind} {data.hex(' ').upper()}: {wrong}")
    return found


def _requests(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open(encoding="ascii") as lines:
        for line in lines:
            kind, _, data = line.strip().partition(" ")
            yield kind, bytes.fromhex(data)
