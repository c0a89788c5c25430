"""Looks at the devices on buses: what the service counted, else each line is listened to first and then asked, reading only.

A line on which somebody else is heard is not asked at all. Lines are looked at beside each other, the devices of one line
after each other.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Final

from agent.clock import Clock, sleep
from agent.doctor.answer import AnswerFacts, judge_answer, judge_errors
from agent.doctor.finding import Finding
from agent.doctor.look_net import reach
from agent.doctor.look_port import look_at_port
from agent.doctor.network import ReachFacts, judge_tcp
from agent.doctor.port import PortFacts, judge_port
from agent.doctor.scene import Link, Scene
from agent.doctor.swapped import better, judged
from agent.doctor.values import ValueFacts, judge_values
from agent.drivers.address import SerialAddress, TcpAddress, address_of, is_rtu
from agent.drivers.aside import Aside
from agent.drivers.blocks import Block, compile_blocks
from agent.drivers.bus import Timing, bus_for
from agent.drivers.bus_driver import BusWire
from agent.drivers.dissect_talk import Talk
from agent.drivers.framings import FRAMINGS
from agent.drivers.profiles import NotGivenError, Profile, ProfileProblems, WrongKindError
from agent.drivers.registers import Words
from agent.drivers.rtu_framing import question
from agent.drivers.serial_ear import SerialEar
from agent.drivers.table import profile_for
from agent.drivers.tap import Frame, Tap
from agent.drivers.wire import DamagedError, NoAnswerError, RefusedError, SilenceError, Wire
from agent.settings import CardSettings, HostSettings, ModbusSettings, SerialSettings

LISTEN_S: Final = 1.5  # a master that polls each second is heard
ASK_S: Final = 6.0  # of questions to one device
TRIES: Final = 3  # of a block that is not answered
_PORT_S: Final = 5.0

Asked = ModbusSettings | SerialSettings


@dataclass(slots=True)
class Heard:
    """What came of asking one device."""

    facts: AnswerFacts
    blocks: list[tuple[Block, Words]] = field(default_factory=list[tuple[Block, Words]])


async def look_at_buses(scene: Scene) -> list[Finding]:
    """Look at every line, and at the ports of card readers and modems."""
    asked = [each for each in scene.drivers if isinstance(each, (ModbusSettings, SerialSettings))]
    by_line = sorted(asked, key=_line_of)
    lines = [list(group) for _, group in groupby(by_line, key=_line_of)]
    looks = [_look_at_line(scene, line) for line in lines]
    looks += [_look_at_own_port(scene, url) for url in _own_ports(scene)]
    return [finding for found in await asyncio.gather(*looks) for finding in found]


def _line_of(settings: Asked) -> str:
    return address_of(settings.url).line


def _own_ports(scene: Scene) -> list[str]:
    cards = [each.url for each in scene.drivers if isinstance(each, CardSettings)]
    modems = [each.modem_url for each in scene.drivers if isinstance(each, HostSettings)]
    return [url for url in (*cards, *modems) if url]


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
            found += await _served(scene, driver, address)
        else:
            asked = usable and not overheard
            found += await _asked(scene, driver, tap, overheard=overheard, may_ask=asked)
    return found


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


# ---------------------------------------------------------------- the service has it


async def _served(
    scene: Scene, driver: Asked, address: SerialAddress | TcpAddress
) -> list[Finding]:
    service = scene.service
    link = None if service is None else service.status.links.get(driver.name)
    if service is None or link is None:
        return [judge_answer(AnswerFacts(driver=driver.name, where=driver.url, tried=False))]
    facts = _counted(scene, driver, link)
    found: list[Finding] = []
    if isinstance(address, TcpAddress):
        reached = ReachFacts(name=driver.name, where=address.line, end="connects")
        if not link.up and not facts.asked:
            reached = replace(
                await reach(address.host, address.port, scene.clock), name=driver.name
            )
        found.append(judge_tcp(reached))
    found.append(judge_answer(facts))
    errors = judge_errors(facts)
    found += [] if errors is None else [errors]
    return [*found, *_values_of_service(scene, driver)]


def _counted(scene: Scene, driver: Asked, link: Link) -> AnswerFacts:
    assert scene.service is not None
    counted = link.statistics
    word, exception = last_wrong(
        Frame(0, each.driver, "out" if each.out else "in", each.data)
        for each in scene.service.frames
        if each.driver == driver.name
    )
    return AnswerFacts(
        driver=driver.name,
        where=_where(driver),
        listens=_listens(driver),
        connected=counted.connects > 0,
        up=link.up,
        answered=counted.answered,
        timeouts=counted.timeouts,
        malformed=counted.malformed,
        exceptions=counted.exceptions,
        wrong=word,
        exception=exception,
        p50_ms=counted.round_trip_p50_ms,
        p95_ms=counted.round_trip_p95_ms,
        timeout_ms=driver.timeout_ms,
        reason=link.reason,
    )


def _values_of_service(scene: Scene, driver: Asked) -> list[Finding]:
    assert scene.service is not None
    own = {n: each for n, each in scene.service.signals.items() if each.driver == driver.name}
    bad = [name for name, each in own.items() if each.q == "bad"]
    good = sum(each.q == "good" for each in own.values())
    swap = ""
    profile = _profile(scene, driver)
    if bad and profile is not None:
        swap = better(profile.points, _blocks_heard(scene, driver.name))
    facts = ValueFacts(driver=driver.name, good=good, bad=bad, better=swap)
    return [judge_values(facts)] if own else []


def _blocks_heard(scene: Scene, driver: str) -> list[tuple[Block, Words]]:
    """Take the answers out of the frames that the service kept."""
    from agent.drivers.registers import Table

    assert scene.service is not None
    tables = {table.function: table for table in Table}
    talk, found = Talk(), list[tuple[Block, Words]]()
    for frame in scene.service.frames:
        if frame.driver != driver:
            continue
        said = talk.heard(driver, frame.data, out=frame.out)
        table = tables.get(said.function or 0)
        if frame.out or said.wrong or table is None or said.address is None or not said.values:
            continue
        found.append((Block(table, said.address, len(said.values)), said.values))
    return found[::-1]


# ---------------------------------------------------------------- nobody has it


async def _asked(
    scene: Scene, driver: Asked, tap: Tap, *, overheard: int, may_ask: bool
) -> list[Finding]:
    profile = _profile(scene, driver)
    idle = AnswerFacts(driver=driver.name, where=_where(driver), listens=_listens(driver))
    if profile is None or not may_ask or _listens(driver):
        tried = bool(overheard) and not _listens(driver)
        return [judge_answer(replace(idle, tried=tried, overheard=overheard))]
    address = address_of(driver.url)
    wire = _wire(driver, profile, scene.clock, tap)
    begun_us = scene.clock.uptime_us()
    wrong = await wire.connect()
    took_ms = (scene.clock.uptime_us() - begun_us) / 1000
    try:
        if wrong:
            return await _closed(scene, address, replace(idle, connected=False, reason=wrong))
        heard = await _ask(
            wire, profile, replace(idle, timeout_ms=driver.timeout_ms), tap, scene.clock
        )
    finally:
        wire.close()
    found = [judge_answer(heard.facts)]
    if isinstance(address, TcpAddress):
        found.insert(
            0,
            judge_tcp(
                ReachFacts(name=driver.name, where=address.line, end="connects", took_ms=took_ms)
            ),
        )
    if heard.blocks:
        found.append(judge_values(_values(driver.name, profile, heard.blocks)))
    return found


async def _closed(
    scene: Scene, address: SerialAddress | TcpAddress, facts: AnswerFacts
) -> list[Finding]:
    if isinstance(address, SerialAddress):
        return [judge_answer(replace(facts, tried=False))]
    reached = replace(await reach(address.host, address.port, scene.clock), name=facts.driver)
    return [judge_tcp(reached), judge_answer(facts)]


def _values(name: str, profile: Profile, blocks: list[tuple[Block, Words]]) -> ValueFacts:
    plain = judged(profile.points, blocks)
    bad = [signal for signal, is_good in plain.items() if not is_good]
    return ValueFacts(
        driver=name,
        good=len(plain) - len(bad),
        bad=bad,
        better=better(profile.points, blocks),
    )


def _wire(driver: Asked, profile: Profile, clock: Clock, tap: Tap) -> Wire:
    address = address_of(driver.url)
    if isinstance(driver, ModbusSettings) and not is_rtu(address):
        from agent.drivers.modbus import TcpWire
        from agent.drivers.tcp_tap import TcpTap

        return TcpWire(driver, profile.answer_max_us, clock, TcpTap(tap, clock, driver.name))
    ask = (
        partial(question, driver.device_id)
        if isinstance(driver, ModbusSettings)
        else FRAMINGS[profile.framing].ask
    )
    timing = Timing(driver.timeout_ms * 1000, profile.answer_max_us, profile.pause_us)
    return BusWire(bus_for(address, clock, tap), driver.name, _where(driver), ask, timing)


async def _ask(wire: Wire, profile: Profile, facts: AnswerFacts, tap: Tap, clock: Clock) -> Heard:
    """Read every block once, again where it is not answered, within the time there is."""
    frames: list[Frame] = []
    stop = tap.listen(frames.append)
    heard, trips_us = Heard(facts), list[int]()
    with suppress(TimeoutError):
        async with asyncio.timeout(ASK_S):
            for compiled in compile_blocks(profile.points, profile.limits):
                if not await _block(wire, compiled.block, heard, trips_us, clock):
                    break
    stop()
    word, exception = last_wrong(each for each in frames if each.driver == facts.driver)
    ordered = sorted(trips_us)
    heard.facts = replace(
        heard.facts,
        wrong=word,
        exception=exception,
        p50_ms=ordered[len(ordered) // 2] / 1000 if ordered else None,
    )
    return heard


async def _block(wire: Wire, block: Block, heard: Heard, trips_us: list[int], clock: Clock) -> bool:
    """Read one block; false where it stays without any answer, so that the next would as well."""
    for _ in range(TRIES):
        facts = heard.facts
        if wire.is_gone and await wire.connect():
            return False
        try:
            async with wire.turn():
                words = await wire.read(block)
        except RefusedError:
            heard.facts = replace(facts, exceptions=facts.exceptions + 1)
            return True
        except DamagedError:
            heard.facts = replace(facts, malformed=facts.malformed + 1)
        except SilenceError:
            heard.facts = replace(facts, timeouts=facts.timeouts + 1)
        except NoAnswerError:
            heard.facts = replace(facts, malformed=facts.malformed + 1)
        else:
            trips_us.append(clock.uptime_us() - wire.asked_us)
            heard.facts = replace(facts, answered=facts.answered + 1)
            heard.blocks.append((block, words))
            return True
    return False


def last_wrong(frames: Iterable[Frame]) -> tuple[str, int]:
    """Give the word for the last damaged answer among frames, and the code of the last refusal."""
    talk, word, exception = Talk(), "", 0
    for frame in frames:
        said = talk.heard(frame.driver, frame.data, out=frame.way == "out")
        if frame.way == "in" and said.wrong not in {"", "noise", "empty"}:
            word = said.wrong
        if frame.way == "in" and said.exception:
            exception = said.exception
    return word, exception


def _profile(scene: Scene, driver: Asked) -> Profile | None:
    """Read the profile; one that is wrong is a problem of the configuration, which is said there."""
    try:
        return profile_for(driver, scene.folders)
    except (ProfileProblems, NotGivenError, WrongKindError):
        return None


def _listens(driver: Asked) -> bool:
    return isinstance(driver, SerialSettings) and driver.mode == "listen"


def _where(driver: Asked) -> str:
    address = address_of(driver.url)
    place = address.line
    if isinstance(address, SerialAddress):
        place = f"{place.rpartition('/')[2]} {address.baudrate} {address.parity}"
    return f"{place} id {driver.device_id}" if isinstance(driver, ModbusSettings) else place
