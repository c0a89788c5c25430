"""Keeps out of memory what libraries import and this service never reaches. To be used before those are imported."""

import contextlib
import importlib.util
import sys
from collections.abc import Generator
from types import ModuleType


@contextlib.contextmanager
def without_what_is_never_used() -> Generator[None, None, None]:
    """Within it, two modules are not to be had; after it, whoever imports them gets the real ones.

    `urllib.request`, which paho imports to look for a proxy, and does so only where PySocks is installed: with the http and
    email packages behind it 1.4 MB (measured on CPython 3.11) of the 40 that the service may take. `typing_extensions`,
    which msgspec prefers where it is installed, and which has nothing for it that Python 3.11 has not: 0.4 MB.
    """
    hidden: dict[str, ModuleType | None] = {"typing_extensions": None}
    if importlib.util.find_spec("socks") is None:
        hidden["urllib.request"] = ModuleType("urllib.request")
    hidden = {name: stand_in for name, stand_in in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None is how Python says: not to be had
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
