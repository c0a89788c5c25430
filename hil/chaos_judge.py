"""What must hold after a round of chaos, whatever happened in it. Pure: from the journal, what was sent, what was heard.

Sent is what the faulty way saw leave the agent; heard is what an independent subscriber has. Instants are monotonic seconds.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.model import Lane, Row, Transition
from hil.chaos_time import real_s
from hil.fault_proxy import Conversation
from hil.installation import TOPIC
from hil.subscriber import Heard

WINDOW = 16
CURSORS_LAG = 256  # acknowledgements that a kill may forget
HOLE_S = 5.0
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
    """How much was sent more than once: after each connection of one life, and after each start."""

    def __init__(self, talks: Iterable[Conversation], launched_s: Sequence[float]) -> None:
        self.most_a_connection = self.most_a_life = self.total = 0
        self._reached = set[int]()  # the broker, or at least its way there
        accepted = [talk for talk in talks if talk.accepted_s is not None]
        for life in range(len(launched_s)):
            begin_s, *end_s = launched_s[life : life + 2]
            until_s = end_s[0] if end_s else math.inf
            self._life([t for t in accepted if begin_s <= (t.accepted_s or 0) < until_s])

    def _life(self, talks: Iterable[Conversation]) -> None:
        before, mine, again = set(self._reached), set[int](), 0
        for talk in talks:
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
        self._reached |= mine
        self.most_a_life = max(self.most_a_life, again)
        self.total += again

    def problems(self) -> Iterator[str]:
        """What is more than was promised."""
        if self.most_a_connection > WINDOW:
            yield f"{self.most_a_connection} were sent again after a reconnection"
        if self.most_a_life > WINDOW + CURSORS_LAG:
            yield f"{self.most_a_life} were sent again after a start"


def no_visible_loss(heard: Iterable[Heard]) -> Iterator[str]:
    """Nothing at or below `delivered_through` is missing for longer than 5 s."""
    first_s: dict[int, float] = {}
    claims: list[tuple[int, float]] = []
    for each in heard:
        if "/event/" in each.topic:
            first_s.setdefault(int(each.json["sequence"]), each.at_s)
        elif each.topic == f"{TOPIC}/status" and "delivered_through" in each.json:
            claims.append((each.json["delivered_through"], each.at_s))
    most = max((through for through, _ in claims), default=0)
    latest = list(itertools.accumulate((first_s.get(n, math.inf) for n in range(1, most + 1)), max))
    for through, at_s in claims:
        if through and latest[through - 1] > at_s + HOLE_S:
            yield f"a hole below delivered_through {through} stood for more than {HOLE_S} s"


class Greetings:
    """How soon after each undisturbed reconnection what stood was shown, and whether before all else."""

    def __init__(
        self, rows: Sequence[Row], pace: float, troubled: Sequence[tuple[float, float]]
    ) -> None:
        self.latest_s = 0.0
        self.alarms = 0
        self._pace, self._troubled = pace, troubled
        self._stood = list(_spans(rows, pace))

    def problems(self, talk: Conversation, within_s: float) -> Iterator[str]:
        """What one connection did wrong."""
        at_s = talk.accepted_s
        if at_s is None or not self._is_quiet(at_s, min(at_s + within_s, talk.ended_s or math.inf)):
            return
        if talk.sent and not talk.sent[0].topic.endswith("/status"):
            yield f"the first message of a connection was on {talk.sent[0].topic}"
        if talk.ended_s is not None and talk.ended_s < at_s + within_s:
            return
        for row, from_s, to_s in self._stood:
            if from_s < at_s - _SURE_S and to_s > at_s + within_s:
                yield from self._alarm(talk, row, at_s, within_s)

    def _alarm(self, talk: Conversation, row: Row, at_s: float, within_s: float) -> Iterator[str]:
        topic = topic_of(row)
        place = next(
            (n for n, e in enumerate(talk.sent) if e.topic == topic and not e.is_empty), None
        )
        if place is None:
            yield f"{row.event.key} of {row.seq} stood and was not shown after a reconnection"
            return
        took_s = talk.sent[place].at_s - at_s
        self.latest_s = max(self.latest_s, took_s)
        self.alarms += 1
        if took_s > within_s:
            yield f"{row.event.key} of {row.seq} was shown {took_s:.3f} s after a reconnection"
        if any(each.seq is not None for each in talk.sent[:place]):
            yield f"{row.event.key} of {row.seq} was shown after events of the journal"

    def _is_quiet(self, from_s: float, to_s: float) -> bool:
        return not any(begin <= to_s and end > from_s for begin, end in self._troubled)


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
