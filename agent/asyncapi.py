"""The AsyncAPI 3 document: every topic with its message, made from the types of the messages and the catalog. Pure.

The running service does not load it. Payloads are in the part of JSON Schema that draft 7 and 2020-12 share, so that every
tool reads them; what one event says beside all others stands in docs/schema, by code.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from agent import __version__, asyncapi_requests
from agent.event_schema import DATA, Schema, schema_of, schemas
from agent.model import Severity
from agent.monitor.capabilities import Capability
from agent.monitor.catalog import ENTRIES
from agent.settings import MqttSettings
from agent.uplink import messages
from agent.uplink.events import CLOUD_EVENT, Acknowledged
from agent.uplink.messages import JSON
from agent.uplink.state import EXPIRY_S
from agent.uplink.topics import Topics

_BINDING = "0.2.0"
_PACKET_MOST = 64 * 1024
_ROOT = Topics("elevator/v1/{site}/{elevator}")
_SHARED: Mapping[str, Schema] = {
    "site": {"description": "The place, `elevator.site` of the configuration."},
    "elevator": {"description": "The elevator at that place, `elevator.id`."},
    "code": {
        "description": "The event's code; docs/events.md explains each.",
        "enum": [entry.code for entry in ENTRIES],
    },
    "severity": {
        "description": "The event's severity.",
        "enum": [severity.value for severity in Severity],
    },
    "instance": {"description": "Which of several: a station, a driver, a certificate."},
}
_INFO = (
    "What the agent of one elevator publishes. Inside v1 this only grows: ignore fields you do not know. The first two"
    " levels of every topic, `elevator/v1`, are `mqtt.prefix` of the configuration. Everything is QoS 1. Under MQTT 3.1.1"
    " there are neither content types nor expiry. docs/mqtt.md says what may be relied on, docs/consumer.md how to"
    " consume it."
)


class Link(msgspec.Struct):
    """A driver's link to the elevator."""

    up: bool
    reason: str | None


def document() -> Schema:
    """Everything; refers to nothing outside itself."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:elevator-agent:v1",
        "info": {
            "title": "Elevator edge agent",
            "version": __version__,
            "description": _INFO,
            "license": {"name": "MIT"},
        },
        "defaultContentType": JSON,
        "servers": {"broker": _server()},
        "channels": {
            **{name: _channel(name) for name in _CHANNELS},
            **asyncapi_requests.channels(_ROOT),
        },
        "operations": {**_operations(), **asyncapi_requests.operations()},
        "components": {
            "parameters": {**_SHARED, **asyncapi_requests.PARAMETERS},
            "messages": {
                **{name: _message(name) for name in _MESSAGES},
                **asyncapi_requests.messages(),
            },
            "schemas": _schemas(),
        },
    }


def _server() -> Schema:
    will = {
        "topic": _ROOT.status,
        "qos": 1,
        "message": "the message `will`: offline, connection_lost",
        "retain": True,
    }
    mqtt = {
        "cleanSession": True,
        "lastWill": will,
        "keepAlive": MqttSettings().keepalive_s,
        "maximumPacketSize": _PACKET_MOST,
        "bindingVersion": _BINDING,
    }
    return {
        "host": "{host}:{port}",
        "protocol": "mqtt",
        "protocolVersion": "5",
        "description": "The broker of `mqtt.host`, also with TLS; MQTT 3.1.1 where `mqtt.protocol` says so.",
        "variables": {
            "host": {"default": MqttSettings().host},
            "port": {"default": str(MqttSettings().port)},
        },
        "bindings": {"mqtt": mqtt},
    }


# channel → address, its messages, whether retained, expiry in seconds, what it is
_Channel = tuple[str, tuple[str, ...], bool, int | None, str]
_CHANNELS: Mapping[str, _Channel] = {
    "status": (
        _ROOT.status,
        ("status", "will"),
        True,
        None,
        "Whether the agent is there, how well it is, how far delivery has come.",
    ),
    "asset": (_ROOT.asset, ("asset",), True, None, "The elevator's card."),
    "state": (
        _ROOT.state,
        ("state",),
        True,
        EXPIRY_S,
        "All signals with quality and age; the newest wins.",
    ),
    "event": (
        f"{_ROOT.root}/event/{{severity}}/{{code}}",
        ("event",),
        False,
        None,
        "The journal: one message a transition, at least once, in order within a lane.",
    ),
    "alarm": (
        _ROOT.alarm("{code}", None),
        ("alarm", "alarmEnded"),
        True,
        None,
        "What stands raised.",
    ),
    "alarmOfInstance": (
        _ROOT.alarm("{code}", "{instance}"),
        ("alarm", "alarmEnded"),
        True,
        None,
        "What stands raised, where a code can stand several times.",
    ),
}
# message → schema of its payload, content type, what it is
_MESSAGES: Mapping[str, tuple[str, str | None, str]] = {
    "status": ("Status", JSON, "What the agent says of itself, also as its last word."),
    "will": ("Will", None, "What the broker says in the agent's place when the link breaks."),
    "asset": ("Asset", JSON, "The card, and which events can be detected with the wired signals."),
    "state": ("State", JSON, "Every wired signal."),
    "event": ("Event", CLOUD_EVENT, "A transition, as a CloudEvent."),
    "alarm": (
        "Event",
        CLOUD_EVENT,
        "The raise that stands, with `data.journaled` and, once acknowledged, `data.acknowledged`.",
    ),
    "alarmEnded": ("Nothing", None, "Empty: it does not stand any more."),
}
_READ_BACK = ("status", "alarm", "alarmOfInstance")


def _channel(name: str) -> Schema:
    address, told, _, _, description = _CHANNELS[name]
    parameters = [each for each in _SHARED if f"{{{each}}}" in address]
    return {
        "address": address,
        "description": description,
        "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in told},
        "parameters": {each: {"$ref": f"#/components/parameters/{each}"} for each in parameters},
    }


def _operations() -> Schema:
    sent = {f"send{name[0].upper()}{name[1:]}": _sends(name) for name in _CHANNELS}
    read = {f"readBack{name[0].upper()}{name[1:]}": _reads_back(name) for name in _READ_BACK}
    return {**sent, **read}


def _sends(name: str) -> Schema:
    _, told, retained, expiry_s, description = _CHANNELS[name]
    binding: Schema = {"qos": 1, "retain": retained, "bindingVersion": _BINDING}
    if expiry_s is not None:
        binding["messageExpiryInterval"] = expiry_s
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": description,
        "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in told],
        "bindings": {"mqtt": binding},
    }


def _reads_back(name: str) -> Schema:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": "The agent reads its own retained topics back, and repairs what it did not say.",
        "bindings": {"mqtt": {"qos": 1, "bindingVersion": _BINDING}},
    }


def _message(name: str) -> Schema:
    schema, content_type, summary = _MESSAGES[name]
    said: Schema = {
        "name": name,
        "summary": summary,
        "payload": {"$ref": f"#/components/schemas/{schema}"},
    }
    return said if content_type is None else {**said, "contentType": content_type}


def _schemas() -> dict[str, Schema]:
    """Every schema by name, each referring to the others inside the document."""
    events = schemas()
    found: dict[str, Schema] = {
        "Nothing": {"type": "string", "maxLength": 0, "description": "No byte at all."}
    }
    for name, schema in (
        ("Event", events["message"]),
        ("EventData", events["event"]),
        ("Acknowledged", schema_of(Acknowledged, "", "Who acknowledged an alarm, and when")),
        ("Status", schema_of(messages.Status, "", "Status")),
        ("Will", schema_of(messages.Will, "", "The will")),
        ("Asset", schema_of(messages.Asset, "", "The elevator's card")),
        ("State", schema_of(messages.State, "", "All signals")),
        ("Link", schema_of(Link, "", "A link")),
        ("Capability", schema_of(Capability, "", "Whether an event can be detected")),
        *asyncapi_requests.schemas().items(),
    ):
        inner = schema.get("$defs", {})
        found |= {each: _inside(inner[each]) for each in inner}
        found[name] = {key: _inside(each) for key, each in schema.items() if key[0] != "$"}
    found["Status"]["properties"]["links"] = _by_name("Link")
    found["Asset"]["properties"]["capabilities"] = _by_name("Capability")
    return dict(sorted(found.items()))


def _by_name(schema: str) -> Schema:
    return {
        "type": "object",
        "additionalProperties": {"$ref": f"#/components/schemas/{schema}"},
    }


def _inside(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """The same with its references pointing into the document."""
    if isinstance(schema, list):
        parts: list[Any] = schema  # pyright: ignore[reportUnknownVariableType]
        return [_inside(each) for each in parts]
    if not isinstance(schema, dict):
        return schema
    fields = cast("Schema", schema)
    if "$ref" not in fields:
        return {key: _inside(each) for key, each in fields.items()}
    reference = str(fields["$ref"])
    name = "EventData" if reference == DATA else reference.rpartition("/")[2]
    return {"$ref": f"#/components/schemas/{name}"}
