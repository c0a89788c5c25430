"""Looks at the devices on buses: what the service counted, else each line is listened to first and then asked, reading only.

A line on which somebody else is heard is not asked at all. Lines are looked at beside each other, the devices of one line
after each other.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from agent.clock import Clock, sleep
from agent.doctor.answer import AnswerFacts, beside, judge_answer
from agent.doctor.bus_talk import Asked, place_of
from agent.doctor.finding import Finding
from agent.doctor.look_asked import look_by_asking
from agent.doctor.look_port import look_at_port
from agent.doctor.look_served import look_at_served
from agent.doctor.modem import ModemFacts, judge_modem
from agent.doctor.port import PortFacts, judge_port
from agent.doctor.scene import Scene
from agent.drivers.address import SerialAddress, address_of
from agent.drivers.aside import Aside
from agent.drivers.host_files import MODEM
from agent.drivers.serial_ear import SerialEar
from agent.drivers.tap import Tap
from agent.settings import CardSettings, HostSettings, ModbusSettings, SerialSettings

LISTEN_S: Final = 1.5  # a master that polls each second is heard
_PORT_S: Final = 5.0


async def look_at_buses(scene: Scene) -> list[Finding]:
    """Look at every line, and at the ports of card readers and modems."""
    asked = [each for each in scene.drivers if isinstance(each, (ModbusSettings, SerialSettings))]
    by_line = sorted(asked, key=_line_of)
    lines = [list(group) for _, group in groupby(by_line, key=_line_of)]
    looks = [_look_at_line(scene, line) for line in lines]
    looks += [_look_at_own_port(scene, url) for url in _own_ports(scene)]
    found = [finding for found in await asyncio.gather(*looks) for finding in found]
    return [*found, *(_modem(scene, each) for each in scene.drivers if _has_modem(each))]


def _line_of(settings: Asked) -> str:
    return address_of(settings.url).line


def _own_ports(scene: Scene) -> list[str]:
    cards = [each.url for each in scene.drivers if isinstance(each, CardSettings)]
    modems = [each.modem_url for each in scene.drivers if isinstance(each, HostSettings)]
    return [url for url in (*cards, *modems) if url]


def _has_modem(settings: object) -> bool:
    return isinstance(settings, HostSettings) and bool(settings.modem_url)


def _modem(scene: Scene, settings: HostSettings) -> Finding:
    """What the service heard of the modem."""
    service, url = scene.service, address_of(settings.modem_url or "").line
    signal = None if service is None else service.signals.get(MODEM)
    link = None if service is None else service.status.links.get(settings.name)
    if signal is None or link is None or not link.statistics.polls:
        return judge_modem(ModemFacts(url=url, asked=False))
    dbm = signal.v if signal.q == "good" and isinstance(signal.v, int) else None
    return judge_modem(ModemFacts(url=url, dbm=dbm, answered=link.statistics.answered))


async def _look_at_own_port(scene: Scene, url: str) -> list[Finding]:
    address = address_of(url)
    assert isinstance(address, SerialAddress), "the configuration was checked"
    return [judge_port(await _port(scene, address.path))]


async def _port(scene: Scene, path: str) -> PortFacts:
    try:
        return await Aside(lambda: look_at_port(scene, path)).call(_PORT_S)
    except TimeoutError:
        return PortFacts(path=path, target=path, open_error=f"no end within {_PORT_S:g} s")


async def _look_at_line(scene: Scene, drivers: Sequence[Asked]) -> list[Finding]:
    address = address_of(drivers[0].url)
    if any(each.name in scene.taken for each in drivers):
        return [_taken(scene, each) for each in drivers]
    found: list[Finding] = []
    usable, overheard = True, 0
    if isinstance(address, SerialAddress):
        port = await _port(scene, address.path)
        found.append(judge_port(port))
        usable = not (not port.exists or not port.is_port or port.open_error or port.holders)
        if usable and not scene.is_held:
            overheard = await _overheard(address, scene.clock)
    tap = Tap()
    for driver in drivers:
        if scene.is_held:
            found += await look_at_served(scene, driver, address)
        else:
            asked = usable and not overheard
            found += await look_by_asking(scene, driver, tap, overheard=overheard, may_ask=asked)
    return beside(found) if isinstance(address, SerialAddress) else found


def _taken(scene: Scene, driver: Asked) -> Finding:
    """Another configuration's service is on this line: not even the port is opened."""
    holder = scene.taken.get(driver.name, "-")
    why = f"the running service is on this line, as {holder}"
    return judge_answer(
        AnswerFacts(driver=driver.name, where=place_of(driver), tried=False, reason=why)
    )


async def _overheard(address: SerialAddress, clock: Clock) -> int:
    """Listen before anything is sent: how many bytes come by themselves."""
    ear = SerialEar(address, clock)
    if await ear.open():
        return 0
    try:
        await sleep(LISTEN_S)
        return len(ear.inbox.bytes)
    finally:
        ear.close()
