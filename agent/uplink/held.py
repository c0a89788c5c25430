"""Retained alarms of another agent or another journal: how long they are left where they are. Pure; times are `uptime_us`.

Such an alarm may be a second agent's that lives, or stood in a journal that was lost: somebody may wait behind it. It goes
when there were ten minutes of connection, in all, without a sign of another agent.
"""

from agent.model import SECOND_US

QUIET_US = 600 * SECOND_US
_MOST = 100  # whoever may write below `alarm/` must not fill the memory


class Held:
    """Topics that are left alone; what finds no room is read back when the others go."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._topics: set[str] = set()
        self._quiet_us = 0
        self._since_us: int | None = None
        self._is_wary = False

    def connected(self, now_us: int) -> None:
        """From now on another agent would be noticed."""
        self._since_us = now_us

    def disconnected(self, now_us: int) -> None:
        """Nobody can be noticed now."""
        self._quiet_us, self._since_us = self._passed_us(now_us), None

    def sign(self, now_us: int) -> None:
        """Something was seen of another agent: the ten minutes begin anew."""
        self._is_wary = True
        self._begin(now_us)

    def is_wary(self, now_us: int) -> bool:
        """Whether there was a sign of another agent, and no ten minutes of quiet since."""
        self._is_wary = self._is_wary and self._passed_us(now_us) < QUIET_US
        return self._is_wary

    def keep(self, topic: str, now_us: int) -> bool:
        """Leave this one alone for now. Answers whether that is news; the ten minutes then begin anew."""
        if topic in self._topics or len(self._topics) >= self._most:
            return False
        self._topics.add(topic)
        self._begin(now_us)
        return True

    def forget(self, topic: str) -> None:
        """Nothing of another agent is there any more."""
        self._topics.discard(topic)

    def release(self, now_us: int) -> list[str]:
        """What may go now."""
        if self.due_us is None or now_us < self.due_us:
            return []
        topics, self._topics = sorted(self._topics), set()
        return topics

    @property
    def due_us(self) -> int | None:
        """When to ask for what may go; None while nothing is held or there is no connection."""
        if not self._topics or self._since_us is None:
            return None
        return self._since_us + QUIET_US - self._quiet_us

    def _begin(self, now_us: int) -> None:
        self._quiet_us = 0
        if self._since_us is not None:
            self._since_us = now_us

    def _passed_us(self, now_us: int) -> int:
        return self._quiet_us + (0 if self._since_us is None else now_us - self._since_us)
