"""Brings everything upstream: status, standing alarms, the journal's two lanes, asset and state. One event loop.

On every connect the order is status, standing alarms, critical lane, rest; the lanes open when the broker has answered
for the first two, and under MQTT 3.1.1 has passed the status on. Sent is what the broker acknowledged with success; a
refused publish is tried again, never dropped: a row that is refused alone is reported and stays in the journal.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence

from agent.clock import Clock
from agent.model import SECOND_US, Detail, Event, Instant, Row
from agent.settings import MqttSettings
from agent.uplink import echo, reasons
from agent.uplink.alarms import Standing
from agent.uplink.aside import reported
from agent.uplink.conflict import Conflict
from agent.uplink.contents import Contents
from agent.uplink.dispatch import ALARM, CARD, STATE, STATUS, URGENT, Dispatch, Parts
from agent.uplink.echo import Echo
from agent.uplink.events import Origin
from agent.uplink.greeting import Greeting
from agent.uplink.health import Health, delivered_through
from agent.uplink.letters import Letters
from agent.uplink.mirror import Mirror
from agent.uplink.ports import Link, Sources
from agent.uplink.readback import Own
from agent.uplink.said import Said
from agent.uplink.supply import Supply
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")

_LOOK_EVERY_US = 5 * SECOND_US  # how late a clock that became synchronised is noticed
_SETTLE_S, _GOODBYE_S = 0.5, 1.5


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
        self._health = Health(clock.boot_id, lambda: clock.source)
        self._contents = Contents(
            self._topics,
            self._letters,
            sources,
            (self._standing, self._health, self._supply),
            round(settings.state_interval_s * SECOND_US),
        )
        said = Said()
        self._mirror = Mirror(self._topics, clock.boot_id, self._standing, said)
        self._echo = Echo(needed=settings.protocol == "3.1.1")
        self._wake, self._answered = asyncio.Event(), asyncio.Event()
        parts = Parts(
            self._topics,
            self._letters,
            self._standing,
            self._supply,
            self._health,
            self._contents,
            self._echo,
            said,
        )
        self._out = Dispatch(link, clock, parts, self._wake.set)
        self.post = self._out.post
        self.post.on_ready = self._pump_soon
        self._stopping = self._pumping = False
        self._changed_us = clock.uptime_us()
        self._greeting = Greeting()
        self._status_stands = False
        self._adopt()

    # ---------------------------------------------------------------- told by the app

    def submitted(self, events: Sequence[Event], now: Instant) -> None:
        """Events handed to the journal at this instant; an alarm among them waits for its commit at most 2 s."""
        self._standing.submitted(events, now)
        self._wake.set()

    def committed(self, rows: Sequence[Row]) -> None:
        """Rows the journal has committed, in order of sequence."""
        self._adopt()
        self._out.want_alarms(self._standing.committed(rows))
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

    def clock_changed(self) -> None:
        """The computer's clock is believed from now on, or not any more; the status says it at once."""
        self._wake.set()

    def clock_corrected(self, anchor_us: int) -> None:
        """This boot's anchor: what stands since before is told again with its time."""
        self._letters.anchor_us = self._health.anchor_us = anchor_us
        self._out.want_alarms(self._standing.topics)
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
        if self._out.is_up:
            said = asyncio.get_running_loop().create_future()
            if self._out.send(self._contents.last_word(self._clock.now()), said):
                await asyncio.wait({said}, timeout=_GOODBYE_S)
        await self._link.close()

    async def _settle(self) -> None:
        """Give what is under way a moment, so that the last word about it is true."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_S):
                while self._out.is_up and (self._out.in_flight or self._pumping or self._is_behind):
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
        return self._out.published.get("event", 0)

    @property
    def conflict(self) -> Conflict:
        """What is known of a second agent by this elevator's name."""
        return self._mirror.conflict

    def to_report(self) -> Sequence[Mapping[str, Detail]]:
        """What `records_dropped` has to say of rows that only they are refused; asked for once."""
        return self._out.aside.to_report()

    @property
    def unheard(self) -> int:
        """How many events the broker has taken since the start although nobody had subscribed to them."""
        return self._out.unheard

    def snapshot(self) -> dict[str, object]:
        """How the uplink stands, for the control socket. `since_us` is the `uptime_us` of the last change."""
        refusals = self._health.refusals
        return {
            "connected": self._out.is_up,
            "since_us": self._changed_us,
            "error": self._link.fault,
            "degraded": self._health.reason,
            "refusing": self._health.refusing,
            "refused": 0 if refusals is None else refusals.count,
            "refused_reason": None if refusals is None else refusals.reason,
            **self._out.facts(),
            "delivered_through": delivered_through(self._owed, self._supply.lanes),
            "seq_head": self._owed.head,
        }

    # ---------------------------------------------------------------- told by the link

    def connected(self, receive_maximum: int) -> None:
        """Greet as soon as the journal has been looked at, or after 2 s without: the first status tells the truth."""
        now_us = self._clock.uptime_us()
        self._out.is_up, self._changed_us = True, now_us
        self._supply.lanes.window = min(self._settings.window, receive_maximum)
        self._echo.connected()
        self._mirror.connected(now_us)
        # Before the first word of our own, so that what another agent left there is seen.
        self._link.subscribe(self._topics.status)
        self._status_stands = False
        self._greeting.connected(now_us)
        self._pump()
        self._wake.set()

    def _greet(self, now_us: int) -> None:
        """Status first, then what stands; the rest follows when both are answered."""
        is_known = self._supply.is_known or not self._supply.journal
        if not self._greeting.begins(now_us, is_known=is_known):
            return
        self._out.latest.want(self._topics.status, STATUS)
        self._out.want_alarms(self._standing.topics)
        self._greeting.said(self._out.latest.wanted(URGENT))
        self._out.latest.want(self._topics.asset, CARD)
        self._out.latest.want(self._topics.state, STATE)

    def disconnected(self, reason: str) -> None:
        """Everything in flight is owed again."""
        self._changed_us = self._clock.uptime_us()
        self._mirror.disconnected(self._changed_us, taken_over=reason == reasons.TAKEN_OVER.en)
        self._greeting.lost()
        self._out.lost()
        self._answered.set()

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        """The broker answered a publish; `unheard`: it took it, and nobody has subscribed to it."""
        topic = self._out.answered(token, refusal, unheard=unheard)
        if topic is not None:
            self._topic_answered(topic, accepted=refusal is None)
        self._pump_soon()

    def _topic_answered(self, topic: str, *, accepted: bool) -> None:
        if accepted:
            self._status_stands |= topic == self._topics.status
            self._mirror.accepted(topic, self._clock.uptime_us())
        if self._greeting.answered(topic):
            self._read_back()
        self._wake.set()

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """An own topic read back: what does not stand is emptied; a foreign status, or alarm that stands, is repaired."""
        if self._stopping:
            return
        now_us = self._clock.uptime_us()
        if topic == self._topics.status:
            self._echo.heard(payload)
            self._out.settle_refusals()
            stands = self._status_stands and self._echo.is_open
            if retained:
                self._mirror.status_found(payload, now_us)
            else:
                self._mirror.status_read(payload, now_us, ours_stands=stands)
            self._pump_soon()
        elif self._mirror.alarm_read(topic, payload, now_us, self._own):
            self._out.latest.want(topic, ALARM)
            self._pump()
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
        if not self._out.is_up or self._stopping:
            return
        now = self._clock.now()
        self._greet(now.uptime_us)
        if self._greeting.has_begun:
            self._out.send_urgent(now)
            if self._greeting.is_over and (self._echo.is_open or self._echo.is_missing):
                self._out.send_rest(now, self._owed.head)
        self._supply.look()

    @property
    def _own(self) -> Own | None:
        journal = self._supply.journal
        return Own(journal, self._owed.head, self._clock.boot_id) if journal else None

    def _read_back(self) -> None:
        self._link.subscribe(self._topics.alarms)

    def _adopt(self) -> None:
        """Begin with a journal that was opened or replaced."""
        if not self._supply.adopt():
            return
        self._out.want_alarms(self._standing.adopt(self._owed.journal, self._owed.standing))
        if self._out.is_up and self._greeting.is_over:
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
            self._greeting.due_us,
            self._standing.due_us,
            self._contents.status_due_us,
            self._contents.state_pace.due_us,
            *self._mirror.due_us,
            self._echo.due_us,
            *self._out.due_us(now.uptime_us),
        )

    def _look(self, now: Instant) -> None:
        """Everything that time, or a change told meanwhile, makes necessary."""
        self._adopt()
        self._out.want_alarms(self._standing.overdue(now.uptime_us))
        self._health.storage_failed = self._standing.stalled or self._owed.fault is not None
        if self._out.is_up and self._greeting.has_begun:
            self._look_at_topics(now)
        self._pump()

    def _look_at_topics(self, now: Instant) -> None:
        now_us = now.uptime_us
        if self._echo.look(now_us):
            self._out.refused(echo.REASON)
        self._out.want_alarms(self._mirror.wants_alarms(now_us))
        if self._mirror.wants_reading(now_us):
            self._read_back()
        if self._contents.is_state_due(now):
            self._out.latest.want(self._topics.state, STATE)
        repairs = self._mirror.wants_status(now_us)
        if repairs or self._echo.wants_more(now_us) or self._contents.is_status_due(now):
            self._out.latest.want(self._topics.status, STATUS)
