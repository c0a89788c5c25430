"""What holds at this instant on each retained topic of the own ones. Knows no connection."""

from agent.model import SECOND_US, Instant
from agent.uplink.alarms import Standing
from agent.uplink.health import Health
from agent.uplink.letters import Letter, Letters
from agent.uplink.messages import Status
from agent.uplink.ports import Sources
from agent.uplink.state import StatePace
from agent.uplink.supply import Supply
from agent.uplink.topics import Topics

STATUS_EVERY_US = 60 * SECOND_US


class Contents:
    """Remembers what was said last of status and state, to tell when they are worth saying again.

    `brief` are topics whose message the broker finds too large: an alarm goes without its evidence, a status without links.
    """

    def __init__(
        self,
        topics: Topics,
        letters: Letters,
        sources: Sources,
        parts: tuple[Standing, Health, Supply],
        state_interval_us: int,
    ) -> None:
        self._topics, self._letters, self._sources = topics, letters, sources
        self._standing, self._health, self._supply = parts
        self.state_pace = StatePace(state_interval_us)
        self._status_said: object = None
        self._status_us = 0
        self.brief: set[str] = set()

    def shorten(self, topic: str) -> bool:
        """Say less there from now on. Answers whether there is less to say than was said: on alarms and status only."""
        if topic in self.brief or not (
            topic == self._topics.status or self._topics.is_alarm(topic)
        ):
            return False
        self.brief.add(topic)
        return True

    def letter(self, topic: str, now: Instant) -> Letter:
        """The message for a topic; from now on it counts as said."""
        if self._topics.is_alarm(topic):
            brief = topic in self.brief
            return self._letters.alarm(topic, self._standing.on(topic), now, brief=brief)
        if topic == self._topics.status:
            self._status_said, self._status_us = self._health.to_say(now), now.uptime_us
            return self._letters.status(self._status(now))
        if topic == self._topics.asset:
            return self._letters.asset(self._sources.asset())
        points = self._sources.state()
        self.state_pace.sent(points, now.uptime_us)
        return self._letters.state(points, now)

    def last_word(self, now: Instant) -> Letter:
        """The status of a clean stop."""
        status = self._status(now)
        status.state, status.reason = "offline", "stopped"
        return self._letters.status(status)

    def _status(self, now: Instant) -> Status:
        status = self._health.status(self._sources.owed, self._supply.lanes, now)
        if self._topics.status in self.brief:
            status.links = {}
        return status

    @property
    def status_due_us(self) -> int:
        """When the status has to be said again whatever it says."""
        return self._status_us + STATUS_EVERY_US

    def is_status_due(self, now: Instant) -> bool:
        """Whether the status says something new, or has not been said for a minute."""
        return now.uptime_us >= self.status_due_us or self._health.to_say(now) != self._status_said

    def is_state_due(self, now: Instant) -> bool:
        """Whether the state is worth a message."""
        return self.state_pace.wanted(self._sources.state, now.uptime_us)
