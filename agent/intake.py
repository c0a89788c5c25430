"""From drivers to events: freshness, recorder, monitor, in this order, on the event loop; nothing in here waits.

It is the only place that moves the monitor's time on: with each batch, and at the instants at which something is due. What
it finds goes to `deliver`, with one reading of the clocks.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import msgspec

from agent.clock import Clock, sleep_until
from agent.freshness import Freshness
from agent.model import Detail, Event, Instant, Reading
from agent.monitor.monitor import Monitor, Standing
from agent.recorder import Recorder

Deliver = Callable[[Sequence[Event], Instant], None]


class Intake:
    """The drivers' sink."""

    def __init__(
        self,
        clock: Clock,
        freshness: Freshness,
        monitor: Monitor,
        deliver: Deliver,
        *,
        recorder: Recorder | None = None,
    ) -> None:
        self.freshness, self.monitor = freshness, monitor
        self.links: dict[str, dict[str, object]] = {}
        self.on_state: Callable[[], None] = _nothing
        self.on_links: Callable[[Mapping[str, object]], None] = lambda _: None
        self.on_turned: Callable[[str], None] = lambda _: None
        self.on_changes: Callable[[Sequence[Reading]], None] = lambda _: None
        self._clock, self._deliver, self._recorder = clock, deliver, recorder
        self._at_us = monitor.snapshot.at_us
        self._due_us: int | None = None
        self._wake = asyncio.Event()

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:  # noqa: ARG002 - the port's
        """Take over one batch."""
        if not readings:
            return
        at_us = max(self._at_us, readings[0].at_us)
        self._expire(at_us)
        self._feed(at_us, self.freshness.accept(readings))
        self._reconsider()

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        """A driver's link changed."""
        since_us = self._clock.uptime_us()
        self.links[driver] = {"up": up, "reason": reason, "since_us": since_us}
        said = {
            name: {"up": link["up"], "reason": link["reason"]} for name, link in self.links.items()
        }
        self.on_links(said)

    def turned(self, driver: str) -> None:
        """A driver's loop went round."""
        self.on_turned(driver)

    def adopt(self, standing: Sequence[Standing]) -> list[Event]:
        """What a journal that could not be read at the start says stands; gives what that brings about."""
        events = self.monitor.adopt(standing)
        self._reconsider()
        return events

    def acknowledge(
        self, key: tuple[str, str | None], detail: Mapping[str, Detail], *, on_site: bool
    ) -> list[Event]:
        """Somebody takes up what stands; gives what that brings about, nothing where the monitor has no such event."""
        self._pass_time(self._clock.uptime_us())
        events = self.monitor.acknowledge(self._at_us, key, detail, on_site=on_site)
        self._reconsider()
        return events

    def begin(self) -> None:
        """Let out what the start itself brought about (events that were configured away)."""
        self._feed(self._at_us, [])

    def finish(self) -> None:
        """The end of an orderly run: what is said only then. Nothing may come after it."""
        at_us = max(self._at_us, self._clock.uptime_us())
        self._expire(at_us)
        events = self.monitor.finish(at_us)
        self._deliver(events, self._clock.now())

    async def keep_time(self) -> None:
        """Fire what is due, until cancelled."""
        while True:
            due_us = self._next_us()
            self._due_us = due_us
            self._wake.clear()
            if due_us is None:
                await self._wake.wait()
                continue
            waiting = asyncio.ensure_future(sleep_until(due_us))
            woken = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait({waiting, woken}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                woken.cancel()
            self._pass_time(self._clock.uptime_us())

    def _pass_time(self, now_us: int) -> None:
        """Everything due up to now happens, at its own instant."""
        now_us = max(now_us, self._at_us)
        self._expire(now_us)
        self._feed(now_us, [])

    def _expire(self, at_us: int) -> None:
        """Signals grow stale at their own instants, in order, before what comes at `at_us`."""
        stale, since_us = self.freshness.expire(at_us), self._at_us
        for expired_us, together in groupby(stale, lambda lost: max(since_us, lost.at_us)):
            self._feed(expired_us, list(together))

    def _feed(self, at_us: int, changes: Sequence[Reading]) -> None:
        """One batch at one instant, which the recording must show as the monitor was given it."""
        self._at_us = at_us
        changes = [_dated(change, at_us) for change in changes]
        if self._recorder is not None:
            self._recorder.record(changes)
        events = self.monitor.step(at_us, changes)
        if events:
            self._deliver(events, self._clock.now())
        if changes:
            self.on_state()
            self.on_changes(changes)

    def _next_us(self) -> int | None:
        dues = [due for due in (self.monitor.due_us, self.freshness.due_us) if due is not None]
        return min(dues, default=None)

    def _reconsider(self) -> None:
        """Wake the timer only when something is due before what it waits for."""
        next_us = self._next_us()
        if next_us is not None and (self._due_us is None or next_us < self._due_us):
            self._wake.set()


def _dated(change: Reading, at_us: int) -> Reading:
    """A driver may report later than it looked, and meanwhile a timer has fired: time does not go back."""
    return change if change.at_us == at_us else msgspec.structs.replace(change, at_us=at_us)


def _nothing() -> None:
    return
