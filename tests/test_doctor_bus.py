"""`elevator-agent doctor` and lines: real ptys and sockets, with the service running and without."""

import asyncio
import contextlib
import subprocess
import sys

import pytest

from agent.doctor import look_asked
from hil.installation import AgentProcess, configuration, controller
from hil.modbus_face import ModbusFace
from hil.rtu_face import RtuFace
from hil.rtu_manners import Manner
from tests.doctor_stage import doctor, profile, served, text_of

SCALE = """readable = { holding = [[0x03, 0x06]] }
[points."car.load_percent"]
table = "holding"
address = 0x03
min = 0
max = 150
source = "s"
[points."car.floor"]
table = "holding"
address = 0x04
min = 0
max = 60
source = "s"
[points."controller.run_count"]
table = "holding"
address = 0x05
type = "u32"
max = 100000000
source = "s"
"""
PLAIN = (42, 3, 0, 700)
DEVICE = 9


def device(words):
    """Holding registers from 3 on."""

    def answer(body):
        function, address, count = body[0], int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
        if function != 3 or address < 3 or address + count > 7:
            return bytes((function | 0x80, 2))
        data = b"".join(word.to_bytes(2) for word in words[address - 3 : address - 3 + count])
        return bytes((function, len(data))) + data

    return answer


@contextlib.contextmanager
def line(folder, words=PLAIN, devices=None):
    face = RtuFace(devices or {DEVICE: device(words)}, baudrate=115200)
    with served(lambda: face.start(folder / "port"), face.close) as call:
        yield face, call


def scale(folder, **more):
    profile(folder, "scale", SCALE)
    return {
        "name": "scale", "kind": "modbus", "profile": "scale", "device_id": DEVICE, "timeout_ms": 200,
        "url": f"serial://{folder}/port?baudrate=115200&parity=N", **more,
    }  # fmt: skip


def site(folder, *drivers):
    return configuration(folder, mqtt={"port": 1}, drivers=list(drivers))


def test_a_device_that_answers_is_asked_with_readings_alone_and_its_values_are_judged(tmp_path):
    with line(tmp_path) as (face, _):
        said = doctor(site(tmp_path, scale(tmp_path)))
        assert set(face.functions) == {3}
    assert said.cause("serial.port") == "free"
    assert said.cause("bus.answer", "scale") == "answers"
    assert said.cause("signal.values", "scale") == "plausible"


@pytest.mark.parametrize(
    ("manner", "cause"),
    [
        (Manner.SILENCE, "silent"),
        (Manner.CRC_ERROR, "crc_errors"),
        (Manner.HALF, "broken_off"),
        (Manner.ECHO, "echo_only"),
        (Manner.WRONG_DEVICE, "wrong_device"),
    ],
)
def test_each_way_of_not_answering_has_its_own_cause(tmp_path, manner, cause):
    with line(tmp_path) as (face, call):
        call(lambda: face.behave(manner))
        said = doctor(site(tmp_path, scale(tmp_path)))
    assert said.code == 1
    assert said.cause("bus.answer", "scale") == cause
    assert said.of("bus.answer", "scale")["next"]["zh"]


def test_bytes_that_make_no_frame_mean_another_speed(tmp_path):
    with line(tmp_path, devices={DEVICE: device(PLAIN)}) as (face, _):
        face.spoken = lambda manner, question, answer: b"\xff\x7f\x00\xfe\x3c\x80\x01"
        said = doctor(site(tmp_path, scale(tmp_path)))
    assert said.cause("bus.answer", "scale") == "garbled"


def test_a_device_that_refuses_what_the_profile_reads_is_another_device(tmp_path):
    with line(tmp_path, devices={DEVICE: lambda body: bytes((body[0] | 0x80, 2))}):
        said = doctor(site(tmp_path, scale(tmp_path)))
    assert said.cause("bus.answer", "scale") == "refused"


def test_on_a_line_where_somebody_else_asks_nothing_is_sent(tmp_path):
    with line(tmp_path) as (face, call):

        async def master():
            async def ask():
                while True:
                    face.babble(bytes.fromhex("01030000000ac5cd"))
                    await asyncio.sleep(0.2)

            keep.append(asyncio.create_task(ask()))

        keep: list[asyncio.Task[None]] = []
        call(master)
        said = doctor(site(tmp_path, scale(tmp_path)))
        call(keep[0].cancel)
        assert not face.tap
    assert said.cause("bus.answer", "scale") == "another_master"


def test_swapped_bytes_and_swapped_words_are_told_apart(tmp_path):
    swapped = tuple((word & 0xFF) << 8 | word >> 8 for word in PLAIN)
    with line(tmp_path, swapped):
        said = doctor(site(tmp_path, scale(tmp_path)))
    assert said.cause("signal.values", "scale") == "wrong_byte_order"
    with line(tmp_path, (42, 3, 7000, 0)):
        said = doctor(site(tmp_path, scale(tmp_path)))
    assert said.cause("signal.values", "scale") == "wrong_word_order"


def test_a_port_that_another_program_holds_is_named_with_its_holder(tmp_path):
    with line(tmp_path) as (face, _):
        with holder(tmp_path / "port") as pid:
            said = doctor(site(tmp_path, scale(tmp_path)))
        assert not face.tap
    found = said.of("serial.port")
    assert found["cause"] == "port_held"
    assert str(pid) in found["measured"]["en"]
    assert said.cause("bus.answer", "scale") == "not_asked"


@contextlib.contextmanager
def holder(port):
    """Another program that has a port open, and does not even lock it."""
    program = f"import os, sys; os.open({str(port)!r}, os.O_RDONLY | os.O_NOCTTY); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


def test_a_port_that_is_not_there_is_said_once_and_the_device_is_not_blamed(tmp_path):
    said = doctor(site(tmp_path, scale(tmp_path)))
    assert said.cause("serial.port") == "no_such_port"
    assert said.of("bus.answer")["verdict"] == "unknown"


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "port").write_text("", encoding="utf-8")
    assert doctor(site(tmp_path, scale(tmp_path))).cause("serial.port") == "not_a_port"


def test_a_search_finds_the_device_at_another_address_and_only_reads(tmp_path):
    with line(tmp_path, devices={4: device(PLAIN)}) as (face, _):
        config = site(tmp_path, scale(tmp_path, device_id=3))
        said = doctor(config, "--scan", "--yes")
        assert set(face.functions) == {3}
    found = said.of("bus.scan")
    assert said.cause("bus.answer") == "silent"
    assert found["cause"] == "wrong_device_id"
    assert "device_id = 4" in found["next"]["en"]


def test_a_search_is_not_begun_without_a_yes(tmp_path):
    done = text_of(site(tmp_path, scale(tmp_path)), "--scan", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert not done.stdout


# ---- over the network


def test_modbus_tcp_says_how_far_it_comes(tmp_path):
    face = ModbusFace(lambda: [0] * 19, first=0x10, device_id=247)
    with served(lambda: face.start(0), face.close) as call:
        said = doctor(site(tmp_path, controller(face.port)))
        assert said.cause("tcp.connect") == "connects"
        assert said.cause("bus.answer") == "answers"
        wrong = {**controller(face.port), "device_id": 5, "timeout_ms": 100}
        said = doctor(site(tmp_path, wrong))
        assert said.cause("tcp.connect") == "connects"
        assert said.cause("bus.answer") in {"silent", "refused", "behind_gateway"}
        port = face.port
        call(lambda: None)
    said = doctor(site(tmp_path, controller(port)))
    assert said.cause("tcp.connect") == "refused"
    unknown = {**controller(port), "url": "tcp://no-such-name.invalid:502"}
    assert doctor(site(tmp_path, unknown)).cause("tcp.connect") == "name_unknown"


# ---- with the service


def test_while_the_service_runs_its_lines_are_left_alone_and_its_counts_are_told(tmp_path):
    face = ModbusFace(lambda: [0] * 19, first=0x10, device_id=247)
    with served(lambda: face.start(0), face.close), line(tmp_path) as (wire, _):
        config = site(
            tmp_path,
            controller(face.port),
            scale(tmp_path, poll_interval_ms=50, without=["car.floor"]),
        )
        with AgentProcess(config) as agent:
            agent.start()
            agent.wait_until(
                lambda s: (
                    len(s["links"]) == 2
                    and all(each["statistics"]["answered"] > 100 for each in s["links"].values())
                )
            )
            said = doctor(config)
            again = doctor(config, "--scan", "--yes")
            agent.stop()
        assert {device for _, device in wire.asked} == {DEVICE}
    assert said.document["service"]
    assert said.cause("service.answer") == "answers"
    assert said.cause("serial.port") == "held_by_service"
    for driver in ("controller", "scale"):
        assert said.cause("bus.answer", driver) == "answers"
        assert said.cause("bus.errors", driver) == "clean"
        assert again.cause("bus.scan", driver) == "line_busy"
    assert said.cause("service.watchdog") == "not_known"
    assert said.cause("journal.state") == "usable"


def test_a_silent_device_is_named_by_the_service_as_well(tmp_path):
    with line(tmp_path) as (face, call):
        call(lambda: face.behave(Manner.SILENCE))
        config = site(tmp_path, scale(tmp_path, poll_interval_ms=100, timeout_ms=60))
        with AgentProcess(config) as agent:
            agent.start()
            agent.wait_until(lambda s: s["links"].get("scale", {}).get("up") is False)
            said = doctor(config)
            agent.stop()
    assert said.cause("bus.answer", "scale") == "silent"


def test_asking_takes_a_bounded_time():
    assert look_asked.ASK_S <= 10
