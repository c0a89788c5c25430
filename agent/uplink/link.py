"""The link to the broker: connects, notices when it is dead, and connects again with back-off. Knows no payloads.

Back-off has full jitter and a ceiling of 30 s; only a connection that stood a minute resets it, so that a broker which lets
in and kicks out at once is not hammered.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping

from agent.backoff import Backoff
from agent.clock import Clock
from agent.config_problem import Say
from agent.model import SECOND_US
from agent.requests.asked import Asked
from agent.settings import ElevatorSettings, MqttSettings
from agent.uplink import reasons
from agent.uplink.certificates import Certificate
from agent.uplink.hearing import Hearing
from agent.uplink.login import Login
from agent.uplink.mqtt import Connection, Identity, Limits, Will
from agent.uplink.ports import UplinkListener
from agent.uplink.seen import Seen

_log = logging.getLogger("agent.uplink")

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
STABLE_US = 60 * SECOND_US
ACKNOWLEDGEMENT_US = 30 * SECOND_US
ANSWER_US = 15 * SECOND_US
_EARLY_WINDOW_US = 600 * SECOND_US
_CHECK_S = 1.0
_GOODBYE_S = 0.5


def client_id(mqtt: MqttSettings, elevator: ElevatorSettings) -> str:
    """As configured, else one that names the elevator."""
    return mqtt.client_id or f"elevator-agent-{elevator.site}-{elevator.id}"


class MqttLink:
    """One broker, for as long as the agent runs.

    `will` is asked at each attempt; what `hearing` wants to hear is asked for on every connect.
    """

    def __init__(
        self,
        settings: MqttSettings,
        client_id: str,
        will: Callable[[], Will],
        clock: Clock,
        hearing: Hearing | None = None,
    ) -> None:
        self._settings = settings
        login = Login(settings)
        self._identity, self._seen = Identity(client_id, login), Seen(login)
        self._will = will
        self._clock = clock
        self._hearing = hearing or Hearing()
        self._listener: UplinkListener | None = None
        self._requests: tuple[str, Callable[[Asked], None]] | None = None
        self._connection: Connection | None = None
        self._stopping = False
        self._hurry = asyncio.Event()
        self._early_us: deque[int] = deque(maxlen=16)
        self._opened_us: int | None = None
        self._connected_us: int | None = None
        self._sent_us: dict[int, int] = {}
        self._fault: Say | None = reasons.NOT_YET

    async def run(self, listener: UplinkListener) -> None:
        """Connect again and again, until `close` or cancelled; to be followed by `close` in either case."""
        self._listener = listener
        backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        while not self._stopping:
            stood_us = await self._one_connection()
            if stood_us >= STABLE_US:
                backoff.reset()
            elif stood_us:
                self._early_us.append(self._clock.uptime_us())
            if not self._stopping:
                await self._pause(backoff.next_s())

    def try_now(self) -> None:
        """Try at once if there is no connection: what kept it from coming about may be over."""
        self._hurry.set()

    async def _pause(self, wait_s: float) -> None:
        self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._hurry.wait()

    @property
    def fault(self) -> str | None:
        """Why there is no connection, None while there is one; in English, as the log says it."""
        return None if self._fault is None else self._fault.en

    @property
    def fault_zh(self) -> str | None:
        """The same in Chinese."""
        return None if self._fault is None else self._fault.zh

    @property
    def certificates(self) -> Mapping[str, Certificate]:
        """The certificates of the connection as last seen, by the name that an event gives them."""
        return self._seen.certificates

    @property
    def limits(self) -> Limits | None:
        """What the broker allows; None while there is no connection."""
        return None if self._connection is None else self._connection.limits

    @property
    def broken_early(self) -> int:
        """How many connections broke within a minute of coming about, in the last ten minutes; 16 at most."""
        since_us = self._clock.uptime_us() - _EARLY_WINDOW_US
        return sum(each > since_us for each in self._early_us)

    @property
    def connected(self) -> bool:
        """Whether the broker has let us in and the connection has not ended."""
        return self._connected_us is not None

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
        """Hand over at QoS 1. The token comes back in `acknowledged`; None means not sent: there is no connection."""
        if self._connection is None or not self.connected:
            return None
        token = self._connection.publish(
            topic,
            payload,
            retain=retain,
            expiry_s=expiry_s,
            content_type=content_type,
            correlation=correlation,
        )
        if token is not None:
            self._sent_us[token] = self._clock.uptime_us()
        return token

    def _heard_us(self) -> int:
        return 0 if self._connection is None else self._connection.heard_us

    def subscribe(self, *filters: str) -> None:
        """Ask for topics at QoS 1; to be done on every connect."""
        if self._connection is not None:
            self._connection.subscribe(*filters)

    def answer_requests(self, below: str, asked: Callable[[Asked], None]) -> None:
        """Hear what is asked below a topic ending in `/`, from the next connection on."""
        self._requests = (below, asked)

    async def close(self) -> None:
        """End in order, so that the broker drops the will; within half a second. Works whether or not `run` still does."""
        self._stopping = True
        connection = self._connection
        if connection is None:
            return
        if self.connected:
            connection.disconnect()
            await asyncio.wait({connection.ended}, timeout=_GOODBYE_S)
        connection.abort(reasons.LOST)

    # -- one connection

    async def _one_connection(self) -> int:
        """Returns how long it stood, in microseconds; 0 when it did not come about.

        When cancelled it leaves the connection standing: there may be a last word to say before `close`.
        """
        self._opened_us = None
        connection = Connection(self._settings, self._identity, self._will(), self, self._clock)
        self._connection = connection
        connection.start()
        while not connection.ended.done():
            await asyncio.wait({connection.ended}, timeout=_CHECK_S)
            self._check(connection)
        self._connection = None
        self._learn(connection)
        return self._ended(connection.ended.result())

    def _learn(self, connection: Connection) -> None:
        self._seen.learn(connection.material, connection.server, self._clock.uptime_us())

    def _check(self, connection: Connection) -> None:
        now_us = self._clock.uptime_us()
        self._seen.look_again(now_us)
        oldest_us = next(iter(self._sent_us.values()), now_us)
        if now_us - oldest_us > ACKNOWLEDGEMENT_US:
            connection.abort(reasons.NO_ACKNOWLEDGEMENT)
        waiting_us = 0 if self._opened_us is None else now_us - self._opened_us
        if not self.connected and waiting_us > ANSWER_US:
            connection.abort(reasons.NO_ANSWER)

    def _ended(self, reason: Say) -> int:
        if not self._stopping and (self.connected or self._fault != reason):
            _log.warning("Not connected to the broker: %s.", reason.en)
        self._fault = reason
        self._hearing.disconnected(reason.en)
        self._sent_us.clear()
        since_us, self._connected_us = self._connected_us, None
        if since_us is None:
            return 0
        if self._listener is not None:
            self._listener.disconnected(reason.en)
        return self._clock.uptime_us() - since_us

    # -- what the connection reports

    def opened(self) -> None:
        """The TCP connection stands, and TLS on it where that is configured."""
        self._opened_us = self._clock.uptime_us()
        if self._connection is not None:
            self._learn(self._connection)

    def accepted(self, receive_maximum: int) -> None:
        """The broker let us in."""
        self._connected_us = self._clock.uptime_us()
        self._fault = None
        _log.info("Connected to the broker at %s:%d.", self._settings.host, self._settings.port)
        if self._listener is not None:
            self._listener.connected(receive_maximum)
        self._hearing.connected(self.subscribe, self._heard_us)
        if self._requests is not None and self._connection is not None:
            self._connection.subscribe_requests(self._requests[0])

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        """The broker answered a publish."""
        if self._sent_us.pop(token, None) is not None and self._listener is not None:
            self._listener.acknowledged(token, refusal, unheard=unheard)

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Something arrived."""
        if self._hearing.message(topic, payload, retained=retained):
            return
        if self._listener is not None:
            self._listener.message(topic, payload, retained=retained)

    def asked(self, asked: Asked) -> None:
        """Something was asked of us."""
        if self._requests is not None:
            self._requests[1](asked)

    def refused(self, topic: str) -> None:
        """The broker does not let us hear a topic."""
        self._hearing.refused(topic)
