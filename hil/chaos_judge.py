"""What must hold after a round of chaos, whatever happened in it. Pure: from the journal, what was sent, what was heard.

Sent is what the faulty way saw leave the agent; heard is what an independent subscriber has. Instants are monotonic seconds.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.model import Lane, Row, Transition
from hil.chaos_time import real_s
from hil.fault_proxy import Conversation
from hil.installation import TOPIC
from hil.subscriber import Heard

WINDOW = 16
CURSORS_LAG = 256  # acknowledgements that a kill may forget
_SURE_S = 0.5  # a raise that much older than a connection is no matter of chance


def all_that_stood(rows: Iterable[Row]) -> dict[str, Row]:
    """What the journal says stands at its end, by topic."""
    stands: dict[str, Row] = {}
    for row in rows:
        if row.event.transition is Transition.RAISED:
            stands[topic_of(row)] = row
        elif row.event.transition is Transition.CLEARED:
            stands.pop(topic_of(row), None)
    return stands


def topic_of(row: Row) -> str:
    """Where an event stands as an alarm."""
    code, instance = row.event.key
    return f"{TOPIC}/alarm/{code}" if instance is None else f"{TOPIC}/alarm/{code}/{instance}"


def retained_rightly(rows: Iterable[Row], retained: Mapping[str, int | None]) -> Iterator[str]:
    """What the broker retains, by topic with its sequence, is what stands."""
    stands = {topic: row.seq for topic, row in all_that_stood(rows).items()}
    if stands != retained:
        yield f"retained are {dict(sorted(retained.items()))}, standing {dict(sorted(stands.items()))}"


def in_order(
    rows: Iterable[Row], talks: Sequence[Conversation], heard: Sequence[Heard]
) -> Iterator[str]:
    """First deliveries rise within a lane; what was refused on its way comes later than what was not."""
    lanes = {row.seq: row.event.lane for row in rows}
    sent = [each for talk in talks for each in talk.sent if each.seq is not None]
    refused = {each.seq for each in sent if each.refused}
    arrived = (int(each.json["sequence"]) for each in heard if "/event/" in each.topic)
    yield from _rising("sent", (each.seq for each in sent if each.seq is not None), lanes)
    yield from _rising("heard", (seq for seq in arrived if seq not in refused), lanes)


def _rising(what: str, seqs: Iterable[int], lanes: Mapping[int, Lane]) -> Iterator[str]:
    highest, seen = dict.fromkeys(Lane, 0), set[int]()
    for seq in seqs:
        if seq in seen or seq not in lanes:
            continue
        seen.add(seq)
        if seq < highest[lanes[seq]]:
            yield f"{seq} was first {what} after {highest[lanes[seq]]} of its lane"
        highest[lanes[seq]] = max(seq, highest[lanes[seq]])


class Resent:
    """How much was sent more than once: after each connection of one life, and after each start.

    A window for each connection lost, together: what was under way on the first of two may follow only after the second,
    behind alarms that came meanwhile, and then more than a window comes at once.
    """

    def __init__(self, talks: Iterable[Conversation], launched_s: Sequence[float]) -> None:
        self.most_a_connection = self.most_a_life = self.total = 0
        self._too_many = 0
        self._reached = set[int]()  # the broker, or at least its way there
        accepted = [talk for talk in talks if talk.accepted_s is not None]
        for life in range(len(launched_s)):
            begin_s, *end_s = launched_s[life : life + 2]
            until_s = end_s[0] if end_s else math.inf
            self._life([t for t in accepted if begin_s <= (t.accepted_s or 0) < until_s])

    def _life(self, talks: Iterable[Conversation]) -> None:
        before, mine, again, in_all = set(self._reached), set[int](), 0, 0
        for losses, talk in enumerate(talks):
            here, repeated = set[int](), 0
            for each in talk.sent:
                if each.seq is None or each.refused or each.seq in here:
                    continue
                repeated += each.seq in mine
                again += each.seq in before and each.seq not in mine
                here.add(each.seq)
            mine |= here
            self.most_a_connection = max(self.most_a_connection, repeated)
            self.total += repeated
            in_all += repeated
            self._too_many = max(self._too_many, in_all - losses * WINDOW)
        self._reached |= mine
        self.most_a_life = max(self.most_a_life, again)
        self.total += again

    def problems(self) -> Iterator[str]:
        """What is more than was promised."""
        if self._too_many:
            yield f"{self._too_many} more were sent again than a window for each reconnection"
        if self.most_a_life > WINDOW + CURSORS_LAG:
            yield f"{self.most_a_life} were sent again after a start"


def no_visible_loss(heard: Iterable[Heard]) -> Iterator[str]:
    """Nothing at or below `delivered_through` is missing.

    A consumer waits 5 s before it calls a hole a loss. One subscriber hears what one broker has acknowledged in the
    order of the acknowledgements: for it there must be no hole at all.
    """
    arrived, unbroken = set[int](), 0
    for each in heard:
        if "/event/" in each.topic:
            arrived.add(int(each.json["sequence"]))
            while unbroken + 1 in arrived:
                unbroken += 1
        elif each.topic == f"{TOPIC}/status":
            through = each.json.get("delivered_through", 0)
            if through > unbroken:
                yield f"delivered_through was {through} when {unbroken + 1} had not been heard"


class Greetings:
    """Whether after each reconnection what stood was shown before all else; and how soon, where nothing disturbed it."""

    def __init__(
        self, rows: Sequence[Row], pace: float, troubled: Sequence[tuple[float, float]]
    ) -> None:
        self.latest_s = 0.0
        self.alarms = 0
        self._pace, self._troubled = pace, troubled
        self._stood = list(_spans(rows, pace))

    def problems(self, talk: Conversation, within_s: float) -> Iterator[str]:
        """What one connection did wrong. While the broker refuses, nothing is promised."""
        if talk.accepted_s is None or any(each.refused for each in talk.sent):
            return
        if talk.sent and not talk.sent[0].topic.endswith("/status"):
            yield f"the first message of a connection was on {talk.sent[0].topic}"
        until_s = talk.accepted_s + within_s
        timely = self._is_quiet(talk.accepted_s, until_s) and (talk.ended_s or math.inf) > until_s
        first_event = next((n for n, each in enumerate(talk.sent) if each.seq is not None), None)
        for row in self._standing_at(talk.accepted_s, until_s):
            shown = _shown(talk, topic_of(row))
            if first_event is not None and (shown is None or shown > first_event):
                yield f"{row.event.key} of {row.seq} was not shown before the events of the journal"
            if timely:
                yield from self._in_time(
                    row, shown and talk.sent[shown].at_s - talk.accepted_s, within_s
                )

    def _in_time(self, row: Row, took_s: float | None, within_s: float) -> Iterator[str]:
        if took_s is None:
            yield f"{row.event.key} of {row.seq} stood and was not shown after a reconnection"
            return
        self.latest_s = max(self.latest_s, took_s)
        self.alarms += 1
        if took_s > within_s:
            yield f"{row.event.key} of {row.seq} was shown {took_s:.3f} s after a reconnection"

    def _standing_at(self, from_s: float, to_s: float) -> Iterator[Row]:
        """What stood for certain, and all that time."""
        for row, raised_s, cleared_s in self._stood:
            if raised_s < from_s - _SURE_S and cleared_s > to_s:
                yield row

    def _is_quiet(self, from_s: float, to_s: float) -> bool:
        return not any(begin <= to_s and end > from_s for begin, end in self._troubled)


def _shown(talk: Conversation, topic: str) -> int | None:
    """The place of the first message that shows an alarm."""
    return next(
        (n for n, each in enumerate(talk.sent) if each.topic == topic and not each.is_empty), None
    )


def _spans(rows: Iterable[Row], pace: float) -> Iterator[tuple[Row, float, float]]:
    """What stood from when to when."""
    stands: dict[int, Row] = {}
    for row in rows:
        if row.event.transition is Transition.RAISED:
            stands[row.seq] = row
        elif row.event.transition is Transition.CLEARED and row.raised_seq in stands:
            raised = stands.pop(row.raised_seq)
            yield raised, real_s(raised.event.at_us, pace), real_s(row.event.at_us, pace)
    for raised in stands.values():
        yield raised, real_s(raised.event.at_us, pace), math.inf
