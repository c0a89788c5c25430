"""Hands over what may leave, counts what is under way, and deals with the broker's answers. Knows no connection's story.

Sent is what the broker acknowledged with success. What it refuses is tried again after a wait; a row that is refused while
later ones are taken is set aside.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.backoff import Backoff
from agent.clock import Clock
from agent.model import SECOND_US, Instant, Lane, Row, Severity
from agent.requests.post import Parcel, Post
from agent.set_aside import set_aside_in
from agent.uplink import reasons
from agent.uplink.alarms import Standing
from agent.uplink.aside import Aside
from agent.uplink.contents import Contents
from agent.uplink.echo import Echo
from agent.uplink.health import Health
from agent.uplink.latest import Latest
from agent.uplink.letters import Letter, Letters
from agent.uplink.pace import Pace
from agent.uplink.ports import Link
from agent.uplink.refusals import MANY
from agent.uplink.said import Said
from agent.uplink.supply import Supply
from agent.uplink.topics import Topics

_log = logging.getLogger("agent.uplink")

# Ranks of retained topics; up to URGENT they leave before anything of the journal.
STATUS, CRITICAL_ALARM, ALARM, CARD, STATE = range(5)
URGENT, _ANY = ALARM, STATE

# A row, a retained topic, what was asked for, or the last word.
_Sent = Row | str | Parcel | asyncio.Future[None]


def _refusal_backoff() -> Backoff:
    return Backoff(first_s=1, most_s=30)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is dispatched, and by whose word."""

    topics: Topics
    letters: Letters
    standing: Standing
    supply: Supply
    health: Health
    contents: Contents
    echo: Echo
    said: Said


class Dispatch:
    """`is_up` while there is a connection; `on_news` is told when the health has changed."""

    def __init__(self, link: Link, clock: Clock, parts: Parts, on_news: Callable[[], None]) -> None:
        self._link, self._clock, self._on_news = link, clock, on_news
        self._topics, self._letters, self._standing = parts.topics, parts.letters, parts.standing
        self._supply, self._health, self._contents = parts.supply, parts.health, parts.contents
        self._echo, self._said = parts.echo, parts.said
        self.is_up = False
        self.latest, self.post, self.aside, self.pace = Latest(), Post(), Aside(), Pace()
        self.unheard = 0
        self.published: dict[str, int] = {}
        self._sent: dict[int, _Sent] = {}
        self._lane_backoff = {lane: _refusal_backoff() for lane in Lane}
        self._topic_backoff = _refusal_backoff()

    @property
    def in_flight(self) -> int:
        """How many publishes the broker has not answered."""
        return len(self._sent)

    def facts(self) -> dict[str, object]:
        """How it stands, for the control socket."""
        return {
            "in_flight": len(self._sent),
            "set_aside": self.aside.listed(),
            "unheard": self.unheard,
            "paced_per_s": None if self.pace.is_free else round(self.pace.per_s, 1),
            "published": dict(self.published),
        }

    def due_us(self, now_us: int) -> tuple[int | None, ...]:
        """When something that waits may leave."""
        queues = self._supply.lanes.queues.values()
        tries = (queue.next_try_us for queue in queues)
        return (self.pace.due_us, self.post.due_us(now_us), self.latest.next_try_us, *tries)

    def want_alarms(self, topics: Sequence[str]) -> None:
        """What stands on these topics has to be published, or emptied."""
        for topic in topics:
            shown = self._standing.on(topic)
            critical = shown is not None and shown.raised.severity is Severity.CRITICAL
            self.latest.want(topic, CRITICAL_ALARM if critical else ALARM)

    def lost(self) -> None:
        """The connection is gone: everything in flight is owed again."""
        self.is_up = False
        self._sent.clear()
        self._supply.lanes.lost()
        self.latest.lost()
        self._contents.brief.clear()
        self.post.lost()
        self.pace.lost()

    # ---------------------------------------------------------------- sending

    def send_urgent(self, now: Instant) -> None:
        """Status and alarms."""
        self._send_topics(now, URGENT, self._supply.lanes.window)

    def send_rest(self, now: Instant, head: int) -> None:
        """Critical lane, rest, and what was asked for; `head` is the last sequence of the journal."""
        lanes = self._supply.lanes
        self._send_rows(now, Lane.CRITICAL)
        self._send_topics(now, _ANY, lanes.common)
        if not lanes.queues[Lane.CRITICAL].behind(head):
            self._send_rows(now, Lane.REST)
        self._send_post(now, head)

    def _send_topics(self, now: Instant, worst_rank: int, room: int) -> None:
        while self.is_up and len(self._sent) < room:
            topic = self.latest.take(now.uptime_us, worst_rank)
            if topic is None:
                return
            letter = self._contents.letter(topic, now)
            if not self.send(letter, topic):
                return
            self._said.sent(topic, letter.payload)
            if topic == self._topics.status:
                self._echo.said(letter.payload, now.uptime_us)

    def _send_rows(self, now: Instant, lane: Lane) -> None:
        lanes, paced = self._supply.lanes, lane is Lane.REST
        others = len(self._sent) - lanes.in_flight
        while self.is_up and self._echo.is_open:
            if paced and not self.pace.ready(now.uptime_us):
                return
            row = lanes.take(lane, others, now.uptime_us)
            if row is None:
                return
            if self.send(self._letters.event(row, now), row) and paced:
                self.pace.sent(now.uptime_us)

    def _send_post(self, now: Instant, head: int) -> None:
        """What was asked for; events sent again behind everything that nobody had to ask for."""
        lanes, now_us = self._supply.lanes, now.uptime_us
        waiting = any(q.waits or q.behind(head) for q in lanes.queues.values())
        idle = self._echo.is_open and not waiting
        while self.is_up:
            room = lanes.common - len(self._sent)
            parcel = self.post.take(now_us, room=room, window=lanes.window, idle=idle)
            if parcel is None:
                return
            self.send(self._letter_of(parcel, now), parcel)

    def _letter_of(self, parcel: Parcel, now: Instant) -> Letter:
        if isinstance(parcel.what, Row):
            return self._letters.event(parcel.what, now, replayed=True)
        return parcel.what

    def send(self, letter: Letter, what: _Sent) -> bool:
        """Hand over; without a connection nothing is sent, and `lost` follows and puts everything back."""
        token = self._link.publish(
            letter.topic,
            letter.payload,
            retain=letter.retain,
            expiry_s=letter.expiry_s,
            content_type=letter.content_type,
            correlation=letter.correlation,
        )
        if token is None:
            self.is_up = False
            return False
        self._sent[token] = what
        return True

    # ---------------------------------------------------------------- answers

    def answered(self, token: int, refusal: str | None, *, unheard: bool) -> str | None:
        """The broker answered a publish. Gives the retained topic that it was about, if it was one."""
        match self._sent.pop(token, None):
            case Row() as row:
                self.unheard += unheard
                self._row_answered(row, refusal)
            case str() as topic:
                self._topic_answered(topic, refusal)
                return topic
            case Parcel() as parcel:
                self.post.delivered(parcel, refusal)
            case asyncio.Future() as said:
                said.set_result(None)
            case None:
                pass
        return None

    def _row_answered(self, row: Row, refusal: str | None) -> None:
        lane = row.event.lane
        queue, backoff = self._supply.lanes.queues[lane], self._lane_backoff[lane]
        if lane is Lane.REST:
            self.pace.answered(self._clock.uptime_us())
        if not queue.flies(row):
            return
        if refusal is not None:
            may_go = not set_aside_in(row)  # nothing could tell of a report
            at_fault, after_us = reasons.is_too_large(refusal), self._after(backoff)
            if queue.refused(row, after_us, may_go=may_go, is_at_fault=at_fault):
                self._set_aside(row, refusal)
            self.refused(refusal)
            return
        self._supply.arrived(row)
        if not queue.refusing:
            backoff.reset()
        self._accepted("event")

    def _set_aside(self, row: Row, refusal: str) -> None:
        times = 1 if reasons.is_too_large(refusal) else MANY
        self.aside.add(row, refusal, times)
        _log.error(
            "Event %d is refused for its own sake; it is set aside and stays in the journal: %s.",
            row.seq,
            refusal,
        )

    def _topic_answered(self, topic: str, refusal: str | None) -> None:
        if reasons.is_too_large(refusal) and self._contents.shorten(topic):
            self.latest.refused(topic, self._clock.uptime_us())
            return
        if refusal is not None:
            self.latest.refused(topic, self._after(self._topic_backoff))
            self.refused(refusal)
            return
        self.latest.acknowledged(topic)
        if not self.latest.refusing:
            self._topic_backoff.reset()
        self._accepted(self._topics.kind(topic))

    def _after(self, backoff: Backoff) -> int:
        return self._clock.uptime_us() + round(backoff.next_s() * SECOND_US)

    def refused(self, refusal: str) -> None:
        """Something was refused, as far as can be told."""
        if self._health.refused(refusal):
            _log.warning("The broker refused a message, which is tried again: %s.", refusal)
        self._on_news()

    def _accepted(self, kind: str) -> None:
        self.published[kind] = self.published.get(kind, 0) + 1
        self.settle_refusals()

    def settle_refusals(self) -> None:
        """See whether nothing is refused any more."""
        if not self._health.refusing:
            return
        if not (self._supply.lanes.refusing or self.latest.refusing or self._echo.is_missing):
            self._health.refusing = False
            _log.info("The broker takes every message again.")
            self._on_news()
