"""Looks at everything at once and gives the findings in the order of the table. Each look has its own end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say
from agent.doctor.config import judge_advice, judge_problems
from agent.doctor.finding import Finding, Verdict
from agent.doctor.look_broker import look_at_broker
from agent.doctor.look_bus import look_at_buses
from agent.doctor.look_disk import look_at_disk
from agent.doctor.look_pins import look_at_pins
from agent.doctor.look_scan import search
from agent.doctor.look_stations import look_at_stations
from agent.doctor.look_system import look_at_clock, look_at_host, look_at_unit
from agent.doctor.scene import Scene
from agent.doctor.table import CHECKS, TOOK_LONG
from agent.doctor.unit import judge_socket

Tell = Callable[[str], None]
Looking = Callable[[Scene], Awaitable[list[Finding]]]


@dataclass(frozen=True, slots=True)
class Look:
    """One look: its name, what it does, and after how many seconds it is given up."""

    name: str
    work: Looking
    most_s: float


LOOKS: Final = (
    Look("unit", look_at_unit, 10),
    Look("bus", look_at_buses, 60),
    Look("pins", look_at_pins, 25),
    Look("stations", look_at_stations, 15),
    Look("broker", look_at_broker, 60),
    Look("clock", look_at_clock, 12),
    Look("disk", look_at_disk, 10),
    Look("host", look_at_host, 5),
)


async def examine(
    scene: Scene, tell: Tell = lambda _: None, looks: Sequence[Look] = LOOKS
) -> list[Finding]:
    """Give every finding; `tell` hears what is still being looked at."""
    found = [*judge_problems(scene.file, scene.problems), judge_socket(scene.socket)]
    if not scene.problems:
        found += judge_advice(scene.warned)
    waiting = {look.name for look in looks}

    async def looked(look: Look) -> list[Finding]:
        try:
            async with asyncio.timeout(look.most_s):
                return await look.work(scene)
        except TimeoutError:
            seconds = Say(f"no end within {look.most_s:g} s", f"{look.most_s:g} 秒内未结束")
            return [TOOK_LONG.found("timed_out", look.name, seconds)]
        finally:
            waiting.discard(look.name)
            tell(" ".join(sorted(waiting)))

    tell(" ".join(sorted(waiting)))
    for each in await asyncio.gather(*(looked(look) for look in looks)):
        found += each
    if scene.scan:
        found += await search(scene, tell)
    return in_order(found)


_PLACES: Final = {check.id: place for place, check in enumerate(CHECKS)}


def in_order(found: Sequence[Finding]) -> list[Finding]:
    """Sort by the table; what was found of one check stays in its order."""
    return sorted(found, key=lambda finding: _PLACES[finding.check])


_GRAVITY: Final = (Verdict.FAILED, Verdict.WARNING, Verdict.UNKNOWN, Verdict.FINE)


def by_gravity(found: Sequence[Finding]) -> list[Finding]:
    """Sort failures first, then warnings, then what is unknown, then what is fine."""
    return sorted(found, key=lambda finding: _GRAVITY.index(finding.verdict))
