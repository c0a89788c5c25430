"""What leaves first on a connection: when it may, and whether the broker has answered for all of it. Pure bookkeeping."""

from agent.model import SECOND_US

WITHIN_US = 2 * SECOND_US  # a card that does not answer must not delay an alarm longer


class Greeting:
    """It waits until the journal has been looked at, so that the first status tells the truth, or 2 s."""

    def __init__(self) -> None:
        self.due_us: int | None = None
        self._topics: set[str] = set()

    def connected(self, now_us: int) -> None:
        """The broker let us in."""
        self.due_us = now_us + WITHIN_US

    def begins(self, now_us: int, *, is_known: bool) -> bool:
        """Whether to greet now; `is_known`: what the journal owes, or that there is none open."""
        if self.due_us is None or (not is_known and now_us < self.due_us):
            return False
        self.due_us = None
        return True

    def said(self, topics: set[str]) -> None:
        """These topics are it."""
        self._topics = topics

    def answered(self, topic: str) -> bool:
        """The broker answered for a topic. Whether that was the last one of the greeting."""
        if topic not in self._topics:
            return False
        self._topics.discard(topic)
        return not self._topics

    def lost(self) -> None:
        """The connection is gone."""
        self.due_us = None
        self._topics.clear()

    @property
    def has_begun(self) -> bool:
        """Whether it is not waited for any more."""
        return self.due_us is None

    @property
    def is_over(self) -> bool:
        """Whether the broker has answered for all of it."""
        return self.has_begun and not self._topics
