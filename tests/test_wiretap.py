"""The wiretap over the whole run can fail: what may not be sent is found, in whichever process it was heard."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from agent.drivers.crc16 import framed
from hil import wiretap
from hil.wiretap import tally, wrong_with

ROOT = Path(__file__).parent.parent


def tcp(*pdu, protocol=0):
    return struct.pack(">HHHB", 1, protocol, len(pdu) + 1, 247) + bytes(pdu)


def rtu(*body):
    return framed(bytes(body))


@pytest.mark.parametrize("function", [1, 2, 3, 4])
def test_a_reading_request_is_right_on_either_framing(function):
    assert wrong_with("tcp", tcp(function, 0, 16, 0, 2)) == ""
    assert wrong_with("rtu", rtu(247, function, 0, 16, 0, 2)) == ""


@pytest.mark.parametrize("function", [0, 5, 6, 8, 15, 16, 22, 23, 43, 0x83])
def test_any_other_function_is_wrong_on_either_framing(function):
    assert wrong_with("tcp", tcp(function, 0, 16, 0, 2)) == f"function {function} does not read"
    assert (
        wrong_with("rtu", rtu(247, function, 0, 16, 0, 2)) == f"function {function} does not read"
    )


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("tcp", b""),
        ("tcp", tcp(3)[:7]),
        ("tcp", tcp(3, 0, 16, 0)),
        ("tcp", tcp(3, 0, 16, 0, 2, 0)),
        ("tcp", tcp(3, 0, 16, 0, 2) + b"\0"),
        ("tcp", tcp(3, 0, 16, 0, 2, protocol=1)),
        ("rtu", b""),
        ("rtu", rtu(247, 3, 0, 16, 0)),
        ("rtu", rtu(247, 3, 0, 16, 0, 2)[:-1]),
        ("cic", b""),
        ("cic", rtu(2, 3, 0xC8, 0, 0)),
        ("cic", rtu(2, 3, 0xC7, 0xFF, 2)),
        ("cic", rtu(2, 3, 0xC8, 38, 2)),
        ("cic", rtu(1, 3, 0xC8, 0, 39)),
        ("cic", rtu(2, 0x10, 0xC8, 0, 39)),
        ("cic", rtu(2, 3, 0xC8, 0, 0, 39)),
        ("sip", b"OPTIONS"),
    ],
)
def test_what_is_no_reading_request_is_wrong(kind, data):
    assert wrong_with(kind, data)


def test_on_the_serial_link_only_the_profiles_registers_may_be_asked_for():
    assert wrong_with("cic", rtu(2, 3, 0xC8, 0, 39)) == ""
    assert wrong_with("cic", rtu(2, 3, 0xC8, 38, 1)) == ""


def test_the_tally_counts_by_function_and_names_only_the_first_wrong_ones(tmp_path, monkeypatch):
    path = tmp_path / "heard.hex"
    monkeypatch.setenv(wiretap.VARIABLE, str(path))
    for _ in range(3):
        wiretap.heard("tcp", tcp(3, 0, 16, 0, 2))
    wiretap.heard("rtu", rtu(247, 1, 0, 16, 0, 2))
    assert tally(path).summary == "wiretap: 4 requests, functions {1: 1, 3: 3}, 0 writes"
    for _ in range(wiretap.WRONG_KEPT + 5):
        wiretap.heard("rtu", rtu(247, 6, 0, 16, 0, 2))
    found = tally(path)
    assert (found.wrong, len(found.named)) == (wiretap.WRONG_KEPT + 5, wiretap.WRONG_KEPT)
    assert found.named[0].startswith("rtu F7 06 00 10 00 02 ")
    assert found.summary.endswith("25 writes")


def test_without_the_variable_nothing_is_kept(monkeypatch):
    monkeypatch.delenv(wiretap.VARIABLE)
    wiretap.heard("tcp", tcp(6, 0, 16, 0, 2))


HEARD = """
import subprocess, sys
from hil import wiretap
def test_here():
    wiretap.heard("tcp", bytes.fromhex("{here}"))
def test_in_another_process():
    code = 'from hil import wiretap; wiretap.heard("rtu", bytes.fromhex("{there}"))'
    subprocess.run([sys.executable, "-c", code], check=True)
"""
READ_HERE, READ_THERE = tcp(3, 0, 16, 0, 2), rtu(247, 1, 0, 16, 0, 2)


@pytest.mark.parametrize(
    ("workers", "here", "there", "ends", "says"),
    [
        ("2", READ_HERE, READ_THERE, 0, "wiretap: 2 requests, functions {1: 1, 3: 1}, 0 writes"),
        ("0", tcp(6, 0, 16, 0, 2), READ_THERE, 1, "FORBIDDEN tcp 00 01 00 00 00 06 F7 06"),
        ("2", READ_HERE, rtu(247, 16, 0, 1, 0, 1, 2, 0, 1), 1, "function 16 does not read"),
    ],
    ids=["reads", "writes", "writes_in_another_process"],
)  # fmt: skip
def test_a_run_in_which_anything_but_a_read_was_heard_fails(
    tmp_path, workers, here, there, ends, says
):
    file = tmp_path / "test_inner.py"
    file.write_text(HEARD.format(here=here.hex(), there=there.hex()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider",
         "-n", workers, "--rootdir", ROOT, "-c", ROOT / "pyproject.toml", file],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, says in done.stdout) == (ends, True), done.stdout + done.stderr
