"""Events and standing alarms as CloudEvents (contract, section 4). Pure: what time it is comes as an argument.

Instants inside an event are `uptime_us`; they become wall time by the event's own wall time of its `at_us`, as believed when
it happened. Where that was not synchronised and its boot's anchor has become known since, `time` is told by the anchor, and
only `time` and `clock`: an id that is sent twice differs in nothing else. `believed_time` leads from one scale to the other.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from agent.model import Event, Fact, Instant, Row, Value
from agent.uplink.messages import JSON, iso

CLOUD_EVENT = "application/cloudevents+json"
HISTORICAL_US = 60_000_000

ClockWord = Literal["synchronised", "corrected", "unsynchronised"]

_encode = msgspec.json.Encoder().encode


class Naming(msgspec.Struct, frozen=True):
    """What an event code is called: titles, and its number in GB/T 24476, in BACnet's LiftFault and on a platform.

    A platform, or BACnet, that has a flag or a property instead of a number gives its name.
    """

    title_en: str
    title_zh: str
    gb24476: int | None = None
    bacnet: int | str | None = None
    platform: int | str | None = None


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose events these are: the topic root as `source`, the elevator's id and what its rescue plate says."""

    source: str
    elevator: str
    rescue_code: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal, or a replay, knows about an event beside the event itself.

    `wall_us` is the wall time of the event's `at_us` as believed then; it anchors every instant in the message. `anchor_us`
    is its boot's anchor (agent/clock_anchor.py), where it needs one. `seq` is None while the event is not committed.
    `historical`: sent later than 60 s after it happened. `replayed`: sent again on request.
    """

    journal: str
    seq: int | None
    raised_seq: int | None
    boot_id: str
    wall_us: int
    clock: ClockWord
    anchor_us: int | None = None
    duration_ms: int | None = None
    historical: bool = False
    replayed: bool = False

    def time_us(self, event: Event) -> int:
        """When the event happened, as best known."""
        return self.wall_us if self.anchor_us is None else self.anchor_us + event.at_us

    @classmethod
    def of(cls, row: Row, *, replayed: bool = False) -> "Envelope":
        """The envelope of a committed row."""
        return cls(
            journal=row.journal,
            seq=row.seq,
            raised_seq=row.raised_seq,
            boot_id=row.boot_id,
            wall_us=row.wall_us,
            clock=clock_word(synchronised=row.synchronised, corrected=row.anchor_us is not None),
            anchor_us=row.anchor_us,
            duration_ms=row.duration_ms,
            replayed=replayed,
        )

    @classmethod
    def uncommitted(cls, event: Event, journal: str, boot_id: str, now: Instant) -> "Envelope":
        """The envelope of an event of this boot that the journal does not have yet."""
        return cls(
            journal=journal,
            seq=None,
            raised_seq=None,
            boot_id=boot_id,
            wall_us=now.wall_at(event.at_us),
            clock=clock_word(synchronised=now.synchronised),
        )


def clock_word(*, synchronised: bool, corrected: bool = False) -> ClockWord:
    """How far the wall time of an event can be trusted."""
    if synchronised:
        return "synchronised"
    return "corrected" if corrected else "unsynchronised"


class Acknowledged(msgspec.Struct, frozen=True):
    """Who acknowledged an alarm and when; `seq` is null while that is not committed."""

    seq: int | None
    at: str
    by: str | None


class Evidence(msgspec.Struct):
    """A signal that decided: its value and since when; `last_known`: what it was before it became unknown."""

    v: Value | None
    since: str | None
    last_known: bool | UnsetType = UNSET


class Title(msgspec.Struct):
    """What the event is called."""

    en: str
    zh: str


class Codes(msgspec.Struct):
    """Its numbers elsewhere, null where there is none."""

    gb24476: int | None
    bacnet: int | str | None
    platform: int | str | None


class EventData(msgspec.Struct, kw_only=True):
    """What every event says; what only its code says stands beside these fields in the message."""

    code: str
    transition: str
    severity: str
    instance: str | None
    raised_seq: int | None
    journal: str
    lane: str
    title: Title
    evidence: dict[str, Evidence]
    unknown: tuple[str, ...]
    since: str | None
    duration_ms: int | None
    codes: Codes
    rescue_code: str
    boot_id: str
    uptime_ms: int
    clock: ClockWord
    believed_time: str | UnsetType = UNSET
    historical: bool
    replayed: bool
    mode: str | None
    visit: bool
    drill: bool
    stop_recommended: bool
    journaled: bool | UnsetType = UNSET
    acknowledged: Acknowledged | UnsetType = UNSET


class EventMessage(msgspec.Struct, kw_only=True):
    """The envelope, a CloudEvent."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: str
    subject: str
    sequence: str | None
    datacontenttype: str = JSON
    dataschema: str = "urn:elevator-agent:event:1"
    data: dict[str, object]


def event_message(event: Event, envelope: Envelope, origin: Origin, naming: Naming) -> bytes:
    """One transition for `event/…`, also the output of a replay."""
    return _cloud_event(event, envelope, origin, _data(event, envelope, origin, naming))


def alarm_message(
    event: Event,
    envelope: Envelope,
    origin: Origin,
    naming: Naming,
    acknowledged: Acknowledged | None = None,
) -> bytes:
    """The retained message of a standing alarm: its raise, whether it is in the journal yet, and who has seen it."""
    data = _data(event, envelope, origin, naming)
    data.journaled = envelope.seq is not None
    data.acknowledged = UNSET if acknowledged is None else acknowledged
    return _cloud_event(event, envelope, origin, data)


def _cloud_event(event: Event, envelope: Envelope, origin: Origin, data: EventData) -> bytes:
    fields: dict[str, object] = msgspec.to_builtins(data)
    beside = {key: value for key, value in event.detail.items() if key not in fields}
    return _encode(
        EventMessage(
            id=event_id(event, envelope, origin),
            source=origin.source,
            type=f"{event.code}.{event.transition.value}",
            time=iso(envelope.time_us(event)),
            subject=event.code if event.instance is None else f"{event.code}/{event.instance}",
            sequence=None if envelope.seq is None else f"{envelope.seq:012d}",
            data=fields | beside,
        )
    )


def event_id(event: Event, envelope: Envelope, origin: Origin) -> str:
    """Elevator, journal and sequence.

    An alarm the journal does not have yet is named by boot and instant instead: CloudEvents forbids an empty id, and
    two such alarms must not look like one to a consumer that drops repeated ids.
    """
    if envelope.seq is not None:
        return f"{origin.elevator}-{envelope.journal}-{envelope.seq:012d}"
    what = event.code if event.instance is None else f"{event.code}-{event.instance}"
    return f"{origin.elevator}-{envelope.journal}-{envelope.boot_id}-{event.at_us}-{what}"


def _data(event: Event, envelope: Envelope, origin: Origin, naming: Naming) -> EventData:
    anchor_us = envelope.wall_us - event.at_us
    return EventData(
        code=event.code,
        transition=event.transition.value,
        severity=event.severity.value,
        instance=event.instance,
        raised_seq=envelope.raised_seq,
        journal=envelope.journal,
        lane=event.lane.value,
        title=Title(naming.title_en, naming.title_zh),
        evidence={name: _evidence(fact, anchor_us) for name, fact in event.evidence.items()},
        unknown=event.unknown,
        since=_instant(event.since_us, anchor_us),
        duration_ms=envelope.duration_ms,
        codes=Codes(naming.gb24476, naming.bacnet, naming.platform),
        rescue_code=origin.rescue_code,
        boot_id=envelope.boot_id,
        uptime_ms=event.at_us // 1000,
        clock=envelope.clock,
        believed_time=UNSET if envelope.clock == "synchronised" else iso(envelope.wall_us),
        historical=envelope.historical,
        replayed=envelope.replayed,
        mode=event.mode,
        visit=event.visit,
        drill=event.drill,
        stop_recommended=event.stop_recommended,
    )


def _evidence(fact: Fact, anchor_us: int) -> Evidence:
    since = _instant(fact.since_us, anchor_us)
    return Evidence(fact.v, since, last_known=True if fact.last_known else UNSET)


def _instant(at_us: int | None, anchor_us: int) -> str | None:
    return None if at_us is None else iso(anchor_us + at_us)


def age_us(event: Event, envelope: Envelope, boot_id: str, now: Instant) -> int:
    """How long ago an event happened.

    Within one boot by the monotonic clock. Across boots by the wall clocks where both can be trusted, and never less
    than this boot has lasted.
    """
    if envelope.boot_id == boot_id:
        return max(0, now.uptime_us - event.at_us)
    trusted = now.synchronised and envelope.clock != "unsynchronised"
    return max(now.wall_us - envelope.time_us(event) if trusted else 0, now.uptime_us)


def corrected(envelope: Envelope, boot_id: str, anchor_us: int | None) -> Envelope:
    """The envelope with this boot's anchor, where it is of this boot and needs one."""
    if anchor_us is None or envelope.boot_id != boot_id or envelope.clock == "synchronised":
        return envelope
    return msgspec.structs.replace(envelope, clock="corrected", anchor_us=anchor_us)


def dated(
    event: Event, envelope: Envelope, boot_id: str, now: Instant, anchor_us: int | None = None
) -> Envelope:
    """The envelope as it is sent at this instant: with its best time, and marked historical when that is late."""
    envelope = corrected(envelope, boot_id, anchor_us)
    late = age_us(event, envelope, boot_id, now) > HISTORICAL_US
    return msgspec.structs.replace(envelope, historical=late) if late else envelope
