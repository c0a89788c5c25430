"""What each verb of a request does. Reads, but for `ack`, which is journaled with who asked."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent import __version__
from agent.acknowledge import Acknowledgements, NotStandingError
from agent.answers import Stands
from agent.clock import Clock
from agent.model import Event, Point, Severity, Transition
from agent.requests.desk import Handler, RefusedError
from agent.requests.messages import Asks, AsksAck, AsksReplay, Pong, Wrong
from agent.requests.replay import Replay
from agent.uplink.messages import state_of
from agent.uplink.publisher import Publisher

CODE = "request"


class Verbs:
    """Handlers by verb. `points` gives every signal, `diagnose` what `elevator-agent status --json` says."""

    def __init__(
        self,
        clock: Clock,
        publisher: Publisher,
        replay: Replay,
        acknowledgements: Acknowledgements,
        points: Callable[[], Mapping[str, Point]],
        diagnose: Callable[[], Awaitable[object]],
    ) -> None:
        self._clock, self._publisher, self._replay = clock, publisher, replay
        self._acknowledgements, self._points = acknowledgements, points
        self._diagnose = diagnose

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Every verb; which of them may be asked for is the desk's matter."""
        return {
            "ping": self._ping,
            "snapshot": self._snapshot,
            "replay": self._replayed,
            "ack": self._ack,
            "diagnostics": self._diagnostics,
        }

    async def _ping(self, _asks: Asks) -> object:
        uplink: dict[str, Any] = self._publisher.snapshot()
        return Pong(
            boot_id=self._clock.boot_id,
            uptime_ms=self._clock.uptime_us() // 1000,
            version=__version__,
            journal=self._publisher.journal,
            seq_head=uplink["seq_head"],
            delivered_through=uplink["delivered_through"],
        )

    async def _snapshot(self, _asks: Asks) -> object:
        return state_of(self._points(), self._clock.boot_id, self._clock.now())

    async def _replayed(self, asks: Asks) -> object:
        assert isinstance(asks, AsksReplay)
        return await self._replay.run(asks)

    async def _diagnostics(self, _asks: Asks) -> object:
        return await self._diagnose()

    async def _ack(self, asks: Asks) -> object:
        assert isinstance(asks, AsksAck)
        by = asks.by.strip()

        def record(stands: Stands) -> Event:
            return _record(asks, stands, by, self._clock.uptime_us())

        try:
            key = self._acknowledgements.key_of(asks.raised_seq)
            return await self._acknowledgements.take(key, {"by": by}, on_site=False, request=record)
        except NotStandingError as wrong:
            message = "No event stands raised with this raised_seq; what stands is in `allowed`."
            found, allowed = str(asks.raised_seq), wrong.stands[:_NAMED_MOST]
            said = Wrong(code="not_standing", message=message, found=found, allowed=allowed)
            raise RefusedError(said) from wrong


_NAMED_MOST = 50


def _record(asks: AsksAck, stands: Stands, by: str, at_us: int) -> Event:
    code, instance = stands.event.key
    return Event(
        code=CODE,
        transition=Transition.NOTICE,
        severity=Severity.INFO,
        at_us=at_us,
        detail={
            "verb": "ack",
            "by": by,
            "subject": code if instance is None else f"{code}/{instance}",
            "subject_seq": asks.raised_seq,
            "correlation_id": asks.correlation_id,
        },
    )
