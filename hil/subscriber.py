"""An independent subscriber: hears everything the broker has and keeps it, in order of arrival. Knows no agent.

`with Subscriber(broker.port) as heard:` then `heard.wait_for(lambda all: …)`.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from hil.ports import LOOPBACK

T = TypeVar("T")
_ANSWER_S = 10.0
_FOR_EVER = 0xFFFFFFFF
_FENCE = "fence/"  # published and heard by ourselves: what came before has all been delivered


@dataclass(frozen=True, slots=True)
class Heard:
    """One message. `retain`: it was published so; `qos` is the publisher's; `at_s` monotonic."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    at_s: float
    content_type: str | None = None
    expiry_s: int | None = None

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was published
        """The payload as JSON."""
        return json.loads(self.payload)


class Subscriber:
    """Subscribes to `topics` at QoS 2, so that QoS and retain flag arrive as they were published.

    With a `session` of that name, at QoS 1, the broker keeps what comes while we are not connected; what is retained comes
    with the first subscription only, and its QoS is then no longer known to have been more than 1.
    """

    def __init__(
        self, port: int, topics: str = "#", *, user: str = "", password: str = "", session: str = ""
    ) -> None:
        self.messages: list[Heard] = []
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._topics = topics
        self._fences = 0
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, client_id=session
        )
        self._session = session
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_disconnect = lambda *_: self._subscribed.clear()
        self._client.on_message = self._heard
        self._client.reconnect_delay_set(1, 1)
        self._connect(port)
        self._client.loop_start()
        self.wait_until_subscribed()

    def wait_until_subscribed(self) -> None:
        """Return when the broker, perhaps a new one, has taken the subscription."""
        if not self._subscribed.wait(_ANSWER_S):
            raise TimeoutError("the broker did not answer the subscription")

    def wait_for(self, look: Callable[[list[Heard]], T | None], timeout_s: float = 30.0) -> T:
        """Look again at each message until there is an answer; TimeoutError with the topics otherwise."""
        deadline_s = time.monotonic() + timeout_s
        with self._news:
            while True:
                found = look(self.messages)
                if found is not None and found is not False:
                    return found
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    heard = [(m.topic, m.payload[:60]) for m in self.messages[-20:]]
                    raise TimeoutError(f"not heard within {timeout_s} s; the last were {heard}")
                self._news.wait(left_s)

    def fence(self) -> None:
        """Return when everything the broker had for us before this call has arrived."""
        self._fences += 1
        topic = f"{_FENCE}{id(self)}/{self._fences}"
        self._client.subscribe(topic, 1)
        self._client.publish(topic, b"", 1)
        self.wait_for(lambda heard: any(m.topic == topic for m in heard), _ANSWER_S)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self, port: int) -> None:
        if not self._session:
            self._client.connect(LOOPBACK, port)
            return
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = _FOR_EVER
        self._client.connect(LOOPBACK, port, clean_start=False, properties=kept)

    def _connected(self, client: Client, *_told: object) -> None:
        kept = bool(self._session)
        options = SubscribeOptions(
            qos=1 if kept else 2, retainAsPublished=True, retainHandling=int(kept)
        )
        client.subscribe(self._topics, options=options)

    def _heard(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        properties = message.properties
        heard = Heard(
            message.topic,
            bytes(message.payload),
            message.qos,
            message.retain,
            time.monotonic(),
            getattr(properties, "ContentType", None),
            getattr(properties, "MessageExpiryInterval", None),
        )
        with self._news:
            self.messages.append(heard)
            self._news.notify_all()


def retained(
    port: int, topics: str = "#", *, user: str = "", password: str = ""
) -> Mapping[str, Any]:
    """What is retained below `topics` now, as JSON by topic."""
    with Subscriber(port, topics, user=user, password=password) as once:
        once.fence()
        return {
            m.topic: m.json for m in once.messages if m.payload and not m.topic.startswith(_FENCE)
        }
