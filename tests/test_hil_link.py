"""The cuttable link: what passes, what is refused, what is kept back."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from hil.link import CuttableLink, Direction

SILENCE_S = 0.15


@contextlib.contextmanager
def echo_server() -> Iterator[int]:
    """Run a server that sends back what it is sent; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve_one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(4096):
                connection.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(
                    target=serve_one, args=(listener.accept()[0],), daemon=True
                ).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@contextlib.contextmanager
def linked() -> Iterator[CuttableLink]:
    with echo_server() as port, CuttableLink(port) as link:
        yield link


def connect(link: CuttableLink) -> socket.socket:
    return socket.create_connection((link.host, link.port), timeout=5)


def test_bytes_pass_both_ways_while_the_link_is_whole() -> None:
    with linked() as link, connect(link) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
        assert link.connections == 1


def test_a_cut_resets_what_is_open_and_refuses_what_is_new() -> None:
    with linked() as link, connect(link) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
        link.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(10)
        with pytest.raises(ConnectionRefusedError):
            connect(link)


def test_after_mending_the_same_port_serves_again() -> None:
    with linked() as link:
        for _ in range(20):
            link.cut()
            link.mend()
            with connect(link) as client:
                client.sendall(b"again")
                assert client.recv(10) == b"again"


def test_a_held_link_accepts_and_passes_nothing_until_it_is_mended() -> None:
    with linked() as link, connect(link) as before:
        link.hold()
        with connect(link) as during:
            for client in (before, during):
                client.sendall(b"late")
                client.settimeout(SILENCE_S)
                with pytest.raises(TimeoutError):
                    client.recv(10)
            link.mend()
            for client in (before, during):
                client.settimeout(5)
                assert client.recv(10) == b"late"


def test_answers_can_be_withheld_while_requests_pass() -> None:
    seen: list[tuple[Direction, bytes]] = []
    arrived = threading.Event()

    def hook(way: Direction, data: bytes) -> bytes:
        seen.append((way, data))
        if way is Direction.TO_CLIENT:
            arrived.set()
        return data

    with linked() as link, connect(link) as client:
        link.hook = hook
        link.withhold(Direction.TO_CLIENT)
        client.sendall(b"question")
        assert arrived.wait(5)
        client.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            client.recv(10)
        link.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(10)
    assert seen == [(Direction.TO_SERVER, b"question"), (Direction.TO_CLIENT, b"question")]


def test_the_hook_may_change_or_swallow_bytes() -> None:
    with linked() as link, connect(link) as client:
        link.hook = lambda way, data: data.upper() if way is Direction.TO_SERVER else data
        client.sendall(b"quiet")
        assert client.recv(10) == b"QUIET"


def test_a_delay_holds_each_chunk_and_loses_none() -> None:
    with linked() as link, connect(link) as client:
        link.delay_s = 0.05
        client.sendall(b"slow")
        assert client.recv(10) == b"slow"


def test_when_the_server_is_away_the_connection_ends() -> None:
    with (
        CuttableLink(1) as link,
        contextlib.suppress(ConnectionResetError),  # it may end before it is even complete
        connect(link) as client,
    ):
        assert client.recv(10) == b""
