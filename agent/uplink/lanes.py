"""What of the journal is owed upstream: two lanes, the window, and how far delivery has come. Pure bookkeeping.

A row is pending, in flight or acknowledged. First deliveries rise by sequence within a lane; when a connection ends
everything in flight is pending again, in order. A row that the broker takes under no circumstances is held back until
its report is journaled, and then set aside: the lane is done with it. A lane's cursor is the sequence up to which all its
rows are acknowledged or set aside. Times are `uptime_us`.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from agent.model import Lane, Row
from agent.uplink.refusals import Refusals

BUFFER_ROWS = 128
_LOW_ROWS = BUFFER_ROWS // 2
# One slot in eight, at least one, is kept free of the rest, so that an alarm finds one during a backlog; more would
# slow the backlog down for nothing.
_CRITICAL_SHARE = 8


class LaneQueue:
    """One lane. Holds at most `BUFFER_ROWS` pending rows, and as many between the cursor and the newest sent one."""

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.fetched_through = cursor
        self._pending: deque[Row] = deque()
        self._sent: dict[int, Row | None] = {}  # by sequence, in order; None is done with
        self._flying: set[int] = set()
        self._held_back: set[int] = set()
        self._refusals = Refusals()
        self._not_before_us = 0

    # -- rows come in

    def offer(self, row: Row, *, mine: bool) -> None:
        """A row just committed, of this lane or the other; left to a fetch when there is no room or a gap before it."""
        if row.seq != self.fetched_through + 1 or (mine and len(self._pending) >= BUFFER_ROWS):
            return
        self.fetched_through = row.seq
        if mine:
            self._pending.append(row)

    def behind(self, head: int) -> bool:
        """Whether rows may be waiting in the journal while none is pending here."""
        return not self._pending and self.fetched_through < head

    def wanted(self, head: int) -> int:
        """How many rows to fetch after `fetched_through`, 0 while there are enough."""
        if self.fetched_through >= head or len(self._pending) > _LOW_ROWS:
            return 0
        return BUFFER_ROWS - len(self._pending)

    def fetched(self, rows: Sequence[Row], through: int) -> None:
        """Rows read from the journal; the lane is then known completely up to `through`."""
        for row in rows:
            if row.seq > self.fetched_through:
                self._pending.append(row)
                self.fetched_through = row.seq
        self.fetched_through = max(self.fetched_through, through)

    # -- rows go out

    def ready(self, now_us: int) -> bool:
        """Whether the next row may leave. After a refusal rows are tried singly, each after its wait."""
        if not self._pending or not self._fits(self._pending[0]):
            return False
        return not self._refusals or (not self._flying and now_us >= self._not_before_us)

    @property
    def waits(self) -> bool:
        """Whether a row waits to leave, or one that was refused is tried again."""
        return bool(self._pending) or self.refusing

    def _fits(self, row: Row) -> bool:
        return len(self._sent) < BUFFER_ROWS or row.seq in self._sent

    def _next_at(self) -> int:
        if not self._refusals:
            return 0
        at = self._refusals.choose(self._pending)
        return at if self._fits(self._pending[at]) else 0

    def take(self) -> Row:
        """The next row, which is then in flight."""
        at = self._next_at()
        row = self._pending[at]
        del self._pending[at]
        self._sent[row.seq] = row
        self._flying.add(row.seq)
        return row

    def flies(self, row: Row) -> bool:
        """Whether this very row is in flight from here, and not one of a journal replaced meanwhile."""
        return row.seq in self._flying and self._sent.get(row.seq) is row

    def acknowledged(self, row: Row) -> bool:
        """The broker has it. Answers whether the cursor moved."""
        self._flying.discard(row.seq)
        if self._refusals:
            self._refusals.accepted(row.seq)
        return self._done(row.seq)

    def _done(self, seq: int) -> bool:
        self._sent[seq] = None
        before = self.cursor
        while self._sent and self._sent[first := next(iter(self._sent))] is None:
            self.cursor = first
            del self._sent[first]
        return self.cursor != before

    def refused(
        self, row: Row, not_before_us: int, *, may_go: bool = True, is_at_fault: bool = False
    ) -> bool:
        """The broker refused it: pending again, in its place, and the lane waits.

        True when that proves the row to be at fault, or it is known to be (`is_at_fault`), and it may go: it is then held
        back, and the lane goes on without it.
        """
        self._flying.discard(row.seq)
        if self._refusals.refused(row.seq, may_go=may_go, is_at_fault=is_at_fault):
            self._held_back.add(row.seq)
            return True
        self._not_before_us = not_before_us
        self._put_back([row.seq])
        return False

    def set_aside(self, seq: int) -> bool:
        """A row held back has been reported: the lane is done with it. Answers whether the cursor moved."""
        if seq not in self._held_back:
            return False
        self._held_back.remove(seq)
        return self._done(seq)

    def lost(self) -> None:
        """The connection is gone: everything in flight is pending again, and a refusal's wait is over."""
        flying, self._flying = sorted(self._flying), set()
        self._not_before_us = 0
        self._put_back(flying)

    def _put_back(self, seqs: Iterable[int]) -> None:
        back = [row for seq in seqs if (row := self._sent[seq]) is not None]
        again = [row for row in self._pending if row.seq in self._sent]
        fresh = [row for row in self._pending if row.seq not in self._sent]
        self._pending = deque([*sorted(back + again, key=lambda row: row.seq), *fresh])

    # -- how it stands

    @property
    def in_flight(self) -> int:
        """Rows sent and not answered yet."""
        return len(self._flying)

    @property
    def refusing(self) -> bool:
        """Whether a refused row waits for its next try."""
        return bool(self._refusals)

    @property
    def next_try_us(self) -> int | None:
        """When a refused row may be tried again."""
        return self._not_before_us if self._refusals else None

    @property
    def oldest(self) -> Row | None:
        """The first row not done with."""
        first_sent = next(iter(self._sent.values()), None)
        return first_sent or (self._pending[0] if self._pending else None)

    @property
    def done_through(self) -> int:
        """Every sequence up to here is done with, or is not of this lane."""
        oldest = self.oldest
        return self.fetched_through if oldest is None else oldest.seq - 1


class Lanes:
    """Both lanes under one window."""

    def __init__(self, *, critical_cursor: int, rest_cursor: int, window: int) -> None:
        self._critical, self._rest = LaneQueue(critical_cursor), LaneQueue(rest_cursor)
        self.queues = {Lane.CRITICAL: self._critical, Lane.REST: self._rest}
        self.window = window

    def committed(self, rows: Iterable[Row]) -> None:
        """Rows just committed, in order of sequence; saves reading them back."""
        for row in rows:
            for lane, queue in self.queues.items():
                queue.offer(row, mine=row.event.lane is lane)

    @property
    def common(self) -> int:
        """How much of the window may be used by what is not critical."""
        kept = max(1, self.window // _CRITICAL_SHARE)
        return max(1, self.window - kept)

    def take(self, lane: Lane, others_in_flight: int, now_us: int) -> Row | None:
        """The next row of a lane, if it may leave now; `others_in_flight` counts what is not of the journal."""
        critical = lane is Lane.CRITICAL
        room, queue = (self.window, self._critical) if critical else (self.common, self._rest)
        busy = others_in_flight + self.in_flight
        return queue.take() if busy < room and queue.ready(now_us) else None

    @property
    def in_flight(self) -> int:
        """Rows sent and not answered yet."""
        return self._critical.in_flight + self._rest.in_flight

    def lost(self) -> None:
        """The connection is gone."""
        for queue in self.queues.values():
            queue.lost()

    @property
    def delivered_through(self) -> int:
        """The largest n with every sequence up to n acknowledged by the broker or not in the journal any more."""
        return min(queue.done_through for queue in self.queues.values())

    @property
    def refusing(self) -> bool:
        """Whether a refused row waits in one of them."""
        return any(queue.refusing for queue in self.queues.values())

    @property
    def oldest(self) -> tuple[Row, ...]:
        """The first unacknowledged row of each lane that has one."""
        return tuple(queue.oldest for queue in self.queues.values() if queue.oldest is not None)
