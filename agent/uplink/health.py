"""How the agent fares, as its `status` says it. Pure: told of faults, links and refusals, it words the state."""

from collections.abc import Callable, Mapping
from typing import Literal

from agent import __version__
from agent.model import SECOND_US, Instant
from agent.uplink import events
from agent.uplink.events import Envelope
from agent.uplink.lanes import Lanes
from agent.uplink.messages import ClockState, Refusals, Status
from agent.uplink.ports import Owed

STORAGE_FAILED = "storage_failed"
PUBLISH_REFUSED = "publish_refused"
_TOLD_MOST = 32  # refusals by their text, in the log and at once in `status`


class Health:
    """`degraded` is the app's own word for what is wrong with the agent; a failed journal and refusals count as well.

    `clock_source` tells by what the computer's clock is believed, None while it is not.
    """

    def __init__(self, boot_id: str, clock_source: Callable[[], str | None]) -> None:
        self._boot_id, self._clock_source = boot_id, clock_source
        self.degraded: str | None = None
        self.storage_failed = False
        self.anchor_us: int | None = None
        self.refusing = False
        self.links: dict[str, object] = {}
        self._refused = 0
        self._last_refusal = ""
        self._told: set[str] = set()

    def refused(self, why: str) -> bool:
        """The broker refused a publish. Answers whether that is news: not said since it last took everything."""
        if not self.refusing:
            self._told.clear()
        news = why not in self._told and len(self._told) < _TOLD_MOST
        if news:
            self._told.add(why)
        self.refusing = True
        self._refused += 1
        self._last_refusal = why
        return news

    def set_links(self, links: Mapping[str, object]) -> None:
        """The links to the elevator, by driver."""
        self.links = dict(links)

    @property
    def refusals(self) -> Refusals | None:
        """How many publishes were refused and why the last, None when none was."""
        return Refusals(self._refused, self._last_refusal) if self._refused else None

    @property
    def reason(self) -> str | None:
        """The gravest of what is wrong, None when nothing is."""
        if self.storage_failed:
            return STORAGE_FAILED
        return self.degraded or (PUBLISH_REFUSED if self.refusing else None)

    def to_say(self, now: Instant) -> object:
        """What makes a status worth sending before its minute is over; compare with what was said last."""
        said = (self.reason, self.links, self.refusing and len(self._told))
        return (*said, now.synchronised, self.anchor_us)

    def status(self, owed: Owed, lanes: Lanes, now: Instant) -> Status:
        """The status of a connected agent."""
        source = self._clock_source() if now.synchronised else None
        state: Literal["online", "degraded"] = "online" if self.reason is None else "degraded"
        return Status(
            state=state,
            reason=self.reason,
            boot_id=self._boot_id,
            uptime_ms=now.uptime_us // 1000,
            journal=owed.journal,
            chain_head=owed.chain_head,
            delivered_through=delivered_through(owed, lanes),
            seq_head=owed.head,
            oldest_unsent_s=self._oldest_unsent_s(lanes, now),
            links=self.links,
            refused=self.refusals,
            clock=ClockState.of(now, source, self.anchor_us),
            version=__version__,
        )

    def _oldest_unsent_s(self, lanes: Lanes, now: Instant) -> int | None:
        ages = (
            events.age_us(row.event, Envelope.of(row), self._boot_id, now) for row in lanes.oldest
        )
        oldest_us = max(ages, default=None)
        return None if oldest_us is None else oldest_us // SECOND_US


def delivered_through(owed: Owed, lanes: Lanes) -> int:
    """The largest n with every sequence up to n acknowledged by the broker, reported dropped, or never used."""
    if owed.withheld_from is None:
        return lanes.delivered_through
    return min(lanes.delivered_through, owed.withheld_from - 1)
