"""What the kernel's texts about this computer mean, and which of them there are."""

from pathlib import Path

import pytest

from agent.drivers import host_facts
from agent.drivers.host_files import CLOCK, DISK, MODEM, sources, staleness_us
from agent.settings import HostSettings
from agent.signals import signal_for
from hil.host_tree import MEMINFO, THROTTLED, HostTree

ALWAYS = {*DISK, CLOCK}
PI = {"host.temperature_c", "host.undervoltage", "host.throttled", "host.memory_available_mb"}


def test_a_temperature_is_thousandths_of_a_degree() -> None:
    assert host_facts.temperature_c("48312\n") == 48.3
    assert host_facts.temperature_c("-12000") == -12


@pytest.mark.parametrize("text", ["-55001", "150001", "", "warm", "48.3"])
def test_what_is_no_temperature_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        host_facts.temperature_c(text)


def test_the_limits_of_a_temperature_are_in() -> None:
    assert (host_facts.temperature_c("-55000"), host_facts.temperature_c("150000")) == (-55, 150)


def test_an_alarm_is_0_or_1() -> None:
    assert not host_facts.alarm("0\n")
    assert host_facts.alarm("1\n")
    for text in ("", "2", "yes"):
        with pytest.raises(ValueError, match="neither"):
            host_facts.alarm(text)


@pytest.mark.parametrize(
    ("text", "undervoltage", "throttled"),
    [
        ("0\n", False, False),
        ("1", True, False),
        ("2", False, True),  # frequency capped
        ("4", False, True),  # throttled
        ("8", False, True),  # soft temperature limit
        ("50005", True, True),
        ("f0000", False, False),  # all of it has been, none of it is
    ],
)
def test_the_firmwares_bits_as_of_now(text: str, undervoltage: bool, throttled: bool) -> None:
    assert host_facts.is_undervoltage(text) is undervoltage
    assert host_facts.is_throttled(text) is throttled


@pytest.mark.parametrize("text", ["", "x", "-1", "100000000"])
def test_what_are_no_bits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        host_facts.is_throttled(text)


def test_memory_is_what_programs_can_still_have() -> None:
    assert host_facts.memory_available_mb(MEMINFO) == 256
    with pytest.raises(ValueError, match="MemAvailable"):
        host_facts.memory_available_mb("MemFree: 20000 kB\n")


def test_free_disk_is_what_an_ordinary_user_can_write() -> None:
    assert host_facts.disk_free(4096, 1000, 250) == (25, 1)
    assert host_facts.disk_free(4096, 1000, 0) == (0, 0)
    assert host_facts.disk_free(4096, 1000, 1000) == (100, 4)
    with pytest.raises(ValueError, match="without blocks"):
        host_facts.disk_free(4096, 0, 0)


def test_a_raspberry_pi_has_everything(tmp_path: Path) -> None:
    found = sources(HostTree(tmp_path).raspberry_pi().root)
    assert set(found) == PI
    assert {signal: one.read() for signal, one in found.items()} == {
        "host.temperature_c": 48.3,
        "host.undervoltage": False,
        "host.throttled": False,
        "host.memory_available_mb": 256,
    }


def test_a_new_kernel_tells_undervoltage_and_not_throttling(tmp_path: Path) -> None:
    tree = HostTree(tmp_path).raspberry_pi()
    (tmp_path / THROTTLED).unlink()
    tree.sensor(1, "rpi_volt", in0_lcrit_alarm=1)
    found = sources(tmp_path)
    assert set(found) == PI - {"host.throttled"}
    assert found["host.undervoltage"].read() is True


def test_without_the_alarm_the_firmware_tells_undervoltage(tmp_path: Path) -> None:
    HostTree(tmp_path).write(THROTTLED, "50005\n")
    found = sources(tmp_path)
    assert found["host.undervoltage"].read() is True
    assert found["host.throttled"].read() is True


def test_another_computer_has_what_it_has(tmp_path: Path) -> None:
    tree = HostTree(tmp_path)
    tree.zone(0, "acpitz", 20000)  # anything but the processor
    tree.sensor(0, "nvme", temp1_input=30000)
    (tmp_path / "sys/class/hwmon/hwmon1").mkdir()  # a sensor without a name
    assert set(sources(tmp_path)) == {"host.memory_available_mb"}


def test_the_processors_zone_need_not_be_the_first(tmp_path: Path) -> None:
    tree = HostTree(tmp_path)
    tree.zone(0, "gpu-thermal", 20000)
    tree.zone(1, "cpu-thermal", 61000)
    assert sources(tmp_path)["host.temperature_c"].read() == 61.0


def test_the_same_computer_has_the_same_signals_all_along(tmp_path: Path) -> None:
    tree = HostTree(tmp_path)
    before = set(sources(tmp_path))
    tree.raspberry_pi()  # a module loaded later: all parts of the agent go on agreeing
    assert set(sources(tmp_path)) == before


def test_what_is_not_fitted_is_no_signal(tmp_path: Path) -> None:
    pi = HostTree(tmp_path / "pi").raspberry_pi().root
    less = HostTree(tmp_path / "less").root
    settings = HostSettings(name="pi")
    assert set(staleness_us(settings, pi)) == PI | ALWAYS
    assert set(staleness_us(settings, less)) == {"host.memory_available_mb"} | ALWAYS
    modem = HostSettings(name="pi", modem_url="serial:///dev/x?baudrate=115200&parity=N")
    assert set(staleness_us(modem, less)) == {"host.memory_available_mb", MODEM} | ALWAYS


def test_a_value_may_be_missed_twice() -> None:
    assert set(staleness_us(HostSettings(name="pi", interval_s=30)).values()) == {90_000_000}


def test_every_signal_has_a_row_with_its_type(tmp_path: Path) -> None:
    tree = HostTree(tmp_path).raspberry_pi()
    for signal, source in sources(tree.root).items():
        row = signal_for(signal)
        assert row is not None
        assert row.accepts(source.read())
    for signal in (*ALWAYS, MODEM):
        assert signal_for(signal) is not None
