"""`elevator-agent bus --learn` and `--scan` on real wires: what they find, and what they leave alone."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import threading
import tomllib
from typing import Any

import pytest

from agent.__main__ import main
from agent.cli.bus_held import holder_of
from agent.config import ConfigProblems
from agent.control import ControlServer
from agent.drivers.learn_survey import Outcome
from agent.drivers.scan import LineClosedError, scan, urls_of
from hil.modbus_face import ModbusFace
from hil.rtu_face import RtuFace

READ = {1, 2, 3, 4}
BOX = {n: 0x1000 + n for n in (*range(0x03, 0x09), 0x11, *range(0x20, 0x2C))}
COILS = {4: 1, 5: 0}


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "ELEVATOR_AGENT_CONFIG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


def sparse(body):
    """A device that knows only scattered registers, and refuses the rest."""
    function, start, count = body[0], *(int.from_bytes(body[n : n + 2]) for n in (1, 3))
    known = {1: COILS, 3: BOX}.get(function)
    if known is None:
        return bytes((function | 0x80, 1))
    if any(n not in known for n in range(start, start + count)):
        return bytes((function | 0x80, 2))
    values = [known[n] for n in range(start, start + count)]
    if function == 1:
        bits = sum(bit << n for n, bit in enumerate(values))
        data = bits.to_bytes((count + 7) // 8, "little")
    else:
        data = b"".join(value.to_bytes(2) for value in values)
    return bytes((function, len(data))) + data


@contextlib.contextmanager
def in_a_thread(begin):
    """Run an asynchronous context manager in a loop of its own, and give what it gives."""
    ready = threading.Event()
    given: list[Any] = []
    parts: list[Any] = []

    async def serve():
        stop = asyncio.Event()
        parts.extend((asyncio.get_running_loop(), stop))
        async with begin() as it:
            given.append(it)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        assert ready.wait(10)
        yield given[0]
    finally:
        parts[0].call_soon_threadsafe(parts[1].set)
        thread.join(10)


def box(read=lambda: range(0x10, 0x23)):
    @contextlib.asynccontextmanager
    async def begin():
        face = ModbusFace(read, first=0x10, device_id=247)
        await face.start(0)
        try:
            yield face
        finally:
            await face.close()

    return in_a_thread(begin)


def rtu_line(link, devices):
    @contextlib.asynccontextmanager
    async def begin():
        face = RtuFace(devices, baudrate=115200)
        await face.start(link)
        try:
            yield face
        finally:
            await face.close()

    return in_a_thread(begin)


def serial(link, baudrate=115200):
    return f"serial://{link}?baudrate={baudrate}&parity=N"


def bus(capsys, *options):
    code = main(["bus", "--yes", "--pause-ms", "20", *map(str, options)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def learn(capsys, *options):
    code, text, err = bus(capsys, "--learn", "--json", "--seconds", "0", *options)
    return code, json.loads(text), err


# ---------------------------------------------------------------- learning


def test_the_map_of_the_box_is_found_over_tcp_by_reading_alone(capsys, tmp_path):
    written = tmp_path / "new.toml"
    with box() as face:
        code, found, err = learn(
            capsys, "--url", f"tcp://127.0.0.1:{face.port}", "--device-id", 247,
            "--range", "0x00-0x2F", "--tables", "holding,input,coil", "--write-profile", written,
        )  # fmt: skip
        assert face.functions.keys() <= READ
    assert code == 0
    assert "P2-04" in err
    holding = found["tables"]["holding"]
    assert {each["address"]: each["value"] for each in holding["answering"]} == {
        n: n for n in range(0x10, 0x23)
    }
    refused = {each["address"] for each in holding["refused"]}
    assert refused == set(range(0x30)) - set(range(0x10, 0x23))
    assert {each["exception"] for each in holding["refused"]} == {2}
    assert (found["tables"]["input"]["absent"], found["tables"]["coil"]["absent"]) == (True, True)
    document = tomllib.loads(written.read_text(encoding="utf-8"))
    assert document["protocol"]["readable"] == {"holding": [[0x10, 0x22]]}


def test_a_sparse_map_is_found_on_a_serial_line_by_reading_alone(capsys, tmp_path):
    with rtu_line(tmp_path / "rs485", {9: sparse}) as face:
        code, found, _ = learn(
            capsys, "--url", serial(tmp_path / "rs485"), "--device-id", 9,
            "--range", "0-0x2F", "--tables", "holding,coil",
        )  # fmt: skip
        assert face.functions.keys() == {1, 3}
    assert code == 0
    answering = found["tables"]["holding"]["answering"]
    assert {each["address"]: each["value"] for each in answering} == BOX
    assert [each["address"] for each in found["tables"]["coil"]["answering"]] == [4, 5]


def test_a_device_that_is_not_there_is_soon_left_alone(capsys):
    with box() as face:
        code, text, err = bus(
            capsys, "--learn", "--url", f"tcp://127.0.0.1:{face.port}", "--device-id", 9,
            "--range", "0-3",
        )  # fmt: skip
    assert (code, text) == (1, "")
    assert "Nothing answers" in err


def test_a_line_that_cannot_be_opened_says_why(capsys, tmp_path):
    code, _, err = bus(capsys, "--learn", "--url", serial(tmp_path / "no"), "--device-id", 1)
    assert code == 1
    assert "it is not there" in err
    code, _, err = bus(capsys, "--scan", "--url", serial(tmp_path / "no"), "--device-id", 1)
    assert code == 1
    assert "it is not there" in err


def test_what_is_done_is_marked_and_the_bit_that_follows_is_named(tmp_path):
    door = threading.Event()

    def read():
        return [0x0800 if door.is_set() and n == 0x11 else n for n in range(0x10, 0x23)]

    with box(read) as face:
        command = [
            sys.executable, "-m", "agent", "bus", "--learn", "--yes", "--pause-ms", "20",
            "--url", f"tcp://127.0.0.1:{face.port}", "--device-id", "247", "--range", "0x10-0x14",
            "--tables", "holding", "--mark", "door open", "--lang", "en",
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109 - where the tests run
        ) as shown:  # fmt: skip
            assert shown.stderr is not None
            assert shown.stdin is not None
            said_until(shown.stderr, "Enter when you do it: door open")
            asked = face.functions[3]
            while face.functions[3] < asked + 3:
                threading.Event().wait(0.01)
            shown.stdin.write("\n")
            shown.stdin.flush()
            said_until(shown.stderr, "Marked: door open")
            door.set()
            asked = face.functions[3]
            while face.functions[3] < asked + 3:
                threading.Event().wait(0.01)
            shown.send_signal(signal.SIGINT)
            text, err = shown.communicate(timeout=20)
        assert face.functions.keys() <= READ
    assert shown.returncode == 130, err
    assert "holding answering: 0x0010-0x0014" in text
    assert "After 'door open' (1 times):" in text
    assert "holding 0x0011 bit 11: to 1, after 1 marks, 0 times otherwise" in text


def said_until(stream, wanted):
    for line in stream:
        if wanted in line:
            return
    pytest.fail(f"never said: {wanted}")


# ---------------------------------------------------------------- who may begin


@contextlib.contextmanager
def configured(tmp_path, url, *, runs=True):
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[elevator]\nsite = "s"\nid = "e01"\n[control]\npath = "{tmp_path}/control.sock"\n'
        '[[drivers]]\nname = "host"\nkind = "host"\n'
        '[[drivers]]\nname = "controller"\nkind = "modbus"\nprofile = "car-top-sensor"\n'
        f'url = "{url}"\n',
        encoding="utf-8",
    )

    async def status(_params, _peer):
        return {}

    @contextlib.asynccontextmanager
    async def begin():
        async with ControlServer(tmp_path / "control.sock", {"status": status}) as server:
            yield server

    with in_a_thread(begin) if runs else contextlib.nullcontext():
        yield path


def test_a_line_of_the_running_service_is_not_touched(capsys, tmp_path):
    with rtu_line(tmp_path / "rs485", {9: sparse}) as face:
        other_name = tmp_path / "by-id"
        other_name.symlink_to(tmp_path / "rs485")
        with configured(tmp_path, serial(tmp_path / "rs485")) as config:
            for mode in ("--learn", "--scan"):
                code, text, err = bus(
                    capsys, mode, "--config", config, "--url", serial(other_name), "--device-id", 9
                )
                assert (code, text) == (2, "")
                assert "driver controller" in err
        assert face.asked == type(face.asked)()


def test_an_open_port_is_refused_and_its_owner_not_disturbed(capsys, tmp_path):
    link = tmp_path / "rs485"
    with rtu_line(link, {9: sparse}) as face:
        owner = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            fcntl.flock(owner, fcntl.LOCK_EX)
            as_it_was = termios.tcgetattr(owner)
            options = ["--url", serial(link, 9600), "--device-id", 9]
            code, _, err = bus(capsys, "--learn", *options)
            assert termios.tcgetattr(owner) == as_it_was
        finally:
            os.close(owner)
        assert code == 1
        assert "another program has it open" in err
        assert face.asked == type(face.asked)()


def test_who_holds_a_line_is_found_by_what_is_behind_its_name(tmp_path):
    with configured(tmp_path, "tcp://localhost:1502") as config:
        assert holder_of("tcp://127.0.0.1:1502", config) == "controller"
        assert holder_of("rtu+tcp://LOCALHOST:1502", config) == "controller"
        for spelling in ("0.0.0.0", "[::ffff:127.0.0.1]", "[::1]", "[::]", "127.0.0.2"):
            assert holder_of(f"tcp://{spelling}:1502", config) == "controller", spelling
        assert holder_of("tcp://127.0.0.1:1503", config) is None
        assert holder_of("tcp://nowhere.invalid:1502", config) is None
        assert holder_of("serial:///dev/null?baudrate=9600&parity=N", config) is None
    with configured(tmp_path, "tcp://localhost:1502", runs=False) as config:
        assert holder_of("tcp://127.0.0.1:1502", config) is None
    with pytest.raises(ConfigProblems):
        holder_of("tcp://127.0.0.1:1502", tmp_path / "none.toml")


def test_a_port_is_known_by_its_device_whatever_it_is_called(tmp_path):
    master, side = os.openpty()
    (tmp_path / "link").symlink_to(os.ttyname(side))
    with configured(tmp_path, f"serial://{tmp_path}/link?baudrate=9600&parity=N") as config:
        assert holder_of(f"serial://{os.ttyname(side)}?baudrate=19200&parity=E", config)
    os.close(master)
    os.close(side)


def test_the_service_of_this_computer_is_asked_whatever_configuration_is_named(
    tmp_path, monkeypatch
):
    other = tmp_path / "other.toml"
    other.write_text('[elevator]\nsite = "s"\nid = "o"\n', encoding="utf-8")
    with configured(tmp_path, "tcp://127.0.0.1:1502") as config:
        assert holder_of("tcp://127.0.0.1:1502", other) is None
        monkeypatch.setenv("ELEVATOR_AGENT_CONFIG", str(config))
        assert holder_of("tcp://127.0.0.1:1502", other) == "controller"
        monkeypatch.setenv("ELEVATOR_AGENT_CONFIG", str(tmp_path / "none.toml"))
        assert holder_of("tcp://127.0.0.1:1502", other) is None


def hangs_up(listening):
    listening.accept()[0].close()


def test_a_service_that_may_not_be_asked_counts_as_running(tmp_path):
    with (
        configured(tmp_path, "tcp://127.0.0.1:1502", runs=False) as config,
        socket.socket(socket.AF_UNIX) as stuck,
    ):
        stuck.bind(str(tmp_path / "control.sock"))
        stuck.listen(1)
        thread = threading.Thread(target=hangs_up, args=[stuck])
        thread.start()
        assert holder_of("tcp://127.0.0.1:1502", config) == "controller"
        thread.join(10)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--learn"], "--url is missing"),
        (["--learn", "--scan"], "either --learn or --scan"),
        (["--url", "tcp://h"], "either --learn or --scan"),
        (["--learn", "--url", "tcp://h"], "--device-id is missing"),
        (
            ["--learn", "--url", "tcp://h", "--device-id", "1", "--tables", "coils"],
            "coil, discrete",
        ),
        (["--learn", "--url", "ftp://h", "--device-id", "1"], "no host and port"),
    ],
)
def test_what_is_missing_or_wrong_is_said(capsys, options, says):
    code, text, err = bus(capsys, *options)
    assert (code, text) == (2, "")
    assert says in err


def test_without_a_yes_nothing_is_asked(capsys, monkeypatch):
    with box() as face:
        with open(os.devnull) as nobody:  # noqa: PTH123 - no terminal
            monkeypatch.setattr(sys, "stdin", nobody)
            options = ["--url", f"tcp://127.0.0.1:{face.port}", "--device-id", "247"]
            assert main(["bus", "--learn", *options]) == 2
        assert "--yes" in capsys.readouterr().err
        assert not face.functions


@pytest.mark.parametrize(("typed", "code"), [("n\n", 2), ("y\n", 0)])
def test_a_person_at_a_terminal_is_asked(tmp_path, typed, code):
    with box() as face:
        command = [
            sys.executable, "-m", "agent", "bus", "--learn", "--pause-ms", "20", "--seconds", "0",
            "--url", f"tcp://127.0.0.1:{face.port}", "--device-id", "247", "--range", "0x10",
            "--tables", "holding",
        ]  # fmt: skip
        ours, theirs = pty.openpty()
        try:
            with subprocess.Popen(
                command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
            ) as asked:
                os.write(ours, typed.encode())
                drain = threading.Thread(target=drained, args=[ours])
                drain.start()
                asked.communicate(timeout=30)
                os.close(theirs)
                theirs = -1
                drain.join(10)
        finally:
            os.close(ours)
            if theirs >= 0:
                os.close(theirs)
        assert asked.returncode == code
        assert bool(face.functions) is (code == 0)


def drained(descriptor):
    with contextlib.suppress(OSError):
        while os.read(descriptor, 4096):
            pass


def test_a_profile_that_cannot_be_written_still_shows_what_was_found(capsys, tmp_path):
    with box() as face:
        code, text, err = bus(
            capsys, "--learn", "--url", f"tcp://127.0.0.1:{face.port}", "--device-id", 247,
            "--range", "0x10-0x11", "--tables", "holding", "--seconds", "0.2",
            "--write-profile", tmp_path / "none" / "x.toml",
        )  # fmt: skip
    assert code == 0
    assert "x.toml: No such file" in err
    assert "holding 0x0011  17" in text


# ---------------------------------------------------------------- scanning


class Line:
    """Devices by speed; every other address is silent."""

    def __init__(self, devices, wrong=""):
        self.devices, self.wrong, self.said, self.asked = devices, wrong, "no answer", []

    def opened(self, url, device_id):
        self.now = (url.partition("baudrate=")[2].partition("&")[0], device_id)
        return self

    async def connect(self):
        return self.wrong

    async def ask(self, block):
        self.asked.append(self.now)
        return self.devices.get(self.now, Outcome())

    def close(self):
        pass


def scanned(line, ids=(1, 2)):
    async def run():
        urls = urls_of(serial("/dev/x", 1200))
        return [each async for each in scan(line.opened, urls, ids, 0.0)]

    return asyncio.run(run())


def test_the_speed_on_which_somebody_answers_is_the_last_that_is_tried():
    line = Line({("19200", 2): Outcome(exception=2)})
    found = [each for each in scanned(line) if each.answers]
    assert [(each.device_id, each.exception) for each in found] == [(2, 2)]
    assert "baudrate=19200&parity=N&stopbits=1" in found[0].url
    assert line.asked == [("9600", 1), ("9600", 2), ("19200", 1), ("19200", 2)]


def test_every_speed_is_tried_when_nobody_answers_and_a_gateway_is_no_device():
    line = Line({("9600", 1): Outcome(exception=11)})
    probed = scanned(line)
    assert len(probed) == 16
    assert not any(each.answers for each in probed)
    assert urls_of("tcp://h") == ("tcp://h",)


def test_a_line_that_cannot_be_opened_ends_the_scan():
    with pytest.raises(LineClosedError, match="nothing there"):
        scanned(Line({}, wrong="nothing there"))


def test_the_devices_of_a_real_line_are_found_by_reading_alone(capsys, tmp_path):
    with rtu_line(tmp_path / "rs485", {9: sparse}) as face:
        options = ["--url", serial(tmp_path / "rs485"), "--timeout-ms", 100]
        code, text, _ = bus(capsys, "--scan", "--device-id", 9, *options)
        assert (code, text.split()[-2]) == (0, "9")
        code, text, _ = bus(capsys, "--scan", "--device-id", 9, "--json", *options)
        assert [(each["device_id"], each["exception"]) for each in json.loads(text)] == [(9, 2)]
        code, text, err = bus(capsys, "--scan", "--device-id", 3, *options)
        assert (code, text) == (1, "")
        assert "No device answers" in err
        assert face.functions.keys() == {3}


def test_all_devices_of_a_line_are_found_and_the_silent_ones_left_out(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr("agent.cli.bus_scan.DEVICE_IDS", range(8, 13))
    devices = {9: sparse, 11: lambda body: bytes((body[0], 2, 0, 7)), 12: sparse}
    with rtu_line(tmp_path / "rs485", devices) as face:
        options = ["--url", serial(tmp_path / "rs485"), "--timeout-ms", 100]
        code, text, _ = bus(capsys, "--scan", "--json", *options)
        assert face.functions.keys() == {3}
    assert code == 0
    found = [(each["device_id"], each["exception"]) for each in json.loads(text)]
    assert found == [(9, 2), (11, 0), (12, 2)]


def test_a_device_behind_tcp_is_found(capsys):
    with box() as face:
        options = ["--url", f"tcp://127.0.0.1:{face.port}", "--device-id", 247]
        code, text, _ = bus(capsys, "--scan", "--json", *options)
        assert face.functions == {3: 1}
    assert code == 0
    assert json.loads(text)[0]["exception"] == 2
