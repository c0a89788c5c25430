"""What contradicts itself about lines that are asked or listened to. Opens nothing and reads no profile."""

from collections.abc import Sequence

from agent.config_problem import Report, Say, choices, did_you_mean, joined, same, shown
from agent.drivers.address import address_of, is_rtu
from agent.drivers.profiles import NotGivenError, WrongKindError
from agent.settings import DriverSettings, ModbusSettings, SerialSettings

Placed = tuple[str, DriverSettings]  # the key of its table, and the driver


def check_serial(placed: Sequence[Placed], report: Report) -> None:
    """Report listeners that could send or whose line somebody else has, and addresses nobody answers."""
    lines: dict[str, list[str]] = {}
    for key, driver in placed:
        if isinstance(driver, ModbusSettings) and driver.device_id == 0 and _is_rtu(driver.url):
            _broadcast(key, report)
        if isinstance(driver, (ModbusSettings, SerialSettings)):
            lines.setdefault(_line_of(driver.url), []).append(key)
    for key, driver in placed:
        if isinstance(driver, SerialSettings) and driver.mode == "listen":
            _own_port(key, driver, report)
            others = [other for other in lines[_line_of(driver.url)] if other != key]
            if others:
                _alone(key, driver, others[0], report)


def _broadcast(key: str, report: Report) -> None:
    allowed = Say("1 to 247 on an RTU line", "RTU 总线上为 1 至 247")
    remedy = Say(
        "0 is for all devices at once, and none answers: write the device's own address.",
        "0 是广播地址，没有从站会应答：请写该从站的地址。",
    )
    report.add(joined(key, "device_id"), same("0"), allowed, remedy)


def _own_port(key: str, driver: SerialSettings, report: Report) -> None:
    if not driver.url.startswith("serial:"):
        form = same("serial:///dev/serial/by-id/NAME?baudrate=B&parity=P")
        remedy = Say(
            "Only a port of this computer can be opened for reading alone; else use mode request.",
            '只有本机串口可只读打开；否则请用 mode = "request"。',
        )
        report.add(joined(key, "url"), shown(driver.url), form, remedy)


def _alone(key: str, driver: SerialSettings, other: str, report: Report) -> None:
    allowed = Say("a line of its own for a listener", "监听者独占的线路")
    remedy = Say(
        f"{other} asks on it: remove one of the two.", f"{other} 在同一线路上轮询：请删其一。"
    )
    report.add(joined(key, "url"), shown(driver.url), allowed, remedy)


def wrong_kind(key: str, driver: DriverSettings, wrong: WrongKindError, report: Report) -> None:
    """Report a profile whose frames this kind of driver does not speak."""
    found = "serial" if isinstance(driver, SerialSettings) else "modbus"
    remedy = Say(
        f'Its framing is "{wrong.framing}": change the kind, or name another profile.',
        f"该档案的帧格式为 {wrong.framing}：请改 kind，或换档案。",
    )
    allowed = Say(f'"{wrong.kind}" for this profile', f'此档案须用 "{wrong.kind}"')
    report.add(joined(key, "kind"), shown(found), allowed, remedy)


def not_given(key: str, wrong: NotGivenError, report: Report) -> None:
    """Report signals to do without that the profile does not give, or that are all it gives."""
    if set(wrong.names) <= set(wrong.signals):
        remedy = Say("Nothing is left: delete the driver's table.", "无信号可读：请删除此驱动。")
    else:
        otherwise = Say("Delete what is not listed.", "请删除未列出的名称。")
        remedy = did_you_mean(wrong.names[0], wrong.signals, otherwise)
    found = same(", ".join(wrong.names))
    report.add(joined(key, "without"), found, choices(sorted(wrong.signals)), remedy)


def _line_of(url: str) -> str:
    try:
        return address_of(url).line
    except ValueError:
        return url


def _is_rtu(url: str) -> bool:
    try:
        return is_rtu(address_of(url))
    except ValueError:
        return False
