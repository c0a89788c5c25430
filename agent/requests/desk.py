"""The desk at which requests arrive: which are done, which are refused, and that nobody waits for them.

What arrives is looked at at once and answered later: a request that takes long (`replay`) waits for others of its kind
only. Whatever is asked, memory is bounded: ids, queues, answers. Knows no broker; what a verb does it is told.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from agent.clock import Clock
from agent.outbox_fault import JournalFault
from agent.requests.asked import Address, Asked, address_of, read
from agent.requests.limits import Bucket, Seen
from agent.requests.messages import Answer, Asks, Wrong
from agent.requests.post import Post
from agent.settings import RequestsSettings
from agent.uplink.letters import Letter
from agent.uplink.messages import JSON, iso
from agent.uplink.topics import Topics

BURST = 20  # requests at once
QUEUE_MOST = 16  # requests waiting, of the quick ones; replays a quarter of that
ANSWER_MOST = 60_000  # bytes; brokers take no packet without end
_LONG = "replay"
_log = logging.getLogger("agent.requests")
_encode = msgspec.json.Encoder().encode

Handler = Callable[[Asks], Awaitable[object]]


class RefusedError(Exception):
    """A verb's own no."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.message)
        self.wrong = wrong


_Job = tuple[Address, Asks]


class Desk:
    """`asked` on every arrival, `run` for as long as the agent does. `handlers` by verb."""

    def __init__(
        self,
        topics: Topics,
        settings: RequestsSettings,
        handlers: Mapping[str, Handler],
        post: Post,
        clock: Clock,
    ) -> None:
        self._topics, self._allowed, self._handlers = topics, settings.allow, handlers
        self._post, self._clock = post, clock
        self._bucket, self._seen = Bucket(settings.per_minute / 60, BURST), Seen()
        self._quick: asyncio.Queue[_Job] = asyncio.Queue(QUEUE_MOST)
        self._long: asyncio.Queue[_Job] = asyncio.Queue(QUEUE_MOST // 4)
        self._done: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._is_limiting = False

    def snapshot(self) -> dict[str, object]:
        """What was asked since the start: done by verb, refused by reason, ignored without a word."""
        ignored = {**self._ignored, "unanswered": self._post.dropped}
        return {
            "done": dict(self._done),
            "refused": dict(self._refused),
            "ignored": {name: count for name, count in ignored.items() if count},
        }

    def asked(self, asked: Asked) -> None:
        """Something arrived below `…/req/`."""
        if asked.retained:  # it was asked at some time, of whoever was there
            self._ignored["retained"] += 1
            return
        address, wrong = address_of(asked, self._topics)
        now_us = self._clock.uptime_us()
        if address.identity is not None and self._seen.knows(address.identity, now_us):
            self._ignored["repeated"] += 1
            return
        if not self._has_room():
            self._ignored["over_limit"] += 1
            return
        if address.identity is not None:
            self._seen.add(address.identity, now_us)
        asks = wrong or read(asked, self._topics, self._allowed)
        if isinstance(asks, Wrong):
            self._refuse(address, asks)
        else:
            self._queue(address, asks)

    def _has_room(self) -> bool:
        has_room = self._bucket.take(self._clock.uptime_us())
        if has_room is self._is_limiting:
            self._is_limiting = not has_room
            if not has_room:
                _log.warning(
                    "More requests arrive than [requests] per_minute allows; they are ignored."
                )
        return has_room

    def _queue(self, address: Address, asks: Asks) -> None:
        queue = self._long if address.verb == _LONG else self._quick
        try:
            queue.put_nowait((address, asks))
        except asyncio.QueueFull:
            message = "Too many requests wait already; ask again when they are answered."
            allowed = (f"{queue.maxsize} waiting",)
            self._refuse(address, Wrong(code="busy", message=message, allowed=allowed))

    async def run(self) -> None:
        """Carry out what was asked, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for queue in (self._quick, self._long):
                group.create_task(self._serve(queue))

    async def _serve(self, queue: "asyncio.Queue[_Job]") -> None:
        while True:
            address, asks = await queue.get()
            try:
                result = await self._handlers[address.verb](asks)
            except RefusedError as refused:
                self._refuse(address, refused.wrong)
            except JournalFault as fault:
                self._refuse(address, Wrong(code="storage_failed", message=fault.reason))
            else:
                self._tell(address, result)

    def _tell(self, address: Address, result: object) -> None:
        encoded = _encode(self._answer(address, result=result))
        if len(encoded) > ANSWER_MOST:
            message = "The answer would be too large a message."
            found, allowed = f"{len(encoded)} bytes", (f"{ANSWER_MOST} bytes",)
            wrong = Wrong(code="too_large", message=message, found=found, allowed=allowed)
            self._refuse(address, wrong)
            return
        self._done[address.verb] += 1
        self._send(address, encoded)

    def _refuse(self, address: Address, wrong: Wrong) -> None:
        self._refused[wrong.code] += 1
        self._send(address, _encode(self._answer(address, error=wrong)))

    def _answer(
        self, address: Address, *, result: object = None, error: Wrong | None = None
    ) -> Answer:
        return Answer(
            verb=address.verb,
            ok=error is None,
            at=iso(self._clock.now().wall_us),
            correlation_id=address.correlation_id,
            result=result,
            error=error,
        )

    def _send(self, address: Address, payload: bytes) -> None:
        self._post.answer(
            Letter(address.topic, payload, False, None, JSON, address.correlation)  # noqa: FBT003
        )
