"""TLS to a real broker: who is trusted, what is said when it fails, and what heals it. Certificates are made by openssl."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.clock import Clock
from agent.model import Instant
from agent.settings import MqttSettings
from agent.uplink import link as link_module
from agent.uplink import tls_reasons
from agent.uplink.link import MqttLink
from agent.uplink.mqtt import Will
from hil.authority import Authority, Pair
from hil.broker import BrokerTls, Mosquitto
from hil.link import CuttableLink, Direction
from tests.test_mqtt import BOTH, impostor, running, until

pytestmark = pytest.mark.broker
WILL = Will("t/status", b"offline")


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.1)
    monkeypatch.setattr(link_module, "_CHECK_S", 0.05)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "bench")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "stranger")


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Pair:
    return authority.client("e01")


@pytest.fixture(scope="module")
def broker(authority: Authority) -> Iterator[Mosquitto]:
    """It demands a certificate of its clients."""
    with serving(authority.server(), authority) as broker:
        yield broker


def serving(server: Pair, demands: Authority | None = None, **more: Any) -> Mosquitto:
    trusted = demands.certificate if demands else None
    return Mosquitto(tls=BrokerTls(server.certificate, server.key, trusted, **more))


def secure(port: int, ca: Authority | None, pair: Pair | None = None, **more: Any) -> MqttLink:
    files = {"ca_file": str(ca.certificate) if ca else ""}
    if pair is not None:
        files |= {"certificate_file": str(pair.certificate), "key_file": str(pair.key)}
    mqtt = MqttSettings(port=port, tls=True, **{**files, **more})
    return MqttLink(mqtt, "one", lambda: WILL, Clock())


def fails_because(link: MqttLink, *words: str) -> None:
    """The link never comes about and says why, in both languages."""

    async def story() -> None:
        async with running(link) as told:
            await until(lambda: all(word in str(link.fault) for word in words))
            assert link.fault_zh
            assert any("\u4e00" <= letter <= "\u9fff" for letter in link.fault_zh)
            assert not told.connects

    asyncio.run(story())


# ---- it works


@BOTH
def test_messages_go_both_ways_over_tls_with_a_certificate_of_each_side(
    broker: Mosquitto, authority: Authority, ours: Pair, protocol: str
) -> None:
    async def story() -> None:
        link = secure(broker.tls_port, authority, ours, protocol=protocol)
        async with running(link) as told:
            await until(lambda: told.connects)
            link.subscribe("t/#")
            token = link.publish("t/a", b"hello")
            await until(lambda: told.answers and told.messages)
            assert told.answers == [(token, None)]
            assert told.messages == [("t/a", b"hello")]
            assert link.fault is None
            assert link.fault_zh is None

    asyncio.run(story())


def test_many_messages_in_one_record_are_all_read_at_once(authority: Authority) -> None:
    """What TLS has decrypted and nobody read makes no socket readable: it would wait for the next record."""
    packet = b"\x30\x08\x00\x03t/a\x00ab"  # QoS 0, no properties
    record = b"\x20\x03\x00\x00\x00" + 50 * packet

    async def story(port: int) -> None:
        async with running(secure(port, authority)) as told:
            await until(lambda: len(told.messages) == 50)
            assert told.messages == 50 * [("t/a", b"ab")]

    with answering(authority.server(), record) as port:
        asyncio.run(story(port))


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_speaks_tls_but_not_mqtt_is_named(authority: Authority, answer: bytes) -> None:
    with answering(authority.server(), answer, then_closes=True) as port:
        fails_because(secure(port, authority), "mqtt.")


@contextlib.contextmanager
def answering(pair: Pair, answer: bytes, *, then_closes: bool = False) -> Iterator[int]:
    """A TLS server that reads the first packet and gives a fixed answer, in one record."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[ssl.SSLSocket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listener.accept()
                peer = context.wrap_socket(raw, server_side=True)
                peer.recv(4096)
                peer.sendall(answer)
                if then_closes:
                    peer.close()
                kept.append(peer)

    with stopping(listener, serve):
        yield listener.getsockname()[1]
    for peer in kept:
        peer.close()


@contextlib.contextmanager
def stopping(listener: socket.socket, serve: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_more_than_the_socket_takes_at_once_waits_and_arrives_over_tls(
    broker: Mosquitto, authority: Authority, ours: Pair
) -> None:
    async def story() -> None:
        with CuttableLink(broker.tls_port) as wire:
            link = secure(wire.port, authority, ours)
            async with running(link) as told:
                await until(lambda: told.connects)
                wire.hold()
                tokens = [link.publish("t/big", bytes(60_000)) for _ in range(200)]
                wire.mend()
                await until(lambda: len(told.answers) == 200, 30)
                assert told.answers == [(token, None) for token in tokens]

    asyncio.run(story())


def test_a_cut_is_noticed_and_the_next_connection_is_secured_again(
    broker: Mosquitto, authority: Authority, ours: Pair
) -> None:
    async def story() -> None:
        with CuttableLink(broker.tls_port) as wire:
            seen: list[bytes] = []

            def note(_: Direction, chunk: bytes) -> bytes:
                seen.append(chunk)
                return chunk

            wire.hook = note
            link = secure(wire.port, authority, ours)
            async with running(link) as told:
                await until(lambda: told.connects)
                wire.cut()
                await until(lambda: told.ends)
                assert "broke off" in told.ends[0]
                wire.mend()
                await until(lambda: len(told.connects) == 2)
                token = link.publish("t/a", b"in the clear?")
                await until(lambda: (token, None) in told.answers)
            assert b"in the clear?" not in b"".join(seen)

    asyncio.run(story())


def test_no_tls_below_version_1_2_is_spoken(authority: Authority) -> None:
    with serving(authority.server(), lines=("tls_version tlsv1.2",)) as broker:

        async def story() -> None:
            link = secure(broker.tls_port, authority)
            async with running(link) as told:
                await until(lambda: told.connects)

        asyncio.run(story())
    with too_old() as port:
        fails_because(secure(port, authority), "1.2")


def test_a_renewed_certificate_is_used_at_the_next_connect(
    authority: Authority, broker: Mosquitto, tmp_path: Path
) -> None:
    old = authority.client("e01", days=-0.5)
    pair = Pair(tmp_path / "e01.pem", tmp_path / "e01.key")
    put(old, pair)

    async def story() -> None:
        link = secure(broker.tls_port, authority, pair)
        async with running(link) as told:
            await until(lambda: "certificate has expired" in str(link.fault))
            put(authority.client("e01"), pair)
            await until(lambda: told.connects)

    asyncio.run(story())


def put(new: Pair, place: Pair) -> None:
    shutil.copy(new.certificate, place.certificate)
    shutil.copy(new.key, place.key)


# ---- it does not, and says why


def test_an_authority_nobody_named_is_not_trusted(broker: Mosquitto, stranger: Authority) -> None:
    fails_because(secure(broker.tls_port, stranger), "signed by nobody", "mqtt.ca_file")
    fails_because(secure(broker.tls_port, None), "signed by nobody", "mqtt.ca_file")


def test_a_certificate_for_another_name_is_not_accepted(authority: Authority) -> None:
    with serving(authority.server(("DNS:broker.example", "IP:127.0.0.2"))) as broker:
        fails_because(secure(broker.tls_port, authority), "another name than 127.0.0.1")
        other = secure(broker.tls_port, authority, host="localhost")
        fails_because(other, "another name than localhost", "/etc/hosts")


def test_a_name_in_the_certificate_is_accepted(authority: Authority) -> None:
    async def story(port: int) -> None:
        link = secure(port, authority, host="localhost")
        async with running(link) as told:
            await until(lambda: told.connects)

    with serving(authority.server(("DNS:localhost",))) as broker:
        asyncio.run(story(broker.tls_port))


def test_an_expired_certificate_of_the_broker_is_named_and_a_renewed_one_heals(
    authority: Authority, tmp_path: Path
) -> None:
    served = Pair(tmp_path / "broker.pem", tmp_path / "broker.key")
    put(authority.server(days=-0.5), served)

    async def story(broker: Mosquitto) -> None:
        link = secure(broker.tls_port, authority)
        async with running(link) as told:
            await until(lambda: "has expired" in str(link.fault))
            assert not told.connects
            await asyncio.to_thread(broker.stop)
            put(authority.server(), served)
            await asyncio.to_thread(broker.start)
            await until(lambda: told.connects)

    with serving(served) as broker:
        asyncio.run(story(broker))


def test_a_certificate_that_is_not_valid_yet_asks_for_the_clock(authority: Authority) -> None:
    with serving(authority.server(start_days=1)) as broker:
        fails_because(secure(broker.tls_port, authority), "not valid yet", "clock")


def test_a_clock_that_was_never_set_is_suspected_before_the_certificate() -> None:
    wrong = ssl.SSLCertVerificationError("x")
    wrong.verify_code, wrong.verify_message = 9, "certificate is not yet valid"
    boot = Instant(uptime_us=1, wall_us=1_700_000_000_000_000, synchronised=False)
    said = tls_reasons.failed(wrong, "h", 8883, boot)
    assert "not synchronised" in said.en
    assert "2023-11-14T22:13" in said.en
    assert "timedatectl" in said.en
    assert "未同步" in said.zh
    later = Instant(uptime_us=1, wall_us=1_700_000_000_000_000, synchronised=True)
    said = tls_reasons.failed(wrong, "h", 8883, later)
    assert "renew it" in said.en
    assert "已同步" in said.zh


def test_a_broker_that_demands_a_certificate_is_understood(
    broker: Mosquitto, authority: Authority
) -> None:
    fails_because(secure(broker.tls_port, authority), "certificate", "mqtt.certificate_file")


def test_a_certificate_the_broker_does_not_know_is_said_so(
    broker: Mosquitto, authority: Authority, stranger: Authority
) -> None:
    link = secure(broker.tls_port, authority, stranger.client("e01"))
    fails_because(link, "certificate", "mqtt.certificate_file")


def test_a_port_that_speaks_no_tls_is_named(broker: Mosquitto, authority: Authority) -> None:
    fails_because(secure(broker.port, authority), "mqtt.port", "mqtt.tls")
    with impostor(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _):
        fails_because(secure(port, authority), "does not speak TLS", "8883")


def test_a_tls_port_without_tls_configured_is_named(broker: Mosquitto) -> None:
    link = MqttLink(MqttSettings(port=broker.tls_port), "one", lambda: WILL, Clock())
    fails_because(link, "mqtt.tls")


def test_a_handshake_that_never_ends_blocks_nothing_and_is_given_up(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.uplink.mqtt._CONNECT_S", 0.3)
    turns: list[int] = []

    async def story(port: int) -> None:
        link = secure(port, authority)
        async with running(link):
            while "handshake in time" not in str(link.fault):
                turns.append(1)
                await asyncio.sleep(0.01)

    with impostor(None) as (port, visits):
        asyncio.run(asyncio.wait_for(story(port), 20))
    assert visits[0][:1] == b"\x16"  # a handshake record
    assert len(turns) > 10


def test_a_link_cut_in_the_handshake_is_tried_again(
    broker: Mosquitto, authority: Authority, ours: Pair
) -> None:
    async def story() -> None:
        with CuttableLink(broker.tls_port) as wire:
            cuts = 0

            def cut_twice(direction: Direction, chunk: bytes) -> bytes:
                nonlocal cuts
                if direction is Direction.TO_CLIENT and cuts < 2:
                    cuts += 1
                    return b"\x15\x03\x03\x00\x02\x02\x28"  # alert: handshake_failure
                return chunk

            wire.hook = cut_twice
            link = secure(wire.port, authority, ours)
            async with running(link) as told:
                await until(lambda: "handshake failure" in str(link.fault))
                await until(lambda: told.connects)

    asyncio.run(story())


# ---- files


def test_a_missing_authority_is_named_and_tried_again(
    broker: Mosquitto, authority: Authority, ours: Pair, tmp_path: Path
) -> None:
    place = tmp_path / "ca.pem"

    async def story() -> None:
        link = secure(broker.tls_port, None, ours, ca_file=str(place))
        async with running(link) as told:
            await until(lambda: str(place) in str(link.fault) and "mqtt.ca_file" in str(link.fault))
            place.write_bytes(b"\x30\x82\x01\x00")
            await until(lambda: "no certificate in it" in str(link.fault))
            shutil.copy(authority.certificate, place)
            await until(lambda: told.connects)

    asyncio.run(story())


def test_a_key_everybody_may_read_is_used_and_warned_of_once(
    broker: Mosquitto, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pair = Pair(tmp_path / "e01.pem", tmp_path / "e01.key")
    put(authority.client("e01"), pair)
    pair.key.chmod(0o644)

    async def story() -> None:
        with CuttableLink(broker.tls_port) as wire:
            async with running(secure(wire.port, authority, pair)) as told:
                await until(lambda: told.connects)
                wire.cut()
                await until(lambda: told.ends)
                wire.mend()
                await until(lambda: len(told.connects) == 2)

    asyncio.run(story())
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "chmod 640" in line]) == 1, said
    assert not any("PRIVATE" in line for line in said)


def test_a_key_may_be_a_systemd_credential(
    broker: Mosquitto,
    authority: Authority,
    ours: Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(ours.key, tmp_path / "mqtt-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    async def story() -> None:
        link = secure(broker.tls_port, authority, ours, key_file="mqtt-key")
        async with running(link) as told:
            await until(lambda: told.connects)

    asyncio.run(story())


@contextlib.contextmanager
def too_old() -> Iterator[int]:
    """It speaks TLS 1.1 at most: what it answers is the alert of such a one."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(b"\x15\x03\x01\x00\x02\x02\x46")  # alert: protocol_version

    with stopping(listener, serve):
        yield listener.getsockname()[1]
