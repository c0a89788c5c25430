"""Whether the running service holds a line that somebody wants to look around on. No line is opened here."""

import ipaddress
import os
import socket
import stat
from pathlib import Path

from agent.cli.ask import ForbiddenError, NoAnswerError, NotRunningError, ask
from agent.cli.site import settings_of
from agent.config import ConfigProblems, config_path
from agent.drivers.address import Address, SerialAddress, address_of
from agent.settings import Settings


def holder_of(url: str, config: Path | None) -> str | None:
    """Name the driver of a running service that is on this line; None if none is.

    Raises ConfigProblems for a configuration that was named and is wrong; without one there is no
    service to disturb.
    """
    try:
        settings = settings_of(config)
    except ConfigProblems:
        if config is not None:
            raise
        return None
    return _holder_among(url, settings) or (None if config is None else holder_beside(url, config))


def holder_beside(url: str, config: Path | None) -> str | None:
    """The same of the service that this computer runs by default, where `config` is another file than its."""
    usual = config_path(None)
    if config_path(config).resolve() == usual.resolve():
        return None
    try:
        return _holder_among(url, settings_of(usual))
    except ConfigProblems:
        return None


def _holder_among(url: str, settings: Settings) -> str | None:
    wanted = _identities(address_of(url))
    names = [each.name for each in settings.drivers if wanted & _line_of(each)]
    return names[0] if names and _runs(Path(settings.control.path)) else None


def _line_of(driver: object) -> set[str]:
    """The line of a driver, whatever its kind; none for one without a url. What was read is valid."""
    urls = (getattr(driver, key, None) for key in ("url", "modem_url"))
    return {name for url in urls if isinstance(url, str) for name in _identities(address_of(url))}


def _identities(address: Address) -> set[str]:
    """Every name of a line: of a port the file behind its link and its device, of a host its numeric addresses."""
    if isinstance(address, SerialAddress):
        return {os.path.realpath(address.path)} | _device(address.path)
    names = {address.line}
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: a name no resolver can take
        return names
    return names | {f"{_plain(str(where[0]))}:{address.port}" for *_, where in found}


def _device(path: str) -> set[str]:
    """The device behind a file, which may have several."""
    try:
        entry = Path(path).stat()
    except OSError:
        return set()
    return {f"device {entry.st_rdev}"} if stat.S_ISCHR(entry.st_mode) else set()


def _plain(numeric: str) -> str:
    """One spelling of an address: IPv4 within IPv6 as IPv4, and every address that means this computer as one."""
    address = ipaddress.ip_address(numeric.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return "here" if address.is_loopback or address.is_unspecified else str(address)


def _runs(path: Path) -> bool:
    """Whether a service answers; one that may not be asked, or does not answer in time, runs as well."""
    try:
        ask(path, "status")
    except (ForbiddenError, NoAnswerError):
        return True
    except NotRunningError:
        return False
    return True
