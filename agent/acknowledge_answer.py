"""The verb `ack` of the control socket: somebody at the elevator takes up what stands."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from agent.acknowledge import Acknowledgements, NotStandingError
from agent.control import Peer, RefusedError
from agent.model import Detail
from agent.requests.asked import is_a_name
from agent.requests.messages import By, Sequence


class _Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By the sequence of the raise, or by code (and instance)."""

    by: By
    seq: Sequence | None = None
    code: Annotated[str, Meta(max_length=64)] | None = None
    instance: Annotated[str, Meta(max_length=128)] | None = None


class AckAnswer:
    """Answers for the running service."""

    def __init__(self, acknowledgements: Acknowledgements) -> None:
        self._acknowledgements = acknowledgements

    async def ack(self, params: dict[str, Any], peer: Peer) -> object:
        """Acknowledge one event on site; the system's user who asked is recorded beside the name."""
        question = _question(params)
        try:
            if question.seq is not None:
                key = self._acknowledgements.key_of(question.seq)
            else:
                key = (question.code or "", question.instance)
            detail: dict[str, Detail] = {"by": question.by.strip(), "uid": peer.uid}
            return await self._acknowledgements.take(key, detail, on_site=True)
        except NotStandingError as wrong:
            what = f"What stands: {', '.join(wrong.stands) or 'nothing'}."
            raise RefusedError("not_standing", "That does not stand raised.", what) from wrong


def _question(params: dict[str, Any]) -> _Question:
    try:
        question = msgspec.convert(params, _Question)
    except msgspec.ValidationError as wrong:
        raise RefusedError("bad_params", str(wrong), "See: elevator-agent ack --help") from wrong
    if (question.seq is None) == (question.code is None) or not is_a_name(question.by):
        remedy = "See: elevator-agent ack --help"
        raise RefusedError("bad_params", "one of seq and code, and by: a name", remedy)
    return question
