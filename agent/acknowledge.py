"""Somebody takes up what stands: at the elevator (`elevator-agent ack`), or by a request from upstream.

An acknowledgement is a transition of its own in the journal. It ends nothing by itself, except where the catalog says that
one on site does.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

import msgspec

from agent.answers import Board, Stands
from agent.clock import Clock
from agent.intake import Intake
from agent.model import Detail, Event, Instant, Row, Transition
from agent.requests.messages import Taken
from agent.uplink.alarms import acknowledged_by
from agent.uplink.events import Acknowledged, Envelope
from agent.uplink.messages import iso

COMMIT_S = 2.0  # whoever asks waits so long for the journal
Key = tuple[str, str | None]


class NotStandingError(Exception):
    """What was to be acknowledged does not stand; `stands` names what does, as `code (sequence)`."""

    def __init__(self, stands: Sequence[str]) -> None:
        super().__init__("it does not stand")
        self.stands = tuple(stands)


class Acknowledgements:
    """Used on the event loop. `deliver` takes events the way all events go."""

    def __init__(
        self,
        board: Board,
        intake: Intake,
        clock: Clock,
        deliver: Callable[[Sequence[Event], Instant], None],
    ) -> None:
        self._board, self._intake, self._clock, self._deliver = board, intake, clock, deliver

    def key_of(self, raised_seq: int) -> Key:
        """What stands by the sequence of its raise; raises NotStandingError."""
        for key, stands in self._board.standing.items():
            if stands.envelope.seq == raised_seq:
                return key
        raise NotStandingError(self.standing)

    @property
    def standing(self) -> list[str]:
        """What stands, as people can name it."""
        return [_named(stands) for stands in self._board.standing.values()]

    async def take(
        self,
        key: Key,
        detail: Mapping[str, Detail],
        *,
        on_site: bool,
        request: Callable[[Stands], Event] | None = None,
    ) -> Taken:
        """Acknowledge what stands; raises NotStandingError.

        `detail` says `by` whom. `request` makes the record of who asked, which is journaled before. Once acknowledged, only
        somebody on site acknowledges again what nobody on site had. Waits for the journal, `COMMIT_S` at most.
        """
        rows: asyncio.Queue[Row | None] = asyncio.Queue()
        self._board.followers.add(rows)
        try:
            stands = self._board.standing.get(key)
            if stands is None:
                raise NotStandingError(self.standing)
            done = stands.acknowledged
            if done is not None and (stands.on_site or not on_site):
                return _taken(stands, done, already=True)
            event = self._acknowledge(stands, {**detail, "on_site": on_site}, request)
            return _taken(stands, await _journaled(rows, event), already=False)
        finally:
            self._board.followers.discard(rows)

    def _acknowledge(
        self,
        stands: Stands,
        detail: Mapping[str, Detail],
        request: Callable[[Stands], Event] | None,
    ) -> tuple[Event, Acknowledged]:
        events = self._intake.acknowledge(
            stands.event.key, detail, on_site=detail["on_site"] is True
        )
        now = self._clock.now()
        if not events:  # about the agent itself, or of a rule that is not configured any more
            if stands.event.key not in self._board.standing:  # what was due just now has ended it
                raise NotStandingError(self.standing)
            events = [_of(stands.event, now.uptime_us, detail)]
        record = [] if request is None else [request(stands)]
        self._deliver([*record, *events], now)
        return events[0], Acknowledged(None, iso(now.wall_at(events[0].at_us)), str(detail["by"]))


async def _journaled(
    rows: "asyncio.Queue[Row | None]", done: tuple[Event, Acknowledged]
) -> Acknowledged:
    """The acknowledgement with its sequence, or without when the journal takes too long."""
    event, acknowledged = done
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(COMMIT_S):
            while (row := await rows.get()) is not None:
                if (row.event.key, row.event.at_us) == (event.key, event.at_us):
                    return acknowledged_by(row.event, Envelope.of(row))
    return acknowledged


def _of(raised: Event, at_us: int, detail: Mapping[str, Detail]) -> Event:
    return msgspec.structs.replace(
        raised, transition=Transition.ACKNOWLEDGED, at_us=at_us, detail=detail
    )


def _taken(stands: Stands, acknowledged: Acknowledged, *, already: bool) -> Taken:
    code, instance = stands.event.key
    return Taken(
        code=code,
        instance=instance,
        raised_seq=stands.envelope.seq,
        acknowledged=acknowledged,
        already=already,
    )


def _named(stands: Stands) -> str:
    code, instance = stands.event.key
    name = code if instance is None else f"{code}/{instance}"
    return f"{name} ({stands.envelope.seq or 'not journaled'})"
