"""Closings of a door whose contact knows no more than closed and not closed.

Such a contact cannot tell a door that stands open from one that is half-way, and most stops are over
before `not_closed` counts as open. A door that it called not closed in the zone for as long as people
need to come and go, and then closed, has been open: its closing is a full one, and evidence of a
person is counted anew from it. Shorter spells are taken for chatter or a door that tried in vain.
"""

import msgspec

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term


class Spell(msgspec.Struct, frozen=True):
    """`since_us`: since when a door has not been closed. `count`: closings after a long spell in the zone.

    `ajar`: as it was last. A spell begins with a door that was closed.
    """

    since_us: int | None = None
    count: int = 0
    ajar: bool | None = None


def _closings(memory: Spell, snapshot: Snapshot, limits: Limits) -> tuple[Spell, int, None]:
    values, since_us, count = snapshot.values, memory.since_us, memory.count
    ajar = values["car_door.ajar"]
    if ajar == memory.ajar:
        return memory, count, None
    if ajar and since_us is None:
        if "not_closed" in (values["door.front"], values["door.rear"]):
            since_us = snapshot.at_us
    elif ajar is False and since_us is not None:
        count += _passable_us(since_us, snapshot) >= limits.not_closed_passable_us
        since_us = None
    return Spell(since_us, count, ajar), count, None


def _passable_us(since_us: int, snapshot: Snapshot) -> int:
    """How long the door has not been closed in the zone, as the zone stands now; 0 outside it."""
    if snapshot.values["car.door_zone"] is False:
        return 0
    return snapshot.at_us - max(since_us, snapshot.since_us["car.door_zone"])


CONTACT_CLOSINGS = Term(
    "contact_doors.closings",
    ("car_door.ajar",),
    _closings,
    Spell(),
    Spell,
    int | None,
)
