"""Drivers in the configuration: their addresses, and what is said of a kind that nobody knows."""

from pathlib import Path

import pytest

from agent.config import ConfigProblems, load
from agent.drivers.address import TcpAddress, address_of

ELEVATOR = '[elevator]\nsite = "s"\nid = "e"\n'


def keys_wrong(folder: Path, *lines: str) -> list[str]:
    path = folder / "agent.toml"
    path.write_text(ELEVATOR + "[[drivers]]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    try:
        load(path)
    except ConfigProblems as wrong:
        return [problem.key for problem in wrong.problems]
    return []


def modbus(url: str) -> tuple[str, ...]:
    return ('name = "m"', 'kind = "modbus"', 'profile = "p"', f'url = "{url}"')


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tcp://h", TcpAddress("h", 502)),
        ("tcp://h:1", TcpAddress("h", 1)),
        ("tcp://h:65535", TcpAddress("h", 65535)),
        ("tcp://192.168.1.10", TcpAddress("192.168.1.10", 502)),
        ("tcp://[::1]", TcpAddress("::1", 502)),
        ("tcp://[::1]:503", TcpAddress("::1", 503)),
        ("tcp://电梯.example:502", TcpAddress("电梯.example", 502)),
        ("tcp://" + "a" * 63, TcpAddress("a" * 63, 502)),
        ("rtu+tcp://h:4001", TcpAddress("h", 4001, rtu=True)),
    ],
)
def test_a_url_with_a_host_is_accepted_and_502_is_meant_where_no_port_is_written(
    tmp_path: Path, url: str, address: TcpAddress
) -> None:
    assert address_of(url) == address
    assert keys_wrong(tmp_path, *modbus(url)) == []


@pytest.mark.parametrize(
    "url",
    [
        "tcp://", "tcp://:502", "tcp://h:", "tcp://h:0", "tcp://h:65536", "tcp://h:x", "tcp://h:-1",
        "tcp://h:+5", "tcp://h:5:6", "tcp://[::1", "tcp://::1", "tcp://[h]:502", "tcp://h:502?x=1",
        "tcp://user@h:502", "tcp://h#1", "tcp://a b", "tcp://h..x", "tcp://" + "a" * 64,
        "tcp://.h", "rtu+tcp://h", "rtu+tcp://[::1]", "udp://h:502", "h:502", "tcp:h:502",
    ],
)  # fmt: skip
def test_a_url_that_no_connection_can_be_made_to_is_refused_before_anything_is_opened(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ValueError, match="write it like"):
        address_of(url)
    assert keys_wrong(tmp_path, *modbus(url)) == ["drivers[0:m].url"]


def test_a_kind_that_nobody_knows_is_the_only_problem(tmp_path: Path) -> None:
    lines = ('name = "m"', 'kind = "profinet"', 'station = "hall"', "rack = 0")
    assert keys_wrong(tmp_path, *lines) == ["drivers[0:m].kind"]


def test_a_slip_in_the_kind_does_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    lines = (
        'name = "m"',
        'kind = "modbuss"',
        'profile = "p"',
        'url = "tcp://h"',
        "device_id = 300",
    )
    assert keys_wrong(tmp_path, *lines) == ["drivers[0:m].kind", "drivers[0:m].device_id"]


def test_without_a_kind_the_keys_tell_it_where_they_are_of_one_kind_only(tmp_path: Path) -> None:
    lines = ('name = "m"', 'profile = "p"', 'url = "tcp://h"', "device_id = 300")
    assert keys_wrong(tmp_path, *lines) == ["drivers[0:m].kind", "drivers[0:m].device_id"]


@pytest.mark.parametrize("more", [(), ("interval_s = 1",)])
def test_without_a_kind_and_without_keys_of_one_only_the_kind_is_asked_for(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    assert keys_wrong(tmp_path, 'name = "m"', *more) == ["drivers[0:m].kind"]
