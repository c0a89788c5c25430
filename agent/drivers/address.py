"""Where a Modbus TCP device is: the `url` of its settings. Pure, and free of any vendor library."""

from typing import Final
from urllib.parse import urlsplit

DEFAULT_PORT: Final = 502


def address_of(url: str) -> tuple[str, int]:
    """Split `tcp://host:port`, port 502 if left out; raises ValueError with the remedy."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not url.startswith("tcp://") or not host or port == 0:
        raise ValueError(
            f'url "{url}" has no host and port; write it like "tcp://192.168.1.20:502"'
        )
    return host, DEFAULT_PORT if port is None else port
