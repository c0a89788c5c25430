"""Where a device is: urls of the three kinds, and what contradicts itself on one line."""

from pathlib import Path

import pytest

from agent.clock import Clock
from agent.config import ConfigProblems, load
from agent.drivers import table
from agent.drivers.address import SerialAddress, TcpAddress, address_of, is_rtu
from agent.drivers.bus import bus_for
from agent.drivers.line import pace_of
from agent.drivers.means import Means
from agent.drivers.modbus import ModbusDriver
from agent.drivers.rtu import RtuDriver
from agent.drivers.tap import Tap
from agent.settings import ModbusSettings

SERIAL = "serial:///dev/serial/by-id/usb-A-if00-port0?baudrate=9600&parity=N"
CONTROLLERS = Path(__file__).parent.parent / "config/controllers"


def test_each_url_is_read_with_its_defaults() -> None:
    assert address_of("tcp://h") == TcpAddress("h", 502)
    assert address_of("rtu+tcp://h:4001") == TcpAddress("h", 4001, rtu=True)
    path = "/dev/serial/by-id/usb-A-if00-port0"
    assert address_of(SERIAL) == SerialAddress(path, 9600, "N", 1)
    assert address_of(SERIAL.replace("=N", "=E") + "&stopbits=2") == SerialAddress(
        path, 9600, "E", 2
    )
    assert [is_rtu(address_of(url)) for url in ("tcp://h", "rtu+tcp://h:1", SERIAL)] == [
        False, True, True,
    ]  # fmt: skip


def test_one_line_written_in_two_ways_is_one() -> None:
    assert address_of("rtu+tcp://GATEWAY:4001") == address_of("rtu+tcp://gateway:4001")
    for path in ("//dev/serial/by-id/usb-A-if00-port0", "/dev/./serial//by-id/usb-A-if00-port0"):
        other = SERIAL.replace("/dev/serial/by-id/usb-A-if00-port0", path)
        assert address_of(other) == address_of(SERIAL)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("serial:///dev/a", "needs baudrate = 1200, 2400"),
        ("serial:///dev/a?baudrate=9600", "needs parity = N, E, O"),
        ("serial:///dev/a?baudrate=9601&parity=N", "needs baudrate"),
        ("serial:///dev/a?baudrate=09600&parity=N", "needs baudrate"),
        ("serial:///dev/a?baudrate=9600&parity=n", "needs parity"),
        ("serial:///dev/a?baudrate=9600&parity=N&stopbits=1.5", "needs stopbits"),
        ("serial:///dev/a?baudrate=9600&parity=N&exclusive=no", "unknown exclusive"),
        ("serial:///dev/a?baudrate=9600&parity=N&parity=E", "says something twice"),
        ("serial://dev/a?baudrate=9600&parity=N", "has no path"),
        ("serial:///dev/?baudrate=9600&parity=N", "has no path"),
        ("serial:///dev/a\0b?baudrate=9600&parity=N", "has no path"),
        ("rtu+tcp://h:0", "write it like .rtu.tcp://192"),
        ("udp://h:1", "write it like .tcp://192"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_it_lacks(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        address_of(url)


def configuration(tmp_path: Path, *urls: str) -> Path:
    text = '[elevator]\nsite = "s"\nid = "e"\n'
    for n, url in enumerate(urls):
        text += f'[[drivers]]\nname = "d{n}"\nkind = "modbus"\nprofile = "p"\nurl = "{url}"\n'
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_devices_of_one_line_that_speak_alike_are_no_contradiction(tmp_path: Path) -> None:
    load(configuration(tmp_path, SERIAL, SERIAL, "tcp://h:1", "tcp://h:1", "rtu+tcp://h:2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SERIAL, SERIAL.replace("9600", "19200")),
        (SERIAL, SERIAL + "&stopbits=2"),
        ("tcp://h:1", "rtu+tcp://h:1"),
    ],
)
def test_one_line_spoken_on_in_two_ways_is_a_problem(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(configuration(tmp_path, one, other))
    (problem,) = caught.value.problems
    assert problem.key == "drivers[1:d1].url"
    assert "drivers[0:d0]" in problem.remedy.en


def test_a_serial_url_without_its_settings_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(configuration(tmp_path, "serial:///dev/a?baud=9600"))
    assert "baudrate=B&parity=P" in caught.value.problems[0].allowed.en


def settings(url: str, name: str = "box") -> ModbusSettings:
    return ModbusSettings(name=name, profile="car-top-sensor", url=url, device_id=247)


def test_the_url_decides_which_driver_reads_the_profile() -> None:
    kinds = {
        url: type(table.build(settings(url), Means(Clock(), (CONTROLLERS,))))
        for url in ("tcp://h:1", "rtu+tcp://h:1", SERIAL)
    }
    assert list(kinds.values()) == [ModbusDriver, RtuDriver, RtuDriver]


def test_drivers_of_one_line_share_its_bus_and_others_do_not() -> None:
    clock, tap = Clock(), Tap()
    one = bus_for(address_of(SERIAL), clock, tap)
    assert bus_for(address_of(SERIAL), clock, tap) is one
    assert bus_for(address_of(SERIAL.replace("usb-A", "usb-B")), clock, tap) is not one


@pytest.mark.parametrize(
    ("baudrate", "gap_us"),
    [(1200, 32084), (9600, 4011), (19200, 2006), (38400, 1750), (115200, 1750)],
)
def test_frames_are_parted_by_three_and_a_half_bytes_and_never_less_than_1750_us(
    baudrate: int, gap_us: int
) -> None:
    assert pace_of(baudrate).gap_us == gap_us
    assert pace_of(baudrate).time_us(3) == round(33e6 / baudrate)


def two_devices(tmp_path: Path, first: str, second: str) -> list[str]:
    config = tmp_path / "agent.toml"
    tables = "".join(
        f'[[drivers]]\nname = "d{n}"\nkind = "modbus"\nprofile = "p"\n'
        f'url = "serial://{path}?baudrate=9600&parity=N"\ndevice_id = {n}\n'
        for n, path in enumerate((first, second), start=1)
    )
    config.write_text(f'[elevator]\nsite = "s"\nid = "e"\n{tables}', encoding="utf-8")
    try:
        load(config, profiles=lambda: ["p"])
    except ConfigProblems as wrong:
        return [problem.key for problem in wrong.problems]
    return []


def test_one_port_under_two_names_is_one_line(tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/null")
    assert two_devices(tmp_path, str(link), str(link)) == []
    assert two_devices(tmp_path, str(link), "/dev/null") == ["drivers[1:d2].url"]
    assert two_devices(tmp_path, str(link), "/dev/zero") == []
