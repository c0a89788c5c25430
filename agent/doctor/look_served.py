"""Looks at a device that the running service asks: its counts, its signals and the frames that the service kept."""

from dataclasses import replace

from agent.doctor.answer import AnswerFacts, judge_answer, judge_errors
from agent.doctor.bus_talk import Asked, is_listening, last_wrong, place_of, profile_of
from agent.doctor.finding import Finding
from agent.doctor.look_net import reach
from agent.doctor.network import ReachFacts, judge_tcp
from agent.doctor.scene import Link, Scene
from agent.doctor.swapped import better
from agent.doctor.values import ValueFacts, judge_values
from agent.drivers.address import SerialAddress, TcpAddress
from agent.drivers.blocks import Block
from agent.drivers.dissect_talk import Talk
from agent.drivers.registers import Table, Words
from agent.drivers.tap import Frame

_TABLES = {table.function: table for table in Table}


async def look_at_served(
    scene: Scene, driver: Asked, address: SerialAddress | TcpAddress
) -> list[Finding]:
    """Look at one device through the service."""
    service = scene.service
    link = None if service is None else service.status.links.get(driver.name)
    if service is None or link is None:
        return [judge_answer(AnswerFacts(driver=driver.name, where=driver.url, tried=False))]
    facts = _counted(scene, driver, link)
    found: list[Finding] = []
    if isinstance(address, TcpAddress):
        reached = ReachFacts(name=driver.name, where=address.line, end="connects")
        if not _stands(link):  # then the service's own connection is not disturbed
            reached = replace(
                await reach(address.host, address.port, scene.clock), name=driver.name
            )
        found.append(judge_tcp(reached))
    found.append(judge_answer(facts))
    errors = judge_errors(facts)
    found += [] if errors is None else [errors]
    return [*found, *_values_of_service(scene, driver)]


def _stands(link: Link) -> bool:
    """Whether the service has a connection at this moment."""
    return link.up or link.statistics.connects > link.statistics.drops


def _counted(scene: Scene, driver: Asked, link: Link) -> AnswerFacts:
    assert scene.service is not None
    counted = link.statistics
    word, exception = last_wrong(
        driver,
        (
            Frame(0, each.driver, "out" if each.out else "in", each.data)
            for each in scene.service.frames
            if each.driver == driver.name
        ),
    )
    return AnswerFacts(
        driver=driver.name,
        where=place_of(driver),
        listens=is_listening(driver),
        connected=counted.connects > 0,
        up=link.up,
        down_s=None if link.up else link.since_s,
        answered=counted.answered,
        timeouts=counted.timeouts,
        malformed=counted.malformed,
        exceptions=counted.exceptions,
        wrong=word,
        exception=exception,
        p50_ms=counted.round_trip_p50_ms,
        p95_ms=counted.round_trip_p95_ms,
        timeout_ms=driver.timeout_ms,
        refuted="" if link.up else _refuted(scene, driver, link.reason),
        reason=link.reason,
    )


def _refuted(scene: Scene, driver: Asked, reason: str) -> str:
    """The reason, where it is the device's own word that its values are worthless."""
    profile = profile_of(scene, driver)
    valid = None if profile is None else profile.limits.valid
    return reason if valid is not None and valid.otherwise in reason else ""


def _values_of_service(scene: Scene, driver: Asked) -> list[Finding]:
    assert scene.service is not None
    own = {n: each for n, each in scene.service.signals.items() if each.driver == driver.name}
    bad = [name for name, each in own.items() if each.q == "bad"]
    good = sum(each.q == "good" for each in own.values())
    swap = ""
    profile = profile_of(scene, driver)
    if bad and profile is not None:
        swap = better(profile.points, _blocks_heard(scene, driver.name))
    facts = ValueFacts(driver=driver.name, good=good, bad=bad, better=swap)
    return [judge_values(facts)] if own else []


def _blocks_heard(scene: Scene, driver: str) -> list[tuple[Block, Words]]:
    """Take the answers out of the frames that the service kept."""
    assert scene.service is not None
    talk, found = Talk(), list[tuple[Block, Words]]()
    for frame in scene.service.frames:
        if frame.driver != driver:
            continue
        said = talk.heard(driver, frame.data, out=frame.out)
        table = _TABLES.get(said.function or 0)
        if frame.out or said.wrong or table is None or said.address is None or not said.values:
            continue
        found.append((Block(table, said.address, len(said.values)), said.values))
    return found[::-1]
