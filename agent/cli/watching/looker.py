"""Looks at the running service twice a second, in a thread of its own, so that keys are obeyed while it is slow.

One question at a time, and the next only after the answer: the service never owes a slow reader more than one.
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from agent.cli.ask import ForbiddenError, NoAnswerError, NotRunningError, RefusedError, ask, stream
from agent.cli.verb import read
from agent.cli.watching.facts import Fault, Seen, Watch
from agent.clock import Clock
from agent.model import Instant

EVERY_S = 0.5
ANSWER_S = 3.0  # the service counts for at most one
_POKES = 4096  # bytes; one a look
NEWEST = 100  # events that can be leafed through


class Looker:
    """`with Looker(path) as looker:` keeps what is seen fresh; `waker` can be read when there is something new."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self.seen = Seen(at=clock.now())
        self.wants_events = False
        self._head = -1
        self._ending = threading.Event()
        self.waker, self._poke = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        threading.Thread(target=self._look, name="looker", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()  # it may be waiting for an answer, and nobody waits for it

    def _look(self) -> None:
        while not self._ending.is_set():
            self.seen = self.look()
            with contextlib.suppress(BlockingIOError):  # the reader has enough of them
                os.write(self._poke, b".")
            self._ending.wait(EVERY_S)

    def newest(self) -> Seen:
        """Take what was seen last; `waker` sleeps until there is more."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.waker, _POKES)
        return self.seen

    def each(self) -> Iterator[Seen]:
        """Look again and again in the caller's own time."""
        while True:
            self.seen = self.look()
            yield self.seen
            self._ending.wait(EVERY_S)

    def look(self) -> Seen:
        """Ask once."""
        now = self._clock.now()
        try:
            answer = read(ask(self._path, "watch", timeout_s=ANSWER_S), Watch)
            events = self._events(answer) if self.wants_events else ()
        except NotRunningError as wrong:
            return Seen(at=now, fault=self._fault(_KEYS[type(wrong)], wrong.reason, now))
        except RefusedError as wrong:
            reason = f"{wrong.failure.message} {wrong.failure.remedy}".rstrip()
            return Seen(at=now, fault=self._fault("watch.refused", reason, now))
        except msgspec.MsgspecError as wrong:
            return Seen(at=now, fault=self._fault("error.not_understood", str(wrong), now))
        return Seen(at=now, answer=answer, events=events)

    def _events(self, answer: Watch) -> tuple[bytes, ...]:
        """Fetch the newest events, when there are newer ones."""
        if answer.status.outbox.head == self._head:
            return self.seen.events
        events = tuple(stream(self._path, "events", {"limit": NEWEST}, ANSWER_S))
        self._head = answer.status.outbox.head
        return events

    def _fault(self, key: str, reason: str, now: Instant) -> Fault:
        """Say what is wrong, and since when."""
        self._head = -1
        before = self.seen.fault
        return Fault(key, str(self._path), reason, now if before is None else before.since)


_KEYS: Mapping[type[NotRunningError], str] = {
    NotRunningError: "error.not_running",
    ForbiddenError: "error.forbidden",
    NoAnswerError: "error.no_answer",
}
