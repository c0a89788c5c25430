"""Reads what arrived below `…/req/`: hostile bytes in, a request or a refusal out. Pure; carries nothing out.

Every topic, payload and property here was written by a stranger: each is bounded before it is looked at, and only what is
well formed is repeated in an answer.
"""

from collections.abc import Collection, Mapping

import msgspec

from agent.requests.messages import ID_MOST, Asks, AsksAck, AsksReplay, Wrong
from agent.uplink.topics import Topics

PAYLOAD_MOST = 4096  # bytes
RESPONSE_MOST = 128  # bytes of a response topic
_ECHO_MOST = 64  # characters of what was found, in a refusal

ALWAYS = ("ping", "snapshot", "replay")
WHEN_ALLOWED = ("ack", "diagnostics")
CHANGING = ("ack",)
FORMS: Mapping[str, type[Asks]] = {
    "ping": Asks,
    "snapshot": Asks,
    "replay": AsksReplay,
    "ack": AsksAck,
    "diagnostics": Asks,
}
UNKNOWN = (
    "unknown"  # where a verb is answered that nobody knows: no stranger's word stands in a topic
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived. `retained`: it was published so. `response_topic` and `correlation` come with MQTT 5 only."""

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answer goes and what it repeats of the request."""

    verb: str
    topic: str
    correlation: bytes | None
    correlation_id: str | None

    @property
    def identity(self) -> tuple[object, ...] | None:
        """What a repeated request has in common with the first; None for one that cannot be told from another."""
        if self.correlation is None and self.correlation_id is None:
            return None
        return (self.verb, self.topic, self.correlation, self.correlation_id)


class _Headed(msgspec.Struct, frozen=True):
    correlation_id: str | None = None


_headed = msgspec.json.Decoder(_Headed)
_DECODERS = {verb: msgspec.json.Decoder(form) for verb, form in FORMS.items()}


def address_of(asked: Asked, topics: Topics) -> tuple[Address, Wrong | None]:
    """Where to answer, and what is wrong with where the answer was wanted."""
    verb = _verb(asked, topics)
    wrong, topic = None, topics.response(verb if verb in FORMS else UNKNOWN)
    if asked.response_topic is not None:
        wrong = _bad_response(asked.response_topic, topics)
        topic = topic if wrong is not None else asked.response_topic
    correlation = asked.correlation
    if correlation is not None and len(correlation) > ID_MOST:
        found = f"{len(correlation)} bytes"
        wrong = _wrong("malformed", "The correlation data is too long.", found, f"{ID_MOST} bytes")
        correlation = None
    return (
        Address(
            verb=verb[:_ECHO_MOST],
            topic=topic,
            correlation=correlation,
            correlation_id=_correlation_id(asked.payload),
        ),
        wrong,
    )


def read(asked: Asked, topics: Topics, allowed: Collection[str]) -> Asks | Wrong:
    """What is asked for, or why it will not be done. `allowed` are the verbs the configuration adds."""
    verb = _verb(asked, topics)
    may = (*ALWAYS, *(each for each in WHEN_ALLOWED if each in allowed))
    if verb not in may:
        return _not_done(verb, may)
    if len(asked.payload) > PAYLOAD_MOST:
        found = f"{len(asked.payload)} bytes"
        return _wrong("too_large", "The request is too large.", found, f"{PAYLOAD_MOST} bytes")
    try:
        asks: Asks = _DECODERS[verb].decode(asked.payload or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _malformed(verb, asked.payload, error)
    return _plausible(asks)


def _verb(asked: Asked, topics: Topics) -> str:
    return asked.topic.removeprefix(topics.requests.removesuffix("#"))


def _plausible(asks: Asks) -> Asks | Wrong:
    if isinstance(asks, AsksReplay) and asks.last < asks.first:
        found = f"from {asks.first} to {asks.last}"
        return _wrong("malformed", "`to` lies before `from`.", found, "from ≤ to")
    if isinstance(asks, AsksAck) and not is_a_name(asks.by):
        return _wrong("malformed", "`by` is no name.", _echo(asks.by), "printable characters")
    return asks


def is_a_name(by: str) -> bool:
    """Whether this can stand in the record as who did something."""
    return bool(by.strip()) and by.isprintable()


def _bad_response(topic: str, topics: Topics) -> Wrong | None:
    if topics.is_response(topic) and len(topic.encode(errors="replace")) <= RESPONSE_MOST:
        return None
    allowed = f"{topics.response('…')}, without + and #, at most {RESPONSE_MOST} bytes"
    return _wrong("bad_response_topic", "No answer goes to that topic.", _echo(topic), allowed)


def _correlation_id(payload: bytes) -> str | None:
    """The id in the body, also where the rest cannot be used."""
    if len(payload) > PAYLOAD_MOST:
        return None
    try:
        found = _headed.decode(payload or b"{}").correlation_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if found is not None and 0 < len(found) <= ID_MOST else None


def _not_done(verb: str, may: tuple[str, ...]) -> Wrong:
    if verb in WHEN_ALLOWED:
        message = (
            "This elevator does not do that: its configuration ([requests] allow) does not name it."
        )
        return _wrong("not_allowed", message, verb, *may)
    return _wrong("unknown_verb", "This agent knows no such request.", _echo(verb), *may)


def _malformed(verb: str, payload: bytes, error: Exception) -> Wrong:
    fields = (field.encode_name for field in msgspec.structs.fields(FORMS[verb]))
    message = f"The request cannot be read: {_echo(str(error), 200)}."
    return _wrong("malformed", message, _echo(payload.decode(errors="replace")), *fields)


def _wrong(code: str, message: str, found: str, *allowed: str) -> Wrong:
    return Wrong(code=code, message=message, found=found, allowed=allowed)


def _echo(text: str, most: int = _ECHO_MOST) -> str:
    """What was found, cut, and without what a screen would obey."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(each if each.isprintable() else "�" for each in cut)
