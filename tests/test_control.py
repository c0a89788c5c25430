"""The control socket: real sockets, good clients and bad ones."""

import asyncio
import contextlib
import gc
import json
import os
import random
import socket
import stat
from pathlib import Path

import pytest

from agent import control as control_module
from agent.cli.ask import NoAnswerError, NotRunningError, RefusedError, ask, stream
from agent.control import (
    ControlServer,
    ControlTakenError,
    ControlUnavailableError,
    Limits,
    Peer,
)
from agent.control import RefusedError as No
from agent.control_frames import LARGEST_FRAME

QUICK = Limits(request_s=0.3, answer_s=0.3, drain_s=0.3, connections=3)


class Verbs:
    """Canned handlers; remembers who asked and which streams have ended."""

    def __init__(self):
        self.peers: list[Peer] = []
        self.ended = asyncio.Event()

    def table(self):
        return {
            "echo": self.echo, "large": self.large, "huge": self.huge, "no": self.no, "bug": self.bug,
            "echo_no": self.echo_no, "count": self.count, "forever": self.forever, "flood": self.flood, "stuck": self.stuck,
        }  # fmt: skip

    async def echo(self, params, peer):
        self.peers.append(peer)
        return params

    async def large(self, params, peer):
        return ["x" * 1000] * params.get("n", 100)

    async def huge(self, params, peer):
        return {"x": "x" * LARGEST_FRAME}

    async def no(self, params, peer):
        raise No("not_now", "Not now.", "Later.")

    async def echo_no(self, params, peer):
        raise No("bad_params", f"not {params}", f"instead of {params}")

    async def bug(self, params, peer):
        raise KeyError("ours")

    async def stuck(self, params, peer):
        await asyncio.Event().wait()

    async def count(self, params, peer):
        for number in range(params["to"]):
            yield number

    async def forever(self, params, peer):
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def flood(self, params, peer):
        try:
            while True:
                yield "x" * 10_000
        finally:
            self.ended.set()


def served(tmp_path, story, limits=None):
    """Run a story against a server; the story gets the socket's path and the handlers.

    An error that reaches the event loop would end the service, so it fails the story.
    """
    fatal = []

    async def main():
        verbs = Verbs()
        path = tmp_path / "control.sock"
        asyncio.get_running_loop().set_exception_handler(lambda _, what: fatal.append(what))
        async with ControlServer(path, verbs.table(), limits=limits):
            async with asyncio.timeout(20):
                await story(path, verbs)
            await asyncio.sleep(0)
            gc.collect()  # an error nobody asked for is told when its task is dropped

    asyncio.run(main())
    assert fatal == []


async def asked(path, verb, params=None):
    return json.loads(await asyncio.to_thread(ask, path, verb, params))


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


async def frames(reader):
    """Every frame until the service hangs up."""
    got = []
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big")
            got.append(json.loads(await reader.readexactly(size)))
    return got


async def said(path, raw: bytes, *, leave=False):
    """Send raw bytes and take what comes back until the service hangs up."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(raw)
            if leave:
                writer.write_eof()
            await writer.drain()
        return await frames(reader)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


# ---- good clients ----


def test_an_answer_comes_back_and_the_kernel_says_who_asked(tmp_path):
    async def story(path, verbs):
        assert await asked(path, "echo", {"a": [1, "困人"]}) == {"a": [1, "困人"]}
        assert verbs.peers == [Peer(uid=os.getuid(), pid=os.getpid())]

    served(tmp_path, story)


def test_a_connection_takes_several_requests(tmp_path):
    async def story(path, verbs):
        two = framed(b'{"verb":"echo","params":{"n":1}}') + framed(b'{"verb":"echo"}')
        answers = await said(path, two, leave=True)
        assert answers == [{"ok": True, "data": {"n": 1}}, {"ok": True, "data": {}}]

    served(tmp_path, story)


def test_a_stream_is_a_frame_an_item_and_an_end(tmp_path):
    async def story(path, verbs):
        answers = await said(path, framed(b'{"verb":"count","params":{"to":2}}'))
        assert answers == [
            {"ok": True, "data": 0, "more": True},
            {"ok": True, "data": 1, "more": True},
            {"ok": True, "end": True},
        ]
        assert await asyncio.to_thread(lambda: list(stream(path, "count", {"to": 3}))) == [
            b"0",
            b"1",
            b"2",
        ]
        assert await asked(path, "count", {"to": 0}) == []

    served(tmp_path, story)


@pytest.mark.parametrize("items", [1, 60, 70, 500])
def test_a_list_of_any_size_arrives_whole(tmp_path, items):
    async def story(path, verbs):
        assert await asked(path, "large", {"n": items}) == ["x" * 1000] * items

    served(tmp_path, story)


def test_a_refusal_carries_code_message_and_remedy(tmp_path):
    async def story(path, verbs):
        with pytest.raises(RefusedError) as caught:
            await asked(path, "no")
        failure = caught.value.failure
        assert (failure.code, failure.message, failure.remedy) == ("not_now", "Not now.", "Later.")
        with pytest.raises(RefusedError) as caught:
            await asked(path, "noo")
        assert caught.value.failure.code == "unknown_verb"
        assert "count, echo" in caught.value.failure.remedy

    served(tmp_path, story)


def test_a_mistake_of_ours_is_answered_logged_and_survived(tmp_path, caplog):
    async def story(path, verbs):
        for verb in ("bug", "huge"):
            with pytest.raises(RefusedError) as caught:
                await asked(path, verb)
            assert caught.value.failure.code == "internal"
        assert await asked(path, "echo") == {}

    served(tmp_path, story)
    assert "KeyError: 'ours'" in caplog.text


def test_a_handler_that_hangs_is_answered_for(tmp_path):
    async def story(path, verbs):
        with pytest.raises(RefusedError) as caught:
            await asked(path, "stuck")
        assert caught.value.failure.code == "timeout"

    served(tmp_path, story, QUICK)


# ---- bad company ----


def test_a_follower_that_leaves_ends_its_stream(tmp_path, caplog):
    async def story(path, verbs):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(framed(b'{"verb":"forever"}'))
        size = int.from_bytes(await reader.readexactly(4), "big")
        assert json.loads(await reader.readexactly(size))["data"] == "first"
        assert not verbs.ended.is_set()
        writer.close()
        await verbs.ended.wait()

    served(tmp_path, story)
    assert not caplog.records


def test_a_reader_that_does_not_read_is_dropped_and_holds_nobody_up(tmp_path):
    async def story(path, verbs):
        link = socket.socket(socket.AF_UNIX)
        link.connect(str(path))
        link.sendall(framed(b'{"verb":"flood"}'))
        assert await asked(path, "echo") == {}
        await verbs.ended.wait()
        link.close()

    served(tmp_path, story, QUICK)


def test_a_silent_client_is_dropped(tmp_path):
    async def story(path, verbs):
        assert await said(path, b"") == []
        assert await said(path, b"\0\0") == []

    served(tmp_path, story, QUICK)


def test_a_client_too_many_is_told_so_and_one_leaving_makes_room(tmp_path):
    limits = Limits(connections=3)

    async def story(path, verbs):
        held = [await asyncio.open_unix_connection(path) for _ in range(3)]
        (answer,) = await said(path, b"")
        assert answer["error"]["code"] == "busy"
        assert "--follow" in answer["error"]["remedy"]
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        while True:
            with contextlib.suppress(RefusedError):
                assert await asked(path, "echo") == {}
                break

    served(tmp_path, story, limits)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff\xff\xff\xff", "too_large"),
        ((LARGEST_FRAME + 1).to_bytes(4, "big"), "too_large"),
        (framed(b""), "malformed"),
        (framed(b"{"), "malformed"),
        (framed(b"[]"), "malformed"),
        (framed(b'{"verb":1}'), "malformed"),
        (framed(b'{"verb":"echo","params":[]}'), "malformed"),
        (framed(b'{"verb":"echo","more":1}'), "malformed"),
        (framed(b'{"verb":"\xff"}'), "malformed"),
        (framed(b'{"verb":"echo","params":{"a":' + b"[" * 60_000), "malformed"),
    ],
)
def test_nonsense_gets_an_error_and_the_door(tmp_path, raw, code):
    async def story(path, verbs):
        (answer,) = await said(path, raw + b"more")
        assert answer["ok"] is False
        assert answer["error"]["code"] == code
        assert await asked(path, "echo") == {}

    served(tmp_path, story)


def test_random_bytes_do_no_harm(tmp_path):
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    valid = framed(b'{"verb":"count","params":{"to":3}}')

    def noise():
        if chance.random() < 0.5:
            return chance.randbytes(chance.randrange(200))
        broken = bytearray(valid * 2)
        for _ in range(chance.randrange(1, 5)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        return bytes(broken[: chance.randrange(len(broken))])

    async def story(path, verbs):
        for _ in range(200):
            await said(path, noise(), leave=chance.random() < 0.9)
        assert await asked(path, "echo", {"still": "there"}) == {"still": "there"}

    served(tmp_path, story, QUICK)


NASTY = ("\x7f", "\x00", '"', "困", "😀", "x")


def largest(shape, filling: str) -> bytes:
    """The largest request of a shape that a frame holds."""
    low, high = 0, LARGEST_FRAME
    while low < high:
        middle = (low + high + 1) // 2
        fits = (
            len(json.dumps(shape(filling * middle), ensure_ascii=False).encode()) <= LARGEST_FRAME
        )
        low, high = (middle, high) if fits else (low, middle - 1)
    return json.dumps(shape(filling * low), ensure_ascii=False).encode()


SHAPES = (
    lambda text: {"verb": text},
    lambda text: {"verb": "echo", text: 1},
    lambda text: {"verb": "echo_no", "params": {"a": text}},
    lambda text: {"verb": "echo_no", "params": {text: 1}},
    lambda text: {"verb": "echo", "params": {text: text[:9]}},
    lambda text: {"verb": "echo", "params": [text]},
    lambda text: {"verb": {text: 1}},
)


@pytest.mark.parametrize("filling", NASTY)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_requests_there_are_get_a_short_answer_or_the_door(tmp_path, shape, filling):
    async def story(path, verbs):
        answers = await said(path, framed(largest(shape, filling)), leave=True)
        for answer in answers:
            if not answer["ok"]:
                assert len(answer["error"]["message"]) <= 400
                assert len(answer["error"]["remedy"]) <= 1000
        assert await asked(path, "echo") == {}

    served(tmp_path, story)


def test_an_error_of_its_own_ends_one_conversation_and_is_logged(tmp_path, monkeypatch, caplog):
    def broken(_answer):
        raise ValueError("ours")

    async def story(path, verbs):
        with monkeypatch.context() as patch:
            patch.setattr(control_module, "pack", broken)
            assert await said(path, framed(b'{"verb":"no"}')) == []
        assert await asked(path, "echo") == {}

    served(tmp_path, story)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


# ---- the file ----


def test_folder_and_socket_are_for_owner_and_group_only(tmp_path):
    async def main():
        path = tmp_path / "run" / "control.sock"
        async with ControlServer(path, {}):
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert not path.exists()

    old = os.umask(0)
    try:
        asyncio.run(main())
    finally:
        os.umask(old)


def test_a_socket_left_by_a_crash_is_replaced(tmp_path):
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()

    async def story(path, verbs):
        assert await asked(path, "echo") == {}

    served(tmp_path, story)


def test_a_second_agent_does_not_take_the_socket_of_the_first(tmp_path):
    async def story(path, verbs):
        with pytest.raises(ControlTakenError, match="second agent"):
            await ControlServer(path, {}).start()
        assert await asked(path, "echo") == {}

    served(tmp_path, story)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    path = tmp_path / "control.sock"
    path.write_text("mine")
    with pytest.raises(ControlUnavailableError, match="not a socket"):
        asyncio.run(ControlServer(path, {}).start())
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "control.sock", tmp_path / ("x" * 120)):
        with pytest.raises(ControlUnavailableError, match="cannot be made"):
            asyncio.run(ControlServer(path, {}).start())


def test_closing_hangs_up_on_followers_at_once(tmp_path):
    async def main():
        verbs = Verbs()
        path = tmp_path / "control.sock"
        async with ControlServer(path, verbs.table()):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(framed(b'{"verb":"forever"}'))
            await reader.readexactly(4)
        async with asyncio.timeout(1):
            assert verbs.ended.is_set()
            await frames(reader)
        writer.close()

    asyncio.run(main())


# ---- the client ----


def test_nobody_listening_is_not_running(tmp_path):
    for path in (tmp_path / "none.sock", tmp_path, Path("x" * 200), Path("\0")):
        with pytest.raises(NotRunningError):
            ask(path, "echo")


@pytest.mark.parametrize(
    "answer", [b"", b"\0\0", b"\xff\xff\xff\xff", framed(b"{}"), framed(b"nonsense")]
)
def test_a_foreign_service_is_no_answer(tmp_path, answer):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        async def main():
            asking = asyncio.create_task(asyncio.to_thread(ask, path, "echo"))
            link, _ = await asyncio.to_thread(listener.accept)
            link.recv(1000)
            link.sendall(answer)
            link.close()
            with pytest.raises(NoAnswerError):
                await asking

        asyncio.run(main())


def test_a_service_that_says_nothing_is_given_up(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(NoAnswerError, match=r"within 0.1 s"):
            ask(path, "echo", timeout_s=0.1)
