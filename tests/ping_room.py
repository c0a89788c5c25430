"""A network of its own, in which the kernel answers pings as told; run by test_intercom_icmp.py under unshare.

Prints how each line of its standard input ended: `answered`, `unanswered`, or `not sent: …`.
A line is `ping HOST`, or `set PATH VALUE` for a file below /proc/sys/net.
"""

import array
import asyncio
import fcntl
import socket
import struct
import sys
from pathlib import Path

from agent.drivers.icmp_probe import ask_icmp
from agent.drivers.probes import NotSentError, Station, UnansweredError

_SET_FLAGS = 0x8914  # SIOCSIFFLAGS
_UP = 0x1


def loopback_up() -> None:
    """Switch the room's loopback on: a new one is off."""
    request = array.array("B", struct.pack("16sH14x", b"lo", _UP))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SET_FLAGS, request)


def ping(host: str) -> str:
    """Ask once, and say how it ended."""
    try:
        asyncio.run(Station(host, 0, ask_icmp, 1.5).ask())
    except UnansweredError as end:
        return f"unanswered: {end}"
    except NotSentError as end:
        return f"not sent: {end}"
    return "answered"


def main() -> None:
    """Do line by line what is wanted."""
    loopback_up()
    for line in sys.stdin:
        what, *rest = line.split(maxsplit=2)
        if what == "set":
            Path("/proc/sys/net", rest[0]).write_text(rest[1], encoding="ascii")
            said = "set"
        else:
            said = ping(rest[0])
        print(said, flush=True)


if __name__ == "__main__":
    main()
