"""What requests bring about, on its way out: answers, and events sent again. Knows no broker; the publisher takes from it.

Answers leave beside the journal's rest. Events sent again leave only while neither lane has anything to send, at most
`REPEATS_PER_S` a second and a few in flight: a live event or alarm never waits for them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agent.model import Row
from agent.requests.limits import Bucket
from agent.uplink.letters import Letter

ANSWERS_MOST = 32  # waiting; the oldest goes when one more comes
REPEATS_MOST = 64  # waiting; who repeats waits for room
REPEATS_PER_S = 50
_BURST = 16
_SHARE = 4  # of the window, one slot in so many may hold an event sent again

Unsent = tuple[int, Literal["refused", "connection_lost"]]  # a sequence, and what became of it


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """An answer as it stands, or a row to be sent again; `was_lost`: a connection has broken while it was on its way."""

    what: Letter | Row
    was_lost: bool = False


class Post:
    """Used on the event loop only. `on_ready` is told when there is something to take.

    `dropped` counts answers that found no room, that the broker refused, or that were on their way when a connection broke.
    """

    def __init__(self) -> None:
        self.on_ready: Callable[[], None] = _nothing
        self.dropped = 0
        self._unsent: list[Unsent] = []
        self._answers: deque[Parcel] = deque()
        self._repeats: deque[Parcel] = deque()
        self._flying: dict[Parcel, None] = {}
        self._pace = Bucket(REPEATS_PER_S, _BURST)
        self._moved = asyncio.Event()

    # ---------------------------------------------------------------- who answers

    def answer(self, letter: Letter) -> None:
        """Send an answer."""
        if len(self._answers) >= ANSWERS_MOST:
            self._answers.popleft()
            self.dropped += 1
        self._answers.append(Parcel(letter))
        self.on_ready()

    async def repeat(self, row: Row) -> None:
        """Send a row again, after those handed in before; waits for room."""
        await self._until(lambda: len(self._repeats) < REPEATS_MOST)
        self._repeats.append(Parcel(row))
        self.on_ready()

    async def repeated(self) -> list[Unsent]:
        """Wait until nothing is to be sent again any more; those that the broker does not have, since the last call."""
        await self._until(lambda: not self._repeats and not self._repeats_flying)
        unsent, self._unsent = self._unsent, []
        return unsent

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._moved.clear()
            await self._moved.wait()

    # ---------------------------------------------------------------- who sends

    def take(self, now_us: int, *, room: int, window: int, idle: bool) -> Parcel | None:
        """The next to send, then in flight; `room` is how many may fly, `idle`: neither lane has anything to send."""
        if room <= 0:
            return None
        if self._answers:
            return self._fly(self._answers.popleft())
        if not idle or not self._repeats or self._repeats_flying >= max(1, window // _SHARE):
            return None
        return self._fly(self._repeats.popleft()) if self._pace.take(now_us) else None

    def due_us(self, now_us: int) -> int | None:
        """When `take` has to be asked for a row that its pace holds back."""
        return self._pace.due_us(now_us) if self._repeats else None

    def delivered(self, parcel: Parcel, refusal: str | None) -> None:
        """The broker answered; what it refused is not tried again."""
        self._flying.pop(parcel, None)
        if refusal is not None:
            if isinstance(parcel.what, Row):
                self._unsent.append((parcel.what.seq, "refused"))
            else:
                self.dropped += 1
        self._moved.set()

    def lost(self) -> None:
        """The connection is gone, perhaps because of what was in flight, which must not end every connection to come.

        A row waits again, in its order, but not a second time. An answer goes: who asked may ask again.
        """
        back, self._flying = list(self._flying), {}
        for parcel in reversed(back):
            if not isinstance(parcel.what, Row):
                self.dropped += 1
            elif parcel.was_lost:
                self._unsent.append((parcel.what.seq, "connection_lost"))
            else:
                self._repeats.appendleft(Parcel(parcel.what, was_lost=True))
        self._moved.set()

    def _fly(self, parcel: Parcel) -> Parcel:
        self._flying[parcel] = None
        self._moved.set()
        return parcel

    @property
    def _repeats_flying(self) -> int:
        return sum(isinstance(each.what, Row) for each in self._flying)


def _nothing() -> None:
    return
