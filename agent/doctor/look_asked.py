"""Asks a device that nobody else asks: every block of its profile once, reading only, within a few seconds."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from msgspec.structs import replace as changed

from agent.clock import Clock
from agent.doctor.answer import AnswerFacts, judge_answer, judge_errors
from agent.doctor.bus_talk import Asked, is_listening, last_wrong, place_of, profile_of
from agent.doctor.finding import Finding
from agent.doctor.look_net import reach
from agent.doctor.network import ReachFacts, judge_tcp
from agent.doctor.scene import Scene
from agent.doctor.swapped import better, judged
from agent.doctor.values import ValueFacts, judge_values
from agent.drivers.address import SerialAddress, TcpAddress, address_of, is_rtu
from agent.drivers.blocks import Block, Compiled, compile_blocks
from agent.drivers.bus import Timing, bus_for
from agent.drivers.bus_driver import BusWire
from agent.drivers.framings import FRAMINGS
from agent.drivers.profiles import Profile
from agent.drivers.registers import Words
from agent.drivers.rtu_framing import question
from agent.drivers.tap import Frame, Tap
from agent.drivers.wire import DamagedError, NoAnswerError, RefusedError, SilenceError, Wire
from agent.settings import ModbusSettings

ASK_S: Final = 6.0  # of questions to one device
TRIES: Final = 3  # of a block that is not answered
PATIENT_MS: Final = 2000  # for a device that is merely slow


@dataclass(slots=True)
class Heard:
    """What came of asking one device."""

    facts: AnswerFacts
    blocks: list[tuple[Block, Words]] = field(default_factory=list[tuple[Block, Words]])


async def look_by_asking(
    scene: Scene, driver: Asked, tap: Tap, *, overheard: int, may_ask: bool
) -> list[Finding]:
    """Look at one device; it is not asked where the line cannot be used or somebody was heard on it."""
    profile = profile_of(scene, driver)
    idle = AnswerFacts(driver=driver.name, where=place_of(driver), listens=is_listening(driver))
    if profile is None or not may_ask or is_listening(driver):
        tried = bool(overheard) and not is_listening(driver)
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
            wire, driver, profile, replace(idle, timeout_ms=driver.timeout_ms), tap, scene.clock
        )
    finally:
        wire.close()
    if _is_silent(heard.facts):
        late_ms = await _late_ms(driver, profile, scene.clock)
        heard.facts = replace(heard.facts, late_ms=late_ms)
    found = [judge_answer(heard.facts)]
    errors = judge_errors(heard.facts)
    found += [] if errors is None or errors.cause == "too_few" else [errors]
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


def _is_silent(facts: AnswerFacts) -> bool:
    return 0 < facts.timeouts == facts.asked


async def _late_ms(driver: Asked, profile: Profile, clock: Clock) -> float | None:
    """Ask once more and wait longer; give when the answer came."""
    if driver.timeout_ms >= PATIENT_MS:
        return None
    wire = _wire(changed(driver, timeout_ms=PATIENT_MS), profile, clock, Tap())
    block = compile_blocks(profile.points, profile.limits)[0].block
    try:
        if await wire.connect():
            return None
        async with wire.turn():
            await wire.read(block)
            return (clock.uptime_us() - wire.asked_us) / 1000
    except NoAnswerError:
        return None
    finally:
        wire.close()


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
    return BusWire(bus_for(address, clock, tap), driver.name, place_of(driver), ask, timing)


async def _ask(
    wire: Wire, driver: Asked, profile: Profile, facts: AnswerFacts, tap: Tap, clock: Clock
) -> Heard:
    """Read every block once, again where it is not answered, within the time there is."""
    frames: list[Frame] = []
    stop = tap.listen(frames.append)
    heard, trips_us = Heard(facts), list[int]()
    with suppress(TimeoutError):
        async with asyncio.timeout(ASK_S):
            for compiled in compile_blocks(profile.points, profile.limits):
                if not await _block(wire, compiled, heard, trips_us, clock):
                    break
    stop()
    word, exception = last_wrong(driver, (each for each in frames if each.driver == facts.driver))
    ordered = sorted(trips_us)
    heard.facts = replace(
        heard.facts,
        wrong=word,
        exception=exception,
        p50_ms=ordered[len(ordered) // 2] / 1000 if ordered else None,
    )
    return heard


async def _block(
    wire: Wire, compiled: Compiled, heard: Heard, trips_us: list[int], clock: Clock
) -> bool:
    """Read one block; false where it stays without any answer, so that the next would as well."""
    block = compiled.block
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
            if worthless := compiled.refutes(words):
                heard.facts = replace(facts, exceptions=facts.exceptions + 1, refuted=worthless)
                return True
            trips_us.append(clock.uptime_us() - wire.asked_us)
            heard.facts = replace(facts, answered=facts.answered + 1)
            heard.blocks.append((block, words))
            return True
    return False
