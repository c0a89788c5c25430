"""What the publisher needs from the rest of the agent, as shapes only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.model import Event, Lane, Point, Row
from agent.uplink.events import Naming


class Owed(Protocol):
    """The journal and what of it is owed upstream.

    `journal` is its id, "" until it is open; another id is another database, whose cursors and standing raises hold from
    then on. `head` is the highest committed sequence (0 for none), `chain_head` the newest link of its hash chain,
    `withheld_from` the first sequence dropped before the broker had it, until the broker has the report about that (None for
    none), `fault` what keeps it from being read or written.
    """

    @property
    def journal(self) -> str: ...  # noqa: D102
    @property
    def head(self) -> int: ...  # noqa: D102
    @property
    def chain_head(self) -> str: ...  # noqa: D102
    @property
    def withheld_from(self) -> int | None: ...  # noqa: D102
    @property
    def fault(self) -> str | None: ...  # noqa: D102
    @property
    def standing(self) -> Sequence[Row]: ...  # noqa: D102

    def cursor(self, lane: Lane) -> int:
        """The sequence up to which a lane has been acknowledged."""
        ...

    async def fetch(self, lane: Lane, after: int, limit: int) -> list[Row]:
        """Rows of a lane after a sequence, in order; fewer than `limit` are all there are, unless reading failed."""
        ...

    def acknowledged(self, lane: Lane, through: int) -> None:
        """The broker has everything of a lane up to here."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the publisher gets what it publishes.

    `asset` gives the payload of the card, `state` every signal as it is now, `naming` what the catalog calls an event.
    """

    owed: Owed
    asset: Callable[[], bytes]
    state: Callable[[], Mapping[str, Point]]
    naming: Callable[[Event], Naming]


class UplinkListener(Protocol):
    """Who uses the link; called on the event loop only. Tokens are void when the connection ends."""

    def connected(self, receive_maximum: int) -> None:
        """The broker let us in and takes so many unacknowledged messages."""

    def disconnected(self, reason: str) -> None:
        """A connection that stood has ended."""

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        """The broker answered a publish; `refusal` says why it did not take it, `unheard` that nobody has subscribed."""

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Something arrived on a subscription; `retained` had been kept by the broker until we asked."""


class Link(Protocol):
    """The link to the broker. `fault` says why there is no connection, None while there is one."""

    @property
    def fault(self) -> str | None: ...  # noqa: D102

    async def run(self, listener: UplinkListener) -> None:
        """Connect again and again, until `close` or cancelled."""

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        content_type: str | None = None,
        correlation: bytes | None = None,
    ) -> int | None:
        """Hand over at QoS 1; the token comes back in `acknowledged`. None means not sent."""
        ...

    def subscribe(self, *filters: str) -> None:
        """Ask for topics; what is retained there arrives once more."""

    async def close(self) -> None:
        """End in order."""
