"""Pings against a real kernel, in a network namespace where it answers, keeps silent or forbids them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OPEN = "set ipv4/ping_group_range 0 0"  # a new network allows nobody
DEAF = "set ipv4/icmp_echo_ignore_all 1"


def in_a_room(*lines: str) -> list[str]:
    """What came of each line in a network of its own; needs no root where user namespaces are allowed."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not on this machine: it comes with util-linux")
    room = [unshare, "--user", "--map-root-user", "--net"]
    if subprocess.run([*room, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("pings were NOT tested: this machine allows no network namespace")
    done = subprocess.run(
        [*room, sys.executable, "-m", "tests.ping_room"],
        cwd=ROOT,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_host_that_answers_lives_by_ipv4_and_ipv6():
    assert in_a_room(OPEN, "ping 127.0.0.1", "ping ::1", "ping localhost")[1:] == ["answered"] * 3


def test_a_host_that_hears_and_keeps_silent_is_unanswered():
    _, _, silent = in_a_room(OPEN, DEAF, "ping 127.0.0.1")
    assert silent == "unanswered: no answer in 1.5 s"


def test_where_no_way_leads_nothing_was_asked():
    _, v4, v6 = in_a_room(OPEN, "ping 192.0.2.1", "ping 2001:db8::1")
    assert v4.startswith("not sent: Network is unreachable: check the address")
    assert v6.startswith("not sent: ")


def test_a_kernel_that_forbids_pings_is_no_silence_and_the_remedy_is_named():
    v4, v6 = in_a_room("ping 127.0.0.1", "ping ::1")
    for said in (v4, v6):
        assert said.startswith("not sent: the kernel lets this service send no ping")
        assert "net.ipv4.ping_group_range" in said
        assert "elevator-agent.sysctl.conf" in said
