"""The duty room of the demonstration: an MQTT subscriber that knows only the broker and the topics.

Its session outlives its connection, so that the broker keeps for it what comes while it is away.
"""

import json
import threading
import time
from dataclasses import replace

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hil.demo_facts import Delivery, Entry, Seen

CLIENT_ID = "duty-room"
_AGAIN_S = 1
_READY_S = 10.0
_QOS = 1


class Observer:
    """Connects again and again until closed. `root` is the topic root of one elevator."""

    def __init__(self, host: str, port: int, root: str) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._events: dict[int, Delivery] = {}
        self._alarms: set[str] = set()
        self._status: str | None = None
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, CLIENT_ID, clean_session=False, protocol=mqtt.MQTTv311
        )
        self._subscribed = threading.Event()
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._came
        self._client.reconnect_delay_set(_AGAIN_S, _AGAIN_S)
        self._client.connect_async(host, port)
        self._client.loop_start()

    def wait(self) -> None:
        """Return when the broker has taken the subscription, RuntimeError when it does not."""
        if not self._subscribed.wait(_READY_S):
            raise RuntimeError(f"the broker took no subscription within {_READY_S:g} s")

    def seen(self) -> Seen:
        """Tell what has arrived until now."""
        with self._lock:
            return Seen(dict(self._events), frozenset(self._alarms), self._status)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, *_: object) -> None:
        with self._lock:
            self._alarms.clear()  # the broker now tells again what stands
        client.subscribe(f"{self._root}/#", _QOS)

    def _came(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        kind, _, tail = message.topic.removeprefix(f"{self._root}/").partition("/")
        with self._lock:
            if kind == "event":
                self._event(Entry.of(bytes(message.payload)))
            elif kind == "alarm" and message.payload:
                self._alarms.add(tail)
            elif kind == "alarm":
                self._alarms.discard(tail)
            elif kind == "status":
                self._status = json.loads(message.payload)["state"]

    def _event(self, entry: Entry) -> None:
        before = self._events.get(entry.seq)
        if before is None:
            self._events[entry.seq] = Delivery(entry, time.time())
        else:
            self._events[entry.seq] = replace(before, times=before.times + 1)
