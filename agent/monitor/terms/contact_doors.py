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
    """`since_us`: since when a door has not been closed, in the zone. `count`: closings after a long spell."""

    since_us: int | None = None
    count: int = 0


def _closings(memory: Spell, snapshot: Snapshot, limits: Limits) -> tuple[Spell, int, None]:
    values, at_us, since_us = snapshot.values, snapshot.at_us, memory.since_us
    count = memory.count
    if "not_closed" in (values["door.front"], values["door.rear"]):
        in_zone = values["car.door_zone"] is not False
        since_us = (at_us if since_us is None else since_us) if in_zone else None
    elif values["car_door.ajar"] is False and since_us is not None:
        count += at_us - since_us >= limits.not_closed_passable_us
        since_us = None
    if since_us == memory.since_us and count == memory.count:
        return memory, count, None
    return Spell(since_us, count), count, None


CONTACT_CLOSINGS = Term(
    "contact_doors.closings",
    ("door.front", "door.rear", "car_door.ajar", "car.door_zone"),
    _closings,
    Spell(),
    Spell,
    int | None,
)
