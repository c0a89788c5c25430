"""Somebody upstream who asks an elevator over the broker, with MQTT 5 or 3.1.1, and waits for the answer."""

import itertools
import json
import threading
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hil.installation import TOPIC
from hil.ports import LOOPBACK


class Heard(NamedTuple):
    topic: str
    said: Any
    correlation: bytes | None


class Asker:
    """As a context. `answers` are all that came below `resp/`, in order."""

    def __init__(self, port: int, protocol: str = "5", user: str = "") -> None:
        self.v5 = protocol == "5"
        self.answers: list[Heard] = []
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._numbers = itertools.count(1)
        kind = MQTTProtocolVersion.MQTTv5 if self.v5 else MQTTProtocolVersion.MQTTv311
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=kind, client_id="")
        if user:
            self._client.username_pw_set(user, user)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{TOPIC}/resp/#", 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._heard
        self._client.connect(LOOPBACK, port)
        self._client.loop_start()
        assert self._subscribed.wait(20)

    def _heard(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        correlation = getattr(message.properties, "CorrelationData", None)
        with self._news:
            self.answers.append(Heard(message.topic, json.loads(message.payload), correlation))
            self._news.notify_all()

    def send(
        self,
        verb: str,
        payload: bytes | dict[str, Any] = b"",
        *,
        topic: str | None = None,
        correlation: bytes | None = None,
        retain: bool = False,
        below: str = "req",
    ) -> None:
        """Publish a request, and return when the broker has it."""
        properties = Properties(PacketTypes.PUBLISH) if self.v5 else None
        if properties is not None and topic is not None:
            properties.ResponseTopic = topic
        if properties is not None and correlation is not None:
            properties.CorrelationData = correlation
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sent = self._client.publish(f"{TOPIC}/{below}/{verb}", body, 1, retain, properties)
        sent.wait_for_publish(20)

    def wait_for(self, count: int, timeout_s: float = 30.0) -> list[Heard]:
        """Wait until so many answers have come in all."""
        deadline_s = time.monotonic() + timeout_s
        with self._news:
            while len(self.answers) < count:
                left_s = deadline_s - time.monotonic()
                assert left_s > 0, f"{count} answers wanted, {self.answers}"
                self._news.wait(left_s)
            return list(self.answers)

    def ask(self, verb: str, timeout_s: float = 30.0, **params: Any) -> Any:
        """Ask and give the answer that carries the same id."""
        name = f"q{next(self._numbers)}"
        self.send(verb, {**params, "correlation_id": name})
        deadline_s = time.monotonic() + timeout_s
        with self._news:
            while True:
                for heard in self.answers:
                    if heard.said["correlation_id"] == name:
                        return heard.said
                left_s = deadline_s - time.monotonic()
                assert left_s > 0, f"no answer to {verb}: {self.answers}"
                self._news.wait(left_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
