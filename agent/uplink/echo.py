"""Whether the broker passes on what it acknowledges. Pure; times are `uptime_us`.

MQTT 3.1.1 has no way to say no: a broker acknowledges what its access list makes it throw away. So the own status has to
be read back there, after each connect before any event leaves, and within 10 s after each time it was said.
"""

from collections import deque

from agent.model import SECOND_US

WITHIN_US = 10 * SECOND_US
REASON = (
    "status: it was not read back within 10 s of being published: the broker's access list may not let this client"
    " write or read it (MQTT 3.1.1 cannot say so)"
)
_REMEMBERED = 8  # of what was said and not heard; each is a few hundred bytes


class Echo:
    """`is_open` is whether events may leave; `is_missing` whether the status was waited for in vain, until it is heard."""

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed
        self._said: deque[tuple[bytes, int]] = deque(maxlen=_REMEMBERED)
        self.is_open = not needed
        self.is_missing = False

    def connected(self) -> None:
        """Nothing of an earlier connection proves anything."""
        self._said.clear()
        self.is_open = not self._needed

    def said(self, payload: bytes, now_us: int) -> None:
        """The status was published."""
        if self._needed:
            self._said.append((payload, now_us))

    def heard(self, payload: bytes) -> None:
        """A status came from the broker, perhaps another's."""
        if any(said == payload for said, _ in self._said):
            while self._said.popleft()[0] != payload:
                pass
            self.is_open, self.is_missing = True, False

    def look(self, now_us: int) -> bool:
        """Close when the status has been missing for too long. Answers whether that is news."""
        if not self._said or now_us < self._said[0][1] + WITHIN_US:
            return False
        news, self.is_missing, self.is_open = not self.is_missing, True, False
        return news

    def wants_more(self, now_us: int) -> bool:
        """Whether to say the status again, since what was said last is not heard."""
        return self.is_missing and (not self._said or now_us >= self._said[-1][1] + WITHIN_US)

    @property
    def due_us(self) -> int | None:
        """When to look next."""
        if not self._said:
            return None
        return self._said[-1 if self.is_missing else 0][1] + WITHIN_US
