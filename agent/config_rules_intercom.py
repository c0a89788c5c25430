"""Which keys belong to which probe of an intercom station, and where two stations cannot be told apart.

Knows no file format and opens nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

import msgspec

from agent.config_problem import Report, Say, joined, same, shown
from agent.settings import DriverSettings, IntercomSettings, MqttSettings

LEAST_PORT: Final = 1024  # below, a service without privileges may not open one
LONGEST_TOPIC: Final = 65_535  # bytes, in MQTT

Placed = Sequence[tuple[str, DriverSettings]]

_NEEDED: Final[Mapping[str, tuple[str, str]]] = {
    "sip": ("address", '"192.168.1.30:5060"'),
    "tcp": ("address", '"192.168.1.30:80"'),
    "icmp": ("address", '"192.168.1.30"'),
    "udp": ("address", '"0.0.0.0:5099"'),
    "mqtt": ("topic", '"intercom/e01/pit"'),
    "contact": ("pin", "5"),
}
_USED: Final[Mapping[str, tuple[str, ...]]] = {
    "sip": ("address", "transport", "timeout_s"),
    "tcp": ("address", "timeout_s"),
    "icmp": ("address", "timeout_s"),
    "udp": ("address", "sender"),
    "mqtt": ("topic",),
    "contact": ("pin", "active", "debounce_ms"),
}
_ALL: Final = tuple(dict.fromkeys(name for names in _USED.values() for name in names))
_DEFAULTS: Final = {field.name: field.default for field in msgspec.structs.fields(IntercomSettings)}


def check_intercom(placed: Placed, sections: Mapping[str, Any], report: Report) -> None:
    """Report every contradiction in and between the tables of stations."""
    stations = [
        (key, driver)
        for key, driver in placed
        if isinstance(driver, IntercomSettings) and not _is_reported(joined(key, "probe"), report)
    ]
    for key, driver in stations:
        _needed(key, driver, report)
        _superfluous(key, driver, report)
        _addresses(key, driver, report)
        _sender(key, driver, report)
        _topic(key, driver, _root(sections), report)
    _told_apart(stations, report)


def _is_reported(key: str, report: Report) -> bool:
    """Whether a value was wrong in itself: what stands in for it says nothing."""
    return any(problem.key == key for problem in report.problems)


def _needed(key: str, driver: IntercomSettings, report: Report) -> None:
    name, example = _NEEDED[driver.probe]
    here = joined(key, name)
    if getattr(driver, name) is None and not _is_reported(here, report):
        allowed = Say(f'what probe = "{driver.probe}" needs', f"probe = “{driver.probe}” 必需的键")
        remedy = Say(f"Add it, such as {name} = {example}.", f"请补上，例如 {name} = {example}。")
        report.add(here, Say("nothing", "缺失"), allowed, remedy)


def _superfluous(key: str, driver: IntercomSettings, report: Report) -> None:
    for name in _ALL:
        value = getattr(driver, name)
        if name in _USED[driver.probe] or value == _DEFAULTS[name]:
            continue
        owners = ", ".join(probe for probe, names in _USED.items() if name in names)
        allowed = Say(
            f'no {name} with probe = "{driver.probe}"', f"probe = “{driver.probe}” 时没有 {name}"
        )
        remedy = Say(
            f"Delete it, or correct probe: it belongs to {owners}.",
            f"请删除，或改正 probe：它属于 {owners}。",
        )
        report.add(joined(key, name), shown(value), allowed, remedy)


def _addresses(key: str, driver: IntercomSettings, report: Report) -> None:
    address, here = driver.address, joined(key, "address")
    if address is None:
        return
    host, port = _parts(address)
    if driver.probe == "icmp" and port is not None:
        allowed = Say("a host alone: a ping has no port", "只写主机：ping 没有端口")
        remedy = Say(f'Write "{host}".', f"请写 “{host}”。")
        report.add(here, shown(address), allowed, remedy)
    elif driver.probe in {"sip", "tcp"} and port is None:
        allowed = Say("host:port", "主机:端口")
        remedy = Say('Add the port, such as ":5060" for SIP.', "请加上端口，SIP 通常为 “:5060”。")
        report.add(here, shown(address), allowed, remedy)
    elif driver.probe == "udp":
        _own_address(here, address, report)


def _own_address(here: str, address: str, report: Report) -> None:
    """Where the agent itself listens: a number of its own, and a port it may open."""
    host, port = _parts(address)
    if not _is_number(host.strip("[]")) or port is None or port < LEAST_PORT:
        allowed = Say(
            f"this computer's own address in numbers, and a port from {LEAST_PORT} on",
            f"本机的数字地址，端口不小于 {LEAST_PORT}",
        )
        remedy = Say(
            'Write "0.0.0.0:5099" to listen on all of them; the station sends there.',
            "监听全部地址请写 “0.0.0.0:5099”；分机向此端口发送。",
        )
        report.add(here, shown(address), allowed, remedy)


def _sender(key: str, driver: IntercomSettings, report: Report) -> None:
    if driver.sender is not None and not _is_number(driver.sender):
        allowed = Say("one address in numbers", "一个数字地址")
        remedy = Say('Write it like "192.168.1.30".', "请写成 “192.168.1.30” 的形式。")
        report.add(joined(key, "sender"), shown(driver.sender), allowed, remedy)


def _topic(key: str, driver: IntercomSettings, root: str, report: Report) -> None:
    topic, here = driver.topic, joined(key, "topic")
    if topic is None:
        return
    if set(topic) & {"#", "+"} or topic.startswith("$") or len(topic.encode()) > LONGEST_TOPIC:
        allowed = Say(
            "one topic, without # and +, not begun with $", "单个主题，不含 # 和 +，不以 $ 开头"
        )
        remedy = Say("Write the station's own topic in full.", "请完整写出该分机自己的主题。")
        report.add(here, shown(topic), allowed, remedy)
    elif root and topic.startswith(f"{root}/"):
        allowed = Say(f"a topic outside {root}", f"{root} 以外的主题")
        remedy = Say(
            "Let the station publish elsewhere: what the agent says is no heartbeat.",
            "请让分机发布到别处：本程序自己的消息不是心跳。",
        )
        report.add(here, shown(topic), allowed, remedy)


def _root(sections: Mapping[str, Any]) -> str:
    """What the agent's own topics begin with; empty while the configuration does not say."""
    mqtt, elevator = sections.get("mqtt") or MqttSettings(), sections.get("elevator")
    if elevator is None or not elevator.site or not elevator.id:
        return ""
    return f"{mqtt.prefix}/{elevator.site}/{elevator.id}"


def _told_apart(stations: Sequence[tuple[str, IntercomSettings]], report: Report) -> None:
    """One heartbeat cannot be the life of two stations."""
    owners: dict[str, str] = {}
    for key, driver in stations:
        for name, what in _heard_at(driver):
            first = owners.setdefault(what, key)
            if first != key:
                allowed = Say("one of its own for each station", "每个分机各用一个")
                remedy = Say(f"Change it: {first} has it.", f"请更改：{first} 已使用。")
                report.add(joined(key, name), same(what), allowed, remedy)


def _heard_at(driver: IntercomSettings) -> Iterator[tuple[str, str]]:
    """Give the key and the place where a station's heartbeat is heard."""
    if driver.probe == "mqtt" and driver.topic:
        yield "topic", driver.topic
    if driver.probe == "udp" and driver.address:
        yield "address", f"port {_parts(driver.address)[1]}"


def _parts(address: str) -> tuple[str, int | None]:
    """Split a host from its port, if it has one; the pattern of the key has seen both."""
    if address.endswith("]"):
        return address, None
    host, colon, port = address.rpartition(":")
    return (host, int(port)) if colon else (address, None)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
