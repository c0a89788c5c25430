"""A publisher on a real link, with a journal in memory; a subscriber that hears what the broker has."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.clock import Clock
from agent.model import Event, Instant, Lane, Point, Row, Severity, Transition
from agent.settings import ElevatorSettings, MqttSettings
from agent.uplink.events import Naming, Origin
from agent.uplink.link import MqttLink
from agent.uplink.messages import will_message
from agent.uplink.mqtt import Will
from agent.uplink.ports import Sources
from agent.uplink.publisher import Publisher
from agent.uplink.topics import Topics

SITE = ElevatorSettings(site="s", id="e01", rescue_code="640001")
TOPICS = Topics.of(MqttSettings(), SITE)
BOOT = "boot-a"
BUTTON = TOPICS.alarm("alarm_button", None)


def make_event(
    code: str = "alarm_button",
    transition: Transition = Transition.RAISED,
    severity: Severity = Severity.CRITICAL,
    at_us: int = 1_000_000,
    **more: Any,
) -> Event:
    return Event(code=code, transition=transition, severity=severity, at_us=at_us, **more)


def make_row(seq: int, event: Event, boot_id: str = BOOT, journal: str = "j1") -> Row:
    return Row(
        seq=seq,
        journal=journal,
        raised_seq=seq,
        event=event,
        boot_id=boot_id,
        wall_us=1_795_420_800_000_000 + seq,
        synchronised=True,
    )


def at(uptime_s: float) -> Instant:
    uptime_us = round(uptime_s * 1_000_000)
    return Instant(uptime_us=uptime_us, wall_us=1_795_420_800_000_000, synchronised=True)


class FakeJournal:
    """An `Owed` in memory."""

    def __init__(self, rows: Sequence[Row] = (), journal: str = "j1") -> None:
        self.journal = journal
        self.rows = list(rows)
        self.fault: str | None = None
        self.chain_head = "00" * 32
        self.withheld_from: int | None = None
        self.standing: Sequence[Row] = ()
        self.cursors = dict.fromkeys(Lane, 0)
        self.slow_s = 0.0

    @property
    def head(self) -> int:
        return self.rows[-1].seq if self.rows else 0

    def cursor(self, lane: Lane) -> int:
        return self.cursors[lane]

    async def fetch(self, lane: Lane, after: int, limit: int) -> list[Row]:
        await asyncio.sleep(self.slow_s)
        if self.fault is not None:
            return []
        mine = (row for row in self.rows if row.seq > after and row.event.lane is lane)
        return list(itertools.islice(mine, limit))

    def acknowledged(self, lane: Lane, through: int) -> None:
        assert self.cursors[lane] < through <= self.head
        self.cursors[lane] = through

    def append(self, event: Event) -> Row:
        row = make_row(self.head + 1, event, journal=self.journal)
        self.rows.append(row)
        return row


class BootClock(Clock):
    """The real clock with a boot id of our own."""

    def __init__(self, boot_id: str = BOOT) -> None:
        super().__init__(synchronised_file=Path("/proc/self"))
        self.boot_id = boot_id


@dataclass
class Bench:
    """A publisher on a real link."""

    journal: FakeJournal
    port: int
    protocol: str = "5"
    window: int = 16
    points: dict[str, Point] = field(default_factory=dict)
    retry_s: float = 0.05
    boot_id: str = BOOT

    def __post_init__(self) -> None:
        self.clock = BootClock(self.boot_id)
        mqtt = MqttSettings(port=self.port, window=self.window, state_interval_s=0.5)
        if self.protocol == "3.1.1":
            mqtt = MqttSettings(port=self.port, protocol="3.1.1", state_interval_s=0.5)
        will = Will(TOPICS.status, will_message(self.boot_id, self.journal.journal))
        self.link = MqttLink(mqtt, "agent", lambda: will, self.clock)
        sources = Sources(
            owed=self.journal,
            asset=lambda: b'{"elevator":"e01"}',
            state=lambda: self.points,
            naming=lambda event: Naming(event.code, event.code),
        )
        origin = Origin(source=TOPICS.root, elevator="e01", rescue_code="640001")
        self.publisher = Publisher(mqtt, origin, sources, self.link, self.clock)

    def event(
        self,
        code: str = "alarm_button",
        transition: Transition = Transition.RAISED,
        severity: Severity = Severity.CRITICAL,
        **more: Any,
    ) -> Event:
        return make_event(code, transition, severity, self.clock.uptime_us(), **more)

    def happens(self, event: Event) -> Row:
        """Submitted and committed at once."""
        self.publisher.submitted([event], self.clock.now())
        row = self.journal.append(event)
        self.publisher.committed([row])
        return row

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Publisher]:
        task = asyncio.create_task(self.publisher.run())
        try:
            yield self.publisher
        finally:
            await self.publisher.stop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class Tap:
    """An independent subscriber: what arrived, in order, and what is retained."""

    def __init__(self, port: int, topics: str = f"{TOPICS.root}/#") -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.retained: dict[str, bytes] = {}
        self.expiries: dict[str, int] = {}
        self.ready = False
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            "tap",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=True,
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(topics, 1)
        self._client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, _client: Any, _userdata: Any, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        self.expiries[message.topic] = getattr(message.properties, "MessageExpiryInterval", 0)
        self.retained[message.topic] = payload
        self.seen.append((message.topic, payload))

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1, retain=True)

    def told(self, topic: str) -> Any:
        payload = self.retained.get(topic)
        return json.loads(payload) if payload else payload

    def status(self, key: str) -> Any:
        return (self.told(TOPICS.status) or {}).get(key)

    def has_seen(self, topic: str, payload: bytes) -> bool:
        return (topic, payload) in self.seen

    @property
    def events(self) -> list[Any]:
        return [json.loads(body) for topic, body in list(self.seen) if "/event/" in topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.asynccontextmanager
async def tapped(port: int, topics: str = f"{TOPICS.root}/#") -> AsyncIterator[Tap]:
    tap = Tap(port, topics)
    try:
        await until(lambda: tap.ready)
        yield tap
    finally:
        tap.close()


async def until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - any condition, also one no event tells of
            await asyncio.sleep(0.005)
