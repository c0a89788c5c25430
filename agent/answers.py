"""What the running service answers on its control socket. Reads only; every answer is documented in docs/cli.md."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

import msgspec

from agent import __version__
from agent.clock import Clock
from agent.control import Handler, Peer, RefusedError
from agent.drivers.polling import Statistics
from agent.history import Question, past
from agent.intake import Intake
from agent.model import SECOND_US, Event, Instant, Lane, Point, Row, Severity, Transition
from agent.monitor.catalog import CATALOG
from agent.naming import naming_of
from agent.outbox_fault import JournalFault
from agent.settings import ElevatorSettings
from agent.uplink.alarms import acknowledged_by
from agent.uplink.events import (
    Acknowledged,
    Envelope,
    Naming,
    Origin,
    age_us,
    corrected,
    event_message,
)
from agent.uplink.messages import ClockState, iso
from agent.uplink.publisher import Publisher
from agent.writer import Outbox

_LIMIT_MOST = 10_000
_ECHO_MOST = 64  # characters of what was asked, in a refusal
_COUNT_S = 1.0  # a card that hangs must not keep the status from being shown
_COUNT_REST = 10  # times as long as a count took: whoever looks often does not keep the card busy
_FOLLOWERS_BEHIND_MOST = 1000  # rows a slow reader may be behind before it is let go


class Stands(msgspec.Struct, frozen=True):
    """One raise, and what is known of it beside the event: its sequence once the journal has it.

    `acknowledged` by whom, if by anybody; `on_site`: at the elevator itself.
    """

    event: Event
    envelope: Envelope
    acknowledged: Acknowledged | None = None
    on_site: bool = False

    def taken(self, event: Event, envelope: Envelope) -> "Stands":
        """The same, acknowledged."""
        on_site = event.detail.get("on_site") is True
        said = acknowledged_by(event, envelope)
        return msgspec.structs.replace(self, acknowledged=said, on_site=on_site)


class Board:
    """What stands, and who listens to new rows."""

    def __init__(self, rows: Sequence[Row], boot_id: str) -> None:
        self.standing: OrderedDict[tuple[str, str | None], Stands] = OrderedDict()
        self.followers: set[asyncio.Queue[Row | None]] = set()
        self._boot_id = boot_id
        self.adopt(rows)

    def adopt(self, rows: Sequence[Row]) -> None:
        """What a journal just opened says stands; what was said meanwhile is newer and stays."""
        for row in rows:
            if row.event.transition is Transition.RAISED:
                self.standing.setdefault(row.event.key, Stands(row.event, Envelope.of(row)))
            elif row.event.transition is Transition.ACKNOWLEDGED:
                self._acknowledged(row)

    def submitted(self, events: Sequence[Event], now: Instant) -> None:
        """Events handed to the journal."""
        for event in events:
            if event.transition is Transition.RAISED:
                envelope = Envelope.uncommitted(event, "", self._boot_id, now)
                self.standing[event.key] = Stands(event, envelope)
            elif event.transition is Transition.CLEARED:
                self.standing.pop(event.key, None)
            elif event.transition is Transition.ACKNOWLEDGED and event.key in self.standing:
                envelope = Envelope.uncommitted(event, "", self._boot_id, now)
                self.standing[event.key] = self.standing[event.key].taken(event, envelope)

    def _acknowledged(self, row: Row) -> None:
        stands = self.standing.get(row.event.key)
        if stands is not None and stands.envelope.seq == row.raised_seq:
            self.standing[row.event.key] = stands.taken(row.event, Envelope.of(row))

    def committed(self, rows: Sequence[Row]) -> None:
        """Rows in the journal."""
        for row in rows:
            stands = self.standing.get(row.event.key)
            if stands is not None and _says(row, stands.event):
                envelope = msgspec.structs.replace(Envelope.of(row), seq=row.raised_seq)
                self.standing[row.event.key] = msgspec.structs.replace(stands, envelope=envelope)
            if row.event.transition is Transition.ACKNOWLEDGED:
                self._acknowledged(row)
            for follower in tuple(self.followers):
                self._tell(follower, row)

    def _tell(self, follower: asyncio.Queue[Row | None], row: Row) -> None:
        """A reader too far behind is let go, so that it cannot hold rows in memory."""
        if follower.qsize() < _FOLLOWERS_BEHIND_MOST:
            follower.put_nowait(row)
        else:
            self.followers.discard(follower)
            follower.put_nowait(None)


class Answers:
    """The verbs of the socket: `status`, `signals`, `watch`, `events`.

    `naming` calls and numbers the events; `broker` tells more of the link upstream.
    """

    def __init__(
        self,
        elevator: ElevatorSettings,
        origin: Origin,
        clock: Clock,
        parts: tuple[Intake, Outbox, Publisher, Board],
        driver_of: Mapping[str, str],
        statistics: Mapping[str, Statistics],
    ) -> None:
        self._elevator, self._origin, self._clock = elevator, origin, clock
        self._intake, self._outbox, self._publisher, self._board = parts
        self._driver_of, self._statistics = driver_of, statistics
        self.naming: Callable[[Event], Naming] = naming_of
        self.broker: Callable[[Instant], Mapping[str, object]] = lambda _: {}
        self._start_us = clock.uptime_us()
        self._owed = {lane.value: 0 for lane in Lane}  # as last counted
        self._count_again_us = 0

    @property
    def verbs(self) -> Mapping[str, Handler]:
        """Verb → handler."""
        return {
            "status": self.status,
            "signals": self.signals,
            "watch": self.watch,
            "events": self.events,
        }

    async def status(self, _params: dict[str, Any], _peer: Peer) -> dict[str, object]:
        """One screen: links, uplink, journal, what stands."""
        return await self.state()

    async def state(self) -> dict[str, object]:
        """What `status` says, for whoever asks."""
        now = self._clock.now()
        elevator, uplink = self._elevator, self._publisher.snapshot()
        reason = uplink["degraded"]
        return {
            "elevator": {"site": elevator.site, "id": elevator.id, "name": elevator.name},
            "state": "online" if reason is None else "degraded",
            "reason": reason,
            "version": __version__,
            "uptime_s": (now.uptime_us - self._start_us) // SECOND_US,
            "boot_id": self._clock.boot_id,
            "links": {
                name: {**_link(link, now), "statistics": self._statistics[name].facts()}
                for name, link in self._intake.links.items()
            },
            "mqtt": {**uplink, "reason": uplink["error"] or "", **self.broker(now)},
            "outbox": await self._outbox_state(),
            "standing": [
                _standing(each, self._clock, now) for each in self._board.standing.values()
            ],
            "clock": msgspec.to_builtins(
                ClockState.of(now, self._clock.source, self._clock.anchor_us)
            ),
        }

    async def _outbox_state(self) -> dict[str, object]:
        outbox, began_us = self._outbox, self._clock.uptime_us()
        if outbox.fault is None and began_us >= self._count_again_us:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_COUNT_S):
                    self._owed = {lane.value: await outbox.owed(lane) for lane in Lane}
            took_us = self._clock.uptime_us() - began_us
            self._count_again_us = began_us + _COUNT_REST * took_us
        return {
            "journal": outbox.journal,
            "head": outbox.head,
            "owed": self._owed,
            "fault": outbox.fault,
            "waiting": outbox.waiting,
            "dropped": {severity.value: count for severity, count in outbox.dropped.items()},
        }

    async def signals(self, _params: dict[str, Any], _peer: Peer) -> dict[str, object]:
        """Every wired signal with its quality and its age."""
        now = self._clock.now()
        points = self._intake.freshness.points()
        return {
            "signals": {
                name: {**_signal(point, now), "driver": self._driver_of.get(name)}
                for name, point in points.items()
            }
        }

    async def watch(self, params: dict[str, Any], peer: Peer) -> dict[str, object]:
        """What a live view draws, in one answer: the status, the signals, how many landings there are."""
        signals = await self.signals(params, peer)
        floors = self._elevator.floors
        return {"status": await self.status(params, peer), **signals, "floors": floors}

    async def events(self, params: dict[str, Any], _peer: Peer) -> AsyncGenerator[object, None]:
        """Yield rows of the journal, as event messages."""
        question = _question(params)
        queue: asyncio.Queue[Row | None] = asyncio.Queue()
        if question.follow:
            self._board.followers.add(queue)
        try:
            last = 0
            async with contextlib.aclosing(self._past(question)) as rows:
                async for row in rows:
                    last = row.seq
                    yield self._message(row)
            while question.follow and (row_or_end := await queue.get()) is not None:
                if row_or_end.seq > last and question.fits(row_or_end):
                    yield self._message(row_or_end)
        finally:
            self._board.followers.discard(queue)

    async def _past(self, question: Question) -> AsyncGenerator[Row, None]:
        try:
            async with contextlib.aclosing(past(self._outbox, question)) as rows:
                async for row in rows:
                    yield row
        except JournalFault as fault:
            remedy = "What stands is shown by: elevator-agent status"
            raise RefusedError("storage_failed", fault.reason, remedy) from fault

    def _message(self, row: Row) -> msgspec.Raw:
        event, clock = row.event, self._clock
        envelope = corrected(Envelope.of(row), clock.boot_id, clock.anchor_us)
        return msgspec.Raw(event_message(event, envelope, self._origin, self.naming(event)))


def _question(params: dict[str, Any]) -> Question:
    try:
        question = msgspec.convert(params, Question)
        if question.severity is not None:
            Severity(question.severity)
    except (msgspec.ValidationError, ValueError) as wrong:
        raise RefusedError("bad_params", str(wrong), "See: elevator-agent events --help") from wrong
    if question.code is not None and question.code not in CATALOG:
        codes = ", ".join(CATALOG)
        raise RefusedError(
            "bad_params", f"no event {question.code[:_ECHO_MOST]!r}", f"One of: {codes}."
        )
    return msgspec.structs.replace(question, limit=max(1, min(question.limit, _LIMIT_MOST)))


def _link(link: Mapping[str, object], now: Instant) -> dict[str, object]:
    since_us = link["since_us"]
    assert isinstance(since_us, int)
    since_s = (now.uptime_us - since_us) // SECOND_US
    return {"up": link["up"], "reason": link["reason"], "since_s": since_s}


def _signal(point: Point, now: Instant) -> dict[str, object]:
    at = None if point.at_us is None else iso(now.wall_at(point.at_us))
    age_ms = None if point.at_us is None else (now.uptime_us - point.at_us) // 1000
    return {"v": point.value, "q": point.quality.value, "at": at, "age_ms": age_ms}


def _says(row: Row, raise_: Event) -> bool:
    """Whether a row is this raise, or the notice it became because the journal held one already."""
    event = row.event
    if event.transition is Transition.NOTICE:
        return event.at_us == raise_.at_us and event.detail.get("unpaired") == "raised"
    return event == raise_


def _standing(stands: Stands, clock: Clock, now: Instant) -> dict[str, object]:
    event = stands.event
    envelope = corrected(stands.envelope, clock.boot_id, clock.anchor_us)
    name = naming_of(event)
    return {
        "code": event.code,
        "instance": event.instance,
        "severity": event.severity.value,
        "title": {"en": name.title_en, "zh": name.title_zh},
        "since": iso(envelope.time_us(event)),
        "clock": envelope.clock,
        "age_s": age_us(event, envelope, clock.boot_id, now) // SECOND_US,
        "seq": envelope.seq,
        "journaled": envelope.seq is not None,
        "acknowledged": stands.acknowledged,
    }
