"""Brings everything upstream: status, standing alarms, the journal's two lanes, asset and state. One event loop.

On every connect the order is status, standing alarms, critical lane, rest; the lanes open when the broker has answered
for the first two. Sent is what the broker acknowledged with success; a refused publish is tried again, never dropped.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agent import __version__, clock
from agent.backoff import Backoff
from agent.clock import Clock
from agent.model import SECOND_US, Event, Instant, Lane, Row, Severity
from agent.settings import MqttSettings
from agent.uplink import messages
from agent.uplink.alarms import Standing
from agent.uplink.health import Health
from agent.uplink.lanes import Lanes
from agent.uplink.latest import Latest
from agent.uplink.letters import Letter, Letters
from agent.uplink.link import MqttLink
from agent.uplink.messages import ClockState, Envelope, Naming, Origin, Point, Status
from agent.uplink.readback import RepairPace, is_foreign
from agent.uplink.state import StatePace
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")

_STATUS_EVERY_US = 60 * SECOND_US
_LOOK_EVERY_US = 5 * SECOND_US  # how late a clock that became synchronised is noticed
_STOP_S = 2.0
_FETCH_AGAIN_S = 1.0

# Ranks of retained topics; up to _URGENT they leave before anything of the journal.
_STATUS, _CRITICAL_ALARM, _ALARM, _CARD, _STATE = range(5)
_URGENT, _ANY = _ALARM, _STATE


class Owed(Protocol):
    """The journal and what of it is owed upstream.

    `journal` is its id, `head` the highest committed sequence (0 for none), `fault` what keeps it from being read or
    written.
    """

    @property
    def journal(self) -> str: ...  # noqa: D102
    @property
    def head(self) -> int: ...  # noqa: D102
    @property
    def fault(self) -> str | None: ...  # noqa: D102

    def cursor(self, lane: Lane) -> int:
        """The sequence up to which a lane has been acknowledged."""
        ...

    async def fetch(self, lane: Lane, after: int, limit: int) -> list[Row]:
        """Rows of a lane after a sequence, in order; fewer than `limit` are all there are, unless `fault` is set."""
        ...

    def acknowledged(self, lane: Lane, through: int) -> None:
        """The broker has everything of a lane up to here."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the publisher gets what it publishes.

    `asset` gives the payload of the card, `state` every signal as it is now; `naming` is the catalog's table by event
    code; `standing` are the raises and acknowledgements of what stood at start, in order of sequence.
    """

    owed: Owed
    asset: Callable[[], bytes]
    state: Callable[[], Mapping[str, Point]]
    naming: Mapping[str, Naming]
    standing: Sequence[Row] = ()


def _refusal_backoff() -> Backoff:
    return Backoff(first_s=1, most_s=30)


class Publisher:
    """All methods are called on the event loop; only `run` and `stop` wait."""

    def __init__(
        self, settings: MqttSettings, origin: Origin, sources: Sources, link: MqttLink, clock: Clock
    ) -> None:
        owed = sources.owed
        self._settings, self._sources, self._owed = settings, sources, owed
        self._link, self._clock, self._boot_id = link, clock, clock.boot_id
        self._topics = Topics(origin.source)
        self._letters = Letters(origin, sources.naming, self._boot_id)
        self._standing = Standing(self._topics, owed.journal, self._boot_id, sources.standing)
        self._lanes = Lanes(
            critical_cursor=owed.cursor(Lane.CRITICAL),
            rest_cursor=owed.cursor(Lane.REST),
            window=settings.window,
        )
        self._latest = Latest()
        self._health = Health()
        self._state_pace = StatePace(round(settings.state_interval_s * SECOND_US))
        self._repair = RepairPace()
        self._lane_backoff = {lane: _refusal_backoff() for lane in Lane}
        self._topic_backoff = _refusal_backoff()
        self._up = self._stopping = False
        self._changed_us = clock.uptime_us()
        self._sent: dict[int, Row | str | asyncio.Future[None]] = {}
        self._greeting: set[str] = set()
        self._status_said: object = None
        self._status_us = 0
        self._published: dict[str, int] = {}
        self._wake, self._hungry = asyncio.Event(), asyncio.Event()

    # ---------------------------------------------------------------- told by the app

    def submitted(self, events: Sequence[Event], now: Instant) -> None:
        """Events handed to the journal at this instant; an alarm among them waits for its commit at most 2 s."""
        self._standing.submitted(events, now)
        self._wake.set()

    def committed(self, rows: Sequence[Row]) -> None:
        """Rows the journal has committed, in order of sequence."""
        self._want_alarms(self._standing.committed(rows))
        self._lanes.committed(rows)
        self._pump()
        self._wake.set()

    def fault(self, reason: str | None) -> None:
        """What is wrong with the agent, as a stable word for `status`; None when nothing is."""
        self._health.fault = reason
        self._wake.set()

    def state_changed(self) -> None:
        """Some signal changed value or quality."""
        self._state_pace.touched()
        self._wake.set()

    def set_links(self, links: Mapping[str, object]) -> None:
        """The links to the elevator, by driver: `{"up": bool, "reason": str}`."""
        self._health.set_links(links)
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(self))
            group.create_task(self._refill())
            group.create_task(self._keep_time())

    async def stop(self) -> None:
        """Say that the agent was stopped, wait for the broker's answer at most 2 s, and disconnect in order."""
        self._stopping = True
        if self._up:
            said = asyncio.get_running_loop().create_future()
            letter = self._letters.status(self._status(self._clock.now(), "offline", "stopped"))
            if self._send(letter, said):
                await asyncio.wait({said}, timeout=_STOP_S)
        await self._link.close()

    def snapshot(self) -> dict[str, object]:
        """How the uplink stands, for the control socket. Times are `uptime_us`."""
        return {
            "connected": self._up,
            "since_us": self._changed_us,
            "error": self._link.fault,
            "in_flight": len(self._sent),
            "refused": self._health.refusals,
            "delivered_through": self._lanes.delivered_through,
            "seq_head": self._owed.head,
            "published": dict(self._published),
        }

    # ---------------------------------------------------------------- told by the link

    def connected(self, receive_maximum: int) -> None:
        """Greet: status first, then what stands; the rest follows when both are answered."""
        self._up, self._changed_us = True, self._clock.uptime_us()
        self._lanes.window = min(self._settings.window, receive_maximum)
        self._latest.want(self._topics.status, _STATUS)
        self._want_alarms(self._standing.topics)
        self._greeting = self._latest.wanted(_URGENT)
        self._latest.want(self._topics.asset, _CARD)
        self._latest.want(self._topics.state, _STATE)
        self._pump()

    def disconnected(self, reason: str) -> None:  # noqa: ARG002 - the link has said it
        """Everything in flight is owed again."""
        self._up, self._changed_us = False, self._clock.uptime_us()
        self._sent.clear()
        self._greeting.clear()
        self._lanes.lost()
        self._latest.lost()

    def acknowledged(self, token: int, refusal: str | None) -> None:
        """The broker answered a publish."""
        match self._sent.pop(token, None):
            case Row() as row:
                self._row_answered(row, refusal)
            case str() as topic:
                self._topic_answered(topic, refusal)
            case asyncio.Future() as said:
                said.set_result(None)
            case None:
                return
        self._pump()

    def message(self, topic: str, payload: bytes) -> None:
        """An own topic read back: what does not stand is emptied, a foreign status repaired."""
        if self._stopping:
            return
        if topic == self._topics.status and is_foreign(payload, self._boot_id):
            _log.warning("The status topic holds what this agent did not say; it is repaired.")
            self._repair.needed(self._clock.uptime_us())
            self._wake.set()
        elif self._topics.is_alarm(topic) and payload and self._standing.on(topic) is None:
            self._latest.want(topic, _ALARM)
            self._pump()

    # ---------------------------------------------------------------- answers

    def _row_answered(self, row: Row, refusal: str | None) -> None:
        lane = row.event.lane
        queue, backoff = self._lanes.queues[lane], self._lane_backoff[lane]
        if refusal is not None:
            queue.refused(row.seq, self._after(backoff))
            self._refused(refusal)
            return
        self._count("event")
        if queue.acknowledged(row.seq):
            self._owed.acknowledged(lane, queue.cursor)
        if not queue.refusing:
            backoff.reset()
        self._accepted()

    def _topic_answered(self, topic: str, refusal: str | None) -> None:
        if refusal is None:
            self._latest.acknowledged(topic)
            if not self._latest.refusing:
                self._topic_backoff.reset()
            self._accepted()
        else:
            self._latest.refused(topic, self._after(self._topic_backoff))
            self._refused(refusal)
        if topic in self._greeting:
            self._greeting.discard(topic)
            if not self._greeting:
                self._link.subscribe(self._topics.alarms, self._topics.status)
        self._wake.set()

    def _after(self, backoff: Backoff) -> int:
        return self._clock.uptime_us() + round(backoff.next_s() * SECOND_US)

    def _refused(self, refusal: str) -> None:
        if self._health.refused(refusal):
            _log.warning("The broker refused a message, which is tried again: %s.", refusal)
        self._wake.set()

    def _accepted(self) -> None:
        if self._health.refusing and not (self._lanes.refusing or self._latest.refusing):
            self._health.refusing = False
            _log.info("The broker takes every message again.")
            self._wake.set()

    # ---------------------------------------------------------------- sending

    def _pump(self) -> None:
        if not self._up or self._stopping:
            return
        now = self._clock.now()
        self._send_topics(now, _URGENT, self._lanes.window)
        if not self._greeting:
            self._send_rows(now, Lane.CRITICAL)
            self._send_topics(now, _ANY, self._lanes.common)
            if not self._lanes.queues[Lane.CRITICAL].behind(self._owed.head):
                self._send_rows(now, Lane.REST)
        self._look_for_rows()

    def _send_topics(self, now: Instant, worst_rank: int, room: int) -> None:
        while self._up and len(self._sent) < room:
            topic = self._latest.take(now.uptime_us, worst_rank)
            if topic is None:
                return
            self._send(self._letter(topic, now), topic)

    def _send_rows(self, now: Instant, lane: Lane) -> None:
        while self._up:
            others = len(self._sent) - self._lanes.in_flight
            row = self._lanes.take(lane, others, now.uptime_us)
            if row is None:
                return
            self._send(self._letters.event(row, now), row)

    def _send(self, letter: Letter, what: Row | str | asyncio.Future[None]) -> bool:
        """Hand over; without a connection nothing is sent, and `disconnected` follows and puts everything back."""
        token = self._link.publish(
            letter.topic,
            letter.payload,
            retain=letter.retain,
            expiry_s=letter.expiry_s,
            content_type=letter.content_type,
        )
        if token is None:
            self._up = False
            return False
        self._sent[token] = what
        return True

    def _letter(self, topic: str, now: Instant) -> Letter:
        """What holds at this instant on a retained topic."""
        if self._topics.is_alarm(topic):
            self._count("alarm")
            return self._letters.alarm(topic, self._standing.on(topic), now)
        self._count(topic.rpartition("/")[2])
        if topic == self._topics.status:
            self._status_said, self._status_us = self._to_say(now), now.uptime_us
            return self._letters.status(self._status(now, self._health.state, self._health.reason))
        if topic == self._topics.asset:
            return self._letters.asset(self._sources.asset())
        points = self._sources.state()
        self._state_pace.sent(points, now.uptime_us)
        return self._letters.state(points, now)

    def _want_alarms(self, topics: Sequence[str]) -> None:
        for topic in topics:
            shown = self._standing.on(topic)
            critical = shown is not None and shown.raised.severity is Severity.CRITICAL
            self._latest.want(topic, _CRITICAL_ALARM if critical else _ALARM)

    def _count(self, what: str) -> None:
        self._published[what] = self._published.get(what, 0) + 1

    # ---------------------------------------------------------------- status

    def _to_say(self, now: Instant) -> object:
        """What makes a status worth sending before its minute is over."""
        health = self._health
        refusals = health.refusals
        return (health.reason, health.links, refusals and refusals.reason, now.synchronised)

    def _status(
        self, now: Instant, state: Literal["online", "degraded", "offline"], reason: str | None
    ) -> Status:
        return Status(
            state=state,
            reason=reason,
            boot_id=self._boot_id,
            journal=self._owed.journal,
            delivered_through=self._lanes.delivered_through,
            seq_head=self._owed.head,
            oldest_unsent_s=self._oldest_unsent_s(now),
            links=self._health.links,
            refused=self._health.refusals,
            clock=ClockState(now.synchronised),
            version=__version__,
        )

    def _oldest_unsent_s(self, now: Instant) -> int | None:
        ages = (
            messages.age_us(row.event, Envelope.of(row), self._boot_id, now)
            for row in self._lanes.oldest
        )
        oldest_us = max(ages, default=None)
        return None if oldest_us is None else oldest_us // SECOND_US

    # ---------------------------------------------------------------- time

    async def _keep_time(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.now()
            self._look(now)
            due_us = [due for due in self._due_us(now) if due is not None and due > now.uptime_us]
            wait_us = min(due_us) - now.uptime_us
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_us / SECOND_US):
                    await self._wake.wait()

    def _due_us(self, now: Instant) -> tuple[int | None, ...]:
        # What is due already and could not leave waits for an acknowledgement, not for time.
        return (
            now.uptime_us + _LOOK_EVERY_US,
            self._standing.due_us,
            self._status_us + _STATUS_EVERY_US,
            self._state_pace.due_us,
            self._repair.due_us,
            self._latest.next_try_us,
            *(queue.next_try_us for queue in self._lanes.queues.values()),
        )

    def _look(self, now: Instant) -> None:
        now_us = now.uptime_us
        self._want_alarms(self._standing.overdue(now_us))
        self._health.storage_failed = self._standing.stalled or self._owed.fault is not None
        if self._up:
            if self._state_pace.wanted(self._sources.state, now_us):
                self._latest.want(self._topics.state, _STATE)
            said_long_ago = now_us >= self._status_us + _STATUS_EVERY_US
            if said_long_ago or self._to_say(now) != self._status_said or self._repair.take(now_us):
                self._latest.want(self._topics.status, _STATUS)
        self._pump()

    # ---------------------------------------------------------------- the journal

    def _look_for_rows(self) -> None:
        if any(queue.wanted(self._owed.head) for queue in self._lanes.queues.values()):
            self._hungry.set()

    async def _refill(self) -> None:
        self._look_for_rows()
        while True:
            await self._hungry.wait()
            self._hungry.clear()
            for lane in Lane:
                await self._fetch(lane)
            self._pump()
            self._look_for_rows()

    async def _fetch(self, lane: Lane) -> None:
        queue, head = self._lanes.queues[lane], self._owed.head
        limit = queue.wanted(head)
        if limit == 0:
            return
        rows = await self._owed.fetch(lane, queue.fetched_through, limit)
        if len(rows) < limit and self._owed.fault is not None:
            queue.fetched(rows, through=0)
            await clock.sleep(_FETCH_AGAIN_S)
        else:
            queue.fetched(rows, through=head if len(rows) < limit else 0)
