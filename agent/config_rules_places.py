"""Where stations and cameras are: hosts that can be asked, and where their heartbeats can be heard.

A place that no packet can come from, or go to, would be a silence that nobody ever ends. Opens nothing.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from agent.config_problem import Report, Say, joined, shown
from agent.hosts import is_host
from agent.settings import CameraSettings, DriverSettings, IntercomSettings

LEAST_PORT: Final = 1024  # below, a service without privileges may not open one

Placed = Sequence[tuple[str, DriverSettings]]


def check_places(placed: Placed, report: Report) -> None:
    """Report addresses that cannot be asked or listened on, and senders that cannot be heard."""
    for key, driver in placed:
        if not isinstance(driver, (CameraSettings, IntercomSettings)) or not driver.address:
            continue
        if report.has(joined(key, "probe")):
            continue
        here = joined(key, "address")
        if isinstance(driver, IntercomSettings) and driver.probe == "udp":
            if _own_address(here, driver.address, report) and driver.sender is not None:
                _sender(joined(key, "sender"), driver.address, driver.sender, report)
        elif _asked_host(here, driver.address, report) and isinstance(driver, IntercomSettings):
            _asked_port(here, driver, driver.address, report)


def parts(address: str) -> tuple[str, int | None]:
    """Split a host from its port, if it has one; the pattern of the key has seen both."""
    if address.endswith("]"):
        return address, None
    host, colon, port = address.rpartition(":")
    return (host, int(port)) if colon else (address, None)


def _asked_host(here: str, address: str, report: Report) -> bool:
    """Whether it can be asked: four numbers up to 255, IPv6 in brackets, or a name.

    Of fe80:: nobody knows at which interface it is.
    """
    host = parts(address)[0]
    number = _number(host)
    is_six = isinstance(number, IPv6Address) and not number.is_link_local
    if is_six if host.startswith("[") else is_host(host):
        return True
    allowed = Say("the name or the address of a host", "主机名或 IP 地址")
    remedy = Say(
        'Write it like "192.168.1.30", each number up to 255, or IPv6 like "[fd00::30]".',
        "请写成 “192.168.1.30”（每段不超过 255），IPv6 写成 “[fd00::30]”。",
    )
    report.add(here, shown(address), allowed, remedy)
    return False


def _asked_port(here: str, driver: IntercomSettings, address: str, report: Report) -> None:
    host, port = parts(address)
    if driver.probe == "icmp" and port is not None:
        allowed = Say("a host alone: a ping has no port", "只写主机：ping 没有端口")
        remedy = Say(f'Write "{host}".', f"请写 “{host}”。")
        report.add(here, shown(address), allowed, remedy)
    elif driver.probe in {"sip", "tcp"} and port is None:
        allowed = Say("host:port", "主机:端口")
        remedy = Say('Add the port, such as ":5060" for SIP.', "请加上端口，SIP 通常为 “:5060”。")
        report.add(here, shown(address), allowed, remedy)


def _own_address(here: str, address: str, report: Report) -> bool:
    """Where the agent itself listens: a number of its own, and a port it may open."""
    host, port = parts(address)
    number = _number(host)
    if number is not None and not number.is_multicast and port is not None and port >= LEAST_PORT:
        return True
    allowed = Say(
        f"this computer's own address in numbers, and a port from {LEAST_PORT} on",
        f"本机的数字地址，端口不小于 {LEAST_PORT}",
    )
    remedy = Say(
        'Write "0.0.0.0:5099" to listen on all of them; the station sends there.',
        "监听全部地址请写 “0.0.0.0:5099”；分机向此端口发送。",
    )
    report.add(here, shown(address), allowed, remedy)
    return False


def _sender(here: str, address: str, sender: str, report: Report) -> None:
    """A sender that is none, or of the other family, would never be heard."""
    number, own = _number(sender), _number(parts(address)[0])
    if number is None or "[" in sender or number.is_multicast or number.is_unspecified:
        allowed = Say("one address in numbers", "一个数字地址")
        remedy = Say('Write it like "192.168.1.30".', "请写成 “192.168.1.30” 的形式。")
        report.add(here, shown(sender), allowed, remedy)
    elif own != IPv6Address("::") and type(_plain(number)) is not type(own):
        allowed = Say(f"an address that can send to {address}", f"能向 {address} 发送的地址")
        remedy = Say(
            'Write both in IPv4 or both in IPv6, or listen on "[::]", which hears both.',
            "两者请同用 IPv4 或同用 IPv6，或监听 “[::]”，它两种都收。",
        )
        report.add(here, shown(sender), allowed, remedy)


def _plain(number: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(number, "ipv4_mapped", None) or number


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """Give an address in numbers, of IPv6 in brackets or without, of IPv4 without; None for others."""
    bare = host[1:-1] if host.startswith("[") else host
    try:
        number = ip_address(bare)
    except ValueError:
        return None
    return None if bare != host and isinstance(number, IPv4Address) else number
