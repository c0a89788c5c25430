"""Searches lines for devices, reading only: other speeds and parities first, then other addresses. Minutes at worst.

Only lines that nobody holds and on which nobody was heard; each address is asked for one register.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from agent.clock import Clock
from agent.doctor.finding import Finding
from agent.doctor.look_port import look_at_port
from agent.doctor.port import judge_port
from agent.doctor.scan import Place, ScanFacts, judge_scan
from agent.doctor.scene import Scene
from agent.drivers.address import BAUDRATES, PARITIES, SerialAddress, TcpAddress, address_of
from agent.drivers.learn_wire import LookingWire, Waits
from agent.drivers.scan import DEVICE_IDS, LineClosedError, Probed, scan
from agent.drivers.tap import Tap
from agent.settings import ModbusSettings

TIMEOUT_MS: Final = 300  # of one address: devices answer within tens of milliseconds
PAUSE_S: Final = 0.05

Told = Callable[[str], None]


@dataclass(slots=True)
class _Search:
    """One driver's search: where it is asked, what answered."""

    settings: ModbusSettings
    asked: int = 0
    found: list[Place] = field(default_factory=list[Place])


async def search(scene: Scene, tell: Told) -> list[Finding]:
    """Search every Modbus line of the configuration, one after the other; `tell` hears how far."""
    modbus = [each for each in scene.drivers if isinstance(each, ModbusSettings)]
    return [judge_scan(await _one(scene, each, tell)) for each in modbus]


async def _one(scene: Scene, settings: ModbusSettings, tell: Told) -> ScanFacts:
    address = address_of(settings.url)
    wanted = _place(address, settings.device_id)
    busy = "the service runs" if settings.name in scene.taken else _busy(scene, address)
    if busy:
        return ScanFacts(driver=settings.name, wanted=wanted, busy=busy)
    running = _Search(settings)
    try:
        async for probed in _probes(address, settings, scene.clock):
            running.asked += 1
            if probed.answers:
                running.found.append(_place(address_of(probed.url), probed.device_id))
            tell(f"{settings.name}: {probed.url} {probed.device_id}")
    except LineClosedError as wrong:
        return ScanFacts(driver=settings.name, wanted=wanted, busy=str(wrong))
    return ScanFacts(
        driver=settings.name, wanted=wanted, found=tuple(running.found), asked=running.asked
    )


def _busy(scene: Scene, address: SerialAddress | TcpAddress) -> str:
    if scene.is_held:
        return "the service runs"
    if isinstance(address, SerialAddress):
        finding = judge_port(look_at_port(scene, address.path))
        if finding.verdict == "failed":
            return finding.cause
    return ""


def _place(address: SerialAddress | TcpAddress, device_id: int) -> Place:
    if isinstance(address, SerialAddress):
        return Place(device_id=device_id, baudrate=address.baudrate, parity=address.parity)
    return Place(device_id=device_id)


async def _probes(
    address: SerialAddress | TcpAddress, settings: ModbusSettings, clock: Clock
) -> AsyncGenerator[Probed, None]:
    """The configured device at every speed and parity; if it is nowhere, every address as configured."""
    tap, waits = Tap(), Waits(TIMEOUT_MS, TIMEOUT_MS)

    def opened(url: str, device_id: int) -> LookingWire:
        return LookingWire(url, device_id, clock, waits, tap)

    found = False
    async for probed in scan(
        opened, list(urls(address, settings.url)), [settings.device_id], PAUSE_S
    ):
        found = found or probed.answers
        yield probed
    if not found:
        others = [each for each in DEVICE_IDS if each != settings.device_id]
        async for probed in scan(opened, [settings.url], others, PAUSE_S):
            yield probed


def urls(address: SerialAddress | TcpAddress, configured: str) -> Iterator[str]:
    """Give the line as configured first, then with every other speed, then with every other parity."""
    yield configured
    if not isinstance(address, SerialAddress):
        return
    speeds = [address.baudrate, *(rate for rate in BAUDRATES if rate != address.baudrate)]
    parities = [address.parity, *(parity for parity in PARITIES if parity != address.parity)]
    for parity in parities:
        for rate in speeds:
            if (rate, parity) != (address.baudrate, address.parity):
                tail = f"baudrate={rate}&parity={parity}&stopbits={address.stopbits}"
                yield f"serial://{address.path}?{tail}"
