"""Heartbeats of a station: in datagrams on a port of ours, or on a topic; what counts, and what is only deafness."""

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable
from typing import Any

import pytest

from agent.clock import Clock
from agent.drivers import broker_topic, heartbeat
from agent.drivers.broker_topic import BrokerTopic
from agent.drivers.datagrams import Datagrams
from agent.drivers.heartbeat import HeartbeatDriver
from agent.drivers.intercom import intercom_driver
from agent.drivers.means import Means
from agent.drivers.port import Driver
from agent.drivers.presence import Watched
from agent.drivers.probes import NotSentError
from agent.model import SECOND_US, Quality, Reading
from agent.settings import IntercomSettings
from tests.intercom_stage import WAIT_S, AtOnce, Sink, running_driver, until

WATCHED = Watched(
    "pit",
    "intercom.pit",
    64 * SECOND_US,
    "the pit",
    "check it",
    "it can be heard",
    "agent.intercom",
)


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM, family: Any = socket.AF_INET) -> int:
    with socket.socket(family, kind) as sock:
        sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        port: int = sock.getsockname()[1]
        return port


def udp_driver(address: str, **changes: Any) -> HeartbeatDriver:
    given: dict[str, Any] = {
        "name": "pit",
        "station": "pit",
        "probe": "udp",
        "address": address,
        "interval_s": 0.3,
    }
    driver: Driver = intercom_driver(
        IntercomSettings(**(given | changes)), Means(Clock()), AtOnce()
    )
    assert isinstance(driver, HeartbeatDriver)
    return driver


@contextlib.contextmanager
def sender_to(port: int, host: str = "127.0.0.1", own: str = "127.0.0.1"):
    """A socket that a station sends from."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((own, 0))
        sock.connect((host, port))
        yield sock


def is_listening(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@pytest.fixture
def no_rest(monkeypatch):
    monkeypatch.setattr(heartbeat, "REST_S", 0.001)


# ---- time: when a heartbeat counts as missed ----


class Heard:
    """A source in the test's hands: a script of seconds to wait for a beat, or why it is deaf."""

    def __init__(self, us: Callable[[int], None], script: list[float | str]) -> None:
        self.wait, self.script, self.closed = us, script, False
        self.doubted: str | None = None

    async def beat(self) -> None:
        if not self.script:
            raise asyncio.CancelledError
        match self.script.pop(0):
            case str() as why:
                raise NotSentError(why)
            case seconds:
                self.wait(round(seconds * SECOND_US))

    async def doubt(self, since_us: int) -> str | None:
        return self.doubted if since_us else None

    def close(self) -> None:
        self.closed = True


class Still:
    """Stands for Clock: time that only moves when someone waits."""

    def __init__(self) -> None:
        self.us = 0

    def uptime_us(self) -> int:
        return self.us


def told(monkeypatch, *script: float | str) -> tuple[Sink, Heard]:
    """What a driver with 30 s of interval tells; a beat after more than what is left is missed."""
    clock = Still()
    due: list[float] = []

    class Patience:
        """Stands for asyncio.timeout: ends when the beat would come later than awaited."""

        def __init__(self, left_s: float) -> None:
            due.append(left_s)

        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            return None

    def waits(us: int) -> None:
        left_us = round(due[-1] * SECOND_US)
        if us > left_us:
            clock.us += left_us
            source.script.insert(0, (us - left_us) / SECOND_US)
            raise TimeoutError
        clock.us += us

    async def sleeps(seconds: float) -> None:
        clock.us += round(seconds * SECOND_US)

    source = Heard(waits, list(script))
    monkeypatch.setattr(asyncio, "timeout", Patience)
    monkeypatch.setattr(heartbeat, "sleep", sleeps)
    driver = HeartbeatDriver(WATCHED, source, 30, clock, AtOnce())  # type: ignore[arg-type]
    sink = Sink()
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(driver.run(sink))
    return sink, source


def at_s(sink: Sink) -> list[tuple[float, object]]:
    return [(reading.at_us / SECOND_US, reading.value) for reading in sink.heard]


def test_the_first_heartbeat_is_awaited_a_whole_interval(monkeypatch):
    sink, source = told(monkeypatch, 29.9)
    assert at_s(sink) == [(29.9, True)]
    sink, source = told(monkeypatch, 30.1)
    assert at_s(sink) == [(30, False), (30.1, True)]
    assert source.closed


def test_each_interval_without_one_is_a_false_reading_counted_from_the_last(monkeypatch):
    sink, _ = told(monkeypatch, 10, 95)
    assert at_s(sink) == [(10, True), (40, False), (70, False), (100, False), (106, True)]


def test_after_a_time_of_deafness_a_whole_interval_is_awaited_again(monkeypatch):
    sink, _ = told(monkeypatch, 10, "no port", "no port", 29.9)
    assert [value for _, value in at_s(sink)] == [True, None, None, True]
    sink, _ = told(monkeypatch, 10, "no port", 30.1)
    assert [value for _, value in at_s(sink)] == [True, None, False, True]


def test_deafness_is_no_answer_and_never_false(monkeypatch):
    sink, _ = told(monkeypatch, *["no port"] * 5)
    assert {reading.quality for reading in sink.heard} == {Quality.NO_ANSWER}


def test_many_heartbeats_are_reported_once_a_second(monkeypatch):
    sink, _ = told(monkeypatch, *[0.0] * 5)
    assert at_s(sink) == [(n, True) for n in range(5)]


def test_the_loop_turns_at_least_once_an_interval(monkeypatch):
    sink, _ = told(monkeypatch, 300)
    assert sink.turns >= 10


# ---- datagrams ----


def test_a_datagram_is_life_and_silence_is_false(no_rest, caplog):
    caplog.set_level(logging.INFO, "agent.intercom")
    port = free_port()

    async def story() -> None:
        driver = udp_driver(f"127.0.0.1:{port}")
        with sender_to(port) as station:
            async with running_driver(driver) as sink:
                await until(lambda: is_listening(port))
                station.send(b"alive")
                await until(lambda: sink.values[-1:] == [True])
                await until(lambda: sink.values[-2:] == [False, False])
                station.send(b"")
                await until(lambda: sink.values[-1] is True)
                assert {reading.quality for reading in sink.heard} == {Quality.GOOD}
                assert sink.links == [(True, "heartbeats can be heard")]
                assert driver.statistics.answered == sink.values.count(True)
                assert driver.statistics.timeouts == sink.values.count(False)
        assert not is_listening(port)

    asyncio.run(story())
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert "no heartbeat in 0.3 s: check the station's power" in caplog.records[1].getMessage()


def test_before_the_driver_runs_no_port_is_open():
    port = free_port()
    udp_driver(f"127.0.0.1:{port}")
    assert not is_listening(port)


def test_a_port_that_is_taken_is_no_answer_and_is_heard_once_it_is_free(no_rest, monkeypatch):
    monkeypatch.setattr(heartbeat, "BACKOFF_FIRST_S", 0.01)
    port = free_port()

    async def story() -> None:
        driver = udp_driver(f"127.0.0.1:{port}", interval_s=5)
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
            other.bind(("127.0.0.1", port))
            async with running_driver(driver) as sink:
                await until(lambda: len(sink.heard) >= 3)
                assert {reading.quality for reading in sink.heard} == {Quality.NO_ANSWER}
                other.close()
                with sender_to(port) as station:
                    while sink.values[-1] is not True:
                        with contextlib.suppress(ConnectionRefusedError):
                            station.send(b"x")
                        await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


@pytest.mark.parametrize(
    ("address", "advice"),
    [("203.0.113.1:5099", "no such address"), ("[2001:db8::1]:5099", "address")],
)
def test_an_address_of_somebody_else_cannot_be_listened_on(address, advice):
    async def story() -> None:
        with pytest.raises(NotSentError, match=advice):
            await Datagrams(address).beat()

    asyncio.run(story())


async def is_heard(source: Datagrams, within_s: float = 0.3) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await source.beat()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0", "[::]"])
def test_with_a_sender_only_that_host_is_heard(listening):
    port = free_port()

    async def story() -> None:
        source = Datagrams(f"{listening}:{port}", "127.0.0.2")
        assert not await is_heard(source, 0.01)  # opens the port
        with sender_to(port) as stranger, sender_to(port, own="127.0.0.2") as station:
            for _ in range(50):
                stranger.send(b"x")
            assert not await is_heard(source)
            station.send(b"x")
            assert await is_heard(source, WAIT_S)
        source.close()

    asyncio.run(story())


def test_a_heartbeat_behind_a_strangers_flood_is_heard():
    port = free_port()

    async def story() -> None:
        source = Datagrams(f"127.0.0.1:{port}", "127.0.0.2")
        assert not await is_heard(source, 0.01)
        with sender_to(port) as stranger, sender_to(port, own="127.0.0.2") as station:
            for _ in range(100):
                stranger.send(b"x")
            station.send(b"x")
            assert await is_heard(source, WAIT_S)
        source.close()

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


def test_a_sender_of_ipv4_may_be_written_in_the_form_of_ipv6():
    port = free_port()

    async def story() -> None:
        source = Datagrams(f"127.0.0.1:{port}", "::ffff:127.0.0.2")
        assert not await is_heard(source, 0.01)
        with sender_to(port, own="127.0.0.2") as station:
            station.send(b"x")
            assert await is_heard(source, WAIT_S)
        source.close()

    asyncio.run(story())


def test_a_sender_of_ipv6_is_told_by_its_address_whatever_its_scope():
    port = free_port(family=socket.AF_INET6)

    async def story() -> None:
        source = Datagrams(f"[::1]:{port}", "0:0::1")
        assert not await is_heard(source, 0.01)
        with sender_to(port, "::1", "::1") as station:
            station.send(b"x")
            assert await is_heard(source, WAIT_S)
        source.close()

    asyncio.run(story())


def test_what_waited_in_the_kernel_does_not_count_as_life_later():
    port = free_port()

    async def story() -> None:
        source = Datagrams(f"127.0.0.1:{port}")
        assert not await is_heard(source, 0.01)
        with sender_to(port) as station:
            for _ in range(1000):
                station.send(b"x" * 100)
            assert await is_heard(source, WAIT_S)
            assert not await is_heard(source, 0.1)
        source.close()

    asyncio.run(story())


def test_hostile_datagrams_of_any_size_neither_break_nor_hold_the_loop(no_rest):
    port = free_port()
    chance = random.Random(1)

    async def story() -> None:
        driver = udp_driver(f"127.0.0.1:{port}", sender="127.0.0.2")
        with sender_to(port) as stranger:
            async with running_driver(driver) as sink:
                await until(lambda: is_listening(port))
                turns = 0
                while len(sink.heard) < 2:
                    for size in (0, 1, 500, 9000, 60_000):
                        stranger.send(chance.randbytes(size))
                    await asyncio.sleep(0)
                    turns += 1
                assert sink.values == [False, False]
                assert turns > 10

    asyncio.run(asyncio.wait_for(story(), WAIT_S))


def test_a_socket_that_breaks_is_deafness_and_is_opened_again(no_rest, monkeypatch):
    monkeypatch.setattr(heartbeat, "BACKOFF_FIRST_S", 0.01)
    port = free_port()

    async def story() -> None:
        source = Datagrams(f"127.0.0.1:{port}")
        assert not await is_heard(source, 0.01)

        async def broken(sock: socket.socket, size: int) -> None:
            raise OSError(100, "Network is down")

        with monkeypatch.context() as patch:
            patch.setattr(asyncio.get_running_loop(), "sock_recvfrom", broken, raising=False)
            with pytest.raises(NotSentError, match="Network is down"):
                await source.beat()
        assert not is_listening(port)
        with sender_to(port) as station:
            assert not await is_heard(source, 0.01)
            station.send(b"x")
            assert await is_heard(source, WAIT_S)
        source.close()

    asyncio.run(story())


# ---- a topic ----


class Exchange:
    """A broker in the test's hands."""

    def __init__(self) -> None:
        self.deaf: str | None = None
        self.lives, self.asked = True, list[str]()
        self.heard: dict[str, Callable[[bytes], None]] = {}

    def why_deaf(self, topic: str) -> str | None:
        return self.deaf

    def listen(self, topic: str, heard: Callable[[bytes], None]) -> None:
        self.heard[topic] = heard

    def heard_us(self) -> int:
        return Clock().uptime_us() if self.lives else 0

    def ask_again(self, topic: str) -> None:
        self.asked.append(topic)


def topic_driver(broker: Exchange, **changes: Any) -> HeartbeatDriver:
    given: dict[str, Any] = {
        "name": "pit",
        "station": "pit",
        "probe": "mqtt",
        "topic": "intercom/pit",
        "interval_s": 0.3,
    }
    settings = IntercomSettings(**(given | changes))
    driver: Driver = intercom_driver(settings, Means(Clock(), broker=broker), AtOnce())
    assert isinstance(driver, HeartbeatDriver)
    return driver


def test_a_message_is_life_and_silence_is_false(no_rest):
    async def story() -> None:
        broker = Exchange()
        async with running_driver(topic_driver(broker)) as sink:
            broker.heard["intercom/pit"](b"whatever \xff")
            await until(lambda: sink.values[-1:] == [True])
            await until(lambda: sink.values[-2:] == [False, False])
            broker.heard["intercom/pit"](b"")
            await until(lambda: sink.values[-1] is True)

    asyncio.run(story())


def test_without_the_broker_nothing_is_known(no_rest, monkeypatch):
    monkeypatch.setattr(heartbeat, "BACKOFF_FIRST_S", 0.01)
    monkeypatch.setattr("agent.drivers.broker_topic.LOOK_S", 0.01)

    async def story() -> None:
        broker = Exchange()
        broker.deaf = "no connection"
        async with running_driver(topic_driver(broker)) as sink:
            await until(lambda: len(sink.heard) >= 2)
            assert {reading.quality for reading in sink.heard} == {Quality.NO_ANSWER}
            broker.deaf = None
            await until(lambda: sink.values[-1] is False)  # one interval later
            broker.deaf = "no connection"
            await until(lambda: sink.heard[-1].quality is Quality.NO_ANSWER)

    asyncio.run(story())


def test_a_topic_is_listened_to_from_the_start():
    broker = Exchange()
    BrokerTopic(broker, "a/b", Clock())
    assert list(broker.heard) == ["a/b"]


def test_the_reading_carries_the_stations_signal(no_rest):
    async def story() -> Reading:
        broker = Exchange()
        async with running_driver(topic_driver(broker)) as sink:
            broker.heard["intercom/pit"](b"")
            await until(lambda: sink.heard)
            return sink.heard[0]

    assert asyncio.run(story()).signal == "intercom.pit"


def test_a_broker_that_answers_nothing_is_no_silence_of_the_station(no_rest, monkeypatch):
    monkeypatch.setattr(broker_topic, "ANSWER_US", 50_000)

    async def story() -> None:
        broker = Exchange()
        broker.lives = False
        async with running_driver(topic_driver(broker)) as sink:
            await until(lambda: len(sink.heard) >= 3)
            assert {each.quality for each in sink.heard} == {Quality.NO_ANSWER}
            assert set(broker.asked) == {"intercom/pit"}
            broker.lives = True
            await until(lambda: sink.values[-1:] == [False])

    asyncio.run(story())
