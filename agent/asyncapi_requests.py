"""Requests and their answers in the AsyncAPI document, made from their types. Pure; the running service does not load it."""

from collections.abc import Mapping

from agent.event_schema import Schema, schema_of
from agent.requests.asked import ALWAYS, FORMS, PAYLOAD_MOST, RESPONSE_MOST, UNKNOWN
from agent.requests.messages import Answer, Asks, AsksAck, AsksReplay, Pong, Replayed, Taken
from agent.uplink.messages import JSON
from agent.uplink.topics import Topics

_BINDING = "0.2.0"
_RESULTS = {"ping": "Pong", "snapshot": "State", "replay": "Replayed", "ack": "Taken"}
_REF = "#/components"

PARAMETERS: Mapping[str, Schema] = {
    "verb": {
        "description": f"What is asked: {', '.join(ALWAYS)}; the others when `[requests] allow` names them.",
        "enum": list(FORMS),
    },
    "answered": {
        "description": "The verb that is answered, where the request names no response topic of its own. `doctor`: published"
        " by `elevator-agent doctor` to see whether it is acknowledged; an answer with ok true and no result, to nobody.",
        "enum": [*FORMS, UNKNOWN, "doctor"],
    },
}


def channels(root: Topics) -> dict[str, Schema]:
    """The topic of requests and that of answers."""
    asked = root.requests.removesuffix("#") + "{verb}"
    said = f"JSON, at most {PAYLOAD_MOST} bytes; an empty payload where nothing has to be said. Never retained."
    answers = (
        "Answers, where the request names no MQTT 5 response topic. One that it names has to lie below the elevator's own"
        f" resp/, without + and #, at most {RESPONSE_MOST} bytes; the correlation data comes back."
    )
    return {
        "request": _channel(asked, "verb", [f"{verb}Asked" for verb in FORMS], said),
        "response": _channel(root.response("{answered}"), "answered", _answers(), answers),
    }


def _answers() -> list[str]:
    return [*(f"{verb}Answered" for verb in FORMS), "refused"]


def _channel(address: str, parameter: str, told: list[str], description: str) -> Schema:
    return {
        "address": address,
        "description": description,
        "messages": {each: {"$ref": f"{_REF}/messages/{each}"} for each in told},
        "parameters": {
            each: {"$ref": f"{_REF}/parameters/{each}"} for each in ("site", "elevator", parameter)
        },
    }


def operations() -> dict[str, Schema]:
    """Each verb with its answers."""
    return {f"answer{verb.title()}": _operation(verb) for verb in FORMS} | {
        "sendResponse": {
            "action": "send",
            "channel": {"$ref": "#/channels/response"},
            "summary": "What was asked, or why not.",
            "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": _BINDING}},
        }
    }


def _operation(verb: str) -> Schema:
    answers = (f"{verb}Answered", "refused")
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/request"},
        "summary": f"Somebody asks: {verb}.",
        "messages": [{"$ref": f"#/channels/request/messages/{verb}Asked"}],
        "bindings": {"mqtt": {"qos": 1, "bindingVersion": _BINDING}},
        "reply": {
            "channel": {"$ref": "#/channels/response"},
            "messages": [{"$ref": f"#/channels/response/messages/{each}"} for each in answers],
        },
    }


def messages() -> dict[str, Schema]:
    """What is asked and answered."""
    asked = {f"{verb}Asked": _message(form.__name__) for verb, form in FORMS.items()}
    answered = {f"{verb}Answered": _message(f"{verb.title()}Answer") for verb in FORMS}
    return {
        name: {"name": name, **each}
        for name, each in {**asked, **answered, "refused": _message("Refusal")}.items()
    }


def _message(schema: str) -> Schema:
    return {"payload": {"$ref": f"{_REF}/schemas/{schema}"}, "contentType": JSON}


def schemas() -> dict[str, Schema]:
    """The types; an answer for each verb, and the refusal."""
    answer = schema_of(Answer, "", "The answer to a request")
    found = {
        "Asks": schema_of(Asks, "", "A request that says nothing more"),
        "AsksReplay": schema_of(AsksReplay, "", "Which events to send again"),
        "AsksAck": schema_of(AsksAck, "", "Which alarm is taken up, and by whom"),
        "Pong": schema_of(Pong, "", "The agent is there"),
        "Replayed": schema_of(Replayed, "", "What was sent again"),
        "Taken": schema_of(Taken, "", "An alarm that somebody has taken up"),
        "Refusal": _narrowed(answer, {"ok": {"const": False}, "error": {"$ref": "#/$defs/Wrong"}}),
    }
    for verb in FORMS:
        result = _RESULTS.get(verb)
        told = {"type": "object"} if result is None else {"$ref": f"#/$defs/{result}"}
        narrow = {"ok": {"const": True}, "verb": {"const": verb}, "result": told}
        found[f"{verb.title()}Answer"] = _narrowed(answer, narrow)
    return found


def _narrowed(answer: Schema, properties: Mapping[str, object]) -> Schema:
    return {**answer, "properties": {**answer["properties"], **properties}}
