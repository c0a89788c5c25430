"""Where a Modbus device is: the `url` of its settings. Pure, and free of any vendor library."""

import posixpath
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from agent.hosts import is_host

DEFAULT_PORT: Final = 502
BAUDRATES: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
PARITIES: Final = ("N", "E", "O")
STOPBITS: Final = (1, 2)
_PLACE: Final = re.compile(
    r"(\[(?P<six>[^\[\]]*:[^\[\]]*)\]|(?P<host>[^\[\]:]+))(:(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and port; `rtu` says that RTU frames are spoken there instead of Modbus TCP."""

    host: str
    port: int
    rtu: bool = False

    @property
    def line(self) -> str:
        """What all devices behind it share."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial port and how it is spoken on; 8 data bits always, as RTU wants."""

    path: str
    baudrate: int
    parity: str
    stopbits: int

    @property
    def line(self) -> str:
        """What all devices behind it share."""
        return self.path


Address = TcpAddress | SerialAddress


def address_of(url: str) -> Address:
    """Read `tcp://host:port` (502 if `:port` is left out), `rtu+tcp://host:port` or `serial:///path?…`.

    A host in capitals and a path with `//` or `/./` are the plain ones: a line is opened only once.
    Raises ValueError with the remedy.
    """
    if url.startswith("serial:"):
        return _serial(url)
    return _tcp(url)


def is_rtu(address: Address) -> bool:
    """Whether RTU frames are spoken there: no transaction number tells answers apart."""
    return isinstance(address, SerialAddress) or address.rtu


def _tcp(url: str) -> TcpAddress:
    scheme, _, place = url.partition("://")
    found = _PLACE.fullmatch(place)
    host = found and (found["six"] or found["host"])
    port = int(found["port"]) if found and found["port"] else DEFAULT_PORT
    needs_port = scheme == "rtu+tcp"  # a device server has no usual port
    if (
        scheme not in {"tcp", "rtu+tcp"}
        or not found
        or not host
        or not is_host(host)
        or not 1 <= port <= 0xFFFF
        or (needs_port and not found["port"])
    ):
        example = "rtu+tcp://192.168.1.20:4001" if needs_port else "tcp://192.168.1.20:502"
        raise ValueError(f'url "{url}" has no host and port; write it like "{example}"')
    return TcpAddress(host.lower(), port, rtu=scheme == "rtu+tcp")


def _serial(url: str) -> SerialAddress:
    head, _, query = url.partition("?")
    path = head.removeprefix("serial://")
    if not path.startswith("/") or path.endswith("/") or not path.isprintable():
        raise ValueError(_serial_wrong(url, "has no path"))
    pairs = parse_qsl(query, keep_blank_values=True)
    found = dict(pairs)
    strange = sorted(set(found) - {"baudrate", "parity", "stopbits"})
    if strange or len(found) < len(pairs):
        what = f"has an unknown {strange[0]}" if strange else "says something twice"
        raise ValueError(_serial_wrong(url, what))
    return SerialAddress(
        posixpath.normpath("/" + path.lstrip("/")),
        int(_one_of(url, "baudrate", found.get("baudrate", ""), BAUDRATES)),
        _one_of(url, "parity", found.get("parity", ""), PARITIES),
        int(_one_of(url, "stopbits", found.get("stopbits", "1"), STOPBITS)),
    )


def _one_of(url: str, key: str, found: str, allowed: tuple[object, ...]) -> str:
    words = [str(each) for each in allowed]
    if found not in words:
        raise ValueError(_serial_wrong(url, f"needs {key} = {', '.join(words)}"))
    return found


def _serial_wrong(url: str, what: str) -> str:
    example = "serial:///dev/serial/by-id/NAME?baudrate=9600&parity=N"
    return f'url "{url}" {what}; write it like "{example}", as the device is set'
