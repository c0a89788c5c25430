"""What the journal knows of itself, and where numbering goes on after a loss. Pure."""

from collections.abc import Mapping

import msgspec

from agent.model import Lane
from agent.outbox_chain import Origin
from agent.sequence_reserve import BLOCK

LANES = (Lane.CRITICAL, Lane.REST)  # as numbered in the table
Facts = dict[str, int | str]
_MISSING = "The journal was missing; a new one was begun."
_OLDER = "The journal is older than its sequence reserve: its newest rows were lost."


def cursor_key(lane: Lane) -> str:
    """The fact that holds a lane's cursor."""
    return f"cursor.{lane.value}"


def acknowledged_key(raised_seq: int) -> str:
    """The fact that holds the sequence of the newest acknowledgement of what stands."""
    return f"acknowledged.{raised_seq}"


def number_of(facts: Mapping[str, int | str], key: str) -> int:
    """A fact that is a number; 0 when it was never said."""
    return int(facts.get(key, 0))


def new_facts(
    known: Mapping[str, int | str],
    *,
    newest: int,
    reserved: int,
    last_readable: int,
    damaged: str | None,
) -> Facts:
    """What has to be written at an opening, so that no number is used twice.

    `newest` is the highest sequence in the database, `reserved` what the side file says, `last_readable` the highest
    one still found in a damaged database that was set aside for the reason `damaged`. A new database begins above all
    of them; so does one that fell behind the side file by more than a block (a copy was put back).
    """
    if "floor" not in known:
        return _begun(known, newest, reserved, last_readable, damaged)
    head = max(newest, number_of(known, "floor"))
    if reserved > head + BLOCK:
        return {"floor": reserved, **_recovery(_OLDER, head + 1, reserved)}
    return {}


def _begun(
    known: Mapping[str, int | str],
    newest: int,
    reserved: int,
    last_readable: int,
    damaged: str | None,
) -> Facts:
    """The first facts of a database; rows that it holds already were salvaged, and carry the cursors."""
    floor = max(reserved, last_readable, newest)
    facts: Facts = {"floor": floor}
    if "origin" not in known:
        facts["origin"] = msgspec.json.encode(Origin(journal=str(known["journal"]))).decode()
    if not newest:
        facts |= {cursor_key(lane): floor for lane in LANES}
    if floor == 0 and damaged is None:
        return facts
    last_readable = max(last_readable, newest)
    first = last_readable + 1 if last_readable else max(1, reserved - BLOCK + 1)
    return {**facts, **_recovery(damaged or _MISSING, first, floor)}


def _recovery(reason: str, first: int, last: int) -> Facts:
    if first > last:
        return {"recovered": reason}
    return {"recovered": reason, "recovered.first": first, "recovered.last": last}
