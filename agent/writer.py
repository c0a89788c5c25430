"""The journal for an event loop: the one thread that owns it, and what waits while its disk does not answer.

All decisions are taken on the event loop; the thread only does one job after another, so a commit of seconds delays
nobody. Knows nothing of MQTT or of what an event means.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.model import Detail, Event, Instant, Lane, Row, Severity
from agent.outbox import Batch, Journal, JournalBusy, JournalFault, Search
from agent.outbox_acks import Acknowledgements
from agent.outbox_attempt import Attempt, stretches, write
from agent.outbox_records import Database
from agent.outbox_rows import Callers
from agent.outbox_upkeep import Upkeep
from agent.outbox_waiting import BOUND, WaitingRoom

_GROUP = 256  # events a transaction, when many wait
_STALL_S = 2.0  # a disk that takes longer counts as failed until it answers
_CLOSE_S = 0.5  # of the time to stop, what is kept for closing
_HOUR_S = 3600.0
_IDLE_S = 60.0  # between two looks for room on a disk that had none
_T = TypeVar("_T")
_log = logging.getLogger("agent.outbox")


class Outbox:
    """What the rest of the service knows of the journal. All methods belong on the event loop; none of them blocks.

    `journal` is the database's id ("" until it is open), `head` its last sequence, `chain_head` the newest link of its hash
    chain as hexadecimal, `fault` why it cannot be used now.
    `standing` are the raises that stood when it was opened, each with its newest acknowledgement, in order of sequence,
    without those that this run had ended before it opened;
    `recovered`, `recovered_range` and `recovered_detail` as in Journal. `upkeep` keeps the journal within its bounds;
    without it nothing is ever dropped.
    `on_committed` gets each transaction's rows, `on_fault` a reason when the disk fails and None when it is back, also
    for readers: whoever got nothing from `fetch` while it failed asks again then. `on_replaced` is told, before the
    rows, that damage made the journal begin anew: `journal`, `recovered` and the cursors are the new one's, and what
    stood in the old one comes first among its rows.

    A transition that its caller cannot mean (a raise of what stands, a clear of what does not) is an AssertionError in
    `submit`. One that only the journal cannot pair, since it was opened late or lost the raise, becomes a notice
    (`pair`). An error in our own code ends the work: it reaches the loop's exception handler, and `submit` raises.
    """

    def __init__(  # noqa: PLR0913 - what it is told of, and what it tells
        self,
        path: Path,
        clock: Clock,
        *,
        on_committed: Callable[[tuple[Row, ...]], None],
        on_fault: Callable[[str | None], None],
        on_replaced: Callable[[], None] | None = None,
        opener: Callable[[Path], Journal] = Journal.open,
        upkeep: Upkeep | None = None,
    ) -> None:
        self.journal = ""
        self.chain_head = ""
        self.head = 0
        self.fault: str | None = None
        self.recovered: str | None = None
        self.recovered_range: tuple[int, int] | None = None
        self.recovered_detail: Mapping[str, Detail] = {}
        self.standing: tuple[Row, ...] = ()
        self._path = path
        self._clock = clock
        self._boot_id = clock.boot_id
        self._upkeep = upkeep
        self._on_committed = on_committed
        self._on_fault = on_fault
        self._on_replaced = on_replaced
        self._opener = opener
        self._disk: Journal | None = None
        self._room = WaitingRoom()
        self._attempt: Attempt | None = None
        self._acks = Acknowledgements()
        self._callers = Callers()
        self._read_fault: JournalFault | None = None
        self._wait = Backoff(0.2, 2.0)
        self._read_wait = Backoff(1.0, 2.0)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._reading = asyncio.Lock()  # one search or fetch in the thread's queue at a time
        self._has_started = False
        self._has_ended = False
        self._error: BaseException | None = None

    async def start(self, wait_s: float = 5.0) -> None:
        """Open the journal; JournalBusy when another process holds it.

        When it cannot be opened within `wait_s`, returns with `fault` set and goes on trying for ever.
        """
        loop = asyncio.get_running_loop()
        self._thread = _Thread(loop)
        self._opened: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._work(), name="outbox")
        await asyncio.wait(
            {self._opened, self._task}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
        )
        if self._task.done():
            self._thread.end()
            self._task.result()
        self._has_started = True
        self._task.add_done_callback(self._ended)
        if not self._opened.done() and self.fault is None:
            self._lost(f"Journal {self._path}: the disk does not answer. Check the card.")

    def submit(self, events: Sequence[Event], now: Instant) -> None:
        """Hand in the events of one instant; they are committed together, in order, with `now` for their wall time."""
        if self._error is not None:
            raise RuntimeError("the journal's work has ended") from self._error
        assert not self._has_ended, "an event after the end"
        for event in events:
            self._callers.follow(event)
        if events:
            in_flight = self._attempt.count if self._attempt else 0
            self._room.add(Batch(tuple(events), now), room=BOUND - in_flight)
            self._wake.set()

    @property
    def waiting(self) -> int:
        """Events not yet on the disk."""
        return len(self._room) + (self._attempt.count if self._attempt else 0)

    @property
    def dropped(self) -> Mapping[Severity, int]:
        """Events lost for want of room in memory since the start."""
        return dict(self._room.dropped)

    @property
    def unreadable(self) -> int:
        """Rows passed over since the start because what the disk holds of their event cannot be read."""
        return self._disk.unreadable if self._disk is not None else 0

    @property
    def withheld_from(self) -> int | None:
        """The first sequence that was dropped before the broker had it, until the broker has the report of that."""
        withheld = self._disk.withheld if self._disk is not None else None
        if withheld is None or self._acks.at[Lane.REST] >= withheld[1]:
            return None
        return withheld[0]

    def cursor(self, lane: Lane) -> int:
        """The last sequence of a lane that the broker has acknowledged."""
        return self._acks.at[lane]

    def acknowledged(self, lane: Lane, through: int) -> None:
        """The broker has everything of this lane up to `through`; written down with the next commit or in time."""
        assert through <= self.head, "an acknowledgement of what was never journaled"
        self._acks.acknowledge(lane, through)
        if self._acks.due:
            self._wake.set()

    async def fetch(self, lane: Lane, after: int, limit: int) -> list[Row]:
        """The next committed rows of a lane; none while the disk cannot be read (see `on_fault`)."""
        try:
            return await self._read(lambda disk: disk.fetch(lane, after, limit))
        except JournalFault:
            return []

    async def owed(self, lane: Lane) -> int:
        """How many committed rows of a lane the broker has not acknowledged; 0 while the disk cannot be read."""
        after = self.cursor(lane)
        try:
            return await self._read(lambda disk: disk.count_owed(lane, after))
        except JournalFault:
            return 0

    async def look(self, job: Callable[[Database], _T]) -> _T:
        """What a job reads from the tables. Raises JournalFault when the disk cannot be read."""
        return await self._read(lambda disk: disk.look(job))

    async def rows(
        self,
        after: int,
        limit: int,
        severities: Collection[Severity] | None = None,
        codes: Collection[str] | None = None,
        *,
        newest_first: bool = False,
    ) -> list[Row]:
        """At most `limit` rows after a sequence, of these severities and codes (None: all).

        Looks at a stretch of the journal at a time, so that a long search holds up no commit. Raises JournalFault when
        the disk cannot be read.
        """
        self._opened_disk()
        found: list[Row] = []
        for low, high in stretches(after, self.head, newest_first=newest_first):
            search = Search(
                after=low,
                through=high,
                limit=limit - len(found),
                severities=severities,
                codes=codes,
                newest_first=newest_first,
            )
            found += await self._read(partial(Journal.rows, search=search))
            if len(found) >= limit:
                break
        return found

    async def stop(self, deadline_s: float) -> None:
        """Commit what waits, write the cursors, close; gives up what the disk does not take by the deadline."""
        self._stopping.set()
        self._wake.set()
        close_s = min(_CLOSE_S, deadline_s / 2)
        await asyncio.wait({self._task}, timeout=deadline_s - close_s)
        self._has_ended = True
        if self.waiting:
            _log.error("The journal did not take %d events before the end.", self.waiting)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._disk is not None:  # once more does no harm
            await asyncio.wait({self._thread.call(self._disk.close)}, timeout=close_s)
        self._thread.end()

    async def _work(self) -> None:
        disk = await self._open()
        if disk is None:
            return
        while await self._has_work():
            await self._commit(disk)
            await self._keep_house(disk)
        await self._thread.call(disk.close)

    async def _open(self) -> Journal | None:
        """The opened journal, however long that takes; None when there is no more need for it."""
        wait = Backoff(0.5, 5.0)
        while self.waiting or not self._stopping.is_set():
            try:
                disk = await self._thread.call(partial(self._opener, self._path))
            except JournalBusy as busy:
                if not self._has_started:
                    raise
                self._lost(str(busy))
            except JournalFault as fault:
                self._lost(fault.reason)
            else:
                self._disk = disk
                self._take_over(disk)
                self._back()
                self._opened.set_result(None)
                await self._keep_house(disk)
                return disk
            await self._pause(wait.next_s())
        return None

    def _take_over(self, disk: Journal) -> None:
        """Read from a journal just opened what the service has to know."""
        rows = disk.remembered()
        take = self._callers.inherit if self._has_started else self._callers.know
        take(row.event.key for row in rows)
        self.standing = tuple(row for row in rows if not self._callers.has_ended(row.event.key))
        self.journal, self.head, self.chain_head = disk.journal, disk.head, disk.chain_head.hex()
        self.recovered, self.recovered_range = disk.recovered, disk.recovered_range
        self.recovered_detail = disk.recovered_detail
        self._acks.begin(disk.cursors)

    async def _has_work(self) -> bool:
        """Wait for something to write; False at the end."""
        while not (len(self._room) or self._attempt or self._acks.due or self._read_fault):
            if self._upkeep is not None and self._upkeep.busy and self.fault is None:
                return True
            if self._stopping.is_set():
                return self._acks.moved
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_S if self._is_tight else _HOUR_S):
                    await self._wake.wait()
                    continue
            if self._acks.moved or self._upkeep is not None:
                return True
        return True

    async def _commit(self, disk: Journal) -> None:
        """One transaction with what waits. After a fault the same one again, until the disk takes it."""
        attempt = self._attempt or self._next_attempt(disk)
        self._attempt = attempt
        cursors = self._acks.at
        job = self._thread.call(partial(write, disk, attempt, cursors, self._boot_id))
        try:
            rows = await self._answer(job)
        except JournalFault as fault:
            attempt.fault = fault
            if not await self._made_room(attempt, fault):
                self._lost(fault.reason)
                await self._pause(self._wait.next_s())
            return
        self._attempt = None
        self._wait.reset()
        if disk.journal != self.journal:
            self._take_over(disk)
            if self._on_replaced is not None:
                self._on_replaced()
        else:
            self._acks.saved(cursors)
        if rows:
            self.head, self.chain_head = rows[-1].seq, disk.chain_head.hex()
            self._on_committed(rows)
        self._back()

    async def _made_room(self, attempt: Attempt, fault: JournalFault) -> bool:
        """Whether the ballast could be given up for this transaction, so that it can be tried again at once."""
        if self._upkeep is None:
            return False
        if attempt.drop is not None:
            self._upkeep.failed(self._clock.now())
        return fault.full and await self._thread.call(self._upkeep.make_room)

    async def _keep_house(self, disk: Journal) -> None:
        """See whether records have to go, and prepare their going as the next transaction."""
        upkeep, cursor, now = self._upkeep, self._acks.at[Lane.REST], self._clock.now()
        if upkeep is None or self._attempt or self.fault is not None or self._stopping.is_set():
            return
        if not upkeep.is_due(disk.head, now):
            return
        try:
            drop = await self._thread.call(partial(upkeep.look, disk, cursor, now))
        except JournalFault as fault:
            self._read_fault = fault
            return
        if drop is not None:
            told = Batch((upkeep.report(drop, now.uptime_us),), now)
            self._attempt = Attempt((), disk.journal, disk.head, drop=drop, report=told)

    @property
    def _is_tight(self) -> bool:
        return self._upkeep is not None and self._upkeep.is_tight

    def _next_attempt(self, disk: Journal) -> Attempt:
        fault, self._read_fault = self._read_fault, None
        return Attempt(self._room.take(_GROUP), disk.journal, disk.head, fault)

    async def _answer(self, job: "asyncio.Future[_T]") -> _T:
        done, _ = await asyncio.wait({job}, timeout=_STALL_S)
        if not done:
            self._lost(f"Journal {self._path}: the disk does not answer. Check the card.")
        return await job

    async def _read(self, job: Callable[[Journal], _T]) -> _T:
        """One read at a time; who gives up waiting for it leaves its turn to run to its end."""
        disk = self._opened_disk()
        await self._reading.acquire()
        turn = asyncio.get_running_loop().create_task(self._read_turn(partial(job, disk)))
        await asyncio.wait({turn})
        outcome = turn.result()
        if isinstance(outcome, JournalFault):
            raise outcome
        return outcome

    async def _read_turn(self, job: Callable[[], _T]) -> _T | JournalFault:
        """The turn lasts as long as the job is in the thread's queue. A fault is an answer: nobody may be waiting."""
        try:
            return await self._thread.call(job)
        except JournalFault as fault:
            self._lost(fault.reason)
            await self._pause(self._read_wait.next_s())  # a reader asks again when we are back
            self._read_fault = fault
            self._wake.set()
            return fault
        finally:
            self._reading.release()

    def _opened_disk(self) -> Journal:
        if self._disk is None:
            raise JournalFault(self.fault or f"Journal {self._path} is not open yet.")
        return self._disk

    async def _pause(self, delay_s: float) -> None:
        """Wait before the next attempt; at the end there is little time left for waiting."""
        if self._stopping.is_set():
            await sleep(min(delay_s, 0.1))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()

    def _lost(self, reason: str) -> None:
        if self.fault is None:
            _log.error("%s Events wait in memory meanwhile.", reason)
        if self.fault != reason:
            self.fault = reason
            self._on_fault(reason)

    def _back(self) -> None:
        if self.fault is not None:
            self.fault = None
            dropped = self._room.dropped.total()
            _log.warning("The journal %s is back; dropped so far: %d.", self._path, dropped)
            self._on_fault(None)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Our own error ends the work; let the loop's handler and the next caller know."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = error
            raise error


class _Thread:
    """Does one job after another; the answer comes back as a future of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: queue.SimpleQueue[tuple[Callable[[], object], asyncio.Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        # A daemon: a disk that hangs must not keep the process from ending.
        threading.Thread(target=self._run, name="journal", daemon=True).start()

    def call(self, job: Callable[[], _T]) -> "asyncio.Future[_T]":
        """Have a job done; at most one commit and one read are asked for at a time, which bounds the queue."""
        future: asyncio.Future[_T] = self._loop.create_future()
        self._jobs.put((job, future))
        return future

    def end(self) -> None:
        """Let the thread go when it has done what was asked."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (task := self._jobs.get()) is not None:
            job, future = task
            result, error = None, None
            try:
                result = job()
            except BaseException as failure:  # noqa: BLE001 - handed to whoever waits for the job
                error = failure
            with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
                self._loop.call_soon_threadsafe(_settle, future, result, error)


def _settle(future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if future.done():  # its waiter was cancelled
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
