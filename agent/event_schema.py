"""JSON Schemas of the event message and of each event's `data`, made from their types and the catalog. Pure.

`dataschema` in a message is the name of the schema of its data. Inside `v1` messages only grow, so that fields which a
schema does not name are allowed.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from agent.event_texts import EventTexts
from agent.model import Lane, Severity, Transition
from agent.monitor.catalog import ENTRIES, Entry
from agent.monitor.details import details_of
from agent.uplink.events import EventData, EventMessage

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MESSAGE, DATA = "urn:elevator-agent:message:1", "urn:elevator-agent:event:1"
_INSTANT = {"type": "string", "format": "date-time"}
_RECORDING = {
    "type": "string",
    "description": (
        "On a major or critical raise, where there is one: the file with the minutes around it, in the elevator's own"
        " computer."
    ),
}


def schemas() -> dict[str, Schema]:
    """Every schema by the name of its file: the message, the data of any event, the data of each."""
    return {
        "message": _message(),
        "event": _data(),
        **{entry.code: _event(entry) for entry in ENTRIES},
    }


def _message() -> Schema:
    schema = schema_of(EventMessage, MESSAGE, "An event as a CloudEvent")
    schema["properties"] |= {"data": {"$ref": DATA}, "time": _INSTANT}
    return schema


def _data() -> Schema:
    schema = schema_of(EventData, DATA, "What every event says")
    schema["properties"] |= {
        "transition": _one_of(each.value for each in Transition),
        "severity": _one_of(each.value for each in Severity),
        "lane": _one_of(each.value for each in Lane),
        "recording": _RECORDING,
    }
    return schema


def _event(entry: Entry) -> Schema:
    own, defs = msgspec.json.schema_components(
        details_of(entry.code).values(), ref_template="#/$defs/{name}"
    )
    assert not defs
    return {
        "$schema": DIALECT,
        "$id": f"{DATA}:{entry.code}",
        "title": f"{entry.en} {entry.zh}",
        "description": EventTexts("en", {}).means(entry.code),
        "$ref": DATA,
        "properties": {
            "code": {"const": entry.code},
            **dict(zip(details_of(entry.code), own, strict=True)),
        },
    }


def schema_of(kind: type[msgspec.Struct], name: str, title: str) -> Schema:
    """Make the schema of one type, with those it refers to in `$defs`."""
    (reference,), defs = msgspec.json.schema_components(
        [kind], schema_hook=_anything, ref_template="#/$defs/{name}"
    )
    schema = defs.pop(reference["$ref"].rpartition("/")[2])
    # A field that msgspec leaves out while it is a constant is always there all the same.
    schema["required"] = [
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.UNSET
    ]
    head = {"$schema": DIALECT, "$id": name, **schema, "title": title}
    return {**head, "$defs": defs} if defs else head


def _anything(_: type) -> Schema:
    """Make the schema of `object`; an empty one msgspec takes for none."""
    return {"description": "anything"}


def _one_of(values: Iterable[str]) -> Schema:
    return {"enum": list(values)}
