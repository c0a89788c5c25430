"""Brings everything upstream: status, standing alarms, the journal's two lanes, asset and state. One event loop.

On every connect the order is status, standing alarms, critical lane, rest; the lanes open when the broker has answered
for the first two. Sent is what the broker acknowledged with success; a refused publish is tried again, never dropped.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence

from agent.backoff import Backoff
from agent.clock import Clock
from agent.model import SECOND_US, Event, Instant, Lane, Row, Severity
from agent.settings import MqttSettings
from agent.uplink.alarms import Standing
from agent.uplink.events import Origin
from agent.uplink.health import Health, delivered_through
from agent.uplink.latest import Latest
from agent.uplink.letters import Letter, Letters
from agent.uplink.messages import Status
from agent.uplink.ports import Link, Sources
from agent.uplink.readback import Quarrel, RepairPace, Strays, is_foreign, tells
from agent.uplink.state import StatePace
from agent.uplink.supply import Supply
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")

_STATUS_EVERY_US = 60 * SECOND_US
_LOOK_EVERY_US = 5 * SECOND_US  # how late a clock that became synchronised is noticed
_SETTLE_S, _GOODBYE_S = 0.5, 1.5

# Ranks of retained topics; up to _URGENT they leave before anything of the journal.
_STATUS, _CRITICAL_ALARM, _ALARM, _CARD, _STATE = range(5)
_URGENT, _ANY = _ALARM, _STATE

_Sent = Row | str | asyncio.Future[None]  # a row, a retained topic, or the last word


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
        self._health = Health(clock.boot_id)
        self._state_pace = StatePace(round(settings.state_interval_s * SECOND_US))
        self._repair, self._alarm_repair = RepairPace(), RepairPace()
        self._quarrel, self._strays, self._read_again = Quarrel(), Strays(), RepairPace()
        self._defaced: set[str] = set()
        self._lane_backoff = {lane: _refusal_backoff() for lane in Lane}
        self._topic_backoff = _refusal_backoff()
        self._up = self._stopping = self._pumping = False
        self._changed_us = clock.uptime_us()
        self._sent: dict[int, _Sent] = {}
        self._greeting: set[str] = set()
        self._status_said: object = None
        self._status_us = 0
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
        self._state_pace.touched()
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
            status = self._status(self._clock.now())
            status.state, status.reason = "offline", "stopped"
            if self._send(self._letters.status(status), said):
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
    def delivered(self) -> int:
        """How many events the broker has acknowledged since the start."""
        return self._published.get("event", 0)

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
            "delivered_through": delivered_through(self._owed, self._supply.lanes),
            "seq_head": self._owed.head,
            "published": dict(self._published),
        }

    # ---------------------------------------------------------------- told by the link

    def connected(self, receive_maximum: int) -> None:
        """Greet: status first, then what stands; the rest follows when both are answered."""
        self._up, self._changed_us = True, self._clock.uptime_us()
        self._supply.lanes.window = min(self._settings.window, receive_maximum)
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
        self._supply.lanes.lost()
        self._latest.lost()
        self._answered.set()

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
        self._pump_soon()

    def message(self, topic: str, payload: bytes) -> None:
        """An own topic read back: what does not stand is emptied; a foreign status, or alarm that stands, is repaired."""
        if self._stopping:
            return
        if topic == self._topics.status and is_foreign(payload, self._clock.boot_id):
            self._status_read(self._clock.uptime_us())
        elif self._topics.is_alarm(topic):
            self._alarm_read(topic, payload)

    def _status_read(self, now_us: int) -> None:
        if self._quarrel.is_news(now_us):
            _log.warning(
                "The status topic holds what this agent did not say; it is repaired. If that lasts, another agent has"
                " the same elevator.site and elevator.id."
            )
        self._repair.needed(now_us)
        self._wake.set()

    def _alarm_read(self, topic: str, payload: bytes) -> None:
        shown = self._standing.on(topic)
        if shown is None:
            # Until the journal is open nobody knows what stood in it.
            if payload and self._supply.journal and self._strays.take(topic):
                self._latest.want(topic, _ALARM)
                self._pump()
        elif not tells(payload, self._letters.alarm_id(shown)):
            self._defaced.add(topic)
            self._alarm_repair.needed(self._clock.uptime_us())
            self._wake.set()

    def _repair_alarms(self, now_us: int) -> None:
        """What stands is shown again where somebody else has emptied or overwritten it."""
        if self._alarm_repair.take(now_us):
            self._want_alarms(sorted(self._defaced))
            self._defaced.clear()

    # ---------------------------------------------------------------- answers

    def _row_answered(self, row: Row, refusal: str | None) -> None:
        lane = row.event.lane
        queue, backoff = self._supply.lanes.queues[lane], self._lane_backoff[lane]
        if not queue.flies(row):
            return
        if refusal is not None:
            queue.refused(row, self._after(backoff))
            self._refused(refusal)
            return
        self._supply.arrived(row)
        if not queue.refusing:
            backoff.reset()
        self._accepted("event")

    def _topic_answered(self, topic: str, refusal: str | None) -> None:
        if refusal is None:
            self._latest.acknowledged(topic)
            if self._strays.emptied(topic):
                self._read_again.needed(self._clock.uptime_us())
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
        refusing = self._supply.lanes.refusing or self._latest.refusing
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
        self._send_topics(now, _URGENT, lanes.window)
        if not self._greeting:
            self._send_rows(now, Lane.CRITICAL)
            self._send_topics(now, _ANY, lanes.common)
            if not lanes.queues[Lane.CRITICAL].behind(self._owed.head):
                self._send_rows(now, Lane.REST)
        self._supply.look()

    def _send_topics(self, now: Instant, worst_rank: int, room: int) -> None:
        while self._up and len(self._sent) < room:
            topic = self._latest.take(now.uptime_us, worst_rank)
            if topic is None:
                return
            self._send(self._letter(topic, now), topic)

    def _send_rows(self, now: Instant, lane: Lane) -> None:
        lanes = self._supply.lanes
        while self._up:
            row = lanes.take(lane, len(self._sent) - lanes.in_flight, now.uptime_us)
            if row is None:
                return
            self._send(self._letters.event(row, now), row)

    def _send(self, letter: Letter, what: _Sent) -> bool:
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
            return self._letters.alarm(topic, self._standing.on(topic), now)
        if topic == self._topics.status:
            self._status_said, self._status_us = self._health.to_say(now), now.uptime_us
            return self._letters.status(self._status(now))
        if topic == self._topics.asset:
            return self._letters.asset(self._sources.asset())
        points = self._sources.state()
        self._state_pace.sent(points, now.uptime_us)
        return self._letters.state(points, now)

    def _status(self, now: Instant) -> Status:
        return self._health.status(self._owed, self._supply.lanes, now)

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
            self._standing.due_us,
            self._status_us + _STATUS_EVERY_US,
            self._state_pace.due_us,
            self._repair.due_us,
            self._alarm_repair.due_us,
            self._read_again.due_us,
            self._latest.next_try_us,
            *(queue.next_try_us for queue in self._supply.lanes.queues.values()),
        )

    def _look(self, now: Instant) -> None:
        """Everything that time, or a change told meanwhile, makes necessary."""
        self._adopt()
        self._want_alarms(self._standing.overdue(now.uptime_us))
        self._health.storage_failed = self._standing.stalled or self._owed.fault is not None
        if self._up:
            self._repair_alarms(now.uptime_us)
            if self._read_again.take(now.uptime_us):
                self._read_back()
            if self._state_pace.wanted(self._sources.state, now.uptime_us):
                self._latest.want(self._topics.state, _STATE)
            if self._status_is_due(now):
                self._latest.want(self._topics.status, _STATUS)
        self._pump()

    def _status_is_due(self, now: Instant) -> bool:
        return (
            self._repair.take(now.uptime_us)
            or now.uptime_us >= self._status_us + _STATUS_EVERY_US
            or self._health.to_say(now) != self._status_said
        )
