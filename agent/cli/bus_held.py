"""Whether the running service holds a line that somebody wants to look around on. No line is opened here."""

import os
import socket
from pathlib import Path

from agent.cli.ask import ForbiddenError, NoAnswerError, NotRunningError, ask
from agent.cli.site import settings_of
from agent.config import ConfigProblems
from agent.drivers.address import Address, SerialAddress, address_of


def holder_of(url: str, config: Path | None) -> str | None:
    """Name the driver of the running service that is on this line; None if none is.

    Raises ConfigProblems for a configuration that was named and is wrong; without one there is no
    service to disturb.
    """
    try:
        settings = settings_of(config)
    except ConfigProblems:
        if config is not None:
            raise
        return None
    wanted = _identities(address_of(url))
    names = [each.name for each in settings.drivers if wanted & _line_of(each)]
    return names[0] if names and _runs(Path(settings.control.path)) else None


def _line_of(driver: object) -> set[str]:
    """The line of a driver, whatever its kind; none for one without a url. What was read is valid."""
    urls = (getattr(driver, key, None) for key in ("url", "modem_url"))
    return {name for url in urls if isinstance(url, str) for name in _identities(address_of(url))}


def _identities(address: Address) -> set[str]:
    """Every name of a line: of a port the file behind its link, of a host its numeric addresses."""
    if isinstance(address, SerialAddress):
        return {os.path.realpath(address.path)}
    names = {address.line}
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: a name no resolver can take
        return names
    return names | {f"{where[0]!s}:{address.port}" for *_, where in found}


def _runs(path: Path) -> bool:
    """Whether a service answers; one that may not be asked, or does not answer in time, runs as well."""
    try:
        ask(path, "status")
    except (ForbiddenError, NoAnswerError):
        return True
    except NotRunningError:
        return False
    return True
