"""One connection to the broker, through paho; the only file that imports it. Knows no topics and no payloads.

Each connection is a paho client of its own, so that nothing paho queued can outlive it. Resolving the name, connecting and
the TLS handshake may block and happen on a thread of their own; from then on paho is driven by the event loop, which reads
and writes when the socket can. What paho reports is noted, and told when paho has returned: an acknowledgement is never
handled before its publish has returned, nor inside paho's own locks.
"""

import asyncio
import functools
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

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
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.clock import Clock
from agent.config_problem import Say
from agent.requests.asked import Asked
from agent.settings import MqttSettings
from agent.uplink import reasons, tls_reasons
from agent.uplink.certificates import Certificate, NotACertificateError, read_der
from agent.uplink.login import Login, LoginUnusableError
from agent.uplink.tls import HandshakeError, Material, TellingSocket

_log = logging.getLogger("agent.uplink")

_UNHEARD = 0x10  # success, and no matching subscribers; MQTT 5 only
_ANY = 65535  # MQTT's default for what may be in flight
_TEND_S = 1.0
_CONNECT_S = (
    10.0  # for TCP, and once more for TLS: a mobile link takes seconds for three round trips
)
_PACKET_MOST = 64 * 1024  # bytes; what is read back are own messages, of a few thousand
_AHEAD = 4096  # bytes read at once
_MID = 2  # bytes of a message's number
_HEADER = 1 + 4 + 2 + _MID  # of a publish: kind, length at its longest, length of the topic, number
_NO_PROPERTIES = Properties(PacketTypes.PUBACK)  # type: ignore[no-untyped-call]
# What follows the number in an acknowledgement that says no more than its code.
_PLAIN = {
    b"": ReasonCode(PacketTypes.PUBACK),
    b"\x00": ReasonCode(PacketTypes.PUBACK),
    b"\x00\x00": ReasonCode(PacketTypes.PUBACK),
    b"\x10": ReasonCode(PacketTypes.PUBACK, identifier=_UNHEARD),
    b"\x10\x00": ReasonCode(PacketTypes.PUBACK, identifier=_UNHEARD),
}
_PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the connection breaks."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What the broker told of itself when it let us in; None for what it did not say."""

    receive_maximum: int | None = None
    maximum_packet: int | None = None
    qos1: bool = True
    retain: bool = True


class Listener(Protocol):
    """Who is told about a connection; called on the event loop only."""

    def opened(self) -> None:
        """The TCP connection stands, and TLS on it where that is configured; the broker has not answered yet."""

    def accepted(self, receive_maximum: int) -> None:
        """The broker let us in and takes so many unacknowledged messages."""

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        """The broker answered a publish; `refusal` says why it did not take it, `unheard` that nobody has subscribed."""

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Something arrived on a subscription; `retained` had been kept by the broker until we asked."""

    def asked(self, asked: Asked) -> None:
        """Something arrived on the subscription of `subscribe_requests`."""

    def refused(self, topic: str) -> None:
        """The broker does not let us hear a topic we asked for."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who connects: its id at the broker, and what proves it."""

    client_id: str
    login: Login


class Connection:
    """One attempt and, if it succeeds, the connection. `ended` resolves to the reason it ended, as a sentence.

    `heard_us` is the `uptime_us` of the last bytes from the broker.

    `material` is what TLS was tried with, `server` the broker's certificate and `limits` what it allows, once they are
    known. Without a `will` nothing is published when the connection breaks.
    """

    def __init__(
        self,
        settings: MqttSettings,
        identity: Identity,
        will: Will | None,
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._settings, self._clock = settings, clock
        self._login = identity.login
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Say] = self._loop.create_future()
        self.material: Material | None = None
        self.server: Certificate | None = None
        self.limits: Limits | None = None
        self.heard_us = 0
        self._sock: socket.socket | None = None
        self._reason: Say | None = None
        self._accepted = self._aborted = False
        self._v5 = settings.protocol == "5"
        self._own_number = 0
        self._topics: dict[int, str] = {}
        self._asked: dict[int, tuple[str, ...]] = {}
        self._requests: str | None = None
        self._reports: list[Callable[[], None]] = []
        self._writer_waits = False
        self._tending: asyncio.TimerHandle | None = None
        self._client = self._make_client(identity.client_id, will)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        threading.Thread(target=self._connect, name="mqtt-connect", daemon=True).start()

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
        """Hand over at QoS 1. The token comes back in `acknowledged`; None when the connection is gone."""
        properties = _properties(expiry_s, content_type) if self._v5 else None
        if properties is not None and correlation is not None:
            properties = _correlated(content_type, correlation)
        if self._is_too_large(topic, payload, properties):
            return self._refuse(topic)
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        self._topics[info.mid] = topic
        return info.mid

    def _is_too_large(self, topic: str, payload: bytes, properties: Properties | None) -> bool:
        most = None if self.limits is None else self.limits.maximum_packet
        if most is None:
            return False
        said = 0
        if properties is not None:
            said = len(properties.pack())  # type: ignore[no-untyped-call]
        return _HEADER + len(topic.encode()) + said + len(payload) > most

    def _refuse(self, topic: str) -> int:
        """Answer in the broker's place, which would end the connection. Its own numbers are above 0."""
        most = 0 if self.limits is None else self.limits.maximum_packet or 0
        self._own_number -= 1
        refusal = reasons.too_large(topic, most)
        self._loop.call_soon(self._listener.acknowledged, self._own_number, refusal)
        return self._own_number

    def subscribe(self, *filters: str) -> None:
        """Ask for topics at QoS 1."""
        _, number = self._client.subscribe([(each, 1) for each in filters])
        if number is not None:
            self._asked[number] = filters

    def subscribe_requests(self, below: str) -> None:
        """Ask for what is asked of us, `below` a topic that ends in `/`; nothing retained under MQTT 5."""
        self._requests = below
        if self._v5:
            options = SubscribeOptions(
                1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND
            )
            _, number = self._client.subscribe(f"{below}#", options=options)
        else:
            _, number = self._client.subscribe(f"{below}#", 1)
        if number is not None:
            self._asked[number] = (f"{below}#",)

    def disconnect(self) -> None:
        """End in order, after what was handed over: the broker then drops the will."""
        self._client.disconnect()

    def abort(self, reason: Say) -> None:
        """End at once, whatever state the link is in: the broker then publishes the will."""
        self._aborted = True
        if self._tending is not None:
            self._finish(reason)

    def _make_client(self, client_id: str, will: Will | None) -> "_Client":
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if self._v5 else True,
            protocol=_PROTOCOLS[self._settings.protocol],
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        if will is not None:
            client.will_set(will.topic, will.payload, 1, retain=True)
        client.on_connect = self._note(self._on_connect)
        client.on_disconnect = self._note(self._on_disconnect)
        client.on_publish = self._note(self._on_publish)
        client.on_message = self._note(self._on_message)
        client.on_subscribe = self._note(self._on_subscribe)
        return client

    # -- on a thread of its own

    def _connect(self) -> None:
        reason: Say | None = reasons.LOST
        try:
            reason = self._try()
        finally:  # whatever happened: an attempt that does not report would be the last one
            self._report(reason)

    def _try(self) -> Say | None:
        """Connect; returns why that failed."""
        settings = self._settings
        try:
            self._prove()
            # A new client's first connect is always a clean start.
            self._client.connect(
                settings.host,
                settings.port,
                settings.keepalive_s,
                properties=_connect_properties() if self._v5 else None,
            )
            self.server = _certificate_of(self._client.socket())
        except LoginUnusableError as error:
            return error.reason
        except HandshakeError as error:
            return self._tls_failed(error.__cause__ or error)
        except Exception as error:  # noqa: BLE001 - no name or address may end the attempts
            return reasons.not_reached(error, settings.host, settings.port)
        return None

    def _prove(self) -> None:
        login = self._login.read()
        if login is not None:
            self._client.username_pw_set(*login)
        self.material = self._login.material()
        if self.material is not None:
            context = self.material.context
            self._client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType]

    def _tls_failed(self, error: BaseException) -> Say:
        settings = self._settings
        return tls_reasons.failed(error, settings.host, settings.port, self._clock.now())

    def _report(self, reason: Say | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._opened, reason)
        except RuntimeError:
            _log.debug("the event loop has ended before the connection stood")

    # -- on the event loop

    def _opened(self, reason: Say | None) -> None:
        sock = self._client.socket()
        if reason is not None or self._aborted or not isinstance(sock, socket.socket):
            self._finish(reason or self._hung_up())
            return
        self._sock = sock
        # Small messages must not wait for the acknowledgement of those before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.on_socket_register_write = self._has_to_write
        self._client.on_socket_close = self._leave
        self._loop.add_reader(sock, self._read, sock)
        self._listener.opened()
        self._tend()

    def _read(self, sock: socket.socket) -> None:
        self.heard_us = self._clock.uptime_us()
        self._turn(self._client.loop_read)
        # TLS decrypts whole records: what is left of one makes no socket readable any more.
        while isinstance(sock, ssl.SSLSocket) and not self.ended.done() and sock.pending():
            self._turn(self._client.loop_read)
        if self._client.ahead and not self.ended.done():
            self._loop.call_soon(self._read, sock)
        # A broker that leaves Nagle's algorithm on holds back its second answer until TCP has acknowledged the first,
        # 40 ms later; asking for that acknowledgement at once has to be repeated.
        if sock.fileno() >= 0:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _has_to_write(self, _client: Client, _userdata: object, _sock: object) -> None:
        self._loop.call_soon(self._write)

    def _write(self) -> None:
        """Write what waits, as few packets: one each would cost the kernel, and a mobile link, much for little."""
        if self.ended.done():
            return
        self._cork(1)
        self._turn(self._client.loop_write)
        if self.ended.done():
            return
        self._cork(0)
        sock = self._client.socket()
        if not isinstance(sock, socket.socket):
            return
        if self._client.want_write() != self._writer_waits:
            self._writer_waits = not self._writer_waits
            if self._writer_waits:
                self._loop.add_writer(sock, self._write)
            else:
                self._loop.remove_writer(sock)

    def _cork(self, on: int) -> None:
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, on)

    def _tend(self) -> None:
        """Keep-alive, once a second."""
        self._tending = self._loop.call_later(_TEND_S, self._tend)
        self._turn(self._client.loop_misc)

    def _turn(self, work: Callable[[], MQTTErrorCode]) -> None:
        """Let paho do a piece of work, and tell what came of it."""
        if self.ended.done():
            return
        failure: Say | None = None
        try:
            work()
        except Exception as error:  # noqa: BLE001 - hostile bytes end this connection, nothing else
            failure = reasons.not_mqtt(error)
            self._aborted = True
        noted, self._reports = self._reports, []
        for report in noted:
            report()
        if self._aborted or self._client.socket() is None:
            self._finish(failure or self._hung_up())

    def _hung_up(self) -> Say:
        """Why the broker may have closed the connection without a word of MQTT."""
        if self._accepted:
            return reasons.LOST
        if self.material is None:
            return reasons.HUNG_UP
        failure = self._sock.failure if isinstance(self._sock, TellingSocket) else None
        if isinstance(failure, ssl.SSLError) and not isinstance(failure, ssl.SSLEOFError):
            return self._tls_failed(failure)
        return tls_reasons.HUNG_UP

    def _leave(self, _client: Client, _userdata: object, sock: object) -> None:
        """The socket is about to be closed."""
        if isinstance(sock, socket.socket):
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _finish(self, reason: Say) -> None:
        if self.ended.done():
            return
        if self._tending is not None:
            self._tending.cancel()
        client, sock = self._client, self._client.socket()
        if isinstance(sock, socket.socket):
            self._leave(client, None, sock)
            sock.close()
        # Without its callbacks the client refers to nobody and goes with its connection.
        client.on_connect = client.on_disconnect = client.on_publish = client.on_message = None
        client.on_subscribe = None
        client.on_socket_register_write = client.on_socket_close = None
        self.ended.set_result(self._reason or reason)

    # -- what paho reports

    def _note(self, report: Callable[..., None]) -> Callable[..., None]:
        def callback(_client: Client, _userdata: object, *told: object) -> None:
            self._reports.append(functools.partial(report, *told))

        return callback

    def _on_connect(self, _flags: ConnectFlags, code: ReasonCode, properties: Properties) -> None:
        if code.is_failure:
            self._reason = reasons.connect_refused(code.value, str(code))
            return
        self._accepted = True
        self.limits = _limits_of(properties)
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
        self._listener.acknowledged(mid, refusal, unheard=code.value == _UNHEARD)

    def _on_message(self, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        if self._requests is not None and topic.startswith(self._requests):
            self._listener.asked(_asked(topic, message))
            return
        self._listener.message(topic, bytes(message.payload), retained=message.retain)

    def _on_subscribe(self, number: int, codes: list[ReasonCode], _properties: Properties) -> None:
        for topic, code in zip(self._asked.pop(number, ()), codes, strict=False):
            if code.is_failure:
                self._listener.refused(topic)


def _asked(topic: str, message: MQTTMessage) -> Asked:
    """A request with what MQTT 5 says of its answer."""
    properties = message.properties
    return Asked(
        topic=topic,
        payload=bytes(message.payload),
        retained=message.retain,
        response_topic=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
    )


def _limits_of(properties: Properties) -> Limits:
    return Limits(
        receive_maximum=getattr(properties, "ReceiveMaximum", None),
        maximum_packet=getattr(properties, "MaximumPacketSize", None),
        qos1=getattr(properties, "MaximumQoS", 1) != 0,
        retain=getattr(properties, "RetainAvailable", 1) != 0,
    )


def _certificate_of(sock: object) -> Certificate | None:
    """The certificate the other side showed; None without TLS."""
    der = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    try:
        return None if der is None else read_der(der)
    except NotACertificateError:
        return None


class _Client(Client):
    """paho's, but for what an acknowledgement costs there: three calls of the kernel, and two tables made and thrown away.

    `ahead` is what has been read of the socket and not looked at yet.
    """

    ahead = b""

    def _sock_recv(self, bufsize: int) -> bytes:  # type: ignore[explicit-override]
        # Under MQTT 3.1.1 anybody who may write where we listen decides how much memory this takes. What is cut off does
        # not end the connection: a retained message would end each one.
        del self._in_packet["packet"][2 * _PACKET_MOST :]
        if not self.ahead:
            self.ahead = super()._sock_recv(_AHEAD)
        taken, self.ahead = self.ahead[:bufsize], self.ahead[bufsize:]
        return taken

    def _handle_pubackcomp(  # type: ignore[explicit-override]
        self, cmd: Literal["PUBACK", "PUBCOMP"]
    ) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        code = _PLAIN.get(bytes(packet[2:]))
        if code is None or len(packet) < _MID or self.protocol != MQTTProtocolVersion.MQTTv5:
            return super()._handle_pubackcomp(cmd)
        mid = int.from_bytes(packet[:_MID], "big")
        with self._out_message_mutex:
            if mid in self._out_messages:
                return self._do_on_publish(mid, code, _NO_PROPERTIES)
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class _Packed(Properties):
    """Properties that do not change any more: paho would encode them anew for each message, at a fifth of its cost."""

    def __init__(self, encoded: bytes) -> None:
        super().__init__(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        object.__setattr__(self, "_encoded", encoded)

    def pack(self) -> bytes:  # type: ignore[explicit-override]
        encoded: bytes = object.__getattribute__(self, "_encoded")
        return encoded


@functools.cache
def _connect_properties() -> Properties:
    """A broker of MQTT 5 sends nothing larger than this."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.MaximumPacketSize = _PACKET_MOST
    return properties


def _correlated(content_type: str | None, correlation: bytes) -> Properties:
    """Of an answer: not worth keeping."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.CorrelationData = correlation
    if content_type is not None:
        properties.ContentType = content_type
    return properties


@functools.cache
def _properties(expiry_s: int | None, content_type: str | None) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    if content_type is not None:
        properties.ContentType = content_type
    return _Packed(properties.pack())  # type: ignore[no-untyped-call]
