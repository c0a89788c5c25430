"""What contradicts what in a configuration. Looks at drafts too: one run finds every mistake.

Knows nothing of TOML and opens nothing: which signals a driver gives and which profiles exist, it
is told.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.config_problem import (
    ConfigProblems,
    Report,
    Say,
    choices,
    did_you_mean,
    item_key,
    joined,
    same,
    shown,
)
from agent.config_rules_intercom import check_intercom
from agent.config_rules_mqtt import check_mqtt
from agent.config_rules_pins import check_pins
from agent.config_rules_places import check_places
from agent.config_rules_platform import check_platform
from agent.config_rules_ports import check_ports
from agent.config_rules_serial import check_serial, not_given, wrong_kind
from agent.drivers.address import BAUDRATES, Address, SerialAddress, address_of
from agent.drivers.profiles import NotGivenError, ProfileProblems, WrongKindError
from agent.hosts import is_host
from agent.platforms import PlatformOf
from agent.settings import DriverSettings, GpioSettings, ModbusSettings, SerialSettings

SignalsOf = Callable[[DriverSettings], Iterable[str]]
Profiles = Callable[[], Iterable[str]]

LONGEST_SOCKET_PATH = 107  # bytes; the kernel's address holds 108 with the closing zero
_TCP_FORM = "tcp://host:port, or tcp://host for port 502; rtu+tcp://host:port; port 1 to 65535"
_SERIAL_FORM = (
    "serial:///dev/…?baudrate=B&parity=P, B one of "
    + ", ".join(str(rate) for rate in BAUDRATES)
    + ", P one of N, E, O, and &stopbits=2 if there are two"
)
_BY_PROFILE = (ModbusSettings, SerialSettings)

Placed = tuple[str, DriverSettings]  # the key of its table, and the driver


def check(
    sections: Mapping[str, Any],
    report: Report,
    signals_of: SignalsOf | None,
    profiles: Profiles | None,
    platform_of: PlatformOf | None = None,
) -> None:
    """Report every contradiction between the sections that could be understood."""
    placed = _placed(sections.get("drivers") or ())
    _one_name_each(placed, report)
    check_pins(placed, report)
    unclear = _wrong_addresses(placed, report)
    _one_way_each_line(placed, report)
    check_ports(placed, report)
    check_serial(placed, report)
    check_intercom(placed, sections, report)
    check_places(placed, report)
    unclear |= _unknown_profiles(placed, report, profiles) if profiles else set[str]()
    if signals_of:
        _one_giver_each([each for each in placed if each[0] not in unclear], report, signals_of)
    if platform_of:
        check_platform(sections, report, platform_of)
    _socket_path(sections, report)
    _limits(sections, report)
    _broker_host(sections, report)
    check_mqtt(sections, report)
    _password_without_user(sections, report)


def _placed(drivers: Sequence[DriverSettings | None]) -> list[Placed]:
    return [
        (item_key("drivers", index, driver), driver)
        for index, driver in enumerate(drivers)
        if driver is not None
    ]


def _one_name_each(placed: Sequence[Placed], report: Report) -> None:
    owners: dict[str, str] = {}
    for key, driver in placed:
        first = owners.setdefault(driver.name, key)
        if driver.name and first != key:
            allowed = Say("a name of its own", "不重复的名称")
            remedy = Say(f"Rename it: {first} has that name.", f"请改名：{first} 已用此名。")
            report.add(joined(key, "name"), shown(driver.name), allowed, remedy)


def _wrong_addresses(placed: Sequence[Placed], report: Report) -> set[str]:
    """Report and return the drivers whose address cannot be connected to."""
    wrong: set[str] = set()
    for key, driver in placed:
        if isinstance(driver, _BY_PROFILE) and driver.url and not _is_address(driver.url):
            wrong.add(key)
            form = same(_SERIAL_FORM if driver.url.startswith("serial:") else _TCP_FORM)
            remedy = Say('For example "tcp://192.168.1.10:502".', '例如 "tcp://192.168.1.10:502"。')
            if driver.url.startswith("serial:"):
                remedy = Say("Write what the device is set to.", "请按设备的设置填写。")
            report.add(joined(key, "url"), shown(driver.url), form, remedy)
    return wrong


def _one_way_each_line(placed: Sequence[Placed], report: Report) -> None:
    """Devices may share a line, but only when all speak on it in the same way."""
    lines: dict[str, tuple[str, Address]] = {}
    for key, driver in placed:
        if not isinstance(driver, _BY_PROFILE) or not _is_address(driver.url):
            continue
        address = address_of(driver.url)
        is_port = isinstance(address, SerialAddress)
        line = (
            os.path.realpath(address.line) if is_port else address.line
        )  # a link is no second port
        first, spoken = lines.setdefault(line, (key, address))
        if spoken != address:
            allowed = Say("one way to speak on each line", "同一总线只用一种通信设置")
            remedy = Say(f"Use the url of {first}.", f"请使用 {first} 的 url。")
            report.add(joined(key, "url"), shown(driver.url), allowed, remedy)


def _is_address(url: str) -> bool:
    try:
        address_of(url)
    except ValueError:
        return False
    return True


def _unknown_profiles(placed: Sequence[Placed], report: Report, profiles: Profiles) -> set[str]:
    """Report and return the drivers whose register map does not exist."""
    known = sorted(profiles())
    unknown = {
        key: driver.profile
        for key, driver in placed
        if isinstance(driver, _BY_PROFILE) and driver.profile not in known
    }
    for key, profile in unknown.items():
        if profile:
            otherwise = Say(
                "Put its file into a profile folder that this user may read.",
                "请把它的文件放入当前用户可读的档案目录。",
            )
            remedy = did_you_mean(profile, known, otherwise)
            report.add(joined(key, "profile"), shown(profile), choices(known), remedy)
    return set(unknown)


def _one_giver_each(placed: Sequence[Placed], report: Report, signals_of: SignalsOf) -> None:
    givers: dict[str, str] = {}
    for key, driver in placed:
        for signal in _given(key, driver, report, signals_of):
            first = givers.setdefault(signal, key)
            if first != key and not signal.endswith("."):  # its name was wrong in itself
                _given_twice(key, driver, signal, first, report)
                if not isinstance(driver, (*_BY_PROFILE, GpioSettings)):
                    break  # the rest of such a table is the same mistake


def _given_twice(key: str, driver: DriverSettings, signal: str, first: str, report: Report) -> None:
    here = joined(joined(key, "inputs"), signal) if isinstance(driver, GpioSettings) else key
    allowed = Say("one driver for each signal", "每个信号只由一个驱动给出")
    remedy = Say(
        f"Remove it from one of the two: {first} gives it. A driver with a profile leaves it out "
        "by `without`.",
        f"请删其一：{first} 已给出。有档案的驱动可用 without 排除。",
    )
    report.add(here, shown(signal), allowed, remedy)


def _given(key: str, driver: DriverSettings, report: Report, signals_of: SignalsOf) -> list[str]:
    """Ask for the driver's signals; a register map that is itself wrong becomes a problem."""
    try:
        return list(signals_of(driver))
    except ConfigProblems as wrong:
        report.problems.extend(wrong.problems)
    except WrongKindError as wrong:
        wrong_kind(key, driver, wrong, report)
    except NotGivenError as wrong:
        not_given(key, wrong, report)
    except ProfileProblems as wrong:
        for text in wrong.problems:
            _profile_wrong(key, text, report)
    except OSError as wrong:
        _profile_wrong(key, str(wrong), report)
    return []


def _profile_wrong(key: str, text: str, report: Report) -> None:
    allowed = Say("a profile without mistakes", "没有错误的档案")
    remedy = Say("Correct the profile's file.", "请改正该档案文件。")
    report.add(joined(key, "profile"), same(text), allowed, remedy)


def _socket_path(sections: Mapping[str, Any], report: Report) -> None:
    control = sections.get("control")
    size = len(os.fsencode(control.path)) if control is not None else 0
    if size > LONGEST_SOCKET_PATH:
        found = Say(f"a path of {size} bytes", f"{size} 字节的路径")
        allowed = Say(f"at most {LONGEST_SOCKET_PATH} bytes", f"至多 {LONGEST_SOCKET_PATH} 字节")
        remedy = Say(
            "Choose a shorter folder, such as /run/elevator-agent.",
            "请换较短的目录，如 /run/elevator-agent。",
        )
        report.add("control.path", found, allowed, remedy)


_ORDERED = (  # limits that would switch a rule off if the first exceeded the second
    ("alarm_press_s", "button_stuck_s"),
    ("presence_total_s", "presence_window_s"),
)


def _limits(sections: Mapping[str, Any], report: Report) -> None:
    monitor = sections.get("monitor")
    for less, more in _ORDERED if monitor is not None else ():
        low, high = getattr(monitor, less), getattr(monitor, more)
        if low > high:
            allowed = Say(f"at most {more}, which is {high:g}", f"不大于 {more}（{high:g}）")
            remedy = Say("With these two the rule could never hold.", "如此设置，该规则永不成立。")
            report.add(f"monitor.{less}", same(f"{low:g}"), allowed, remedy)


def _broker_host(sections: Mapping[str, Any], report: Report) -> None:
    mqtt = sections.get("mqtt")
    if mqtt is not None and mqtt.host and not is_host(mqtt.host):
        allowed = Say("the name or the address of a host", "主机名或 IP 地址")
        remedy = Say(
            'Write it alone, such as "192.168.1.2"; the port is mqtt.port.',
            '只写主机，例如 "192.168.1.2"；端口写在 mqtt.port。',
        )
        report.add("mqtt.host", shown(mqtt.host), allowed, remedy)


def _password_without_user(sections: Mapping[str, Any], report: Report) -> None:
    mqtt = sections.get("mqtt")
    if mqtt is not None and mqtt.protocol == "3.1.1" and mqtt.password_file and not mqtt.username:
        allowed = Say(
            "a user name: MQTT 3.1.1 takes no password without",
            "用户名：MQTT 3.1.1 有密码须有用户名",
        )
        remedy = Say(
            "Set mqtt.username, or delete password_file.",
            "请设置 mqtt.username，或删除 password_file。",
        )
        report.add("mqtt.username", same('""'), allowed, remedy)
