"""One connection to the broker, through paho; the only file that imports it. Knows no topics and no payloads.

Each connection is a paho client of its own with a thread of its own: resolving the name and connecting may block there,
and nothing that paho queued can outlive its connection. The thread only hands over: every report is run on the event loop,
the same on which `publish` is called, so an acknowledgement cannot be handled before its publish has returned. A common
lock would deadlock instead: paho holds its own one both while it publishes and while it reports.
"""

import asyncio
import contextlib
import functools
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
)
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.settings import MqttSettings
from agent.uplink import reasons

_log = logging.getLogger("agent.uplink")

_ANY = 65535  # MQTT's default for what may be in flight
_LOOP_S = 1.0
_PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the connection breaks."""

    topic: str
    payload: bytes


class Listener(Protocol):
    """Who is told about a connection; called on the event loop only."""

    def opened(self) -> None:
        """The TCP connection stands; the broker has not answered yet."""

    def accepted(self, receive_maximum: int) -> None:
        """The broker let us in and takes so many unacknowledged messages."""

    def acknowledged(self, token: int, refusal: str | None) -> None:
        """The broker answered a publish; `refusal` says why it did not take it."""

    def message(self, topic: str, payload: bytes) -> None:
        """Something arrived on a subscription."""


class Connection:
    """One attempt and, if it succeeds, the connection. `ended` resolves to the reason it ended, as a sentence."""

    def __init__(
        self, settings: MqttSettings, client_id: str, will: Will, listener: Listener
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self._reason: str | None = None
        self._accepted = False
        self._closing = threading.Event()
        self._v5 = settings.protocol == "5"
        self._topics: dict[int, str] = {}
        self._client = self._make_client(client_id, will)
        self._thread = threading.Thread(target=self._work, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        content_type: str | None = None,
    ) -> int | None:
        """Hand over at QoS 1. The token comes back in `acknowledged`; None when the connection is gone."""
        properties = _properties(expiry_s, content_type) if self._v5 else None
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        self._topics[info.mid] = topic
        return info.mid

    def subscribe(self, *filters: str) -> None:
        """Ask for topics at QoS 1."""
        self._client.subscribe([(each, 1) for each in filters])

    def disconnect(self) -> None:
        """End in order, after what was handed over: the broker then drops the will."""
        self._client.disconnect()

    def abort(self, reason: str) -> None:
        """End at once, whatever state the link is in: the broker then publishes the will."""
        self._reason = self._reason or reason
        self._closing.set()
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            # The network thread reads the end of the stream and comes to its own; the peer need not answer.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _make_client(self, client_id: str, will: Will) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if self._v5 else True,
            protocol=_PROTOCOLS[self._settings.protocol],
            reconnect_on_failure=False,
        )
        client.will_set(will.topic, will.payload, 1, retain=True)
        # With this set, paho leaves all writing to the thread that turns its loop.
        client.on_socket_register_write = _leave_to_the_loop
        client.on_connect = self._hand_over(self._on_connect)
        client.on_disconnect = self._hand_over(self._on_disconnect)
        client.on_publish = self._hand_over(self._on_publish)
        client.on_message = self._hand_over(self._on_message)
        return client

    # -- on the network thread

    def _work(self) -> None:
        try:
            reason = self._connect_and_turn()
        except OSError as error:
            reason = reasons.not_reached(error, self._settings.host, self._settings.port)
        except Exception as error:  # noqa: BLE001 - hostile bytes end this connection, nothing else
            reason = reasons.not_mqtt(error)
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            sock.close()
        self._post(self._finish, reason)

    def _connect_and_turn(self) -> str:
        settings = self._settings
        if settings.username or settings.password_file:
            try:
                password = _read_password(settings.password_file)
            except (OSError, UnicodeDecodeError) as error:
                return reasons.password_unreadable(error, settings.password_file)
            self._client.username_pw_set(settings.username, password)
        # A new client's first connect is always a clean start.
        self._client.connect(settings.host, settings.port, settings.keepalive_s)
        self._hurry(socket.TCP_NODELAY)
        self._post(self._listener.opened)
        while not self._closing.is_set():
            if self._client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
            self._hurry(socket.TCP_QUICKACK)
        return reasons.HUNG_UP

    def _hurry(self, option: int) -> None:
        """Small messages must wait for no acknowledgement, neither ours nor the broker's answers.

        A broker that leaves Nagle's algorithm on holds back its second answer until TCP has acknowledged the first, 40 ms
        later; asking for that acknowledgement at once has to be repeated.
        """
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, option, 1)

    def _hand_over(self, report: Callable[..., None]) -> Callable[..., None]:
        def callback(_client: Client, _userdata: object, *told: object) -> None:
            self._post(report, *told)

        return callback

    def _post(self, report: Callable[..., None], *told: object) -> None:
        try:
            self._loop.call_soon_threadsafe(report, *told)
        except RuntimeError:
            _log.debug("the event loop has ended before the connection")

    # -- on the event loop

    def _on_connect(self, _flags: ConnectFlags, code: ReasonCode, properties: Properties) -> None:
        if code.is_failure:
            self._reason = reasons.connect_refused(code.value, str(code))
            return
        self._accepted = True
        self._listener.accepted(getattr(properties, "ReceiveMaximum", _ANY))

    def _on_disconnect(
        self, flags: DisconnectFlags, code: ReasonCode, _properties: Properties
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._reason = reasons.connection_ended(code.value, str(code))

    def _on_publish(self, mid: int, code: ReasonCode, _properties: Properties) -> None:
        topic = self._topics.pop(mid, "")
        refusal = None
        if code.is_failure:
            refusal = reasons.publish_refused(code.value, str(code), topic)
        if not self.ended.done():
            self._listener.acknowledged(mid, refusal)

    def _on_message(self, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self._listener.message(topic, bytes(message.payload))

    def _finish(self, reason: str) -> None:
        # Without its callbacks the client refers to nobody, and its sockets close with it.
        client = self._client
        client.on_connect = client.on_disconnect = client.on_publish = client.on_message = None
        if not self.ended.done():
            self.ended.set_result(self._reason or (reasons.LOST if self._accepted else reason))


def _leave_to_the_loop(*_told: object) -> None:
    pass


def _read_password(path: str) -> str | None:
    return Path(path).read_text(encoding="utf-8").rstrip("\r\n") if path else None


@functools.cache
def _properties(expiry_s: int | None, content_type: str | None) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    if content_type is not None:
        properties.ContentType = content_type
    return properties
