"""What a read-only search of a line found, beside what the configuration says. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown

SCAN: Final = Check(
    "bus.scan",
    Say("Search of the line", "线路搜索"),
    {
        "as_configured": fine("the device is where the configuration says", "设备与配置一致"),
        "wrong_baud": failed(
            "a device answers at another baud rate than configured",
            "设备在另一波特率下有应答",
            "Write baudrate={baudrate} into url of {driver}",
            "把 {driver} 的 url 改为 baudrate={baudrate}",
        ),
        "wrong_parity": failed(
            "a device answers with another parity than configured",
            "设备在另一校验位下有应答",
            "Write parity={parity} into url of {driver}",
            "把 {driver} 的 url 改为 parity={parity}",
        ),
        "wrong_device_id": failed(
            "a device answers at another address than configured",
            "设备在另一地址下有应答",
            "Write device_id = {device_id} into the table of {driver}, if that is the device",
            "如确为该设备，把 {driver} 的 device_id 改为 {device_id}",
        ),
        "nobody": failed(
            "nobody answers at any speed, parity and address: no power, wires A and B swapped, or broken",
            "任何速率、校验位和地址均无应答：无电源、A/B 接反或断线",
            "Check the device's power, then swap the wires A and B and search again",
            "检查设备电源，再对调 A/B 后重新搜索",
        ),
        "line_busy": unknown(
            "the line was not searched: the service, another program or another master is on it",
            "未搜索：线路被服务、其他程序或另一主站使用",
            "Stop the service first: sudo systemctl stop elevator-agent; see also serial.port",
            "先停止服务：sudo systemctl stop elevator-agent；另见 serial.port 项",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a device is on a line; no speed and parity on TCP."""

    device_id: int
    baudrate: int | None = None
    parity: str | None = None

    @property
    def told(self) -> str:
        """As a technician says it."""
        speed = "" if self.baudrate is None else f" {self.baudrate} {self.parity}"
        return f"{self.device_id}{speed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """A search for one driver's device: where it should be, what was found, how many places were asked.

    `busy` says why the line could not be searched; empty if it was.
    """

    driver: str
    wanted: Place
    found: Sequence[Place] = ()
    asked: int = 0
    busy: str = ""


def judge_scan(facts: ScanFacts) -> Finding:
    """Name the difference between the configuration and what answers."""
    if facts.busy:
        return SCAN.found("line_busy", facts.driver, Say(facts.busy, facts.busy))
    if not facts.found:
        return SCAN.found("nobody", facts.driver, _measured(facts))
    nearest = max(facts.found, key=lambda place: _likeness(facts.wanted, place))
    values = {
        "driver": facts.driver,
        "baudrate": nearest.baudrate,
        "parity": nearest.parity,
        "device_id": nearest.device_id,
    }
    return SCAN.found(_difference(facts.wanted, nearest), facts.driver, _measured(facts), **values)


def _likeness(wanted: Place, place: Place) -> tuple[bool, bool, bool]:
    return (
        place.device_id == wanted.device_id,
        place.baudrate == wanted.baudrate,
        place.parity == wanted.parity,
    )


def _difference(wanted: Place, place: Place) -> str:
    """The speed first: at a wrong one nothing else means anything."""
    if place.baudrate != wanted.baudrate:
        return "wrong_baud"
    if place.parity != wanted.parity:
        return "wrong_parity"
    return "as_configured" if place.device_id == wanted.device_id else "wrong_device_id"


def _measured(facts: ScanFacts) -> Say:
    found = "; ".join(place.told for place in facts.found) or "-"
    return Say(
        f"asked {facts.asked} places, configured {facts.wanted.told}, answered at: {found}",
        f"询问 {facts.asked} 处，配置为 {facts.wanted.told}，应答于：{found}",
    )
