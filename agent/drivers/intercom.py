"""One station of the five-party intercom: which way it is watched, and how that is said.

A contact is no case of this file: it is an input of the gpio driver.
"""

import random
from typing import Final

from agent.clock import Clock
from agent.drivers.asking import AskingDriver, stale_after_us
from agent.drivers.heartbeat import HeartbeatDriver, Source
from agent.drivers.means import Means
from agent.drivers.port import Driver
from agent.drivers.presence import Watched
from agent.drivers.probes import Ask, Station, ask_tcp, host_alone, host_and_port
from agent.settings import IntercomSettings

_LOGGER: Final = "agent.intercom"
_NETWORK: Final = "check the station's power, its network and the address"
_HEARTBEAT: Final = "check the station's power and network, and where it sends its heartbeat"


def signal_of(settings: IntercomSettings) -> str:
    """Name the station's signal."""
    return f"intercom.{settings.station}"


def staleness_us(settings: IntercomSettings) -> dict[str, int]:
    """Give the signal's staleness limit."""
    return {signal_of(settings): stale_after_us(settings.interval_s, settings.timeout_s)}


def intercom_driver(
    settings: IntercomSettings, means: Means, chance: random.Random | None = None
) -> Driver:
    """Make the driver of a probe that asks (sip, tcp, icmp) or listens (udp, mqtt)."""
    if settings.probe in {"udp", "mqtt"}:
        return _listening(settings, means, chance)
    return _asking(settings, means.clock, chance)


def station_of(settings: IntercomSettings) -> Station:
    """Make what asks a station, for a probe of kind sip, tcp or icmp."""
    address = settings.address or ""
    host, port = (host_alone(address), 0) if settings.probe == "icmp" else host_and_port(address)
    return Station(host, port, _how(settings), settings.timeout_s)


def _asking(settings: IntercomSettings, clock: Clock, chance: random.Random | None) -> AskingDriver:
    watched = _watched(settings, settings.address or "", _NETWORK, "the station can be asked")
    return AskingDriver(watched, station_of(settings), settings.interval_s, clock, chance)


def _how(settings: IntercomSettings) -> Ask:
    """Give what asks; each is imported when it is used."""
    match settings.probe:
        case "sip":
            from agent.drivers.sip_probe import SipAsk

            return SipAsk(settings.address or "", settings.transport)
        case "icmp":
            from agent.drivers.icmp_probe import ask_icmp

            return ask_icmp
        case _:
            return ask_tcp


def _listening(
    settings: IntercomSettings, means: Means, chance: random.Random | None
) -> HeartbeatDriver:
    where = settings.topic if settings.probe == "mqtt" else settings.address
    watched = _watched(
        settings,
        f"heartbeat of {settings.station} at {where}",
        _HEARTBEAT,
        "heartbeats can be heard",
    )
    source = _source(settings, means)
    return HeartbeatDriver(watched, source, settings.interval_s, means.clock, chance)


def _source(settings: IntercomSettings, means: Means) -> Source:
    if settings.probe == "mqtt":
        from agent.drivers.broker_topic import BrokerTopic

        assert means.broker is not None, "who runs the agent gives its broker"
        return BrokerTopic(means.broker, settings.topic or "", means.clock)
    from agent.drivers.datagrams import Datagrams

    return Datagrams(settings.address or "", settings.sender)


def _watched(settings: IntercomSettings, subject: str, advice: str, ready: str) -> Watched:
    ((signal, limit_us),) = staleness_us(settings).items()
    return Watched(settings.name, signal, limit_us, subject, advice, ready, _LOGGER)
