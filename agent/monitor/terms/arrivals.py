"""How often the car has arrived: the end of a movement that left the zone. It parts one stop from the next.

Re-levelling belongs to the stop. Where no zone is known every movement parts stops.
"""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.term import Term

Memory = tuple[int, int | None]
_NONE_YET: Memory = (0, None)


def _step(memory: Memory, snapshot: Snapshot, _: Limits) -> tuple[Memory, int, None]:
    """`memory`: the count, and since when the car has been moving."""
    count, from_us = memory
    stopped = snapshot.values["stopped"]
    if stopped is False and from_us is None:
        return (count, snapshot.at_us), count, None
    if stopped is True and from_us is not None:
        zone_us = snapshot.since_us["car.door_zone"]
        count += snapshot.values["car.door_zone"] is None or zone_us >= from_us
        return (count, None), count, None
    return memory, count, None


ARRIVALS = Term("arrivals", ("stopped",), _step, _NONE_YET, Memory, int | None)
