"""What may be written for a host: a name that a resolver can be asked for, or an address. Pure."""

import re
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

_NUMBERS: Final = re.compile(r"[0-9.]+")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def is_host(text: str) -> bool:
    """Whether a resolver can be asked for it: an address, or labels of 1 to 63 characters.

    Numbers and points alone are meant as an address: no name ends in a number.
    """
    try:
        name = text.encode("idna").decode()
    except UnicodeError:
        return False
    if _NAME.fullmatch(name) and not _NUMBERS.fullmatch(name):
        return True
    with suppress(ValueError):
        return bool(ip_address(text))
    return False
