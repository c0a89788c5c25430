"""The faulty way to a broker: what each fault does to a real client and a real broker."""

import contextlib
import queue
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hil.broker import Mosquitto
from hil.fault_proxy import Conversation, FaultProxy, Rules
from hil.fault_proxy_packets import Kind, Splitter, kind_of, packet_id_of, refusal, sequence_of
from hil.link import CuttableLink, Direction
from hil.subscriber import Subscriber

EVENT = "elevator/v1/s/e/event/info/mode_changed"
PACKETS = st.lists(st.tuples(st.integers(1, 15), st.binary(max_size=300)), max_size=8)


def packet_of(kind: int, body: bytes) -> bytes:
    length, encoded = len(body), b""
    while True:
        length, low = divmod(length, 128)
        encoded += bytes((low | (0x80 if length else 0),))
        if not length:
            return bytes((kind << 4,)) + encoded + body


def published(seq: int, packet_id: int = 7, topic: str = EVENT) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + packet_id.to_bytes(2, "big") + b"\0"
    return bytes((0x32,)) + packet_of(0, body + b'{"sequence":"%012d"}' % seq)[1:]


CONNECT_5 = packet_of(Kind.CONNECT, b"\0\4MQTT\5")
CONNECT_311 = packet_of(Kind.CONNECT, b"\0\4MQTT\4")
WELCOME = packet_of(Kind.CONNACK, b"\0\0\0")
TO_SERVER, TO_CLIENT = Direction.TO_SERVER, Direction.TO_CLIENT


@given(PACKETS, st.lists(st.integers(1, 50), max_size=40))
def test_packets_come_whole_however_the_bytes_are_cut(
    packets: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    whole = [packet_of(kind, body) for kind, body in packets]
    left, found, splitter = b"".join(whole), list[bytes](), Splitter()
    for cut in [*cuts, len(left)]:
        found += splitter.feed(left[:cut])
        left = left[cut:]
    assert found == whole
    assert [kind_of(each) for each in found] == [kind for kind, _ in packets]


def conversation(rules: Rules, connect: bytes = CONNECT_5) -> Conversation:
    talk = Conversation(rules, random.Random(1))
    assert talk.take(TO_SERVER, connect) == (connect, b"")
    assert talk.take(TO_CLIENT, WELCOME) == (WELCOME, b"")
    return talk


def test_what_is_published_is_noted_with_its_sequence() -> None:
    talk = conversation(Rules())
    talk.take(TO_SERVER, published(41) + published(1, topic="elevator/v1/s/e/status"))
    assert [(each.topic, each.seq, each.is_empty, each.refused) for each in talk.sent] == [
        (EVENT, 41, False, False),
        ("elevator/v1/s/e/status", None, False, False),
    ]
    assert talk.accepted_s is not None


def test_a_refused_message_does_not_arrive_and_is_answered_with_the_reason() -> None:
    talk = conversation(Rules(refuse=(0x97, 1.0)))
    assert talk.take(TO_SERVER, published(1, packet_id=0x0102)) == (b"", b"\x40\x03\x01\x02\x97")
    assert talk.sent[0].refused


def test_older_mqtt_knows_no_refusals() -> None:
    talk = conversation(Rules(refuse=(0x97, 1.0)), CONNECT_311)
    assert talk.take(TO_SERVER, published(1)) == (published(1), b"")


def test_a_deaf_way_swallows_acknowledgements_and_nothing_else() -> None:
    talk = conversation(Rules(deaf=True))
    ping = packet_of(13, b"")
    assert talk.take(TO_CLIENT, refusal(b"\0\7", 0) + ping) == (ping, b"")


def test_garbage_comes_once_between_packets_and_begins_no_acknowledgement() -> None:
    for way in Direction:
        rules = Rules(garbage={way})
        talk = conversation(rules)
        packet = published(1) if way is TO_SERVER else packet_of(13, b"")
        spoilt, _ = talk.take(way, packet)
        assert spoilt.endswith(packet)
        assert len(spoilt) > len(packet)
        assert kind_of(spoilt) != Kind.PUBACK
        assert talk.take(way, packet)[0] == packet


def test_the_parts_of_a_message_that_matter_are_found() -> None:
    message = published(123, packet_id=0xBEEF)
    assert packet_id_of(message) == b"\xbe\xef"
    assert sequence_of(message) == 123
    assert packet_id_of(bytes((0x30,)) + message[1:]) is None
    assert sequence_of(packet_of(Kind.PUBLISH, b"\0\1a\0{}")) is None


# ---------------------------------------------------------------- a real client, a real broker


class Talker:
    """A client that reports its answers."""

    def __init__(self, port: int) -> None:
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.reconnect_delay_set(60, 60)
        self.client.on_connect = lambda *told: self.answers.put(("in", told[3].value))
        self.client.on_publish = lambda *told: self.answers.put(("answer", told[3].value))
        self.client.on_disconnect = lambda *told: self.answers.put(("out", None))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        # Without them nothing refers back to the client, which then closes its sockets at once.
        self.client.on_connect = self.client.on_publish = self.client.on_disconnect = None

    def next(self) -> tuple[str, Any]:
        return self.answers.get(timeout=15)


@contextlib.contextmanager
def stage() -> Iterator[tuple[FaultProxy, Subscriber, Callable[[], Talker]]]:
    with (
        Mosquitto() as broker,
        FaultProxy(broker.port, "1") as proxy,
        Subscriber(broker.port, "#") as heard,
        contextlib.ExitStack() as stack,
    ):

        def talk() -> Talker:
            talker = Talker(proxy.port)
            stack.callback(talker.close)
            return talker

        yield proxy, heard, talk


def test_a_real_client_is_refused_unheard_thrown_out_and_served_again() -> None:
    with stage() as (proxy, heard, talk):
        one = talk()
        assert one.next() == ("in", 0)
        proxy.rules.refuse = 0x87, 1.0
        one.client.publish("a", b"refused", 1)
        assert one.next() == ("answer", 0x87)
        proxy.behave()
        one.client.publish("a", b"taken", 1)
        assert one.next() == ("answer", 0)
        proxy.rules.garbage.add(TO_SERVER)
        one.client.publish("a", b"among garbage", 1)
        while proxy.rules.garbage:
            time.sleep(0.01)
        proxy.cut()  # where the broker has not done so itself
        assert one.next() == ("out", None)
        proxy.mend()
        heard.fence()
        assert [m.payload for m in heard.messages if m.topic == "a"] == [b"taken"]
        two = talk()
        assert two.next() == ("in", 0)
        assert len(proxy.conversations) == 2
        assert proxy.conversations[0].ended_s is not None


def test_the_welcome_can_be_kept_back() -> None:
    with stage() as (proxy, _, talk):
        proxy.cut()
        proxy.withhold(TO_CLIENT)
        proxy.listen()
        one = talk()
        with pytest.raises(queue.Empty):
            one.answers.get(timeout=0.3)
        proxy.behave()
        assert one.next() == ("in", 0)


def test_a_link_can_end_in_order_and_can_be_narrow() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, CuttableLink(listener.getsockname()[1]) as link:
        client = socket.create_connection((link.host, link.port), timeout=10)
        server, _ = listener.accept()
        with client, server:
            link.bytes_per_s = 4000
            began_s = time.monotonic()
            client.sendall(bytes(800))
            got = 0
            while got < 800:
                got += len(server.recv(800))
            assert time.monotonic() - began_s > 0.15
            link.cut(in_order=True)
            assert client.recv(1) == b""  # a reset would raise


def test_a_subscriber_with_a_session_misses_nothing_while_the_broker_restarts() -> None:
    with (
        Mosquitto(persistence=True) as broker,
        Subscriber(broker.port, "a/#", session="judge") as heard,
    ):
        for word in (b"before", b"after"):
            talker = Talker(broker.port)
            assert talker.next() == ("in", 0)
            talker.client.publish("a/b", word, 1)
            assert talker.next() == ("answer", 0)
            talker.close()
            if word == b"before":
                broker.stop()
                broker.start()
        heard.wait_for(lambda all_: {m.payload for m in all_} >= {b"before", b"after"})
