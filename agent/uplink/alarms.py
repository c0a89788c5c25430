"""What stands raised, as retained topics show it. Pure; knows no broker.

An alarm is shown when its raise is committed, or when the journal has not committed it 2 s after it was submitted; then
without a sequence, and again with it when the commit comes at last. A clear takes it away by the same rule.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from agent.model import Event, Instant, Row, Transition
from agent.uplink.events import Acknowledged, Envelope
from agent.uplink.messages import iso
from agent.uplink.topics import Topics

COMMIT_US = 2_000_000


class Shown(msgspec.Struct, frozen=True):
    """One standing alarm: its raise, what the journal knows of it, and its acknowledgement."""

    raised: Event
    envelope: Envelope
    acknowledged: Acknowledged | None = None


class _Pending(msgspec.Struct, frozen=True):
    due_us: int
    event: Event
    envelope: Envelope


class Standing:
    """Methods that answer with topics say which have to be published again."""

    def __init__(self, topics: Topics, boot_id: str) -> None:
        self._topics = topics
        self._journal = ""
        self._boot_id = boot_id
        self._shown: dict[str, Shown] = {}
        self._pending: deque[_Pending] = deque()
        self._applied_us: dict[str, int] = {}
        self.stalled = False

    def adopt(self, journal: str, rows: Iterable[Row]) -> list[str]:
        """A journal was opened: the raises (and acknowledgements) that stood in it, in order of sequence.

        An alarm raised meanwhile, while the journal could not be opened, is the one that stood in it and takes over its
        row; one cleared meanwhile stays cleared. An acknowledgement belongs to the raise that was shown with its row.
        """
        self._journal = journal
        changed: list[str] = []
        for row in rows:
            topic = self._topics.alarm(*row.event.key)
            shown = self._shown.get(topic)
            if row.event.transition is Transition.ACKNOWLEDGED:
                if shown is not None and shown.envelope.seq == row.raised_seq:
                    newer = shown.acknowledged or acknowledged_by(row.event, Envelope.of(row))
                    self._shown[topic] = msgspec.structs.replace(shown, acknowledged=newer)
                    changed.append(topic)
            elif shown is not None and shown.envelope.seq is None:
                self._shown[topic] = Shown(row.event, Envelope.of(row), shown.acknowledged)
                changed.append(topic)
            elif topic not in self._applied_us:
                changed += self._apply(row.event, Envelope.of(row), is_news=False)
        return changed

    def submitted(self, events: Sequence[Event], now: Instant) -> None:
        """Events on their way to the journal; a notice stands for nothing."""
        for event in events:
            if event.transition is not Transition.NOTICE:
                envelope = Envelope.uncommitted(event, self._journal, self._boot_id, now)
                self._pending.append(_Pending(now.uptime_us + COMMIT_US, event, envelope))

    def committed(self, rows: Sequence[Row]) -> list[str]:
        """Rows of the journal, in order of sequence. The journal works again, if it did not."""
        self.stalled = self.stalled and not rows
        return [topic for row in rows for topic in self._commit(row)]

    def overdue(self, now_us: int) -> list[str]:
        """Show what the journal has not committed in time."""
        changed: list[str] = []
        while self._pending and self._pending[0].due_us <= now_us:
            late = self._pending.popleft()
            self.stalled = True
            changed += self._apply(late.event, late.envelope)
        return changed

    @property
    def due_us(self) -> int | None:
        """When `overdue` has to be asked next."""
        return self._pending[0].due_us if self._pending else None

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic on which something stands."""
        return tuple(self._shown)

    def on(self, topic: str) -> Shown | None:
        """What stands on a topic, None for nothing."""
        return self._shown.get(topic)

    def _commit(self, row: Row) -> list[str]:
        event, envelope = row.event, Envelope.of(row)
        pending = self._take_pending(event)
        if pending is not None:
            # A transition without a pair in the journal was committed as a notice; here it means what it did.
            as_meant = pending.event == event
            return self._apply(pending.event, envelope if as_meant else pending.envelope)
        topic = self._topics.alarm(*event.key)
        shown = self._shown.get(topic)
        if shown is not None and shown.raised == event:
            self._shown[topic] = msgspec.structs.replace(shown, envelope=envelope)
            return [topic]
        # Shown late already, and something newer since: the commit changes nothing any more.
        if event.at_us < self._applied_us.get(topic, event.at_us):
            return []
        return self._apply(event, envelope)

    def _take_pending(self, event: Event) -> _Pending | None:
        for pending in self._pending:
            same = pending.event.key == event.key and pending.event.at_us == event.at_us
            if pending.event == event or (same and event.transition is Transition.NOTICE):
                self._pending.remove(pending)
                return pending
        return None

    def _apply(self, event: Event, envelope: Envelope, *, is_news: bool = True) -> list[str]:
        topic = self._topics.alarm(*event.key)
        if is_news:
            self._applied_us[topic] = event.at_us
        shown = self._shown.get(topic)
        match event.transition:
            case Transition.RAISED if shown is None or envelope.seq is not None:
                self._shown[topic] = Shown(event, envelope)
            case Transition.ACKNOWLEDGED if shown is not None:
                seen = acknowledged_by(event, envelope)
                self._shown[topic] = msgspec.structs.replace(shown, acknowledged=seen)
            case Transition.CLEARED if shown is not None:
                del self._shown[topic]
            case _:
                return []
        return [topic]


def acknowledged_by(event: Event, envelope: Envelope) -> Acknowledged:
    """Who acknowledged it, as the event says."""
    by = event.detail.get("by")
    return Acknowledged(
        envelope.seq, iso(envelope.time_us(event)), by if isinstance(by, str) else None
    )
