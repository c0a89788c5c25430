"""How often something may be done, and what was asked before. Pure: what time it is comes as an argument."""

from collections import OrderedDict

from agent.model import SECOND_US

REMEMBERED = 256  # ids; who asks again later than that many requests is answered again
REMEMBERED_US = (
    600 * SECOND_US
)  # and who asks again later than that: a platform may count its requests from one


class Bucket:
    """A token bucket: `burst` at once, then `per_s` a second. It is full at the beginning."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_us, self._burst = per_s / SECOND_US, burst
        self._tokens = float(burst)
        self._at_us: int | None = None

    def take(self, now_us: int) -> bool:
        """Whether one may be done now; it then counts."""
        self._fill(now_us)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def due_us(self, now_us: int) -> int:
        """When the next one may be done: now, or an instant to come."""
        self._fill(now_us)
        missing = 1 - self._tokens
        return now_us if missing <= 0 else now_us + int(missing / self._per_us) + 1

    def _fill(self, now_us: int) -> None:
        passed_us = 0 if self._at_us is None else max(0, now_us - self._at_us)
        self._tokens = min(self._burst, self._tokens + passed_us * self._per_us)
        self._at_us = now_us


class Seen:
    """The latest ids, at most `REMEMBERED` of them, each for `REMEMBERED_US`."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._ids: OrderedDict[object, int] = OrderedDict()

    def knows(self, name: object, now_us: int) -> bool:
        """Whether this one came before, and not too long ago."""
        at_us = self._ids.get(name)
        return at_us is not None and now_us - at_us < REMEMBERED_US

    def add(self, name: object, now_us: int) -> None:
        """One more; the oldest is forgotten when there are too many."""
        self._ids[name] = now_us
        self._ids.move_to_end(name)
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
