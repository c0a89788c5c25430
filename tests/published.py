"""Whether what an agent published is what docs/asyncapi.json and docs/schema say, by an independent validator.

`judge(messages)` takes what a subscriber heard. A topic that the document does not know fails as well.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from hil.subscriber import Heard

DOCS = Path(__file__).parent.parent / "docs"
CLOUD_EVENT = "application/cloudevents+json"


class Channel(NamedTuple):
    """A channel of the document, as its messages are to arrive."""

    topic: re.Pattern[str]
    parameters: Mapping[str, Any]
    binding: Mapping[str, Any]
    messages: Mapping[str, Mapping[str, Any]]


@cache
def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DOCS / "asyncapi.json").read_text(encoding="utf-8"))
    return read


def at(reference: str) -> Any:
    """What a reference inside the document points to."""
    found: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


@cache
def channels() -> dict[str, Channel]:
    told = {each["channel"]["$ref"].rpartition("/")[2]: each for each in _sends_last()}
    sends = {name: each["bindings"]["mqtt"] for name, each in told.items()}
    return {
        name: Channel(
            re.compile(
                re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(each["address"])) + r"\Z"
            ),
            {key: at(value["$ref"]) for key, value in each["parameters"].items()},
            sends[name],
            {key: at(value["$ref"]) for key, value in each["messages"].items()},
        )
        for name, each in document()["channels"].items()
    }


def _sends_last() -> list[dict[str, Any]]:
    operations = document()["operations"].values()
    return sorted(operations, key=lambda each: each["action"] == "send")


@cache
def registry() -> Registry[Any]:
    files = (json.loads(file.read_text(encoding="utf-8")) for file in DOCS.glob("schema/*.json"))
    own = {**document(), "$schema": "https://json-schema.org/draft/2020-12/schema"}
    resources = [("urn:asyncapi", own), *((each["$id"], each) for each in files)]
    return Registry().with_resources(
        (name, Resource.from_contents(each)) for name, each in resources
    )


@cache
def validator(reference: str) -> Draft202012Validator:
    """A validator of what a reference inside the document, or the name of a schema, points to."""
    target = f"urn:asyncapi{reference}" if reference.startswith("#") else reference
    return Draft202012Validator({"$ref": target}, registry=registry())


def channel_of(topic: str) -> tuple[Channel, dict[str, str]]:
    """The channel of a topic, and its parameters there; an answer may lie anywhere below `resp/`."""
    if re.match(r"([^/]+/){4}resp/.", topic):
        return channels()["response"], {}
    for channel in channels().values():
        found = channel.topic.match(topic)
        if found:
            for name, value in found.groupdict().items():
                allowed = channel.parameters[name].get("enum")
                assert allowed is None or value in allowed, (topic, name)
            return channel, found.groupdict()
    raise AssertionError(f"docs/asyncapi.json knows no topic {topic}")


def judge(messages: Iterable[Heard]) -> int:
    """Check each message; returns how many there were."""
    count = 0
    for count, message in enumerate(messages, 1):  # noqa: B007 - the last one is the answer
        judge_one(message)
    return count


def judge_one(message: Heard) -> None:
    if re.match(r"([^/]+/){4}req/", message.topic):
        return  # what others ask; some of the tests ask nonsense
    channel, parameters = channel_of(message.topic)
    assert message.qos == channel.binding["qos"], message
    assert message.retain is channel.binding["retain"], message
    told, payload = kind_of(message, channel)
    validator(told["payload"]["$ref"]).validate(payload)
    if "data" in parameters or told["name"] in ("event", "alarm"):
        judge_event(message, payload, parameters)
    is_ours = told["name"] not in ("will", "alarmEnded")  # the broker's word; nothing to expire
    assert message.expiry_s is None or message.expiry_s <= channel.binding["messageExpiryInterval"]
    assert not is_ours or message.content_type in (None, told["contentType"]), (
        message
    )  # None: 3.1.1


def kind_of(message: Heard, channel: Channel) -> tuple[Mapping[str, Any], Any]:
    """Which of the channel's messages this is, and what it says."""
    if not message.payload:
        return channel.messages["alarmEnded"], ""
    payload = message.json
    if "refused" in channel.messages:
        name = f"{payload['verb']}Answered" if payload["ok"] else "refused"
        return channel.messages[name], payload
    is_will = "will" in channel.messages and payload.get("reason") == "connection_lost"
    name = "will" if is_will else next(each for each in channel.messages if each != "alarmEnded")
    return channel.messages[name], payload


def judge_event(message: Heard, payload: dict[str, Any], parameters: dict[str, str]) -> None:
    """By the schema of its code as well, and by its own topic."""
    data = payload["data"]
    validator(f"{payload['dataschema']}:{data['code']}").validate(data)
    for name, value in parameters.items():
        assert name in ("site", "elevator") or data[name] == value, (message.topic, name)
    assert payload["source"] == "/".join(message.topic.split("/")[:4])
    assert ("acknowledged" in data or "journaled" in data) is ("/alarm/" in message.topic)
