"""One camera: asked by RTSP OPTIONS whether it is there. No picture is fetched, and no password needed."""

import random
from typing import Final

from agent.drivers.asking import AskingDriver, stale_after_us
from agent.drivers.means import Means
from agent.drivers.presence import Watched
from agent.drivers.probes import Station, host_and_port
from agent.drivers.rtsp_probe import RtspAsk
from agent.settings import CameraSettings

_ADVICE: Final = "check the camera's power, its network, the address and that RTSP is switched on"


def staleness_us(settings: CameraSettings) -> dict[str, int]:
    """Give the signal's staleness limit."""
    return {f"camera.{settings.camera}": stale_after_us(settings.interval_s, settings.timeout_s)}


def station_of(settings: CameraSettings) -> Station:
    """Make what asks the camera."""
    host, port = host_and_port(settings.address)
    return Station(host, port, RtspAsk(settings.address), settings.timeout_s)


def camera_driver(
    settings: CameraSettings, means: Means, chance: random.Random | None = None
) -> AskingDriver:
    """Make the driver."""
    ((signal, limit_us),) = staleness_us(settings).items()
    watched = Watched(
        driver=settings.name,
        signal=signal,
        limit_us=limit_us,
        subject=settings.address,
        advice=_ADVICE,
        ready="the camera can be asked",
        logger="agent.camera",
    )
    return AskingDriver(watched, station_of(settings), settings.interval_s, means.clock, chance)
