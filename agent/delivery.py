"""Events on their way: to the board, the journal and the uplink; and the agent's own events about that way.

It is told what the journal and the broker do and says so as events. What is read from the journal is never waited for:
a card that hangs delays no alarm.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from agent import __version__
from agent.answers import Board
from agent.clock import Clock, sleep
from agent.clock_anchor import CODE as CORRECTED
from agent.clock_anchor import Correction
from agent.intake import Intake
from agent.model import Detail, Event, Instant, Row, Severity, Transition
from agent.monitor.catalog import CATALOG
from agent.monitor.monitor import Standing
from agent.outbox import JournalFault
from agent.outbox_anchors import boot_of
from agent.outbox_retention import Bounds, Drop
from agent.outbox_upkeep import Upkeep
from agent.power import MAINS_LOST, RESTORED, MainsStory, cut_told, was_cut
from agent.self_events import SelfEvents
from agent.uplink import expiry
from agent.uplink.expiry import Expiry
from agent.uplink.publisher import Publisher
from agent.writer import Outbox

_OPEN_S = 2.0  # a journal that takes longer to open must not delay an alarm
_LOOK_S = 1.0
_SETTLE_S = 0.4  # of the 5 s that a stop may take
_LAST_ROWS = 32  # enough to hold the end of an orderly run, whatever was said after it
_LOSS_ROWS = 1000  # of what an earlier run said while the mains were lost


class Delivery:
    """One run's way of events. `open`, then `begin` once intake and publisher are made around what stands.

    `configuration` is a mark that changes with the configuration.
    """

    def __init__(self, path: Path, clock: Clock, configuration: str, bounds: Bounds) -> None:
        self._clock, self._configuration = clock, configuration
        self._start_us = clock.uptime_us()
        self.outbox = Outbox(
            path,
            clock,
            on_committed=self._committed,
            on_fault=self.journal_fault,
            on_replaced=self._replaced,
            upkeep=Upkeep(path, bounds, self._dropped_from_disk),
        )
        self.expiry = Expiry()
        self._begun = False
        self._mains = MainsStory()
        self._head_before = 0
        self._stood: tuple[Row, ...] = ()
        self._correction = Correction()
        self._knows_the_boot = self._was_synchronised = False
        self.on_synchronised: Callable[[], None] = lambda: None
        self._readable = asyncio.Event()
        self._written = asyncio.Event()
        self._dropped = self._unreadable = 0

    async def open(self) -> None:
        """Open the journal, within bounds; raises JournalBusy for a second agent."""
        await self.outbox.start(_OPEN_S)
        self.opened = bool(self.outbox.journal)
        self.board = Board(self.outbox.standing, self._clock.boot_id)
        self._self_events = SelfEvents(_own(self.outbox.standing))
        if self.opened:
            self._remember()

    def _remember(self) -> None:
        """How the run before left the journal, of which more is read when nobody waits for it."""
        raises = (row for row in self.outbox.standing if row.event.transition is Transition.RAISED)
        self._head_before, self._stood = self.outbox.head, tuple(raises)
        self._mains.adopt(self._stood)
        self.expiry.adopt(self._stood)
        self._readable.set()

    @property
    def standing(self) -> list[Standing]:
        """What stands, for the monitor; `since` only of this boot, for uptimes of another mean nothing."""
        return standing_of(self.outbox.standing, self._clock.boot_id)

    def begin(self, intake: Intake, publisher: Publisher) -> None:
        """From now on events have their whole way; the start itself is the first."""
        self._intake, self._publisher = intake, publisher
        self._begun = True
        now = self._clock.now()
        started = {"version": __version__, "configuration": self._configuration}
        said = [self._self_events.notice("agent_started", now.uptime_us, started)]
        said += self._self_events.restarted(now.uptime_us)
        self.deliver([*said, *self._recovered(now)], now)
        if self.outbox.fault is not None:
            self.journal_fault(self.outbox.fault)
        elif not self.opened:  # it came while the rest was put together
            self._opened_late()
        intake.begin()

    def deliver(self, events: Sequence[Event], now: Instant) -> None:
        """Send events on their way; the mains' return is summed up with the event that tells of it."""
        events = [*events, *self._summed_up(events)]
        self._correction.look(now, self._clock.trusted_us)
        self.board.submitted(events, now)
        self.outbox.submit(events, now)
        self._publisher.submitted(events, now)

    def _summed_up(self, events: Sequence[Event]) -> list[Event]:
        return [
            self._self_events.notice(RESTORED, back.at_us, back.detail, back.since_us)
            for back in self._mains.follow(events)
        ]

    async def settle(self) -> None:
        """Wait until the journal has what was said last, so that the good-bye may count it; a moment at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_S):
                while self.outbox.waiting:
                    self._written.clear()
                    await self._written.wait()

    def _committed(self, rows: tuple[Row, ...]) -> None:
        self._written.set()
        self.board.committed(rows)
        self._publisher.committed(rows)

    def journal_fault(self, reason: str | None) -> None:
        """The card failed or is back: it is an event, and the status says so."""
        if not self._begun:
            return
        self._publisher.fault(reason)
        if reason is None and not self.opened:
            self._opened_late()
        now = self._clock.now()
        detail = {"reason": reason or "writable_again"}
        event = self._self_events.follow(
            "storage_failed", now.uptime_us, detail, holds=reason is not None
        )
        if event is not None:
            self.deliver([event, *self._dropped_since(now)], now)

    def _opened_late(self) -> None:
        """The journal could not be read at the start: what it says stands is taken over now."""
        self.opened = True
        now, rows = self._clock.now(), self.outbox.standing
        self._remember()
        self.board.adopt(rows)
        events = self._intake.adopt(self.standing)
        own = self._self_events.adopt(_own(rows), now.uptime_us)
        self.deliver([*events, *own, *self._recovered(now)], now)

    def _replaced(self) -> None:
        """The journal was damaged while running and a new one begun: the numbers that do not exist are said at once."""
        if self._begun:
            now = self._clock.now()
            self.deliver(self._recovered(now), now)

    def _recovered(self, now: Instant) -> list[Event]:
        """The journal was lost or damaged: which sequence numbers do not exist."""
        if self.outbox.recovered is None:
            return []
        first, last = self.outbox.recovered_range or (None, None)
        detail: dict[str, Detail] = {
            "reason": self.outbox.recovered,
            "missing_from": first,
            "missing_to": last,
            **self.outbox.recovered_detail,
        }
        return [self._self_events.notice("outbox_recovered", now.uptime_us, detail)]

    def _dropped_since(self, now: Instant) -> list[Event]:
        """Records that found no room in memory while the card did not answer."""
        dropped = self.outbox.dropped
        total = sum(dropped.values())
        if total == self._dropped:
            return []
        self._dropped = total
        detail = {severity.value: count for severity, count in dropped.items()}
        return [self._self_events.notice("records_dropped", now.uptime_us, detail)]

    async def look_back(self) -> None:
        """Say what the run before this one left behind, once the journal can be read; nobody waits for the search."""
        await self._readable.wait()
        with contextlib.suppress(JournalFault):
            await self._tell_of_a_cut()
            await self._compare_configuration()
        with contextlib.suppress(JournalFault):
            await self._look_up_the_boot()

    async def _tell_of_a_cut(self) -> None:
        """Sum up a power cut that took this computer too, and complete what is known of a loss that began before."""
        head = self._head_before
        rows = await self.outbox.rows(max(0, head - _LAST_ROWS), _LAST_ROWS)
        rows = [row for row in rows if row.seq <= head]
        if was_cut(rows, self._clock.boot_id):
            now = self._clock.now()
            detail = cut_told(rows[-1], self._stood, now)
            self.deliver([self._self_events.notice(RESTORED, now.uptime_us, detail)], now)
        for lost in (row for row in self._stood if row.event.code == MAINS_LOST):
            earlier = await self.outbox.rows(lost.seq, _LOSS_ROWS)
            self._mains.add(row for row in earlier if row.seq <= head)

    async def _compare_configuration(self) -> None:
        """Say whether this start is with another configuration than the one before."""
        rows = await self.outbox.rows(0, 2, codes=["agent_started"], newest_first=True)
        marks = [row.event.detail.get("configuration") for row in rows if not self._is_ours(row)]
        if marks and marks[0] not in (None, self._configuration):
            now = self._clock.now()
            change = {"from": str(marks[0]), "to": self._configuration}
            event = self._self_events.notice("configuration_changed", now.uptime_us, change)
            self.deliver([event], now)

    async def _look_up_the_boot(self) -> None:
        """An earlier run in this boot of the computer may have told its anchor, or left what needs one."""
        look = partial(boot_of, boot_id=self._clock.boot_id, head=self._head_before)
        try:
            self._correction.adopt(await self.outbox.look(look))
        finally:  # it is told, even if perhaps for the second time
            self._knows_the_boot = True

    def _look_at_the_clock(self, now: Instant) -> None:
        """Date what this boot said before its clock was right, once that is known, and say so once."""
        if now.synchronised != self._was_synchronised:
            self._was_synchronised = now.synchronised
            self._publisher.clock_changed()
            if now.synchronised:
                self.on_synchronised()
        self._correction.look(now, self._clock.trusted_us)
        anchor_us = self._correction.anchor_us
        if anchor_us is not None and anchor_us != self._clock.anchor_us:
            self._clock.dates(anchor_us)
            self._publisher.clock_corrected(anchor_us)
        detail = self._correction.to_tell() if self._knows_the_boot else None
        if detail is not None:
            self.deliver([self._self_events.notice(CORRECTED, now.uptime_us, detail)], now)

    def _is_ours(self, row: Row) -> bool:
        """Whether a row tells of this very start."""
        return row.boot_id == self._clock.boot_id and row.event.at_us >= self._start_us

    def _dropped_from_disk(self, drop: Drop, at_us: int) -> Event:
        """Tell of records that the journal drops to keep within its bounds; it goes into the same transaction."""
        detail: dict[str, Detail] = {
            "reason": drop.reason,
            **drop.severities,
            "ranges": [f"{first}-{last}" for first, last in drop.ranges],
            "undelivered": drop.undelivered,
        }
        return self._self_events.notice("records_dropped", at_us, detail)

    def _look_for_damage(self, now: Instant) -> None:
        """Rows that the journal holds and nobody can read any more are lost, which consumers must hear."""
        unreadable = self.outbox.unreadable
        if unreadable > self._unreadable:
            self._unreadable = unreadable
            detail: dict[str, Detail] = {"reason": "unreadable", "count": unreadable}
            self.deliver([self._self_events.notice("records_dropped", now.uptime_us, detail)], now)

    def _look_at_certificates(self, now: Instant) -> None:
        said = self.expiry.look(now)
        if said:
            self.deliver(said, now)

    def _look_for_a_second_agent(self, now: Instant) -> None:
        conflict = self._publisher.conflict
        holds = conflict.holds(now.uptime_us)
        detail: dict[str, Detail] = {"reason": "no_sign_of_it"}
        if holds:
            detail = {"reason": conflict.reason, "other_boot_id": conflict.other_boot_id or None}
        event = self._self_events.follow("identity_conflict", now.uptime_us, detail, holds=holds)
        if event is not None:
            self.deliver([event], now)

    def _look_for_rows_set_aside(self, now: Instant) -> None:
        """Tell of events that the broker refuses while it takes later ones."""
        for detail in self._publisher.to_report():
            notice = self._self_events.notice("records_dropped", now.uptime_us, detail)
            self.deliver([notice], now)

    async def look_after(self) -> None:
        """What nobody tells: whether the broker refuses, and whether a rule was set aside."""
        while True:
            await sleep(_LOOK_S)
            now, uplink = self._clock.now(), self._publisher.snapshot()
            refusing = bool(uplink["refusing"])
            detail = {"reason": str(uplink["refused_reason"]) if refusing else "accepted_again"}
            event = self._self_events.follow(
                "publish_refused", now.uptime_us, detail, holds=refusing
            )
            if event is not None:
                self.deliver([event], now)
            self._look_for_a_second_agent(now)
            self._look_for_rows_set_aside(now)
            self._look_for_damage(now)
            self._look_at_certificates(now)
            self._look_at_the_clock(now)
            aside = self._intake.monitor.set_aside
            self._publisher.degraded("agent_fault" if aside else None)


def standing_of(rows: Sequence[Row], boot_id: str) -> list[Standing]:
    """The raises among rows, as the monitor takes them over; what was acknowledged of them stays so."""
    told = (row for row in rows if row.event.transition is Transition.ACKNOWLEDGED)
    taken = {row.raised_seq for row in told}
    return [
        Standing(
            row.event.code,
            row.event.instance,
            row.event.severity,
            row.event.since_us if row.boot_id == boot_id else None,
            row.seq in taken,
        )
        for row in rows
        if row.event.transition is Transition.RAISED
    ]


def _own(rows: Sequence[Row]) -> Mapping[tuple[str, str | None], Severity]:
    """What stands about the agent itself and ends with a restart."""
    codes = {entry.code for entry in CATALOG.values() if entry.agent} - {expiry.CODE}
    return {row.event.key: row.event.severity for row in rows if row.event.code in codes}
