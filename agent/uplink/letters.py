"""What goes out on each topic, ready to publish: payload, retention, expiry. Knows no connection and no window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from agent.model import Event, Instant, Point, Row
from agent.uplink import events, messages
from agent.uplink.alarms import Shown
from agent.uplink.events import Envelope, Naming, Origin
from agent.uplink.messages import Status
from agent.uplink.state import EXPIRY_S
from agent.uplink.topics import Topics


@dataclass(frozen=True, slots=True)
class Letter:
    """One publish at QoS 1. An empty payload takes a retained message away. `correlation` is a request's own (MQTT 5)."""

    topic: str
    payload: bytes
    retain: bool = True
    expiry_s: int | None = None
    content_type: str | None = messages.JSON
    correlation: bytes | None = None


class Letters:
    """Writes for one elevator and one boot. `naming` gives what the catalog calls an event.

    `anchor_us` is this boot's anchor, once it is known.
    """

    def __init__(self, origin: Origin, naming: Callable[[Event], Naming], boot_id: str) -> None:
        self.anchor_us: int | None = None
        self._origin = origin
        self._naming = naming
        self._boot_id = boot_id
        self._topics = Topics(origin.source)

    def event(self, row: Row, now: Instant, *, replayed: bool = False) -> Letter:
        """A line of the journal; `replayed`: sent again on request."""
        event = row.event
        envelope = Envelope.of(row, replayed=replayed)
        envelope = events.dated(event, envelope, self._boot_id, now, self.anchor_us)
        payload = events.event_message(event, envelope, self._origin, self._naming(event))
        topic = self._topics.event(event.severity, event.code)
        return Letter(topic, payload, retain=False, content_type=events.CLOUD_EVENT)

    def alarm(
        self, topic: str, shown: Shown | None, now: Instant, *, brief: bool = False
    ) -> Letter:
        """What stands on an alarm's topic; nothing empties it. `brief`: without evidence."""
        if shown is None:
            return Letter(topic, b"", content_type=None)
        event = (
            msgspec.structs.replace(shown.raised, evidence={}, unknown=())
            if brief
            else shown.raised
        )
        envelope = events.dated(event, shown.envelope, self._boot_id, now, self.anchor_us)
        payload = events.alarm_message(
            event, envelope, self._origin, self._naming(event), shown.acknowledged
        )
        return Letter(topic, payload, content_type=events.CLOUD_EVENT)

    def status(self, status: Status) -> Letter:
        """Whether the agent is there."""
        return Letter(self._topics.status, messages.status_message(status))

    def asset(self, payload: bytes) -> Letter:
        """The elevator's card."""
        return Letter(self._topics.asset, payload)

    def state(self, points: Mapping[str, Point], now: Instant) -> Letter:
        """All signals; the broker drops it when it is too old to mean anything."""
        payload = messages.state_message(points, self._boot_id, now)
        return Letter(self._topics.state, payload, expiry_s=EXPIRY_S)
