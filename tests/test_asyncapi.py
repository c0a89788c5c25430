"""The AsyncAPI document: not older than the types, whole in itself, and fit to refuse what is wrong.

AsyncAPI's own meta-schema is not at hand here: the document's structure is judged by what stands below, payloads by an
independent validator. Every message of the end-to-end tests is judged by published.py.
"""

import dataclasses
import importlib.util
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError

from agent.model import Event, Instant, Lane, Point, Quality, Row, Severity, Transition
from agent.naming import naming_of
from agent.settings import ElevatorSettings
from agent.uplink.alarms import Shown
from agent.uplink.events import Acknowledged, Envelope, Origin
from agent.uplink.letters import Letter, Letters
from agent.uplink.messages import ClockState, Refusals, Status, asset_message, will_message
from agent.uplink.topics import Topics
from hil.subscriber import Heard
from tests.published import DOCS, at, channel_of, document, judge

ROOT = Path(__file__).parent.parent
TOPIC = "elevator/v1/bench/e01"
TOPICS = Topics(TOPIC)
NOW = Instant(uptime_us=9_000_000, wall_us=1_700_000_000_000_000, synchronised=True)
LETTERS = Letters(Origin(source=TOPIC, elevator="e01", rescue_code="6"), naming_of, "boot")
METHODS_WITHOUT_CHANNEL = {"of", "is_alarm", "is_response", "kind", "alarms", "root"}


def test_the_file_is_what_the_types_say() -> None:
    source = importlib.util.spec_from_file_location("doc", ROOT / "scripts/asyncapi_doc.py")
    assert source is not None
    assert source.loader is not None
    generator = importlib.util.module_from_spec(source)
    source.loader.exec_module(generator)
    assert (DOCS / "asyncapi.json").read_text(encoding="utf-8") == generator.text(), (
        "run: .venv/bin/python scripts/asyncapi_doc.py"
    )


# ---- its structure


def inside(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from inside(each)


def test_every_reference_is_alone_and_leads_somewhere() -> None:
    references = [each for each in inside(document()) if "$ref" in each]
    assert len(references) > 40
    for each in references:
        assert list(each) == ["$ref"]  # what stands beside one is overlooked by tools of draft 7
        assert isinstance(at(each["$ref"]), dict)
    used = {each["$ref"] for each in references}
    for kind in ("schemas", "messages", "parameters"):
        for name in document()["components"][kind]:
            assert f"#/components/{kind}/{name}" in used, name


def test_channels_messages_and_operations_belong_together() -> None:
    told = document()
    assert told["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= told["info"].keys()
    for channel in told["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])
        assert channel["messages"]
    for operation in told["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["bindings"]["mqtt"]["qos"] == 1
        channel = operation["channel"]["$ref"]
        assert at(channel)
        for message in operation.get("messages", ()):
            assert message["$ref"].startswith(f"{channel}/messages/")
    sent = {o["channel"]["$ref"] for o in told["operations"].values() if o["action"] == "send"}
    assert sent == {f"#/channels/{name}" for name in told["channels"]} - {"#/channels/request"}


@pytest.mark.parametrize("dialect", [Draft7Validator, Draft202012Validator])
def test_every_schema_is_one_in_either_dialect(dialect: Any) -> None:
    for schema in document()["components"]["schemas"].values():
        dialect.check_schema(schema)
        assert schema.keys() & {"type", "$ref", "enum"}, schema


def test_every_topic_the_code_can_name_has_a_channel() -> None:
    names = {name for name, _ in inspect.getmembers(Topics) if name[0] != "_"}
    names |= {field.name for field in dataclasses.fields(Topics)}
    topics = {
        "status": TOPICS.status,
        "asset": TOPICS.asset,
        "state": TOPICS.state,
        "event": TOPICS.event(Severity.MAJOR, "signal_lost"),
        "alarm": TOPICS.alarm("signal_lost", None),
        "requests": TOPICS.requests.replace("#", "ping"),
        "response": TOPICS.response("ping"),
    }
    assert names - METHODS_WITHOUT_CHANNEL == topics.keys(), "add its channel to agent/asyncapi.py"
    addresses = {channel_of(topic)[0].topic.pattern for topic in topics.values()}
    addresses.add(channel_of(TOPICS.alarm("signal_lost", "bus"))[0].topic.pattern)
    assert len(addresses) == len(document()["channels"])


# ---- what the code says fits


def heard(letter: Letter) -> Heard:
    return Heard(
        letter.topic,
        letter.payload,
        1,
        letter.retain,
        0.0,
        content_type=letter.content_type,
        expiry_s=letter.expiry_s,
    )


STATUS = Status(
    state="degraded",
    reason="publish_refused",
    boot_id="b",
    uptime_ms=5_123_450,
    journal="j",
    chain_head="00",
    delivered_through=1,
    seq_head=2,
    oldest_unsent_s=None,
    links={"bus": {"up": False, "reason": "no answer"}, "pins": {"up": True, "reason": None}},
    refused=Refusals(1, "why"),
    clock=ClockState(synchronised=False, source=None, anchor=None),
    version="0",
)
RAISED = Event(
    code="signal_lost",
    transition=Transition.RAISED,
    severity=Severity.MAJOR,
    at_us=5,
    since_us=5,
    instance="bus",
    detail={"signals": ["car.moving"]},
)
ROW = Row(seq=7, journal="j", raised_seq=7, event=RAISED, boot_id="b", wall_us=9, synchronised=True)
POINTS = {
    "car.moving": Point(None, Quality.NO_ANSWER, None),
    "car.floor": Point(3, Quality.GOOD, 8_000_000),
    "car.speed": Point(0.5, Quality.BAD, 1),
    "door.front": Point("open", Quality.GOOD, 1),
}


def letters() -> list[Letter]:
    topic = TOPICS.alarm("signal_lost", "bus")
    shown = Shown(RAISED, Envelope.of(ROW))
    seen = msgspec.structs.replace(
        shown, acknowledged=Acknowledged(8, "2026-11-23T08:00:00Z", None)
    )
    bare = msgspec.structs.replace(shown, envelope=Envelope.uncommitted(RAISED, "j", "b", NOW))
    card = asset_message(ElevatorSettings(site="bench", id="e01"), {}, "0")
    return [
        LETTERS.status(STATUS),
        Letter(TOPICS.status, will_message("b", "j"), content_type=None),
        LETTERS.asset(card),
        LETTERS.state(POINTS, NOW),
        LETTERS.event(ROW, NOW),
        *(LETTERS.alarm(topic, each, NOW) for each in (shown, seen, bare, None)),
    ]


def test_every_kind_of_message_fits() -> None:
    assert ROW.event.lane is Lane.REST
    assert judge(map(heard, letters())) == 9


def change(letter: Letter, **fields: Any) -> Letter:
    payload = {**json.loads(letter.payload), **fields}
    return dataclasses.replace(letter, payload=json.dumps(payload).encode())


STATUS_LETTER, WILL, ASSET, STATE, EVENT, ALARM, *_ = letters()


@pytest.mark.parametrize(
    "wrong",
    [
        change(STATUS_LETTER, state="fine"),
        change(STATUS_LETTER, links={"bus": {"up": "yes", "reason": None}}),
        change(WILL, boot_id=None),
        change(ASSET, capabilities={"x": {"code": "x"}}),
        change(STATE, signals={"car.moving": {"v": [], "q": "good", "at": None, "age_ms": 1}}),
        change(EVENT, sequence=7),
        change(EVENT, data={}),
        change(EVENT, source="elevator/v1/bench/e02"),
        dataclasses.replace(EVENT, topic=TOPICS.event(Severity.MINOR, "signal_lost")),
        dataclasses.replace(EVENT, topic=TOPICS.event(Severity.MAJOR, "mains_lost")),
        dataclasses.replace(EVENT, topic=f"{TOPIC}/event/major/unheard_of"),
        dataclasses.replace(EVENT, topic=f"{TOPIC}/elsewhere"),
        dataclasses.replace(EVENT, retain=True),
        dataclasses.replace(EVENT, content_type="text/plain"),
        dataclasses.replace(EVENT, topic=TOPICS.alarm("signal_lost", "bus"), retain=True),
        dataclasses.replace(ALARM, topic=TOPICS.alarm("signal_lost", "pins")),
        dataclasses.replace(STATE, expiry_s=181),
        dataclasses.replace(STATE, payload=b""),
    ],
)  # fmt: skip
def test_what_is_wrong_does_not_fit(wrong: Letter) -> None:
    with pytest.raises((ValidationError, AssertionError, KeyError)):
        judge([heard(wrong)])
