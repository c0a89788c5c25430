"""Status, asset and state as payloads (contract, section 4). Pure: what time it is comes as an argument."""

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from agent.model import Instant, Point, Quality, Value
from agent.settings import ElevatorSettings

JSON = "application/json"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


def iso(wall_us: int) -> str:
    """UTC with milliseconds, `2026-11-23T08:00:31.200Z`; what lies below a millisecond is cut off."""
    minute, ms = divmod(wall_us // 1000, 60_000)
    return f"{_minute(minute)}:{ms // 1000:02d}.{ms % 1000:03d}Z"


@functools.lru_cache(maxsize=64)
def _minute(since_epoch: int) -> str:
    """`2026-11-23T08:00`; the instants of an event, and of those around it, lie in a few of them."""
    moment = _EPOCH + timedelta(minutes=since_epoch)
    return moment.isoformat(timespec="minutes").removesuffix("+00:00")


# ---------------------------------------------------------------- status and will


class Refusals(msgspec.Struct, frozen=True):
    """Publishes the broker answered with a failure code: how many since start, and the latest reason."""

    count: int
    reason: str


class ClockAnchor(msgspec.Struct, frozen=True):
    """One instant of this boot by both clocks, in milliseconds."""

    uptime_ms: int
    unix_ms: int


class ClockState(msgspec.Struct, frozen=True):
    """Whether wall times in the messages can be trusted.

    `source`: by what the computer's clock is believed, null while it is not. `anchor` dates what this boot said before, as
    in its `clock_corrected`; null where there is none.
    """

    synchronised: bool
    source: str | None
    anchor: ClockAnchor | None

    @classmethod
    def of(cls, now: Instant, source: str | None, anchor_us: int | None) -> "ClockState":
        """As it is now."""
        if anchor_us is None:
            return cls(now.synchronised, source, None)
        uptime_ms = now.uptime_us // 1000
        anchor = ClockAnchor(uptime_ms, uptime_ms + anchor_us // 1000)
        return cls(now.synchronised, source, anchor)


class Status(msgspec.Struct, kw_only=True):
    """Whether the agent is there, how well it is, and how far delivery has come.

    `reason` is a stable word (`storage_failed`, `publish_refused`, `stopped`, …), null when online. `oldest_unsent_s`
    is the age of the oldest row not yet acknowledged by the broker, null when there is none. `chain_head` is the link of
    the journal's hash chain at `seq_head`, as hexadecimal. `uptime_ms` is when it was said, by this boot's clock: no two
    are alike.
    """

    state: Literal["online", "degraded", "offline"]
    reason: str | None
    boot_id: str
    uptime_ms: int
    journal: str
    chain_head: str
    delivered_through: int
    seq_head: int
    oldest_unsent_s: int | None
    links: Mapping[str, object]
    refused: Refusals | None
    clock: ClockState
    version: str


class Will(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker says in the agent's place when the link breaks."""

    state: Literal["offline"] = "offline"
    reason: str = "connection_lost"
    boot_id: str
    journal: str


def status_message(status: Status) -> bytes:
    """The retained `status`."""
    return _encode(status)


def will_message(boot_id: str, journal: str) -> bytes:
    """The will; only state, reason, boot id and journal."""
    return _encode(Will(boot_id=boot_id, journal=journal))


# ---------------------------------------------------------------- asset


class Units(msgspec.Struct, frozen=True):
    """Who is responsible: the property company (使用单位) and the maintenance unit (维保单位)."""

    property_company: str
    maintenance_unit: str
    manufacturer: str


class Dates(msgspec.Struct, frozen=True):
    """The dates of the card, as configured."""

    installed_on: str


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """The elevator's card. `capabilities` says, for each event code, whether it can be detected as wired."""

    site: str
    elevator: str
    name: str
    registration_code: str
    rescue_code: str
    floors: int | None
    rated_speed_mm_s: int | None
    rated_load_kg: int | None
    units: Units
    dates: Dates
    capabilities: Mapping[str, object]
    version: str


def asset_message(
    elevator: ElevatorSettings, capabilities: Mapping[str, object], version: str
) -> bytes:
    """The retained `asset`."""
    return _encode(
        Asset(
            site=elevator.site,
            elevator=elevator.id,
            name=elevator.name,
            registration_code=elevator.registration_code,
            rescue_code=elevator.rescue_code,
            floors=elevator.floors,
            rated_speed_mm_s=elevator.rated_speed_mm_s,
            rated_load_kg=elevator.rated_load_kg,
            units=Units(
                elevator.property_company, elevator.maintenance_unit, elevator.manufacturer
            ),
            dates=Dates(elevator.installed_on),
            capabilities=capabilities,
            version=version,
        )
    )


# ---------------------------------------------------------------- state


class PointEntry(msgspec.Struct):
    """A signal: its value (null: unknown), its quality, its last good reading, and that one's age when sent."""

    v: Value | None
    q: Quality
    at: str | None
    age_ms: int | None


class State(msgspec.Struct):
    """All signals as they are at one instant."""

    sent_at: str
    boot_id: str
    uptime_ms: int
    signals: dict[str, PointEntry]


def state_message(points: Mapping[str, Point], boot_id: str, now: Instant) -> bytes:
    """The retained `state`: every value with its quality and its age at this instant."""
    return _encode(state_of(points, boot_id, now))


def state_of(points: Mapping[str, Point], boot_id: str, now: Instant) -> State:
    """All signals, as they are said."""
    signals = {name: _point(point, now) for name, point in points.items()}
    return State(iso(now.wall_us), boot_id, now.uptime_us // 1000, signals)


def _point(point: Point, now: Instant) -> PointEntry:
    if point.at_us is None:
        return PointEntry(point.value, point.quality, None, None)
    age_ms = max(0, now.uptime_us - point.at_us) // 1000
    return PointEntry(point.value, point.quality, iso(now.wall_at(point.at_us)), age_ms)
