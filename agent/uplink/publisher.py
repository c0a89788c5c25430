"""Brings everything upstream: status, standing alarms, the journal's two lanes, asset and state. One event loop.

On every connect the order is status, standing alarms, critical lane, rest; the lanes open when the broker has answered
for the first two, and under MQTT 3.1.1 has passed the status on. Sent is what the broker acknowledged with success; a
refused publish is tried again, never dropped: a row that is refused alone is reported and stays in the journal.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence

from agent.backoff import Backoff
from agent.clock import Clock
from agent.model import SECOND_US, Detail, Event, Instant, Lane, Row, Severity
from agent.requests.post import Parcel, Post
from agent.set_aside import set_aside_in
from agent.settings import MqttSettings
from agent.uplink import echo, reasons
from agent.uplink.alarms import Standing
from agent.uplink.aside import Aside, reported
from agent.uplink.conflict import Conflict
from agent.uplink.contents import Contents
from agent.uplink.echo import Echo
from agent.uplink.events import Origin
from agent.uplink.health import Health, delivered_through
from agent.uplink.latest import Latest
from agent.uplink.letters import Letter, Letters
from agent.uplink.mirror import Mirror
from agent.uplink.pace import Pace
from agent.uplink.ports import Link, Sources
from agent.uplink.supply import Supply
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")

_GREET_WITHIN_US = 2 * SECOND_US  # a card that does not answer must not delay an alarm longer
_LOOK_EVERY_US = 5 * SECOND_US  # how late a clock that became synchronised is noticed
_SETTLE_S, _GOODBYE_S = 0.5, 1.5

# Ranks of retained topics; up to _URGENT they leave before anything of the journal.
_STATUS, _CRITICAL_ALARM, _ALARM, _CARD, _STATE = range(5)
_URGENT, _ANY = _ALARM, _STATE

# A row, a retained topic, what was asked for, or the last word.
_Sent = Row | str | Parcel | asyncio.Future[None]


def _refusal_backoff() -> Backoff:
    return Backoff(first_s=1, most_s=30)


class Publisher:
    """All methods are called on the event loop; only `run` and `stop` wait.

    To be made before anything is handed to the journal, so that it misses nothing of what is committed.
    """

    def __init__(
        self, settings: MqttSettings, origin: Origin, sources: Sources, link: Link, clock: Clock
    ) -> None:
        self._settings, self._sources, self._link, self._clock = settings, sources, link, clock
        self._owed = sources.owed
        self._topics = Topics(origin.source)
        self._letters = Letters(origin, sources.naming, clock.boot_id)
        self._standing = Standing(self._topics, clock.boot_id)
        self._supply = Supply(self._owed, settings.window)
        self._latest = Latest()
        self.post = Post()
        self.post.on_ready = self._pump_soon
        self._health = Health(clock.boot_id)
        self._contents = Contents(
            self._topics,
            self._letters,
            sources,
            (self._standing, self._health, self._supply),
            round(settings.state_interval_s * SECOND_US),
        )
        self._mirror = Mirror(self._topics, clock.boot_id, self._standing, self._letters)
        self._echo = Echo(needed=settings.protocol == "3.1.1")
        self._pace, self._aside = Pace(), Aside()
        self._lane_backoff = {lane: _refusal_backoff() for lane in Lane}
        self._topic_backoff = _refusal_backoff()
        self._up = self._stopping = self._pumping = False
        self._changed_us = clock.uptime_us()
        self._sent: dict[int, _Sent] = {}
        self._greeting: set[str] = set()
        self._greet_by_us: int | None = None
        self._status_stands = False
        self._unheard = 0
        self._published: dict[str, int] = {}
        self._wake, self._answered = asyncio.Event(), asyncio.Event()
        self._adopt()

    # ---------------------------------------------------------------- told by the app

    def submitted(self, events: Sequence[Event], now: Instant) -> None:
        """Events handed to the journal at this instant; an alarm among them waits for its commit at most 2 s."""
        self._standing.submitted(events, now)
        self._wake.set()

    def committed(self, rows: Sequence[Row]) -> None:
        """Rows the journal has committed, in order of sequence."""
        self._adopt()
        self._want_alarms(self._standing.committed(rows))
        self._supply.committed(rows)
        self._supply.set_aside(reported(rows))
        self._pump()
        self._wake.set()

    def fault(self, reason: str | None) -> None:
        """The journal failed, or works again (None); to be told at once."""
        if reason is not None:
            self._supply.failed()
        self._wake.set()

    def degraded(self, reason: str | None) -> None:
        """What else is wrong with the agent, as a stable word for `status`; None when nothing is."""
        self._health.degraded = reason
        self._wake.set()

    def state_changed(self) -> None:
        """Some signal changed value or quality."""
        self._contents.state_pace.touched()
        self._wake.set()

    def clock_source(self, source: str | None) -> None:
        """By what the computer's clock is believed; None while it is not."""
        self._health.clock_source = source
        self._wake.set()

    def clock_corrected(self, anchor_us: int) -> None:
        """This boot's anchor: what stands since before is told again with its time."""
        self._letters.anchor_us = self._health.anchor_us = anchor_us
        self._want_alarms(self._standing.topics)
        self._wake.set()

    def set_links(self, links: Mapping[str, object]) -> None:
        """The links to the elevator, by driver: `{"up": bool, "reason": str}`."""
        self._health.set_links(links)
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; `stop` comes before or after that."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(self))
            group.create_task(self._supply.refill(self._pump))
            group.create_task(self._keep_time())

    async def stop(self) -> None:
        """Say that the agent was stopped, and how far delivery came; disconnect in order. At most 2.5 s in all."""
        await self._settle()
        self._stopping = True
        if self._up:
            said = asyncio.get_running_loop().create_future()
            if self._send(self._contents.last_word(self._clock.now()), said):
                await asyncio.wait({said}, timeout=_GOODBYE_S)
        await self._link.close()

    async def _settle(self) -> None:
        """Give what is under way a moment, so that the last word about it is true."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_S):
                while self._up and (self._sent or self._pumping or self._is_behind):
                    self._answered.clear()
                    await self._answered.wait()

    @property
    def _is_behind(self) -> bool:
        return self._supply.lanes.delivered_through < self._owed.head

    @property
    def journal(self) -> str:
        """The id of the journal that is delivered, "" until it is open."""
        return self._owed.journal

    @property
    def delivered(self) -> int:
        """How many events the broker has acknowledged since the start."""
        return self._published.get("event", 0)

    @property
    def conflict(self) -> Conflict:
        """What is known of a second agent by this elevator's name."""
        return self._mirror.conflict

    def to_report(self) -> Sequence[Mapping[str, Detail]]:
        """What `records_dropped` has to say of rows that only they are refused; asked for once."""
        return self._aside.to_report()

    @property
    def unheard(self) -> int:
        """How many events the broker has taken since the start although nobody had subscribed to them."""
        return self._unheard

    def snapshot(self) -> dict[str, object]:
        """How the uplink stands, for the control socket. `since_us` is the `uptime_us` of the last change."""
        refusals = self._health.refusals
        return {
            "connected": self._up,
            "since_us": self._changed_us,
            "error": self._link.fault,
            "degraded": self._health.reason,
            "refusing": self._health.refusing,
            "in_flight": len(self._sent),
            "refused": 0 if refusals is None else refusals.count,
            "refused_reason": None if refusals is None else refusals.reason,
            "set_aside": self._aside.listed(),
            "unheard": self._unheard,
            "paced_per_s": None if self._pace.is_free else round(self._pace.per_s, 1),
            "delivered_through": delivered_through(self._owed, self._supply.lanes),
            "seq_head": self._owed.head,
            "published": dict(self._published),
        }

    # ---------------------------------------------------------------- told by the link

    def connected(self, receive_maximum: int) -> None:
        """Greet as soon as the journal has been looked at, or after 2 s without: the first status tells the truth."""
        now_us = self._clock.uptime_us()
        self._up, self._changed_us = True, now_us
        self._supply.lanes.window = min(self._settings.window, receive_maximum)
        self._echo.connected()
        self._mirror.conflict.connected(now_us)
        self._status_stands = False
        self._greet_by_us = now_us + _GREET_WITHIN_US
        self._pump()
        self._wake.set()

    def _greet(self, now_us: int) -> None:
        """Status first, then what stands; the rest follows when both are answered."""
        by_us = self._greet_by_us
        waits = self._supply.journal and not self._supply.is_known
        if by_us is None or (waits and now_us < by_us):
            return
        self._greet_by_us = None
        self._latest.want(self._topics.status, _STATUS)
        self._want_alarms(self._standing.topics)
        self._greeting = self._latest.wanted(_URGENT)
        self._latest.want(self._topics.asset, _CARD)
        self._latest.want(self._topics.state, _STATE)

    def disconnected(self, reason: str) -> None:
        """Everything in flight is owed again."""
        self._up, self._changed_us = False, self._clock.uptime_us()
        if reason == reasons.TAKEN_OVER.en:
            self._mirror.conflict.taken_over(self._changed_us)
        self._mirror.conflict.disconnected()
        self._sent.clear()
        self._greeting.clear()
        self._greet_by_us = None
        self._supply.lanes.lost()
        self._latest.lost()
        self.post.lost()
        self._pace.lost()
        self._answered.set()

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        """The broker answered a publish; `unheard`: it took it, and nobody has subscribed to it."""
        match self._sent.pop(token, None):
            case Row() as row:
                self._unheard += unheard
                self._row_answered(row, refusal)
            case str() as topic:
                self._topic_answered(topic, refusal)
            case Parcel() as parcel:
                self.post.delivered(parcel, refusal)
            case asyncio.Future() as said:
                said.set_result(None)
            case None:
                return
        self._pump_soon()

    def message(self, topic: str, payload: bytes) -> None:
        """An own topic read back: what does not stand is emptied; a foreign status, or alarm that stands, is repaired."""
        if self._stopping:
            return
        now_us = self._clock.uptime_us()
        if topic == self._topics.status:
            self._echo.heard(payload)
            self._settle_refusals()
            stands = self._status_stands and self._echo.is_open
            self._mirror.status_read(payload, now_us, ours_stands=stands)
            self._pump_soon()
        elif self._topics.is_alarm(topic):
            knows_all = bool(self._supply.journal)
            if self._mirror.alarm_read(topic, payload, now_us, knows_all=knows_all):
                self._latest.want(topic, _ALARM)
                self._pump()
        self._wake.set()

    # ---------------------------------------------------------------- answers

    def _row_answered(self, row: Row, refusal: str | None) -> None:
        lane = row.event.lane
        queue, backoff = self._supply.lanes.queues[lane], self._lane_backoff[lane]
        if lane is Lane.REST:
            self._pace.answered(self._clock.uptime_us())
        if not queue.flies(row):
            return
        if refusal is not None:
            may_go = not set_aside_in(row)  # nothing could tell of a report
            if queue.refused(row, self._after(backoff), may_go=may_go):
                self._set_aside(row, refusal)
            self._refused(refusal)
            return
        self._supply.arrived(row)
        if not queue.refusing:
            backoff.reset()
        self._accepted("event")

    def _set_aside(self, row: Row, refusal: str) -> None:
        self._aside.add(row, refusal)
        _log.error(
            "Event %d is refused while later ones are taken; it is set aside and stays in the journal: %s.",
            row.seq,
            refusal,
        )

    def _topic_answered(self, topic: str, refusal: str | None) -> None:
        if refusal is None:
            self._latest.acknowledged(topic)
            self._status_stands |= topic == self._topics.status
            self._mirror.accepted(topic, self._clock.uptime_us())
            if not self._latest.refusing:
                self._topic_backoff.reset()
            self._accepted(self._topics.kind(topic))
        else:
            self._latest.refused(topic, self._after(self._topic_backoff))
            self._refused(refusal)
        if topic in self._greeting:
            self._greeting.discard(topic)
            if not self._greeting:
                self._read_back()
        self._wake.set()

    def _after(self, backoff: Backoff) -> int:
        return self._clock.uptime_us() + round(backoff.next_s() * SECOND_US)

    def _refused(self, refusal: str) -> None:
        if self._health.refused(refusal):
            _log.warning("The broker refused a message, which is tried again: %s.", refusal)
        self._wake.set()

    def _accepted(self, kind: str) -> None:
        self._published[kind] = self._published.get(kind, 0) + 1
        self._settle_refusals()

    def _settle_refusals(self) -> None:
        """See whether nothing is refused any more."""
        refusing = self._supply.lanes.refusing or self._latest.refusing or self._echo.is_missing
        if self._health.refusing and not refusing:
            self._health.refusing = False
            _log.info("The broker takes every message again.")
            self._wake.set()

    # ---------------------------------------------------------------- sending

    def _pump_soon(self) -> None:
        """Once for all answers that came together."""
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        self._answered.set()
        if not self._up or self._stopping:
            return
        now, lanes = self._clock.now(), self._supply.lanes
        self._greet(now.uptime_us)
        if self._greet_by_us is None:
            self._send_topics(now, _URGENT, lanes.window)
            if not self._greeting and (self._echo.is_open or self._echo.is_missing):
                self._send_rows(now, Lane.CRITICAL)
                self._send_topics(now, _ANY, lanes.common)
                if not lanes.queues[Lane.CRITICAL].behind(self._owed.head):
                    self._send_rows(now, Lane.REST)
                self._send_post(now)
        self._supply.look()

    def _send_post(self, now: Instant) -> None:
        """What was asked for; events sent again behind everything that nobody had to ask for."""
        lanes, now_us = self._supply.lanes, now.uptime_us
        waiting = any(q.ready(now_us) or q.behind(self._owed.head) for q in lanes.queues.values())
        idle = self._echo.is_open and not waiting
        while self._up:
            room = lanes.common - len(self._sent)
            parcel = self.post.take(now_us, room=room, window=lanes.window, idle=idle)
            if parcel is None:
                return
            self._send(self._letter_of(parcel, now), parcel)

    def _letter_of(self, parcel: Parcel, now: Instant) -> Letter:
        if isinstance(parcel.what, Row):
            return self._letters.event(parcel.what, now, replayed=True)
        return parcel.what

    def _send_topics(self, now: Instant, worst_rank: int, room: int) -> None:
        while self._up and len(self._sent) < room:
            topic = self._latest.take(now.uptime_us, worst_rank)
            if topic is None:
                return
            letter = self._contents.letter(topic, now)
            if self._send(letter, topic) and topic == self._topics.status:
                self._echo.said(letter.payload, now.uptime_us)

    def _send_rows(self, now: Instant, lane: Lane) -> None:
        lanes, paced = self._supply.lanes, lane is Lane.REST
        while self._up and self._echo.is_open:
            if paced and not self._pace.ready(now.uptime_us):
                return
            row = lanes.take(lane, len(self._sent) - lanes.in_flight, now.uptime_us)
            if row is None:
                return
            if self._send(self._letters.event(row, now), row) and paced:
                self._pace.sent(now.uptime_us)

    def _send(self, letter: Letter, what: _Sent) -> bool:
        """Hand over; without a connection nothing is sent, and `disconnected` follows and puts everything back."""
        token = self._link.publish(
            letter.topic,
            letter.payload,
            retain=letter.retain,
            expiry_s=letter.expiry_s,
            content_type=letter.content_type,
            correlation=letter.correlation,
        )
        if token is None:
            self._up = False
            return False
        self._sent[token] = what
        return True

    def _want_alarms(self, topics: Sequence[str]) -> None:
        for topic in topics:
            shown = self._standing.on(topic)
            critical = shown is not None and shown.raised.severity is Severity.CRITICAL
            self._latest.want(topic, _CRITICAL_ALARM if critical else _ALARM)

    def _read_back(self) -> None:
        self._link.subscribe(self._topics.alarms, self._topics.status)

    def _adopt(self) -> None:
        """Begin with a journal that was opened or replaced."""
        if not self._supply.adopt():
            return
        self._want_alarms(self._standing.adopt(self._owed.journal, self._owed.standing))
        if self._up and not self._greeting:
            self._read_back()

    # ---------------------------------------------------------------- time

    async def _keep_time(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.now()
            self._look(now)
            # What is due already and could not leave waits for an acknowledgement, not for time.
            later = [due for due in self._due_us(now) if due is not None and due > now.uptime_us]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout((min(later) - now.uptime_us) / SECOND_US):
                    await self._wake.wait()

    def _due_us(self, now: Instant) -> tuple[int | None, ...]:
        return (
            now.uptime_us + _LOOK_EVERY_US,
            self._greet_by_us,
            self._standing.due_us,
            self._contents.status_due_us,
            self._contents.state_pace.due_us,
            *self._mirror.due_us,
            self._echo.due_us,
            self._pace.due_us,
            self.post.due_us(now.uptime_us),
            self._latest.next_try_us,
            *(queue.next_try_us for queue in self._supply.lanes.queues.values()),
        )

    def _look(self, now: Instant) -> None:
        """Everything that time, or a change told meanwhile, makes necessary."""
        self._adopt()
        self._want_alarms(self._standing.overdue(now.uptime_us))
        self._health.storage_failed = self._standing.stalled or self._owed.fault is not None
        if self._up and self._greet_by_us is None:
            self._look_at_topics(now)
        self._pump()

    def _look_at_topics(self, now: Instant) -> None:
        now_us = now.uptime_us
        if self._echo.look(now_us):
            self._refused(echo.REASON)
        self._want_alarms(self._mirror.wants_alarms(now_us))
        if self._mirror.wants_reading(now_us):
            self._read_back()
        if self._contents.is_state_due(now):
            self._latest.want(self._topics.state, _STATE)
        repairs = self._mirror.wants_status(now_us)
        if repairs or self._echo.wants_more(now_us) or self._contents.is_status_due(now):
            self._latest.want(self._topics.status, _STATUS)
