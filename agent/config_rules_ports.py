"""Serial ports that belong to one driver alone: a card reader's and a modem's. Opens nothing.

Devices on RS-485 share a line; nobody shares these.
"""

from collections.abc import Iterator, Sequence

from agent.config_problem import Report, Say, joined, same, shown
from agent.drivers.address import BAUDRATES, SerialAddress, address_of
from agent.drivers.rdm6300 import BAUDRATE
from agent.settings import (
    CardSettings,
    DriverSettings,
    HostSettings,
    ModbusSettings,
    SerialSettings,
)

Placed = tuple[str, DriverSettings]  # the key of its table, and the driver


def check_ports(placed: Sequence[Placed], report: Report) -> None:
    """Report card readers and modems whose port is missing, unusable or another driver's."""
    for key, driver in placed:
        if (
            isinstance(driver, CardSettings)
            and driver.model == "rdm6300"
            and not report.has(joined(key, "model"))
        ):
            _rdm6300(key, driver, report)
    for key, url in _own_ports(placed):
        if _line_of(url) is None:
            form = "serial:///dev/…?baudrate=B&parity=P, B one of "
            form += ", ".join(str(rate) for rate in BAUDRATES) + ", P one of N, E, O"
            remedy = Say("Write what the device is set to.", "请按设备的设置填写。")
            report.add(key, shown(url), same(form), remedy)
    _one_driver_each(placed, report)


def _rdm6300(key: str, driver: CardSettings, report: Report) -> None:
    where = joined(key, "url")
    example = f"serial:///dev/serial/by-id/NAME?baudrate={BAUDRATE}&parity=N"
    form = Say(f"{example}: an RDM6300 knows no other speed", f"{example}：RDM6300 只有这一种速率")
    remedy = Say("Name the port that the reader is on.", "请写读卡器所接的串口。")
    if driver.url is None:
        if not report.has(where):
            report.add(where, Say("nothing", "缺失"), form, remedy)
    elif (spoken := _line_of(driver.url)) and not _is_rdm6300(spoken):
        report.add(where, shown(driver.url), form, remedy)
    for pin in ("data0_pin", "data1_pin"):
        if getattr(driver, pin) is not None:
            allowed = Say('only with model = "wiegand26"', '仅用于 model = "wiegand26"')
            remedy = Say("Delete it, or change the model.", "请删除，或改 model。")
            report.add(joined(key, pin), same(str(getattr(driver, pin))), allowed, remedy)


def _is_rdm6300(spoken: SerialAddress) -> bool:
    return (spoken.baudrate, spoken.parity, spoken.stopbits) == (BAUDRATE, "N", 1)


def _own_ports(placed: Sequence[Placed]) -> Iterator[tuple[str, str]]:
    """Give the keys and urls of ports that nobody else may use."""
    for key, driver in placed:
        if isinstance(driver, CardSettings) and driver.url:
            yield joined(key, "url"), driver.url
        elif isinstance(driver, HostSettings) and driver.modem_url:
            yield joined(key, "modem_url"), driver.modem_url


def _one_driver_each(placed: Sequence[Placed], report: Report) -> None:
    owners: dict[str, str] = {}
    for key, driver in placed:
        if isinstance(driver, (ModbusSettings, SerialSettings)) and (line := _line_of(driver.url)):
            owners.setdefault(line.path, joined(key, "url"))
    for key, url in _own_ports(placed):
        line = _line_of(url)
        if line is None:
            continue
        first = owners.setdefault(line.path, key)
        if first != key:
            allowed = Say("a port of its own", "独占的串口")
            remedy = Say(
                f"Correct one of the two: {first} uses it.", f"请改其一：{first} 已用此串口。"
            )
            report.add(key, shown(url), allowed, remedy)


def _line_of(url: str) -> SerialAddress | None:
    try:
        address = address_of(url)
    except ValueError:
        return None
    return address if isinstance(address, SerialAddress) else None
