"""When evidence of a person begins anew: doors that stood open, the end-of-alarm key, an entrapment that runs have ended.

A door's contact that knows no more tells of the doors having been open when they close (`contact_doors`). A car door that
stands open in the zone is open to people while its landing door's lock is unknown. Two normal runs end an entrapment where
nobody could have seen it end otherwise: what had been seen before would raise it again.

`boarding` is a count. It is even while evidence is gathered and odd while the doors stand open so that people come and
go; each step of it ends the evidence gathered before. Outside the zone nobody can leave: doors open there end what was
gathered, but what is seen meanwhile counts.
"""

import msgspec

from agent.monitor.delay import BREAK, IDLE, RESTART, RUN, Delay, Pace, advance
from agent.monitor.limits import Limits
from agent.monitor.rest import REST
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.doors import CAR_DOORS, OPEN
from agent.monitor.terms.term import Term

# A door that opens flickers for an instant; a contact that chatters is away about as long as not, and nobody has left.
_OPEN_TO_AWAY = 4
_TRAPPED = "standing.trapped_passengers"


class Boarding(msgspec.Struct, frozen=True):
    """`passable`: how long people can pass. `settled`: for 2 s; a door that flickers on the way there pauses it.

    `turns`: key turns and full closings by a contact. `trapped`: an entrapment stands.
    """

    count: int = 0
    passable: Delay = IDLE
    settled: bool = False
    turns: int = 0
    trapped: bool = False


def _boarding(
    memory: Boarding, snapshot: Snapshot, limits: Limits
) -> tuple[Boarding, int, int | None]:
    at_us, values = snapshot.at_us, snapshot.values
    turns = (values["end_key"] or 0) + (values["contact_doors.closings"] or 0)
    trapped = values[_TRAPPED] is True
    trifle_us = min(limits.trifle_us, memory.passable.elapsed_us // _OPEN_TO_AWAY)
    passable = advance(memory.passable, _pace(memory, snapshot), at_us, trifle_us)
    same = turns == memory.turns and trapped == memory.trapped
    if same and passable is memory.passable and passable.running_us is None:
        return memory, memory.count, None if values["doors"] is None else REST
    due_us = passable.reached_at(limits.doors_open_us)
    settled = due_us is not None and at_us >= due_us
    odd = settled and values["outside"] is not True
    count = memory.count
    if settled != memory.settled or turns != memory.turns or _run_free(memory, snapshot):
        count += 2
    if (count & 1) != odd:
        count += 1
    return Boarding(count, passable, settled, turns, trapped), count, None if settled else due_us


def _pace(memory: Boarding, snapshot: Snapshot) -> Pace:
    """A flicker pauses the 2 s on the way there; after them any closing counts at once.

    Without a door to be seen the car itself would flicker: it passes zones.
    """
    if _passable(snapshot):
        return RUN
    return RESTART if memory.settled or snapshot.fitted.isdisjoint(CAR_DOORS) else BREAK


def _run_free(memory: Boarding, snapshot: Snapshot) -> bool:
    """The entrapment is over by the normal run that has ended just now."""
    over = memory.trapped and snapshot.values[_TRAPPED] is not True
    return over and snapshot.since_us["runs"] == snapshot.at_us


def _passable(snapshot: Snapshot) -> bool:
    """People can come and go: doors open; where they cannot be told, a car door open in the zone.

    Where no car door is fitted, the car standing in the zone.
    """
    values = snapshot.values
    if values["doors"] is not None:
        return bool(values["doors"] == OPEN)
    standing = values["stopped"] is True and values["outside"] is False
    wide = values["car_door.open"] is True  # the landing door's lock is unknown
    return standing and (wide or snapshot.fitted.isdisjoint(CAR_DOORS))


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
_AT_REST = ("doors", "car_door.open", "end_key", "contact_doors.closings", _TRAPPED)
BOARDING = Term(
    "boarding",
    ("stopped", "outside", *_AT_REST),
    _boarding,
    Boarding(),
    Boarding,
    int | None,
    wakes=_AT_REST,
)
