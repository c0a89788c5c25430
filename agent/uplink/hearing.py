"""The topics that drivers hear on the broker: who listens, and whether anything can come. Knows no client.

These are the topics of others; what the agent reads back of its own goes to the publisher.
"""

import logging
from collections.abc import Callable

_log = logging.getLogger("agent.uplink")

Heard = Callable[[bytes], None]


class Hearing:
    """One for the whole agent; the drivers' `Broker`, told by the link. Used on the event loop only."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Heard]] = {}
        self._subscribe: Callable[..., None] | None = None
        self._heard_us: Callable[[], int] = lambda: 0
        self._fault: str | None = "not connected yet"
        self._refused: set[str] = set()
        self._warned: set[str] = set()  # said once; a link that comes and goes says it no oftener

    # -- asked by drivers

    def why_deaf(self, topic: str) -> str | None:
        """Say why no message on this topic can come; None when one can."""
        if self._fault is not None:
            return f"no connection to the broker: {self._fault}"
        if topic in self._refused:
            return (
                f"the broker does not let the agent hear {topic}: allow its user to read it there"
            )
        return None

    def listen(self, topic: str, heard: Heard) -> None:
        """Hear every message on exactly this topic, from the next connection on; none that was retained."""
        self._listeners.setdefault(topic, []).append(heard)

    def heard_us(self) -> int:
        """`uptime_us` of the last byte from the broker."""
        return self._heard_us()

    def ask_again(self, topic: str) -> None:
        """Ask for a topic once more, which a broker that lives has to answer."""
        if self._subscribe is not None:
            self._subscribe(topic)

    # -- told by the link

    def connected(
        self, subscribe: Callable[..., None], heard_us: Callable[[], int] = lambda: 0
    ) -> None:
        """The broker let us in; `subscribe` asks it for topics, `heard_us` is when it was last heard."""
        self._fault = None
        self._subscribe, self._heard_us = subscribe, heard_us
        self._refused.clear()
        if self._listeners:
            subscribe(*self._listeners)

    def disconnected(self, reason: str) -> None:
        """The connection has ended."""
        self._fault = reason
        self._subscribe = None

    def refused(self, topic: str) -> None:
        """The broker does not let us hear a topic."""
        self._refused.add(topic)
        if topic not in self._warned:
            self._warned.add(topic)
            advice = "allow its user to read it"
            _log.warning("The broker does not let the agent hear %s: %s.", topic, advice)

    def message(self, topic: str, payload: bytes, *, retained: bool) -> bool:
        """Pass a message on; False for a topic that nobody listens to.

        One that the broker had kept says nothing about now, and is dropped.
        """
        listeners = self._listeners.get(topic)
        if listeners is None:
            return False
        if not retained:
            for heard in listeners:
                heard(payload)
        return True
