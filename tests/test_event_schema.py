"""The published JSON Schemas, judged by an independent validator against messages from real recordings."""

import importlib.util
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from agent.asyncapi import document
from agent.event_schema import DATA, MESSAGE, schemas
from agent.model import Event, Instant, Severity, Transition
from agent.monitor.catalog import CATALOG
from agent.monitor.details import DETAILS, details_of
from agent.naming import naming_of
from agent.platforms import platform_of
from agent.replay import replay_file
from agent.settings import ElevatorSettings, RecorderSettings, Settings
from agent.uplink.events import Acknowledged, Envelope, EventData, Origin, alarm_message
from tests.recorders import recorder_into

ROOT = Path(__file__).parent.parent
RECORDINGS = [
    *sorted(Path("tests/recordings").glob("*.jsonl")),
    Path("docs/examples/entrapment.jsonl"),
]
SITE = Settings(elevator=ElevatorSettings(site="s", id="e", rescue_code="640001"))
CHONGQING = platform_of("chongqing", [Path("config/platforms")])

ALL = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in Path("docs/schema").glob("*.json")
}
REGISTRY: Registry = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in ALL.values()
)
# The recorder names its file in what only the event says; it may stand in every one.
COMMON = {*EventData.__struct_fields__, "recording"}


def judge(name):
    return Draft202012Validator(ALL[name], registry=REGISTRY)


def check(message):
    """By the message's schema, by that of its code, and with nothing beside what that names."""
    data = message["data"]
    judge("message").validate(message)
    judge(data["code"]).validate(data)
    assert message["dataschema"] == ALL["event"]["$id"]
    assert data.keys() - COMMON <= ALL[data["code"]]["properties"].keys()


def test_the_files_are_what_the_types_and_the_catalog_say():
    source = importlib.util.spec_from_file_location("events_doc", ROOT / "scripts/events_doc.py")
    assert source is not None
    assert source.loader is not None
    generator = importlib.util.module_from_spec(source)
    source.loader.exec_module(generator)
    files = generator.schema_files()
    assert {file.name for file in files} == {f"{name}.json" for name in ALL}
    for file, text in files.items():
        assert file.read_text(encoding="utf-8") == text, (
            "run: .venv/bin/python scripts/events_doc.py"
        )


@pytest.mark.parametrize("name", ALL)
def test_each_is_a_schema(name):
    Draft202012Validator.check_schema(ALL[name])


def test_there_is_one_for_every_event():
    assert set(schemas()) == {"message", "event", *CATALOG}
    assert {schema["$id"] for schema in ALL.values()} == {
        MESSAGE, DATA, *(f"{DATA}:{code}" for code in CATALOG),
    }  # fmt: skip
    assert DETAILS.keys() <= CATALOG.keys()


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda file: file.stem)
def test_what_a_recording_gives_fits(recording):
    for message in replay_file(recording, SITE, None, CHONGQING):
        check(json.loads(message))


def test_the_recordings_give_messages_at_all():
    said = [json.loads(m) for file in RECORDINGS for m in replay_file(file, SITE)]
    assert len({message["data"]["code"] for message in said}) >= 5
    assert {message["data"]["transition"] for message in said} >= {"raised", "cleared", "notice"}


def test_a_standing_alarm_fits_before_and_after_its_commit():
    event = Event(
        code="storage_failed", transition=Transition.RAISED, severity=Severity.MAJOR, at_us=5,
        since_us=5, detail={"reason": "disk full"},
    )  # fmt: skip
    now = Instant(uptime_us=9, wall_us=9, synchronised=False)
    envelope = Envelope.uncommitted(event, "", "boot", now)
    origin = Origin(source="x", elevator="e", rescue_code="")
    seen = Acknowledged(None, "2026-11-23T08:00:00.000Z", None)
    for acknowledged in (None, seen):
        check(json.loads(alarm_message(event, envelope, origin, naming_of(event), acknowledged)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("transition", "gone"), ("severity", None), ("evidence", {"car.moving": {"v": []}}),
        ("codes", {"gb24476": "1", "bacnet": None, "platform": None}), ("visit", "no"),
        ("rule", "guess"), ("person_by", ["dog"]), ("code", "overspeed"), ("recording", 7),
    ],
)  # fmt: skip
def test_what_is_wrong_does_not_fit(path, value):
    message = json.loads(next(iter(replay_file(RECORDINGS[-1], SITE))))
    data = message["data"]
    check(message)
    assert not judge("trapped_passengers").is_valid({**data, path: value})
    left_out = {key: each for key, each in data.items() if key != path}
    assert judge("trapped_passengers").is_valid(left_out) is (
        path in ("rule", "person_by", "recording")
    )


def test_the_recording_that_an_event_names_is_in_the_schema_of_every_event(tmp_path):
    """As the recorder names it, in the schema and in the AsyncAPI document."""
    now = Instant(uptime_us=9, wall_us=9, synchronised=False)
    recorder = recorder_into(tmp_path, now, {}, RecorderSettings(keep_free_mb=10))
    raised = Event(
        code="overspeed", transition=Transition.RAISED, severity=Severity.CRITICAL, at_us=5
    )
    (event,) = recorder.attach([raised], now)
    recorder.close(now.uptime_us)
    recorder.disk.end()
    envelope = Envelope.uncommitted(event, "", "boot", now)
    origin = Origin(source="x", elevator="e", rescue_code="")
    message = json.loads(alarm_message(event, envelope, origin, naming_of(event), None))
    assert message["data"]["recording"].endswith(".jsonl.gz")
    check(message)
    for named in (ALL["event"], document()["components"]["schemas"]["EventData"]):
        assert named["properties"]["recording"]["type"] == "string"
        assert "recording" not in named["required"]


def test_a_reason_of_its_own_stands_before_that_of_a_clear():
    assert details_of("storage_failed")["reason"] is str
    assert details_of("trapped_passengers")["reason"] is not str
