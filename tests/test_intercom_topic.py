"""A station's heartbeat on the agent's own broker: real mosquitto, and a broker that refuses; over its outages."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from agent.clock import Clock
from agent.drivers import broker_topic, heartbeat
from agent.drivers.heartbeat import HeartbeatDriver
from agent.drivers.intercom import intercom_driver
from agent.drivers.means import Means
from agent.model import Quality
from agent.settings import IntercomSettings, MqttSettings
from agent.uplink import link as link_module
from agent.uplink.hearing import Hearing
from agent.uplink.link import MqttLink
from agent.uplink.mqtt import Will
from hil.broker import Mosquitto
from hil.connections import Connections
from hil.link import CuttableLink
from tests.intercom_stage import AtOnce, Sink, running_driver, until

TOPIC = "intercom/e01/pit"
BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


class Deaf:
    """A user of the link that keeps what came past the drivers."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def connected(self, receive_maximum: int) -> None:
        pass

    def disconnected(self, reason: str) -> None:
        pass

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        pass

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self.messages.append(topic)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(heartbeat, "REST_S", 0.01)
    monkeypatch.setattr(heartbeat, "BACKOFF_FIRST_S", 0.01)
    monkeypatch.setattr(broker_topic, "LOOK_S", 0.02)
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.2)


@pytest.fixture
def broker():
    with Mosquitto() as broker:
        yield broker


@contextlib.asynccontextmanager
async def linked(port: int, name: str, hearing: Hearing, **more: Any) -> AsyncIterator[MqttLink]:
    mqtt = msgspec.structs.replace(MqttSettings(port=port), **more)
    link = MqttLink(mqtt, name, lambda: Will(f"{name}/status", b"gone"), Clock(), hearing)
    link_user = Deaf()
    task = asyncio.create_task(link.run(link_user))
    try:
        yield link
    finally:
        await link.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert TOPIC not in link_user.messages


def driver_on(hearing: Hearing, interval_s: float = 600) -> HeartbeatDriver:
    settings = IntercomSettings(
        name="pit", station="pit", probe="mqtt", topic=TOPIC, interval_s=interval_s
    )
    driver = intercom_driver(settings, Means(Clock(), broker=hearing), AtOnce())
    assert isinstance(driver, HeartbeatDriver)
    return driver


@contextlib.asynccontextmanager
async def watched(
    port: int, interval_s: float = 600, **more: Any
) -> AsyncIterator[tuple[Sink, Hearing, MqttLink]]:
    """A driver that hears the pit's station over a link, and the link."""
    hearing = Hearing()
    driver = driver_on(hearing, interval_s)
    async with linked(port, "agent", hearing, **more) as link, running_driver(driver) as sink:
        yield sink, hearing, link


async def beats_until_heard(station: MqttLink, sink: Sink) -> None:
    """The station says that it lives until that is heard once more."""
    heard = sink.values.count(True)
    while sink.values.count(True) == heard:
        station.publish(TOPIC, b"alive")
        await asyncio.sleep(0.02)


@BOTH
def test_a_message_is_life_again_after_the_broker_was_gone(broker, protocol):
    async def story() -> None:
        async with (
            watched(broker.port, protocol=protocol) as (sink, hearing, _),
            linked(broker.port, "station", Hearing()) as station,
        ):
            await until(lambda: hearing.why_deaf(TOPIC) is None and station.connected)
            await beats_until_heard(station, sink)
            broker.stop()
            await until(lambda: sink.heard[-1].quality is Quality.NO_ANSWER)
            assert "no connection to the broker" in str(hearing.why_deaf(TOPIC))
            broker.start()
            await beats_until_heard(station, sink)
            assert False not in sink.values

    asyncio.run(asyncio.wait_for(story(), 60))


@BOTH
def test_what_the_broker_had_kept_is_no_life_but_what_is_to_be_kept_and_comes_now_is(
    broker, protocol
):
    async def story() -> None:
        async with linked(broker.port, "station", Hearing()) as station:
            await until(lambda: station.connected)
            station.publish(TOPIC, b"old", retain=True)
            async with watched(broker.port, 1.0, protocol=protocol) as (sink, _, link):
                await until(lambda: sink.values[-1:] == [False])
                assert True not in sink.values
                link.subscribe(TOPIC)  # the kept message comes once more
                await until(lambda: len(sink.heard) >= sink.values.count(None) + 2)
                assert True not in sink.values
                station.publish(TOPIC, b"now", retain=True)
                await until(lambda: sink.values[-1] is True)

    asyncio.run(asyncio.wait_for(story(), 60))


def test_other_topics_still_reach_the_links_user(broker):
    async def story() -> None:
        hearing, user = Hearing(), Deaf()
        driver_on(hearing)
        mqtt = MqttSettings(port=broker.port)
        link = MqttLink(mqtt, "agent", lambda: Will("agent/status", b"gone"), Clock(), hearing)
        task = asyncio.create_task(link.run(user))
        await until(lambda: link.connected)
        link.subscribe("own/#")
        while "own/alarm" not in user.messages:
            link.publish("own/alarm", b"x", retain=True)
            link.publish(TOPIC, b"x")
            await asyncio.sleep(0.02)
        assert set(user.messages) == {"own/alarm"}
        await link.close()
        await task

    asyncio.run(asyncio.wait_for(story(), 60))


# ---- a broker that refuses ----


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One MQTT packet of less than 16 KB: its first byte and its body."""
    first, length = await reader.readexactly(2)
    if length & 0x80:
        length = (length & 0x7F) + 128 * (await reader.readexactly(1))[0]
    return first, await reader.readexactly(length)


async def refusing(
    refusals: list[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """A broker that lets everyone in and lets nobody hear anything; keeps what it refused."""
    v5 = False
    while True:
        first, body = await _packet(reader)
        if first == 0x10:
            v5 = body[6] == 5
            writer.write(b"\x20\x03\x00\x00\x00" if v5 else b"\x20\x02\x00\x00")
        elif first == 0x82:
            number = body[:2]
            refusals.append(body)
            writer.write(
                b"\x90\x04" + number + b"\x00\x87" if v5 else b"\x90\x03" + number + b"\x80"
            )


@BOTH
def test_a_broker_that_refuses_the_topic_leaves_the_station_unknown_and_says_so_once(
    caplog, protocol
):
    caplog.set_level(logging.WARNING, "agent.uplink")

    async def story() -> None:
        refusals: list[bytes] = []
        connections = Connections(functools.partial(refusing, refusals))
        server = await asyncio.start_server(connections.accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with watched(port, protocol=protocol) as (sink, hearing, _):
            for count in (1, 2):
                await until(lambda: len(refusals) == count)  # noqa: B023 - awaited at once
                await until(
                    lambda: "does not let the agent hear" in (hearing.why_deaf(TOPIC) or "")
                )
                await until(lambda: sink.heard and sink.heard[-1].quality is Quality.NO_ANSWER)
                connections.drop()
            assert set(sink.values) == {None}
        server.close()
        await connections.end()

    asyncio.run(asyncio.wait_for(story(), 60))
    said = [record.getMessage() for record in caplog.records]
    assert len([text for text in said if f"hear {TOPIC}" in text]) == 1


def test_before_the_first_connection_the_reason_is_the_links():
    hearing = Hearing()
    assert "not connected yet" in str(hearing.why_deaf(TOPIC))
    hearing.disconnected("Connection refused")
    assert "Connection refused" in str(hearing.why_deaf(TOPIC))


def test_a_refusal_is_forgotten_with_the_connection_it_was_said_on():
    hearing = Hearing()
    hearing.listen(TOPIC, lambda _: None)
    hearing.connected(lambda *_: None)
    hearing.refused(TOPIC)
    assert hearing.why_deaf(TOPIC) is not None
    hearing.connected(lambda *_: None)
    assert hearing.why_deaf(TOPIC) is None


def test_nothing_is_asked_of_the_broker_when_nobody_listens():
    asked: list[tuple[str, ...]] = []
    Hearing().connected(lambda *topics: asked.append(topics))
    assert asked == []


def test_a_half_open_broker_is_not_taken_for_a_silent_station(broker, monkeypatch):
    monkeypatch.setattr(broker_topic, "ANSWER_US", 200_000)

    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            async with (
                watched(wire.port, interval_s=0.3) as (sink, hearing, link),
                linked(broker.port, "station", Hearing()) as station,
            ):
                await until(lambda: hearing.why_deaf(TOPIC) is None and station.connected)
                await until(lambda: sink.values[-1:] == [False])  # the broker lives, nobody speaks
                await beats_until_heard(station, sink)
                wire.hold()
                known = len(sink.heard)
                await until(lambda: sink.heard[-1].quality is Quality.NO_ANSWER)
                assert link.connected  # nothing else has shown that yet
                said = [each.value for each in sink.heard[known:]]
                assert False not in said
                wire.mend()
                await until(lambda: link.connected and hearing.why_deaf(TOPIC) is None)
                await beats_until_heard(station, sink)

    asyncio.run(story())
