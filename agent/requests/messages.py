"""What requests and answers say, as types: the AsyncAPI document is made from them. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from agent.uplink.events import Acknowledged

SEQUENCE_MOST = 999_999_999_999
BY_MOST = 64  # characters
ID_MOST = 128  # characters of a correlation id in the body, and bytes of MQTT 5's

Sequence = Annotated[int, Meta(ge=1, le=SEQUENCE_MOST)]
CorrelationId = Annotated[str, Meta(min_length=1, max_length=ID_MOST)]
By = Annotated[str, Meta(min_length=1, max_length=BY_MOST)]


class Asks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request that says nothing more; an empty payload says the same. The answer repeats `correlation_id`."""

    correlation_id: CorrelationId | None = None


class AsksReplay(Asks, frozen=True, kw_only=True):
    """Send these sequences again, both ends included."""

    first: Sequence = msgspec.field(name="from")
    last: Sequence = msgspec.field(name="to")


class AsksAck(Asks, frozen=True, kw_only=True):
    """Somebody takes up the alarm whose raise has this sequence; `by` is who, as people call them."""

    raised_seq: Sequence
    by: By


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not carried out: a stable word, a sentence, what was found and what is allowed."""

    code: str
    message: str
    found: str | None = None
    allowed: tuple[str, ...] = ()


class Pong(msgspec.Struct, frozen=True, kw_only=True):
    """The agent is there; how far its journal and delivery have come."""

    boot_id: str
    uptime_ms: int
    version: str
    journal: str
    seq_head: int
    delivered_through: int


MissingReason = Literal[
    "dropped",
    "unreadable",
    "no_such_record",
    "beyond_head",
    "over_limit",
    "refused",
    "connection_lost",
]


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Sequences that were asked for and not sent, both ends included.

    `dropped`: gone to keep the journal within its bounds. `unreadable`: damaged. `no_such_record`: never used, or lost
    with a damaged journal. `beyond_head`: not journaled yet. `over_limit`: ask again from there. `refused`: by the broker.
    `connection_lost`: two connections broke while it was on its way.
    """

    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")
    reason: MissingReason


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many events were sent again, and which were not. `missing_more`: more ranges than are named are missing."""

    sent: int
    missing: tuple[Missing, ...]
    missing_more: bool = False


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that somebody has taken up. `already`: somebody had done so before, and nothing was changed."""

    code: str
    instance: str | None
    raised_seq: int | None
    acknowledged: Acknowledged
    already: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent back: `result` where `ok`, else `error`. `verb` and `correlation_id` are the request's.

    The result of `snapshot` is that of the topic `state`, that of `diagnostics` what `elevator-agent status --json` says.
    """

    verb: str
    ok: bool
    at: str
    correlation_id: str | None
    result: object = None
    error: Wrong | None = None
