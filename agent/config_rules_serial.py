"""What contradicts itself about serial links that are not Modbus. Opens nothing and reads no profile."""

from collections.abc import Sequence

from agent.config_problem import Report, Say, choices, did_you_mean, joined, same, shown
from agent.drivers.address import address_of
from agent.drivers.profiles import NotGivenError, WrongKindError
from agent.settings import DriverSettings, ModbusSettings, SerialSettings

Placed = tuple[str, DriverSettings]  # the key of its table, and the driver


def check_serial(placed: Sequence[Placed], report: Report) -> None:
    """Report listeners that could send, and listeners whose line somebody else has."""
    lines: dict[str, list[str]] = {}
    for key, driver in placed:
        if isinstance(driver, (ModbusSettings, SerialSettings)):
            lines.setdefault(_line_of(driver.url), []).append(key)
    for key, driver in placed:
        if isinstance(driver, SerialSettings) and driver.mode == "listen":
            _own_port(key, driver, report)
            others = [other for other in lines[_line_of(driver.url)] if other != key]
            if others:
                _alone(key, driver, others[0], report)


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
    report.add(joined(key, "kind"), shown(found), same(f'"{wrong.kind}" for this profile'), remedy)


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
