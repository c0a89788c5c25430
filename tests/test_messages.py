"""Payloads, compared whole: what a consumer builds against must not drift."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agent.model import Event, Fact, Instant, Point, Quality, Row, Severity, Transition
from agent.settings import ElevatorSettings, MqttSettings
from agent.uplink.events import (
    Acknowledged,
    Envelope,
    Naming,
    Origin,
    age_us,
    alarm_message,
    dated,
    event_message,
)
from agent.uplink.messages import (
    ClockAnchor,
    ClockState,
    Refusals,
    Status,
    asset_message,
    iso,
    state_message,
    status_message,
    will_message,
)
from agent.uplink.topics import Topics

BOOT = "0b8e2c52-6f3a-4a51-9d35-1f1f5a7a9a10"
WALL_US = 1_795_420_831_200_000  # 2026-11-23T08:00:31.200Z
ORIGIN = Origin(source="elevator/v1/pingluo-01/e01", elevator="e01", rescue_code="640001")
TRAPPED = Naming("Passengers trapped", "困人")


def trapped(**changes: Any) -> Event:
    event = Event(
        code="trapped_passengers",
        transition=Transition.RAISED,
        severity=Severity.CRITICAL,
        at_us=5_123_450_000,
        since_us=5_108_450_000,
        evidence={
            "car.door_zone": Fact(False, 5_108_450_000),
            "car.occupied": Fact(True, 5_100_000_999, last_known=True),
        },
        unknown=("car.load_percent",),
        mode="normal",
        stop_recommended=True,
    )
    return msgspec.structs.replace(event, **changes)


def row(event: Event, **changes: Any) -> Row:
    committed = Row(
        seq=123,
        journal="9f3ab21c",
        raised_seq=123,
        event=event,
        boot_id=BOOT,
        wall_us=WALL_US,
        synchronised=True,
    )
    return msgspec.structs.replace(committed, **changes)


GOLDEN: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e01-9f3ab21c-000000000123",
    "source": "elevator/v1/pingluo-01/e01",
    "type": "trapped_passengers.raised",
    "time": "2026-11-23T08:00:31.200Z",
    "subject": "trapped_passengers",
    "sequence": "000000000123",
    "datacontenttype": "application/json",
    "dataschema": "urn:elevator-agent:event:1",
    "data": {
        "code": "trapped_passengers",
        "transition": "raised",
        "severity": "critical",
        "instance": None,
        "raised_seq": 123,
        "journal": "9f3ab21c",
        "lane": "critical",
        "title": {"en": "Passengers trapped", "zh": "困人"},
        "evidence": {
            "car.door_zone": {"v": False, "since": "2026-11-23T08:00:16.200Z"},
            "car.occupied": {"v": True, "since": "2026-11-23T08:00:07.750Z", "last_known": True},
        },
        "unknown": ["car.load_percent"],
        "since": "2026-11-23T08:00:16.200Z",
        "duration_ms": None,
        "codes": {"gb24476": None, "bacnet": None, "platform": None},
        "rescue_code": "640001",
        "boot_id": BOOT,
        "uptime_ms": 5_123_450,
        "clock": "synchronised",
        "historical": False,
        "replayed": False,
        "mode": "normal",
        "visit": False,
        "drill": False,
        "stop_recommended": True,
    },
}


def test_an_event_message_is_the_contracts_example_in_its_order() -> None:
    payload = event_message(trapped(), Envelope.of(row(trapped())), ORIGIN, TRAPPED)
    message = json.loads(payload)
    assert message == GOLDEN
    assert list(message) == list(GOLDEN)
    assert list(message["data"]) == list(GOLDEN["data"])


def test_detail_stands_beside_the_fields_and_never_replaces_one() -> None:
    event = trapped(detail={"occupancy": "unknown", "signals": ["a", "b"], "code": "other"})
    data = json.loads(event_message(event, Envelope.of(row(event)), ORIGIN, TRAPPED))["data"]
    assert data == GOLDEN["data"] | {"occupancy": "unknown", "signals": ["a", "b"]}


def test_a_clear_names_its_raise_and_how_long_it_stood() -> None:
    event = Event(
        code="intercom_silent",
        transition=Transition.CLEARED,
        severity=Severity.MAJOR,
        at_us=9_000_000,
        instance="duty_room",
    )
    cleared = row(event, seq=130, raised_seq=123, duration_ms=61_000, synchronised=False)
    naming = Naming("Intercom silent", "对讲无应答", 8, "passengerAlarm")
    message = json.loads(event_message(event, Envelope.of(cleared), ORIGIN, naming))
    assert message["type"] == "intercom_silent.cleared"
    assert message["subject"] == "intercom_silent/duty_room"
    data = message["data"]
    assert data["instance"] == "duty_room"
    assert data["raised_seq"] == 123
    assert data["duration_ms"] == 61_000
    assert data["lane"] == "rest"
    assert data["clock"] == "unsynchronised"
    assert data["since"] is None
    assert data["evidence"] == {}
    assert data["codes"] == {"gb24476": 8, "bacnet": "passengerAlarm", "platform": None}


def test_a_replay_uses_the_same_message_without_a_journal() -> None:
    envelope = Envelope(
        journal="replay",
        seq=1,
        raised_seq=1,
        boot_id="recorded",
        wall_us=WALL_US,
        clock="synchronised",
    )
    message = json.loads(event_message(trapped(), envelope, ORIGIN, TRAPPED))
    assert message["id"] == "e01-replay-000000000001"
    assert message["sequence"] == "000000000001"
    assert message["data"]["journal"] == "replay"
    assert message["data"]["boot_id"] == "recorded"


def test_a_retained_alarm_is_its_event_and_says_that_it_is_journaled() -> None:
    payload = alarm_message(trapped(), Envelope.of(row(trapped())), ORIGIN, TRAPPED)
    assert json.loads(payload) == GOLDEN | {"data": GOLDEN["data"] | {"journaled": True}}


def test_a_retained_alarm_says_who_acknowledged_it() -> None:
    seen = Acknowledged(125, "2026-11-23T08:03:00.000Z", "duty room")
    payload = alarm_message(trapped(), Envelope.of(row(trapped())), ORIGIN, TRAPPED, seen)
    expected = {"seq": 125, "at": "2026-11-23T08:03:00.000Z", "by": "duty room"}
    assert json.loads(payload)["data"]["acknowledged"] == expected


def test_an_alarm_without_a_journal_row_has_no_sequence_but_an_id_of_its_own() -> None:
    now = Instant(uptime_us=5_125_450_000, wall_us=WALL_US + 2_000_000, synchronised=True)
    envelope = Envelope.uncommitted(trapped(), "9f3ab21c", BOOT, now)
    message = json.loads(alarm_message(trapped(), envelope, ORIGIN, TRAPPED))
    later = trapped(at_us=5_123_450_001)
    other = json.loads(alarm_message(later, envelope, ORIGIN, TRAPPED))
    expected = GOLDEN | {
        "id": f"e01-9f3ab21c-{BOOT}-5123450000-trapped_passengers",
        "sequence": None,
        "data": GOLDEN["data"] | {"raised_seq": None, "journaled": False},
    }
    assert message == expected
    assert other["id"] != message["id"]


def test_historical_begins_after_sixty_seconds() -> None:
    event = trapped(at_us=0)
    envelope = Envelope.of(row(event))

    def sent_at(uptime_us: int) -> bool:
        now = Instant(uptime_us=uptime_us, wall_us=WALL_US, synchronised=True)
        return dated(event, envelope, BOOT, now).historical

    assert not sent_at(60_000_000)
    assert sent_at(60_000_001)


def test_the_age_across_boots_trusts_the_wall_clock_only_when_both_were_synchronised() -> None:
    event = trapped()
    hour_later = Instant(uptime_us=5_000_000, wall_us=WALL_US + 3_600_000_000, synchronised=True)
    known = Envelope.of(row(event, boot_id="before"))
    guessed = Envelope.of(row(event, boot_id="before", synchronised=False))
    assert age_us(event, known, BOOT, hour_later) == 3_600_000_000
    assert age_us(event, guessed, BOOT, hour_later) == 5_000_000


def test_status_whole() -> None:
    status = Status(
        state="degraded",
        reason="publish_refused",
        boot_id=BOOT,
        uptime_ms=5_123_450,
        journal="9f3ab21c",
        chain_head="ab" * 32,
        delivered_through=120,
        seq_head=123,
        oldest_unsent_s=4,
        links={"controller": {"up": True, "reason": ""}},
        refused=Refusals(2, "not authorised"),
        clock=ClockState(
            synchronised=True, source="timedatectl", anchor=ClockAnchor(7, 1_700_000_000_007)
        ),
        version="0.1.0",
    )
    assert json.loads(status_message(status)) == {
        "state": "degraded",
        "reason": "publish_refused",
        "boot_id": BOOT,
        "uptime_ms": 5_123_450,
        "journal": "9f3ab21c",
        "chain_head": "ab" * 32,
        "delivered_through": 120,
        "seq_head": 123,
        "oldest_unsent_s": 4,
        "links": {"controller": {"up": True, "reason": ""}},
        "refused": {"count": 2, "reason": "not authorised"},
        "clock": {
            "synchronised": True,
            "source": "timedatectl",
            "anchor": {"uptime_ms": 7, "unix_ms": 1_700_000_000_007},
        },
        "version": "0.1.0",
    }


def test_the_will_carries_four_fields_only() -> None:
    assert json.loads(will_message(BOOT, "9f3ab21c")) == {
        "state": "offline",
        "reason": "connection_lost",
        "boot_id": BOOT,
        "journal": "9f3ab21c",
    }


def test_asset_whole() -> None:
    elevator = ElevatorSettings(
        site="pingluo-01",
        id="e01",
        name="一号楼",
        registration_code="31106401002012",
        rescue_code="640001",
        floors=18,
        rated_speed_mm_s=1750,
        rated_load_kg=1000,
        property_company="物业",
        maintenance_unit="维保",
        manufacturer="厂",
        installed_on="2012-05-01",
    )
    assert json.loads(asset_message(elevator, {"trapped_passengers": True}, "0.1.0")) == {
        "site": "pingluo-01",
        "elevator": "e01",
        "name": "一号楼",
        "registration_code": "31106401002012",
        "rescue_code": "640001",
        "floors": 18,
        "rated_speed_mm_s": 1750,
        "rated_load_kg": 1000,
        "units": {"property_company": "物业", "maintenance_unit": "维保", "manufacturer": "厂"},
        "dates": {"installed_on": "2012-05-01"},
        "capabilities": {"trapped_passengers": True},
        "version": "0.1.0",
    }


def test_state_gives_every_value_its_quality_and_its_age() -> None:
    now = Instant(uptime_us=10_000_000, wall_us=WALL_US, synchronised=True)
    points = {
        "car.floor": Point(3, Quality.GOOD, 9_880_000),
        "car.door_zone": Point(None, Quality.NO_ANSWER, 1_000_000),
        "door.rear": Point(None, Quality.NO_ANSWER, None),
    }
    assert json.loads(state_message(points, BOOT, now)) == {
        "sent_at": "2026-11-23T08:00:31.200Z",
        "boot_id": BOOT,
        "uptime_ms": 10_000,
        "signals": {
            "car.floor": {"v": 3, "q": "good", "at": "2026-11-23T08:00:31.080Z", "age_ms": 120},
            "car.door_zone": {
                "v": None,
                "q": "no_answer",
                "at": "2026-11-23T08:00:22.200Z",
                "age_ms": 9000,
            },
            "door.rear": {"v": None, "q": "no_answer", "at": None, "age_ms": None},
        },
    }


def test_topics_of_the_contract() -> None:
    topics = Topics.of(MqttSettings(), ElevatorSettings(site="pingluo-01", id="e01"))
    root = "elevator/v1/pingluo-01/e01"
    assert topics.root == root
    assert topics.status == f"{root}/status"
    assert topics.asset == f"{root}/asset"
    assert topics.state == f"{root}/state"
    assert topics.alarms == f"{root}/alarm/#"
    assert topics.event(Severity.MAJOR, "mains_lost") == f"{root}/event/major/mains_lost"
    assert topics.alarm("alarm_button", None) == f"{root}/alarm/alarm_button"
    assert topics.alarm("intercom_silent", "car") == f"{root}/alarm/intercom_silent/car"
    assert topics.is_alarm(f"{root}/alarm/x")
    assert not topics.is_alarm(f"{root}/status")


@given(st.integers(min_value=-(10**15), max_value=10**17))
def test_times_have_whole_milliseconds_and_are_cut_not_rounded(wall_us: int) -> None:
    text = iso(wall_us)
    assert len(text) == len("2026-11-23T08:00:31.200Z")
    assert text.endswith("Z")
    assert iso(wall_us - wall_us % 1000) == text
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_us)
    assert text == moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
