"""Retained topics, of which only the newest content matters: what is wanted, what is in flight. Pure.

A topic is published from what holds at that moment, so wanting it twice sends it once. At most one publish of a topic is
unacknowledged; a topic wanted meanwhile follows when the broker has answered.
"""


class Latest:
    """Wanted topics by rank; a lower rank leaves first, and equals in the order they were wanted."""

    def __init__(self) -> None:
        self._wanted: dict[str, int] = {}
        self._flying: dict[str, int] = {}
        self._resting: dict[str, int] = {}
        self._refused: set[str] = set()

    def want(self, topic: str, rank: int) -> None:
        """The topic's content changed and has to be published."""
        self._wanted.setdefault(topic, rank)

    def wanted(self, worst_rank: int) -> set[str]:
        """What is wanted, of this rank or a better one."""
        return {topic for topic, rank in self._wanted.items() if rank <= worst_rank}

    def take(self, now_us: int, worst_rank: int) -> str | None:
        """The next topic to publish now, of this rank or a better one; it is then in flight."""
        ready = [
            topic
            for topic, rank in self._wanted.items()
            if rank <= worst_rank
            and topic not in self._flying
            and self._resting.get(topic, now_us) <= now_us
        ]
        if not ready:
            return None
        topic = min(ready, key=self._wanted.__getitem__)
        self._flying[topic] = self._wanted.pop(topic)
        return topic

    def acknowledged(self, topic: str) -> None:
        """The broker has it."""
        del self._flying[topic]
        self._resting.pop(topic, None)
        self._refused.discard(topic)

    def refused(self, topic: str, until_us: int) -> None:
        """The broker refused it: wanted again, but not before `until_us`."""
        self.want(topic, self._flying.pop(topic))
        self._resting[topic] = until_us
        self._refused.add(topic)

    def lost(self) -> None:
        """The connection is gone: what was in flight is wanted again, and what was refused may be tried at once."""
        for topic, rank in self._flying.items():
            self.want(topic, rank)
        self._flying.clear()
        self._resting.clear()

    @property
    def refusing(self) -> bool:
        """Whether something was refused and has not been taken since."""
        return bool(self._refused)

    @property
    def next_try_us(self) -> int | None:
        """When the first refused topic may be tried again."""
        return min(self._resting.values(), default=None)
