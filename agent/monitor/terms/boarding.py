"""When evidence of a person begins anew: doors that stood open, or the end-of-alarm key.

A door's contact that knows no more tells of the doors having been open when they close (`contact_doors`).

`boarding` is a count. It is even while evidence is gathered and odd while the doors stand open so that people come and
go; each step of it ends the evidence gathered before. Outside the zone nobody can leave: doors open there end what was
gathered, but what is seen meanwhile counts.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CAR_DOORS, OPEN
from agent.monitor.terms.term import Term


class Boarding(msgspec.Struct, frozen=True):
    """`open_us`: since when people can pass, None while they cannot.

    `settled`: for 2 s. `turns`: key turns and full closings by a contact.
    """

    count: int = 0
    open_us: int | None = None
    settled: bool = False
    turns: int = 0


def _boarding(
    memory: Boarding, snapshot: Snapshot, limits: Limits
) -> tuple[Boarding, int, int | None]:
    at_us, values = snapshot.at_us, snapshot.values
    turns = (values["end_key"] or 0) + (values["contact_doors.closings"] or 0)
    passable = _passable(snapshot)
    if not passable and memory.open_us is None and turns == memory.turns:
        return memory, memory.count, None
    open_us = (memory.open_us if memory.open_us is not None else at_us) if passable else None
    settled = open_us is not None and at_us - open_us >= limits.doors_open_us
    odd = settled and values["outside"] is not True
    count = memory.count
    if settled != memory.settled or turns != memory.turns:
        count += 2
    if (count & 1) != odd:
        count += 1
    due_us = None if open_us is None or settled else open_us + limits.doors_open_us
    return Boarding(count, open_us, settled, turns), count, due_us


def _passable(snapshot: Snapshot) -> bool:
    """People can come and go: doors open; where no car door is fitted, the car standing in the zone."""
    values = snapshot.values
    if values["doors"] is not None:
        return bool(values["doors"] == OPEN)
    standing = values["stopped"] is True and values["outside"] is False
    return standing and snapshot.fitted.isdisjoint(CAR_DOORS)


class Key(msgspec.Struct, frozen=True):
    """The key's last known position and how often it was turned."""

    turned: bool | None = None
    count: int = 0


def _end_key(memory: Key, snapshot: Snapshot, _: Limits) -> tuple[Key, int, None]:
    """Counts turns of the end-of-alarm key: a change from off to on. A key first seen on has not been turned."""
    position = snapshot.values["alarm.end_key"]
    if position is None or position == memory.turned:
        return memory, memory.count, None
    count = memory.count + (1 if position and memory.turned is False else 0)
    return Key(position, count), count, None


END_KEY = Term("end_key", ("alarm.end_key",), _end_key, Key(), Key, int | None)
BOARDING = Term(
    "boarding",
    ("doors", "stopped", "outside", "end_key", "contact_doors.closings"),
    _boarding,
    Boarding(),
    Boarding,
    int | None,
)
