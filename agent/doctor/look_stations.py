"""Looks at the intercom's stations and the cameras: what the service knows of them, else each is asked once."""

import asyncio
from collections.abc import Callable
from typing import Any

from agent.doctor.finding import Finding
from agent.doctor.scene import Scene
from agent.doctor.stations import End, StationFacts, judge_camera, judge_station
from agent.drivers.probes import NotSentError, Station, UnansweredError
from agent.model import SECOND_US
from agent.settings import CameraSettings, IntercomSettings

_DNS = "check the name"  # what the probes say of a name that cannot be resolved


async def look_at_stations(scene: Scene) -> list[Finding]:
    """Look at all of them at once."""
    looks = [_station(scene, each) for each in scene.drivers if isinstance(each, IntercomSettings)]
    looks += [_camera(scene, each) for each in scene.drivers if isinstance(each, CameraSettings)]
    return list(await asyncio.gather(*looks))


async def _station(scene: Scene, settings: IntercomSettings) -> Finding:
    where = settings.address or settings.topic or f"pin {settings.pin}"
    signal = f"intercom.{settings.station}"
    if scene.service is not None:
        return judge_station(_served(scene, settings.name, signal, settings.station, where))
    if settings.probe in {"udp", "mqtt", "contact"}:
        return judge_station(StationFacts(name=settings.station, where=where, end="not_asked"))
    from agent.drivers.intercom import station_of

    return judge_station(await _asked(scene, settings.station, where, lambda: station_of(settings)))


async def _camera(scene: Scene, settings: CameraSettings) -> Finding:
    signal = f"camera.{settings.camera}"
    if scene.service is not None:
        facts = _served(scene, settings.name, signal, settings.camera, settings.address)
        return judge_camera(facts)
    from agent.drivers.camera import station_of

    facts = await _asked(scene, settings.camera, settings.address, lambda: station_of(settings))
    return judge_camera(facts)


def _served(scene: Scene, driver: str, signal: str, name: str, where: str) -> StationFacts:
    """What the service knows."""
    assert scene.service is not None
    link = scene.service.status.links.get(driver)
    told = scene.service.signals.get(signal)
    known: Any = None if told is None or told.q != "good" else told.v
    reason = "" if link is None else link.reason
    end: End = "answers" if known else "silent"
    if known is None:
        end = "too_early" if link is None or link.up else "not_sent"
    if end == "not_sent" and _DNS in reason:
        end = "name_unknown"
    return StationFacts(
        name=name,
        where=where,
        end=end,
        last_s=None if told is None or told.age_ms is None else told.age_ms / 1000,
        round_trip_ms=None if link is None else link.statistics.round_trip_p50_ms,
        reason="" if end == "silent" else reason,
    )


async def _asked(scene: Scene, name: str, where: str, make: Callable[[], Station]) -> StationFacts:
    begun_us = scene.clock.uptime_us()
    end: End = "answers"
    reason = ""
    try:
        await make().ask()
    except UnansweredError as wrong:
        reason = str(wrong)
        refused = isinstance(wrong.__context__, (ConnectionRefusedError, ConnectionResetError))
        end = "refused" if refused else "silent"
    except NotSentError as wrong:
        reason = str(wrong)
        end = "name_unknown" if _DNS in reason else "not_sent"
    took_ms = (scene.clock.uptime_us() - begun_us) * 1000 / SECOND_US
    return StationFacts(
        name=name,
        where=where,
        end=end,
        round_trip_ms=took_ms if end == "answers" else None,
        reason=reason,
    )
