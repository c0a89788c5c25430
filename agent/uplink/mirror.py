"""Reads the own retained topics back: what must be emptied, what said again, and whether somebody else writes there.

Knows no connection; it names the topics that are wanted, and when. Times are `uptime_us`.
"""

import logging

from agent.uplink.alarms import Standing
from agent.uplink.conflict import Conflict
from agent.uplink.letters import Letters
from agent.uplink.readback import Quarrel, RepairPace, Strays, is_foreign, other_agent, tells
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")


class Mirror:
    """What the broker shows on the own topics, against what should be there."""

    def __init__(self, topics: Topics, boot_id: str, standing: Standing, letters: Letters) -> None:
        self._topics, self._boot_id = topics, boot_id
        self._standing, self._letters = standing, letters
        self.conflict = Conflict()
        self._repair, self._alarm_repair, self._read_again = (
            RepairPace(),
            RepairPace(),
            RepairPace(),
        )
        self._quarrel, self._strays = Quarrel(), Strays()
        self._defaced: set[str] = set()

    def status_read(self, payload: bytes, now_us: int, *, ours_stands: bool) -> None:
        """A status came; `ours_stands` where the broker is known to have taken ours on this connection."""
        if not is_foreign(payload, self._boot_id):
            return
        other = other_agent(payload, self._boot_id)
        if other is not None and ours_stands:
            self.conflict.status_seen(other, now_us)
        if self._quarrel.is_news(now_us):
            _log.warning(
                "The status topic holds what this agent did not say; it is repaired. If that lasts, another agent has"
                " the same elevator.site and elevator.id."
            )
        self._repair.needed(now_us)

    def alarm_read(self, topic: str, payload: bytes, now_us: int, *, knows_all: bool) -> bool:
        """A retained alarm came. Answers whether to empty it; until the journal is open nobody `knows_all` that stood."""
        shown = self._standing.on(topic)
        if shown is None:
            return bool(payload) and knows_all and self._strays.take(topic)
        if not tells(payload, self._letters.alarm_id(shown)):
            self._defaced.add(topic)
            self._alarm_repair.needed(now_us)
        return False

    def accepted(self, topic: str, now_us: int) -> None:
        """The broker took what was published on a topic."""
        if self._strays.emptied(topic):
            self._read_again.needed(now_us)

    def wants_status(self, now_us: int) -> bool:
        """Whether to say the status over a foreign one now."""
        return self._repair.take(now_us)

    def wants_alarms(self, now_us: int) -> list[str]:
        """What stands and has to be shown again now, where somebody else has emptied or overwritten it."""
        if not self._alarm_repair.take(now_us):
            return []
        defaced, self._defaced = sorted(self._defaced), set()
        return defaced

    def wants_reading(self, now_us: int) -> bool:
        """Whether to read back again, since there was more than could be emptied at once."""
        return self._read_again.take(now_us)

    @property
    def due_us(self) -> tuple[int | None, ...]:
        """When to look again."""
        return (self._repair.due_us, self._alarm_repair.due_us, self._read_again.due_us)
