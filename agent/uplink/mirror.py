"""Reads the own retained topics back: what must be emptied, what said again, and whether somebody else writes there.

Knows no connection; it names the topics that are wanted, and when. Times are `uptime_us`.
"""

import logging

from agent.uplink.alarms import Standing
from agent.uplink.conflict import Conflict
from agent.uplink.held import Held
from agent.uplink.readback import (
    Own,
    Quarrel,
    RepairPace,
    Strays,
    is_anothers,
    other_agent,
    other_boot,
)
from agent.uplink.said import Said
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")


class Mirror:
    """What the broker shows on the own topics, against what should be there and what was `said`."""

    def __init__(self, topics: Topics, boot_id: str, standing: Standing, said: Said) -> None:
        self._topics, self._boot_id = topics, boot_id
        self._standing, self._said = standing, said
        self.conflict, self._held = Conflict(), Held()
        self._repair, self._alarm_repair, self._read_again = (
            RepairPace(),
            RepairPace(),
            RepairPace(),
        )
        self._quarrel, self._strays = Quarrel(), Strays()
        self._defaced: set[str] = set()

    def connected(self, now_us: int) -> None:
        """From now on another agent would be noticed."""
        self.conflict.connected(now_us)
        self._held.connected(now_us)

    def disconnected(self, now_us: int, *, taken_over: bool) -> None:
        """The connection is gone; `taken_over`: the broker gave the session to another client."""
        if taken_over:
            self.conflict.taken_over(now_us)
            self._held.sign(now_us)
        self.conflict.disconnected()
        self._held.disconnected(now_us)

    def status_found(self, payload: bytes, now_us: int) -> None:
        """The broker had kept this status until we came; ours follows it, so there is nothing to repair."""
        self._look_for_another(payload, now_us)

    def status_read(self, payload: bytes, now_us: int, *, ours_stands: bool) -> None:
        """A status was said now; `ours_stands` where the broker is known to have taken ours on this connection."""
        if self._said.is_own(self._topics.status, payload):
            self.conflict.ours_stands()
            return
        other = other_agent(payload, self._boot_id)
        if other is not None and ours_stands:
            self.conflict.status_seen(other, now_us)
            self._held.sign(now_us)
        else:
            self._look_for_another(payload, now_us)
        if self._quarrel.is_news(now_us):
            _log.warning(
                "The status topic holds what this agent did not say; it is repaired. If that lasts, another agent has"
                " the same elevator.site and elevator.id."
            )
        self._repair.needed(now_us)

    def _look_for_another(self, payload: bytes, now_us: int) -> None:
        boot_id = other_boot(payload, self._boot_id)
        if boot_id is not None and self.conflict.displaced(boot_id, now_us):
            self._held.sign(now_us)

    def alarm_read(self, topic: str, payload: bytes, now_us: int, own: Own | None) -> bool:
        """A retained alarm came. Answers whether to empty it; until the journal is open (None) nobody knows what stood."""
        if not self._topics.is_alarm(topic):
            return False
        if self._standing.on(topic) is not None:
            if not self._said.is_own(topic, payload):
                self._defaced.add(topic)
                self._alarm_repair.needed(now_us)
            return False
        if not payload or own is None:
            self._held.forget(topic)
            return False
        if is_anothers(payload, own, wary=self._held.is_wary(now_us)):
            if self._held.keep(topic, now_us):
                _log.warning(
                    "%s shows an alarm of another agent or another journal; it is left there for ten minutes.",
                    topic,
                )
            return False
        return self._strays.take(topic)

    def accepted(self, topic: str, now_us: int) -> None:
        """The broker took what was published on a topic."""
        if self._strays.emptied(topic):
            self._read_again.needed(now_us)

    def wants_status(self, now_us: int) -> bool:
        """Whether to say the status over a foreign one now."""
        return self._repair.take(now_us)

    def wants_alarms(self, now_us: int) -> list[str]:
        """What has to be shown, or emptied, again now: somebody else wrote there, or nobody came back to what was left."""
        released = self._held.release(now_us)
        if released:
            self._read_again.needed(now_us)
        if not self._alarm_repair.take(now_us):
            return released
        defaced, self._defaced = sorted(self._defaced), set()
        return [*released, *defaced]

    def wants_reading(self, now_us: int) -> bool:
        """Whether to read back again, since there was more than could be emptied or held at once."""
        return self._read_again.take(now_us)

    @property
    def due_us(self) -> tuple[int | None, ...]:
        """When to look again."""
        paces = (self._repair, self._alarm_repair, self._read_again)
        return (*(pace.due_us for pace in paces), self._held.due_us)
