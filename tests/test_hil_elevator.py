"""The simulated elevator as a process: it comes up, obeys its control socket and ends at once."""

import json
import signal
import socket
import struct
import time

import pytest

from hil.client import CommandRefused, ElevatorProcess


def read_status(port: int) -> int:
    """Read register 0x11 by Modbus TCP."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 247, 3, 0x11, 1))
        return int.from_bytes(wire.recv(64)[-2:], "big")


def test_people_are_trapped_and_freed_on_command_and_the_wire_shows_it() -> None:
    with ElevatorProcess("--no-riders", "--speedup", "8") as elevator:
        client = elevator.client
        assert read_status(elevator.modbus_port) & 0x0400
        client.do("entrap")
        state = client.wait_until(lambda s: "stuck" in s["faults"])
        state = client.wait_until(lambda s: not s["signals"]["car.moving"])
        assert state["aboard"] == 2
        assert state["signals"]["car.door_zone"] is False
        assert not read_status(elevator.modbus_port) & 0x0400
        client.do("release")
        state = client.wait_until(lambda s: s["aboard"] == 0)
        assert state["signals"]["door.front"] == "open"
        client.wait_until(lambda s: s["signals"]["car.mode"] == "normal")
        assert state["modbus_functions"] == {"3": 2}


def test_every_command_is_answered_and_a_wrong_one_says_what_is_right() -> None:
    with ElevatorProcess("--no-riders", "--floors", "4") as elevator:
        client = elevator.client
        client.do("ride", to=3)
        assert client.state()["car_calls"] == [3]
        for what in ("end_key", "clear_faults", "silence", "modbus", "inspection"):
            client.do(what)
        assert client.state()["signals"]["alarm.end_key"] is True
        assert client.state()["signals"]["car.mode"] == "inspection"
        for what, arguments, says in (
            ("ride", {"to": 4}, "0 to 3 exist"),
            ("ride", {"to": "top"}, "expected int"),
            ("ride", {}, "missing"),
            ("ride", {"to": 1, "fast": True}, "unexpected"),
            ("fly", {}, "NAME one of: ride"),
            ("modbus", {"delay_s": -1.0}, "0 to 3600"),
        ):
            with pytest.raises(CommandRefused, match=says):
                client.do(what, **arguments)


def test_garbage_on_the_control_socket_is_answered_or_ended_and_harms_nobody() -> None:
    with ElevatorProcess("--no-riders") as elevator:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            line.connect(str(elevator.control_socket))
            for garbage in (b"{", b"[]", b'"do"', b"\xff\xfe", b'{"do":["ride"]}'):
                line.sendall(garbage + b"\n")
                assert json.loads(line.recv(4096))["ok"] is False
            line.sendall(b"x" * 200_000)
            with pytest.raises((ConnectionResetError, BrokenPipeError, AssertionError)):
                assert line.recv(10)
        assert elevator.client.state()["phase"] == "parked"


def test_muted_the_box_hears_and_does_not_answer() -> None:
    with ElevatorProcess("--no-riders") as elevator:
        elevator.client.do("silence", on=True)
        with socket.create_connection(("127.0.0.1", elevator.modbus_port), timeout=5) as wire:
            wire.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 247, 3, 0x11, 1))
            elevator.client.wait_until(lambda s: s["modbus_functions"] == {"3": 1}, 5)
            wire.settimeout(0.1)
            with pytest.raises(TimeoutError):
                wire.recv(64)
        elevator.client.do("silence", on=False)
        assert read_status(elevator.modbus_port) & 0x0400


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_while_everybody_is_connected(how: signal.Signals) -> None:
    with ElevatorProcess() as elevator:
        process = elevator.process
        assert process is not None
        wire = socket.create_connection(("127.0.0.1", elevator.modbus_port), timeout=5)
        pins = socket.socket(socket.AF_UNIX)
        pins.connect(str(elevator.pins_socket))
        process.send_signal(how)
        assert process.wait(5) == 0
        assert not elevator.pins_socket.exists()
        assert not elevator.control_socket.exists()
        wire.close()
        pins.close()


def test_a_new_one_comes_up_at_the_same_places() -> None:
    with ElevatorProcess("--no-riders") as elevator:
        port = elevator.modbus_port
        elevator.stop()
        elevator.start()
        assert elevator.modbus_port == port
        assert read_status(port) & 0x0400


def test_by_chance_things_break_and_are_mended() -> None:
    options = ("--riders-every", "20", "--faults-every", "60", "--speedup", "400", "--seed", "4")
    with ElevatorProcess(*options) as elevator:
        client = elevator.client
        client.wait_until(lambda s: bool(s["faults"]))
        client.wait_until(lambda s: not s["faults"])


def test_it_lives_in_real_time() -> None:
    with ElevatorProcess("--riders-every", "20") as elevator:
        began_s = time.monotonic()
        before = elevator.client.state()["t"]
        state = elevator.client.wait_until(lambda s: s["t"] >= before + 1.0, 10)
        passed_s = time.monotonic() - began_s
    assert passed_s >= 0.95
    assert state["t"] - before <= passed_s + 0.05
