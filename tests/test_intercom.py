"""The intercom driver against real sockets: stations that answer, refuse, keep silent or lie."""

import asyncio
import contextlib
import itertools
import json
import logging
import random
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.clock import Clock
from agent.config import ConfigProblems, load
from agent.drivers import asking, names, table
from agent.drivers.asking import AskingDriver
from agent.drivers.intercom import intercom_driver, staleness_us
from agent.drivers.means import Means
from agent.drivers.names import Name
from agent.drivers.probes import (
    Ask,
    NotSentError,
    Station,
    UnansweredError,
    ask_tcp,
    host_alone,
    host_and_port,
)
from agent.drivers.repeats import ask_with_repeats
from agent.drivers.sip_probe import SipAsk
from agent.model import Quality
from agent.settings import IntercomSettings
from hil.connections import Connections
from hil.ports import ReservedPort
from hil.sip import GARBAGE, Behaviour, SipStation
from tests.intercom_stage import WAIT_S, AtOnce, Sink, ends, running_driver, until


def settings_of(port: int, **changes: Any) -> IntercomSettings:
    given: dict[str, Any] = {
        "name": "duty-room",
        "station": "duty_room",
        "address": f"127.0.0.1:{port}",
        "interval_s": 0.1,
        "timeout_s": 0.3,
    }
    return IntercomSettings(**(given | changes))


@contextlib.asynccontextmanager
async def running(settings: IntercomSettings):
    """A running driver and what it reports."""
    driver = intercom_driver(settings, Means(Clock()), AtOnce())
    async with running_driver(driver) as sink:
        yield driver, sink


@contextlib.asynccontextmanager
async def station_of(**behaviour: Any) -> AsyncIterator[SipStation]:
    station = SipStation()
    station.behaviour = Behaviour(**behaviour)
    await station.start()
    try:
        yield station
    finally:
        await station.close()


def how(port: int, probe: str, transport: Any, host: str = "127.0.0.1") -> Ask:
    return ask_tcp if probe == "tcp" else SipAsk(f"{host}:{port}", transport)


def station(port: int, probe: str = "sip", transport: Any = "udp", timeout_s: float = 0.3):
    return Station("127.0.0.1", port, how(port, probe, transport), timeout_s)


def probe_ends(transport: str, **behaviour: Any) -> str:
    async def story() -> str:
        async with station_of(**behaviour) as peer:
            return await ends(station(peer.port, transport=transport))

    return asyncio.run(story())


# ---- what counts as an answer ----


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("status", [200, 404, 486, 503])
def test_any_final_answer_shows_that_the_station_lives(transport, status):
    assert probe_ends(transport, status=status) == "answered"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("behaviour", [{"status": 100}, {"status": 180}, {"silent": True}])
def test_silence_and_provisional_answers_do_not(transport, behaviour):
    assert probe_ends(transport, **behaviour) == "unanswered"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_rubbish_before_an_answer_is_passed_over(transport):
    assert probe_ends(transport, garbage=True) == "answered"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_answer_within_the_time_counts_and_a_later_one_does_not(transport):
    assert probe_ends(transport, delay_s=0.05) == "answered"
    assert probe_ends(transport, delay_s=1.0) == "unanswered"


@pytest.mark.parametrize(("probe", "transport"), [("sip", "udp"), ("sip", "tcp"), ("tcp", "udp")])
def test_a_refusal_means_asked_and_unanswered_and_is_known_at_once(probe, transport):
    async def story() -> tuple[str, float]:
        with ReservedPort() as port:
            began_s = asyncio.get_running_loop().time()
            how = await ends(station(port.number, probe, transport, 5))
            return how, asyncio.get_running_loop().time() - began_s

    how, took_s = asyncio.run(story())
    assert how == "unanswered"
    assert took_s < 4  # not the 5 s that silence takes


def test_a_tcp_probe_wants_no_more_than_an_accepted_connection():
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(0)
            assert await ends(station(listening.getsockname()[1], "tcp")) == "answered"
            accepted, _ = listening.accept()
            with accepted:
                accepted.settimeout(WAIT_S)
                assert accepted.recv(100) == b""  # nothing was said, and it was closed

    asyncio.run(story())


def test_only_options_is_ever_sent():
    async def story() -> None:
        async with station_of() as peer, running(settings_of(peer.port)) as (_, sink):
            await until(lambda: len(sink.heard) >= 3)
            assert set(peer.methods) == {"OPTIONS"}

    asyncio.run(story())


# ---- repeats ----


class Peer:
    """A UDP socket in the test's own hands."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0)
        self.port: int = self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    async def hear(self):
        async with asyncio.timeout(WAIT_S):
            return await asyncio.get_running_loop().sock_recvfrom(self.socket, 65535)


def ok(request: bytes) -> bytes:
    """The answer to a request."""
    kept = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
    lines = [line for line in request.split(b"\r\n") if line.split(b":")[0] in kept]
    return b"\r\n".join([b"SIP/2.0 200 OK", *lines, b"Content-Length: 0", b"", b""])


def test_a_lost_question_is_asked_again_with_the_same_bytes_at_doubling_waits():
    async def story() -> None:
        with Peer() as peer:
            asking = asyncio.create_task(ends(station(peer.port, timeout_s=5)))
            heard = []
            request, sender = b"", None
            for _ in range(3):
                request, sender = await peer.hear()
                heard.append((request, asyncio.get_running_loop().time()))
            peer.socket.sendto(ok(request), sender)
            assert await asking == "answered"
            assert len({request for request, _ in heard}) == 1
            first, second = (b[1] - a[1] for a, b in itertools.pairwise(heard))
            assert first >= 0.4
            assert second >= 0.8

    asyncio.run(story())


def test_each_probe_has_a_branch_a_call_and_a_number_of_its_own():
    async def story() -> None:
        with Peer() as peer:
            asked = station(peer.port)
            seen: list[bytes] = []
            for _ in range(3):
                asking = asyncio.create_task(ends(asked))
                request, sender = await peer.hear()
                peer.socket.sendto(ok(request), sender)
                assert await asking == "answered"
                seen.append(request)
            for name in (b"Via", b"Call-ID", b"CSeq"):
                lines = [next(x for x in r.split(b"\r\n") if x.startswith(name)) for r in seen]
                assert len(set(lines)) == 3

    asyncio.run(story())


def repeated(*questions: bytes) -> str:
    """How it ends when these are asked of a peer that never answers."""

    async def story() -> str:
        left = list(questions)
        with Peer() as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.connect(("127.0.0.1", peer.port))
            try:
                await ask_with_repeats(
                    sock, lambda: left.pop(0), lambda _: False, itertools.repeat(0.01)
                )
            except (NotSentError, UnansweredError) as end:
                return type(end).__name__
        return "answered"

    return asyncio.run(story())


def test_a_first_question_that_cannot_leave_was_not_asked_and_a_later_one_changes_nothing():
    too_long = bytes(70_000)
    assert repeated(too_long) == "NotSentError"
    assert repeated(b"asked", too_long) == "UnansweredError"


# ---- who else may speak ----


def test_an_answer_from_another_sender_is_not_heard():
    async def story() -> None:
        with Peer() as peer, Peer() as stranger:
            asking = asyncio.create_task(ends(station(peer.port)))
            request, sender = await peer.hear()
            stranger.socket.sendto(ok(request), sender)
            assert await asking == "unanswered"

    asyncio.run(story())


@pytest.mark.parametrize(
    "lie",
    [
        lambda request: ok(request).replace(b"z9hG4bK", b"z9hG4bX"),
        lambda request: ok(request).replace(b"@elevator-agent", b"@elsewhere"),
        lambda request: ok(request).replace(b" OPTIONS", b" INVITE"),
        lambda request: request,
        lambda request: GARBAGE,
        lambda request: b"",
        lambda request: bytes(range(256)) * 200,
    ],
)
def test_what_is_no_answer_to_this_question_is_passed_over(lie):
    async def story() -> None:
        with Peer() as peer:
            asking = asyncio.create_task(ends(station(peer.port)))
            request, sender = await peer.hear()
            peer.socket.sendto(lie(request), sender)
            assert await asking == "unanswered"

    asyncio.run(story())


def test_a_flood_neither_holds_the_loop_nor_outlasts_the_time():
    async def story() -> None:
        with Peer() as peer:
            asking = asyncio.create_task(ends(station(peer.port)))
            _, sender = await peer.hear()
            turns = 0
            while not asking.done():
                for _ in range(20):
                    with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                        peer.socket.sendto(GARBAGE, sender)
                await asyncio.sleep(0)
                turns += 1
            assert await asking == "unanswered"
            assert turns > 10

    asyncio.run(story())


# ---- connections ----


def served(serve, timeout_s: float = 0.3) -> str:
    """How a SIP probe over TCP ends when a server does `serve(request, writer)`."""

    async def one(reader, writer):
        await serve(await reader.readuntil(b"\r\n\r\n"), writer)

    async def story() -> str:
        connections = Connections(one)
        server = await asyncio.start_server(connections.accept, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            return await ends(station(port, transport="tcp", timeout_s=timeout_s))
        finally:
            server.close()
            await connections.end()

    return asyncio.run(story())


def test_an_answer_that_comes_byte_by_byte_is_put_together():
    async def serve(request, writer):
        for byte in ok(request):
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0)

    assert served(serve, timeout_s=5) == "answered"


def test_a_station_that_answers_and_closes_its_half_has_answered():
    async def serve(request, writer):
        writer.write(ok(request))
        writer.write_eof()

    assert served(serve) == "answered"


def test_a_station_that_closes_its_half_without_an_answer_has_not_and_is_not_waited_for():
    async def serve(request, writer):
        writer.write(ok(request)[:40])
        writer.write_eof()

    assert served(serve, timeout_s=5) == "unanswered"


def test_a_station_that_breaks_the_connection_has_not_answered():
    async def serve(request, writer):
        writer.transport.abort()

    assert served(serve, timeout_s=5) == "unanswered"


def test_a_station_that_talks_without_end_is_given_up():
    async def serve(request, writer):
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()

    assert served(serve, timeout_s=5) == "unanswered"


# ---- what could not be asked ----


def test_no_route_is_not_the_stations_silence():
    for probe in (("sip", "udp"), ("sip", "tcp"), ("tcp", "udp")):
        # Port 5060 of the broadcast address: this socket may not send there, whatever the routes.
        host = "255.255.255.255"
        asked = Station(host, 5060, how(5060, *probe, host), 0.3)
        assert asyncio.run(ends(asked)) == "not sent"


@pytest.mark.parametrize("name", ["no-such-station.invalid", "a..b", "x" * 64 + ".invalid"])
def test_a_name_that_does_not_exist_is_not_the_stations_silence(name):
    async def story() -> None:
        with pytest.raises(NotSentError, match="check the name"):
            await Station(name, 5060, ask_tcp, 2).ask()

    asyncio.run(story())


def test_a_resolver_that_hangs_holds_neither_the_loop_nor_the_end_and_is_asked_once(monkeypatch):
    asked: list[str] = []
    released = threading.Event()

    def hanging(host, port, *, type, flags):  # noqa: A002 - the name is the library's
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not a number")
        asked.append(host)
        released.wait(WAIT_S)
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", hanging)

    async def story() -> None:
        probe = Station("station", 5060, ask_tcp, 0.1)
        for _ in range(3):
            with pytest.raises(NotSentError, match="no answer from DNS"):
                await probe.ask()

    asyncio.run(story())
    assert asked == ["station"]
    released.set()


def test_a_name_with_two_addresses_is_asked_at_both(monkeypatch):
    async def story() -> None:
        async with station_of() as peer:
            first = names.Peer(socket.AF_INET, ("127.0.0.2", peer.port))
            second = names.Peer(socket.AF_INET, ("127.0.0.1", peer.port))

            async def both(self):
                return [first, second]

            monkeypatch.setattr(Name, "peers", both)
            assert await ends(station(peer.port, timeout_s=2)) == "answered"

    asyncio.run(story())


def test_a_name_is_found():
    async def story() -> None:
        peers = await Name("localhost", 5060).peers()
        assert ("127.0.0.1", 5060) in [peer.address[:2] for peer in peers]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("address", "parts"),
    [("h:1", ("h", 1)), ("[::1]:5060", ("::1", 5060)), ("1.2.3.4:9", ("1.2.3.4", 9))],
)
def test_an_address_is_split(address, parts):
    assert host_and_port(address) == parts


@pytest.mark.parametrize("address", ["h", "h:", ":1", "", "h:0"])
def test_an_address_without_host_or_port_is_refused(address):
    with pytest.raises(ValueError, match="no host and port"):
        host_and_port(address)


@pytest.mark.parametrize(
    ("address", "host"), [("h", "h"), ("[::1]", "::1"), ("1.2.3.4", "1.2.3.4")]
)
def test_a_host_alone_loses_its_brackets(address, host):
    assert host_alone(address) == host


@pytest.mark.parametrize("address", ["", "h:1", "[::1]:7"])
def test_a_host_with_a_port_is_no_host_alone(address):
    with pytest.raises(ValueError, match="not a host alone"):
        host_alone(address)


# ---- the driver ----


def test_the_signal_follows_the_station_there_and_back(caplog):
    caplog.set_level(logging.INFO, "agent.intercom")

    async def story() -> None:
        async with station_of() as peer, running(settings_of(peer.port)) as (driver, sink):
            await until(lambda: sink.values[-2:] == [True, True])
            peer.behaviour.silent = True
            await until(lambda: sink.values[-2:] == [False, False])
            peer.behaviour.silent = False
            await until(lambda: sink.values[-2:] == [True, True])
            assert {reading.signal for reading in sink.heard} == {"intercom.duty_room"}
            assert {reading.quality for reading in sink.heard} == {Quality.GOOD}
            assert sink.links == [(True, "the station can be asked")]
            assert isinstance(driver, AskingDriver)
            assert driver.statistics.round_trip_ms is not None
            assert driver.statistics.timeouts == sink.values.count(False)
            assert sink.turns >= 2 * len(sink.heard)

    asyncio.run(story())
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3  # there, silent, there again: each once
    assert "is silent: no answer in 0.3 s" in said[1]


def test_a_station_that_was_never_there_is_false_not_unknown():
    async def story() -> None:
        with ReservedPort() as port:
            async with running(settings_of(port.number)) as (_, sink):
                await until(lambda: sink.values[:2] == [False, False])
                assert sink.links[0][0] is True

    asyncio.run(story())


def test_what_could_not_be_asked_is_no_answer_and_in_the_end_the_link_is_down(caplog):
    async def story() -> None:
        settings = settings_of(1, address="255.255.255.255:5060", interval_s=0.5, timeout_s=0.1)
        async with running(settings) as (_, sink):
            await until(lambda: sink.links)
            assert {reading.quality for reading in sink.heard} == {Quality.NO_ANSWER}
            assert set(sink.values) == {None}
            ((up, reason),) = sink.links
            assert not up
            assert "check" in reason or "allow" in reason

    asyncio.run(story())
    assert len(caplog.records) == 1


def test_a_link_that_was_down_is_up_with_the_first_question_that_left(monkeypatch):
    async def story() -> None:
        async with station_of() as peer:
            settings = settings_of(peer.port)
            monkeypatch.setattr(asking, "LEAST_STALE_US", 0)
            lost = True
            real = Station.ask

            async def ask(self):
                if lost:
                    raise NotSentError("no network: check the cable")
                await real(self)

            monkeypatch.setattr(Station, "ask", ask)
            async with running(settings) as (_, sink):
                await until(lambda: sink.links)
                lost = False
                await until(lambda: len(sink.links) == 2)
                assert [up for up, _ in sink.links] == [False, True]
                assert sink.values[-1] is True

    asyncio.run(story())


class Grids:
    """Stands for Clock: time that only moves when someone waits."""

    def __init__(self) -> None:
        self.us = 0

    def uptime_us(self) -> int:
        return self.us

    async def sleep(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)

    async def sleep_until(self, uptime_us: int) -> None:
        self.us = max(self.us, uptime_us)


def asked_at(monkeypatch, took_us: Sequence[int], *, fails: Sequence[int] = (), chance=None):
    """When a station is asked, in seconds, if its probes take so long; `fails` could not be sent."""
    clock, at = Grids(), []
    monkeypatch.setattr(asking, "sleep", clock.sleep)
    monkeypatch.setattr(asking, "sleep_until", clock.sleep_until)

    async def ask(self):
        at.append(clock.us / 1_000_000)
        if len(at) > len(took_us):
            raise asyncio.CancelledError
        clock.us += took_us[len(at) - 1]
        if len(at) - 1 in fails:
            raise NotSentError("no network")

    monkeypatch.setattr(Station, "ask", ask)
    settings = settings_of(1, interval_s=30, timeout_s=4)
    driver = intercom_driver(settings, Means(clock), chance or AtOnce())  # type: ignore[arg-type]
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(driver.run(Sink()))
    return at


def test_the_interval_does_not_drift_with_the_answers_time(monkeypatch):
    assert asked_at(monkeypatch, [10_000, 4_000_000, 1_000, 0]) == [0, 30, 60, 90, 120]


def test_a_late_probe_is_followed_by_one_and_then_the_grid(monkeypatch):
    assert asked_at(monkeypatch, [0, 95_000_000, 0, 0]) == [0, 30, 125, 150, 180]


def test_what_could_not_be_sent_is_tried_again_sooner_and_the_grid_stays(monkeypatch):
    class Widest(random.Random):
        def uniform(self, a, b):  # type: ignore[explicit-override]
            return 0 if b in {asking.SPREAD_S, asking.JITTER * 30_000_000} else b

    asked = asked_at(monkeypatch, [0] * 7, fails=range(6), chance=Widest())
    assert asked == [0, 1, 3, 7, 15, 30, 60, 90]


def test_stations_begin_at_different_instants(monkeypatch):
    starts = {asked_at(monkeypatch, [0], chance=random.Random(n))[0] for n in range(5)}
    assert len(starts) == 5
    assert max(starts) <= asking.SPREAD_S


class Latest(random.Random):
    """Every wait by chance as long as it may be, but the one before the first question."""

    def uniform(self, a: float, b: float) -> float:  # type: ignore[explicit-override]
        return a if b == asking.SPREAD_S else b


def test_a_question_is_late_by_a_tenth_of_the_interval_at_most_and_lateness_does_not_add_up(
    monkeypatch,
):
    assert asked_at(monkeypatch, [0] * 4, chance=Latest()) == [0, 33, 63, 93, 123]


def test_stations_that_began_together_are_soon_asked_at_different_instants(monkeypatch):
    class Together(random.Random):
        def uniform(self, a, b):  # type: ignore[explicit-override]
            return 0 if b == asking.SPREAD_S else super().uniform(a, b)

    second, third = zip(
        *(asked_at(monkeypatch, [0] * 3, chance=Together(n))[1:3] for n in range(5)), strict=True
    )
    assert len(set(second)) == len(set(third)) == 5


def test_the_interval_is_kept_on_average(monkeypatch):
    asked = asked_at(monkeypatch, [0] * 1000, chance=random.Random(7))
    assert (asked[-1] - asked[0]) / 1000 == pytest.approx(30, abs=0.01)


def test_a_reading_may_be_two_intervals_and_a_timeout_old():
    assert staleness_us(settings_of(1, interval_s=30, timeout_s=4)) == {
        "intercom.duty_room": 64_000_000
    }
    assert staleness_us(settings_of(1, interval_s=0.1, timeout_s=0.1)) == {
        "intercom.duty_room": 2_000_000
    }


def test_cancelling_closes_every_socket():
    def open_sockets() -> int:
        count = 0
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                count += str(link.readlink()).startswith("socket:")
        return count

    async def story(transport: Any) -> None:
        async with station_of(silent=True) as peer:
            before = open_sockets()
            settings = settings_of(peer.port, transport=transport, timeout_s=5)
            async with running(settings):
                await until(lambda: peer.methods)
            await until(lambda: open_sockets() <= before)

    asyncio.run(story("udp"))
    asyncio.run(story("tcp"))


# ---- configuration ----

FILE = """
[elevator]
site = "s"
id = "e"
[[drivers]]
name = "d"
kind = "intercom"
station = "{station}"
{more}
"""


def loaded(tmp_path, station="pit", address="h:1", more=""):
    path = tmp_path / "agent.toml"
    more = f'address = "{address}"\n{more}' if address is not None else more
    path.write_text(FILE.format(station=station, more=more), encoding="utf-8")
    return load(path, signals_of=lambda one: table.signals_of(one, []), profiles=list).drivers


def test_the_defaults_ask_over_udp_every_30_s(tmp_path):
    (driver,) = loaded(tmp_path)
    assert driver == IntercomSettings(
        name="d",
        station="pit",
        address="h:1",
        probe="sip",
        transport="udp",
        interval_s=30,
        timeout_s=4,
    )
    assert table.build(driver, Means(Clock())).signals == {"intercom.pit": 64_000_000}


@pytest.mark.parametrize(
    "address", ["h:1", "h:65535", "duty-room.local:5060", "192.168.1.30:5060", "[fd00::1]:5060"]
)
def test_an_address_is_a_host_and_a_port(tmp_path, address):
    assert loaded(tmp_path, address=address)[0].address == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "h",
        "h:",
        "h:0",
        "h:65536",
        "h:99999",
        ":5060",
        "sip:h:5060",
        "h:5060/x",
        "u@h:1",
        "fd00::1:5060",
        "h h:1",
    ],
)
def test_anything_else_is_refused_with_the_form(tmp_path, address):
    with pytest.raises(ConfigProblems, match=r"drivers.*address.*\n?.*host:port"):
        loaded(tmp_path, address=address)


@pytest.mark.parametrize(
    "more",
    [
        "interval_s = 4.9",
        "interval_s = 3601",
        "timeout_s = 0.4",
        "timeout_s = 5.1",
        'probe = "smtp"',
        'transport = "tls"',
    ],
)
def test_values_outside_their_range_are_refused(tmp_path, more):
    with pytest.raises(ConfigProblems):
        loaded(tmp_path, more=more)


def test_there_are_five_stations(tmp_path):
    for station in ("car", "machine_room", "car_top", "pit", "duty_room"):
        assert loaded(tmp_path, station=station)[0].station == station
    with pytest.raises(ConfigProblems):
        loaded(tmp_path, station="lobby")


def test_the_bench_station_is_a_process_with_a_ready_line():
    command = [sys.executable, "-m", "hil.sip", "--port", "0", "--status", "486"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = json.loads(process.stdout.readline())["port"]
            assert asyncio.run(ends(station(port, timeout_s=5))) == "answered"
            assert asyncio.run(ends(station(port, transport="tcp", timeout_s=5))) == "answered"
        finally:
            process.terminate()
        assert process.wait(WAIT_S) == 0
