"""Which keys belong to which probe of an intercom station, and where two stations cannot be told apart.

Knows no file format and opens nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from agent.config_problem import Report, Say, joined, same, shown
from agent.config_rules_places import parts
from agent.settings import DriverSettings, IntercomSettings, MqttSettings

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
        if isinstance(driver, IntercomSettings) and not report.has(joined(key, "probe"))
    ]
    for key, driver in stations:
        _needed(key, driver, report)
        _superfluous(key, driver, report)
        _topic(key, driver, _root(sections), report)
    _told_apart(stations, report)


def _needed(key: str, driver: IntercomSettings, report: Report) -> None:
    name, example = _NEEDED[driver.probe]
    here = joined(key, name)
    if getattr(driver, name) is None and not report.has(here):
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
    """One heartbeat, or one answer, cannot be the life of two stations."""
    owners: dict[str, str] = {}
    for key, driver in stations:
        for name, what in _life_of(driver):
            first = owners.setdefault(what, key)
            if first != key:
                allowed = Say("one of its own for each station", "每个分机各用一个")
                remedy = Say(
                    f"Change it: {first} has it. What answers for two stations shows neither.",
                    f"请更改：{first} 已使用。代两个分机应答，说明不了任何一个。",
                )
                report.add(joined(key, name), same(what), allowed, remedy)


def _life_of(driver: IntercomSettings) -> Iterator[tuple[str, str]]:
    """Give the key and the place where a station is heard, or asked."""
    if driver.probe == "mqtt" and driver.topic:
        yield "topic", driver.topic
    elif driver.probe == "udp" and driver.address:
        yield "address", f"port {parts(driver.address)[1]}"
    elif driver.probe in {"sip", "tcp", "icmp"} and driver.address:
        yield "address", driver.address.lower()
