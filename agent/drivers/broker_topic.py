"""Heartbeats that a station publishes on a topic of the agent's own broker. What they hold is not looked at."""

import asyncio
from typing import Final

from agent.clock import Clock, sleep
from agent.drivers.means import Broker
from agent.drivers.probes import NotSentError
from agent.model import SECOND_US

LOOK_S: Final = 1.0  # how late it is noticed that the broker is gone
ANSWER_US: Final = 5 * SECOND_US  # what a broker over a mobile link may take to answer


class BrokerTopic:
    """Hears one topic, from when it is made until the agent ends."""

    def __init__(self, broker: Broker, topic: str, clock: Clock) -> None:
        self._broker, self._topic, self._clock = broker, topic, clock
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

    async def doubt(self, since_us: int) -> str | None:
        """Say why a silence since then may be the broker's: a connection can be dead for a while before that shows."""
        if self._broker.heard_us() >= since_us:
            return None
        asked_us = self._clock.uptime_us()
        self._broker.ask_again(self._topic)
        while self._broker.heard_us() < asked_us:
            if self._clock.uptime_us() - asked_us >= ANSWER_US:
                return "the broker does not answer: the connection to it may be dead"
            await sleep(LOOK_S / 10)
        return None

    def close(self) -> None:
        """Nothing is held."""

    def _heard(self, _payload: bytes) -> None:
        self._came.set()
