"""Keeps out of memory what a library imports and this service never reaches. To be used before that library is imported."""

import contextlib
import importlib.util
import sys
from collections.abc import Generator
from types import ModuleType


@contextlib.contextmanager
def without_proxies() -> Generator[None, None, None]:
    """Within it, whoever imports `urllib.request` gets an empty module; after it, the real one.

    paho imports it to look for a proxy, which it does only where PySocks is installed. With the http and email packages
    behind it, it costs 1.4 MB (measured on CPython 3.11) of the 40 that the service may take.
    """
    name = "urllib.request"
    if name in sys.modules or importlib.util.find_spec("socks") is not None:
        yield
        return
    sys.modules[name] = ModuleType(name)
    try:
        yield
    finally:
        del sys.modules[name]
