"""The link to the broker: refusals explained, faults healed, dead connections noticed. Real mosquitto, real sockets."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from agent.backoff import Backoff
from agent.clock import Clock
from agent.settings import ElevatorSettings, MqttSettings
from agent.uplink import link as link_module
from agent.uplink.link import MqttLink, client_id
from agent.uplink.mqtt import Connection, Will
from hil.broker import Mosquitto
from hil.link import CuttableLink, Direction

pytestmark = pytest.mark.broker
BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])
WILL = Will("t/status", b"offline")


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.1)
    monkeypatch.setattr(link_module, "_CHECK_S", 0.05)


class Told:
    """What the link told its user."""

    def __init__(self) -> None:
        self.connects: list[int] = []
        self.ends: list[str] = []
        self.answers: list[tuple[int, str | None]] = []
        self.messages: list[tuple[str, bytes]] = []

    def connected(self, receive_maximum: int) -> None:
        self.connects.append(receive_maximum)

    def disconnected(self, reason: str) -> None:
        self.ends.append(reason)

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:
        self.answers.append((token, refusal))

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self.messages.append((topic, payload))


async def until(condition: Callable[[], object], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - any condition, also one no event tells of
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(link: MqttLink) -> AsyncIterator[Told]:
    told = Told()
    task = asyncio.create_task(link.run(told))
    try:
        yield told
    finally:
        await link.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def make_link(port: int, name: str = "one", **settings: Any) -> MqttLink:
    mqtt = msgspec.structs.replace(MqttSettings(port=port), **settings)
    return MqttLink(mqtt, name, lambda: WILL, Clock())


@BOTH
def test_a_message_goes_out_and_its_acknowledgement_comes_back(
    broker: Mosquitto, protocol: str
) -> None:
    async def story() -> None:
        link = make_link(broker.port, protocol=protocol)
        assert link.publish("t/a", b"1") is None
        async with running(link) as told:
            await until(lambda: told.connects)
            link.subscribe("t/#")
            token = link.publish("t/a", b"hello", expiry_s=180, content_type="application/json")
            await until(lambda: told.answers and told.messages)
            assert told.answers == [(token, None)]
            assert told.messages == [("t/a", b"hello")]
            assert link.fault is None

    asyncio.run(story())


@BOTH
def test_the_will_speaks_when_the_link_breaks_but_not_after_an_orderly_end(
    broker: Mosquitto, protocol: str
) -> None:
    async def story() -> None:
        async with running(make_link(broker.port, "watcher")) as watcher:
            await until(lambda: watcher.connects)
            with CuttableLink(broker.port) as wire:
                watcher_link = make_link(broker.port, "second")
                async with running(watcher_link) as seen:
                    await until(lambda: seen.connects)
                    watcher_link.subscribe("t/status")
                    async with running(make_link(wire.port, protocol=protocol)) as told:
                        await until(lambda: told.connects)
                        wire.cut()
                        await until(lambda: seen.messages)
                        await until(lambda: told.ends)
                        assert "broke off" in told.ends[0]
                        wire.mend()
                        await until(lambda: len(told.connects) == 2)
                        wills = len(seen.messages)
                    mark = watcher_link.publish("t/status", b"mark")
                    await until(lambda: (mark, None) in seen.answers and len(seen.messages) > wills)
                    assert seen.messages[wills:] == [("t/status", b"mark")]

    asyncio.run(story())


@BOTH
def test_a_wrong_password_is_explained_and_a_corrected_file_heals_without_restart(
    protocol: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n", encoding="utf-8")

    async def story(port: int) -> None:
        link = make_link(port, protocol=protocol, username="e01", password_file=str(secret))
        async with running(link) as told:
            await until(lambda: "login" in str(link.fault))
            assert "mqtt.password_file" in str(link.fault)
            assert not told.connects
            secret.write_text("right\n", encoding="utf-8")
            await until(lambda: told.connects)
            assert not told.ends

    caplog.set_level(logging.INFO, "agent.uplink")
    with Mosquitto(users={"e01": "right"}) as broker:
        asyncio.run(story(broker.port))
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "login" in line]) == 1, said
    assert len([line for line in said if line.startswith("Connected")]) == 1, said


def test_a_missing_password_file_is_named_and_tried_again(
    broker: Mosquitto, tmp_path: Path
) -> None:
    secret = tmp_path / "password"

    async def story() -> None:
        link = make_link(broker.port, username="e01", password_file=str(secret))
        async with running(link) as told:
            await until(lambda: str(secret) in str(link.fault))
            secret.write_bytes(b"\xff\xfe")
            await until(lambda: "not UTF-8" in str(link.fault))
            secret.write_text("x", encoding="utf-8")
            await until(lambda: told.connects)

    asyncio.run(story())


def test_a_name_that_cannot_be_resolved_is_said_so() -> None:
    async def story() -> None:
        link = make_link(1883, host="broker.invalid")
        async with running(link):
            await until(lambda: "cannot be resolved" in str(link.fault))
            assert "mqtt.host" in str(link.fault)

    asyncio.run(story())


@pytest.mark.parametrize("host", ["broker..local", "a" * 64 + ".example", "bro\0ker"])
def test_a_name_no_host_can_have_is_said_so_and_tried_again(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    connect = Connection.start

    def counted(connection: Connection) -> None:
        tries.append(1)
        connect(connection)

    monkeypatch.setattr(Connection, "start", counted)

    async def story() -> None:
        link = make_link(1883, host=host)
        async with running(link):
            await until(lambda: host in str(link.fault))
            await until(lambda: len(tries) > 2)

    asyncio.run(story())


def test_an_empty_password_file_is_named_and_nothing_is_sent(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("\n", encoding="utf-8")

    async def story(port: int, visits: list[bytes]) -> None:
        link = make_link(port, username="e01", password_file=str(secret))
        async with running(link):
            await until(lambda: "no usable password" in str(link.fault))
            assert "mqtt.password_file" in str(link.fault)
            assert not visits

    with impostor(None) as (port, visits):
        asyncio.run(story(port, visits))


def test_a_password_everybody_may_read_is_used_and_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "password"
    secret.write_text("secret-1", encoding="utf-8")
    secret.chmod(0o644)

    async def story(port: int, visits: list[bytes]) -> None:
        async with running(make_link(port, username="e01", password_file=str(secret))):
            await until(lambda: len(visits) > 2)
            assert all(b"secret-1" in visit for visit in visits)

    with impostor(b"") as (port, visits):
        asyncio.run(story(port, visits))
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "chmod 640" in line]) == 1, said
    assert not any("secret-1" in line for line in said)


def test_a_password_without_a_user_name_is_sent(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("token-1", encoding="utf-8")
    secret.chmod(0o600)

    async def story(port: int, visits: list[bytes]) -> None:
        async with running(make_link(port, password_file=str(secret))):
            await until(lambda: visits)
            assert visits[0].endswith(b"\x00\x00\x00\x07token-1")  # an empty name, then it

    with impostor(b"") as (port, visits):
        asyncio.run(story(port, visits))


def test_a_broker_of_mqtt_5_sends_nothing_too_large(broker: Mosquitto) -> None:
    async def story() -> None:
        link = make_link(broker.port)
        async with running(link) as told:
            await until(lambda: told.connects)
            link.subscribe("t/size")
            link.publish("t/size", bytes(65_537))
            link.publish("t/size", bytes(60_000))
            await until(lambda: len(told.answers) == 2 and told.messages)
            assert [len(payload) for _, payload in told.messages] == [60_000]

    asyncio.run(story())


def test_it_starts_without_a_broker_and_finds_it_when_it_comes(broker: Mosquitto) -> None:
    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            wire.cut()
            link = make_link(wire.port)
            async with running(link) as told:
                await until(lambda: "nothing listens" in str(link.fault))
                wire.mend()
                await until(lambda: told.connects)

    asyncio.run(story())


@contextlib.contextmanager
def impostor(answer: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads the first packet and gives a fixed answer; None keeps silent."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []
    visits: list[bytes] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                visits.append(peer.recv(4096))
                if answer is None:
                    kept.append(peer)
                    continue
                peer.sendall(answer)
                peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], visits
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for peer in kept:
            peer.close()


@pytest.mark.parametrize(
    ("protocol", "answer", "words"),
    [
        ("5", b"\x20\x02\x00\x01", "does not speak this version"),
        ("5", b"\x20\x03\x00\x84\x00", "does not speak this version"),
        ("3.1.1", b"\x20\x02\x00\x01", "mqtt.protocol"),
        ("3.1.1", b"\x20\x02\x00\x02", "client id"),
        ("3.1.1", b"\x20\x02\x00\x03", "unavailable"),
        ("3.1.1", b"\x20\x02\x00\x04", "bad user name or password"),
        ("3.1.1", b"\x20\x02\x00\x05", "not authorised"),
        ("5", b"\x20\x03\x00\x8a\x00", "banned"),
        ("5", b"\x20\x03\x00\x00\x00\xe0\x02\x8e\x00", "same client id"),
        ("5", b"HTTP/1.1 400 Bad Request\r\n\r\n", "mqtt.port"),
        ("5", b"\x20\x03\x00\x7b\x00", "mqtt.port"),
        ("5", b"\xf0\xff\xff\xff\xff\xff\xff", "mqtt.port"),
        ("5", b"", "mqtt.port"),
    ],
)
def test_every_refusal_says_what_to_check_and_is_tried_again(
    protocol: str, answer: bytes, words: str
) -> None:
    async def story(port: int, visits: list[bytes]) -> None:
        link = make_link(port, protocol=protocol)
        async with running(link):
            await until(lambda: words in str(link.fault))
            seen = len(visits)
            await until(lambda: len(visits) > seen)

    with impostor(answer) as (port, visits):
        asyncio.run(story(port, visits))


def test_a_server_that_accepts_and_keeps_silent_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "ANSWER_US", 100_000)

    async def story(port: int, visits: list[bytes]) -> None:
        link = make_link(port)
        async with running(link):
            await until(lambda: "did not answer" in str(link.fault))
            await until(lambda: len(visits) > 1)

    with impostor(None) as (port, visits):
        asyncio.run(story(port, visits))


@BOTH
def test_an_acknowledgement_that_never_comes_forces_a_new_connection(
    broker: Mosquitto, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ACKNOWLEDGEMENT_US", 200_000)

    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            link = make_link(wire.port, protocol=protocol)
            async with running(link) as told:
                await until(lambda: told.connects)
                wire.hold()
                assert link.publish("t/a", b"1") is not None
                await until(lambda: told.ends)
                assert "did not acknowledge" in told.ends[0]
                assert not told.answers
                wire.mend()
                await until(lambda: len(told.connects) == 2)
                assert link.publish("t/a", b"1") is not None
                await until(lambda: told.answers)

    asyncio.run(story())


def test_being_kicked_after_each_connect_makes_the_waits_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    class Noted(Backoff):
        @override
        def next_s(self) -> float:
            waits.append(min(self.most_s, self.first_s * 2 ** min(self.attempts, 16)))
            super().next_s()
            return 0

    monkeypatch.setattr(link_module, "Backoff", Noted)
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 1)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 30)

    async def story(port: int) -> None:
        async with running(make_link(port)) as told:
            await until(lambda: len(told.ends) >= 7)
            assert waits[:7] == [1, 2, 4, 8, 16, 30, 30]

    with impostor(b"\x20\x03\x00\x00\x00") as (port, _):
        asyncio.run(story(port))


def test_a_connection_that_stood_long_enough_lets_the_waits_begin_anew(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    resets: list[int] = []

    class Noted(Backoff):
        @override
        def reset(self) -> None:
            resets.append(self.attempts)
            super().reset()

    monkeypatch.setattr(link_module, "Backoff", Noted)
    monkeypatch.setattr(link_module, "STABLE_US", 50_000)

    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            async with running(make_link(wire.port)) as told:
                await until(lambda: told.connects)
                await asyncio.sleep(0.06)
                wire.cut()
                await until(lambda: told.ends and resets)

    asyncio.run(story())


def test_a_refused_publish_is_told_with_its_reason(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic read t/#\ntopic write t/open\n", encoding="utf-8")

    async def story(port: int) -> None:
        link = make_link(port)
        async with running(link) as told:
            await until(lambda: told.connects)
            tokens = [link.publish("t/open", b"1"), link.publish("t/closed", b"1")]
            await until(lambda: len(told.answers) == 2)
            answers = dict(told.answers)
            assert answers[tokens[0] or 0] is None
            refusal = str(answers[tokens[1] or 0])
            assert refusal.startswith("t/closed: not authorised")
            assert refusal.endswith("[0x87]")

    rules.chmod(0o644)
    with Mosquitto(lines=(f"acl_file {rules}",)) as broker:
        asyncio.run(story(broker.port))


def test_the_brokers_receive_maximum_is_passed_on() -> None:
    async def story(port: int) -> None:
        async with running(make_link(port)) as told:
            await until(lambda: told.connects)
            assert told.connects[0] == 4

    with Mosquitto(lines=("max_inflight_messages 4",)) as broker:
        asyncio.run(story(broker.port))


def test_messages_of_an_ended_connection_are_not_sent_on_the_next(broker: Mosquitto) -> None:
    async def story() -> None:
        async with running(make_link(broker.port, "watcher")) as seen:
            await until(lambda: seen.connects)
            with CuttableLink(broker.port) as wire:
                link = make_link(wire.port)
                async with running(link) as told:
                    await until(lambda: told.connects)
                    wire.hold()
                    for _ in range(16):
                        link.publish("q/old", b"old")
                    wire.cut()
                    await until(lambda: told.ends)
                    wire.mend()
                    await until(lambda: len(told.connects) == 2)
                    link.subscribe("q/#")
                    link.publish("q/new", b"new")
                    await until(lambda: told.messages and told.answers)
                    assert told.messages == [("q/new", b"new")]
                    assert len(told.answers) == 1

    asyncio.run(story())


def test_a_thousand_messages_in_bursts_each_find_their_acknowledgement(broker: Mosquitto) -> None:
    async def story() -> None:
        link = make_link(broker.port)
        async with running(link) as told:
            await until(lambda: told.connects)
            tokens: list[int | None] = []

            def all_answered() -> bool:
                return len(told.answers) == len(tokens)

            for _ in range(100):
                tokens += [link.publish("t/burst", b"x") for _ in range(10)]
                await until(all_answered)
            assert [token for token, _ in told.answers] == tokens

    asyncio.run(story())


def test_more_than_the_socket_takes_at_once_waits_and_arrives(broker: Mosquitto) -> None:
    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            link = make_link(wire.port)
            async with running(link) as told:
                await until(lambda: told.connects)
                wire.withhold(Direction.TO_SERVER)
                tokens = [link.publish("t/big", bytes(1_000_000)) for _ in range(16)]
                for _ in range(20):
                    await asyncio.sleep(0.005)
                assert told.answers == []
                wire.mend()
                await until(lambda: len(told.answers) == 16)
                assert [token for token, _ in told.answers] == tokens

    asyncio.run(story())


def test_a_connection_aborted_with_much_unsent_ends_and_the_next_one_works(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ACKNOWLEDGEMENT_US", 100_000)

    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            link = make_link(wire.port)
            async with running(link) as told:
                await until(lambda: told.connects)
                wire.hold()
                for _ in range(16):
                    link.publish("t/big", bytes(1_000_000))
                await until(lambda: told.ends)
                wire.mend()
                await until(lambda: len(told.connects) >= 2)
                link.publish("t/a", b"1")
                await until(lambda: told.answers)

    asyncio.run(story())


def test_nothing_here_blocks_the_loop_while_the_name_server_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def slow(*_args: object, **_more: object) -> list[Any]:
        asked.set()
        answered.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def story() -> None:
        link = make_link(1883, host="slow.example")
        async with running(link):
            await until(asked.is_set)
            for _ in range(50):
                await asyncio.sleep(0)
            assert not answered.is_set()
            answered.set()
            await until(lambda: "Temporary failure" in str(link.fault))

    asyncio.run(story())


def test_the_client_id_names_the_elevator_unless_one_is_configured() -> None:
    elevator = ElevatorSettings(site="pingluo-01", id="e01")
    assert client_id(MqttSettings(), elevator) == "elevator-agent-pingluo-01-e01"
    assert client_id(MqttSettings(client_id="gate"), elevator) == "gate"


def test_a_password_named_without_a_slash_is_a_systemd_credential(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    async def story() -> None:
        link = make_link(broker.port, username="e01", password_file="mqtt-password")
        async with running(link) as told:
            await until(lambda: str(tmp_path / "mqtt-password") in str(link.fault))
            (tmp_path / "mqtt-password").write_text("x", encoding="utf-8")
            await until(lambda: told.connects)

    asyncio.run(story())
