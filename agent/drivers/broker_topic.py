"""Heartbeats that a station publishes on a topic of the agent's own broker. What they hold is not looked at."""

import asyncio
from typing import Final

from agent.drivers.means import Broker
from agent.drivers.probes import NotSentError

LOOK_S: Final = 1.0  # how late it is noticed that the broker is gone


class BrokerTopic:
    """Hears one topic, from when it is made until the agent ends."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self._broker, self._topic = broker, topic
        self._came = asyncio.Event()
        broker.listen(topic, self._heard)

    async def beat(self) -> None:
        """Wait for a message; raises NotSentError while none can come."""
        while not self._came.is_set():
            deaf = self._broker.why_deaf(self._topic)
            if deaf is not None:
                raise NotSentError(deaf)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._came.wait()
            except TimeoutError:
                continue
        self._came.clear()

    def close(self) -> None:
        """Nothing is held."""

    def _heard(self, _payload: bytes) -> None:
        self._came.set()
