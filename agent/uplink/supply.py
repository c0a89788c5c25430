"""Fills the lanes from the journal and tells it what has arrived. Knows no broker."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence

from agent import clock
from agent.model import Lane, Row
from agent.uplink.lanes import Lanes
from agent.uplink.ports import Owed

_AGAIN_S = 1.0


class Supply:
    """`lanes` are those of the journal that is open now."""

    def __init__(self, owed: Owed, window: int) -> None:
        self._owed = owed
        self._hungry = asyncio.Event()
        self._failures = 0
        self._unknown: set[Lane] = set()
        self.journal: str = ""
        self.lanes = Lanes(critical_cursor=0, rest_cursor=0, window=window)

    def adopt(self) -> bool:
        """Begin with a journal that was opened, or replaced, since the last look. Answers whether there is one."""
        if self._owed.journal == self.journal:
            return False
        self.journal = self._owed.journal
        self._unknown = set(Lane)
        self.lanes = Lanes(
            critical_cursor=self._owed.cursor(Lane.CRITICAL),
            rest_cursor=self._owed.cursor(Lane.REST),
            window=self.lanes.window,
        )
        self._hungry.set()
        return True

    @property
    def is_known(self) -> bool:
        """Whether each lane has been looked at since the journal was opened, so that what it owes is known."""
        return not self._unknown

    def committed(self, rows: Sequence[Row]) -> None:
        """Rows just committed: no need to read them back."""
        self.lanes.committed(rows)

    def arrived(self, row: Row) -> None:
        """The broker has a row."""
        queue = self.lanes.queues[row.event.lane]
        if queue.acknowledged(row):
            self._owed.acknowledged(row.event.lane, queue.cursor)

    def set_aside(self, seqs: Iterable[int]) -> None:
        """Rows held back have been reported."""
        for seq, lane in itertools.product(seqs, Lane):
            queue = self.lanes.queues[lane]
            if queue.set_aside(seq):
                self._owed.acknowledged(lane, queue.cursor)

    def failed(self) -> None:
        """Reading or writing the journal failed: an answer of `fetch` that is short now proves nothing."""
        self._failures += 1

    def look(self) -> None:
        """See whether a lane runs short of rows."""
        if any(queue.wanted(self._owed.head) for queue in self.lanes.queues.values()):
            self._hungry.set()

    async def refill(self, filled: Callable[[], None]) -> None:
        """Fetch whenever a lane runs short, for ever; `filled` is called after each round."""
        while True:
            self.look()
            await self._hungry.wait()
            self._hungry.clear()
            for lane in Lane:
                await self._fetch(lane)
            filled()

    async def _fetch(self, lane: Lane) -> None:
        queue, head, failures = self.lanes.queues[lane], self._owed.head, self._failures
        limit = queue.wanted(head)
        if limit == 0:
            self._unknown.discard(lane)
            return
        failing = self._owed.fault is not None
        rows = await self._owed.fetch(lane, queue.fetched_through, limit)
        failing = failing or self._owed.fault is not None or failures != self._failures
        complete = len(rows) < limit and not failing
        # Where a journal replaced this one meanwhile, the queue is an old one and nobody looks at it.
        queue.fetched(rows, through=head if complete else 0)
        if not failing and queue is self.lanes.queues[lane]:
            self._unknown.discard(lane)
        if failing:
            await clock.sleep(_AGAIN_S)
