"""Which files of this computer say how it fares. Looks for them once a process.

What is not there is not fitted and no signal: a computer that is no Raspberry Pi has no
under-voltage alarm, and an alarm about its loss would never end. What was there and goes is missed.

Under-voltage is the hwmon alarm of `rpi_volt`, which the kernel's raspberrypi-hwmon driver sets from
the firmware every 2 s; where that is missing, the firmware's own file has it. Throttling has only
that file, which Raspberry Pi's kernels had up to 6.12 (raspberrypi/linux pull requests 2706, 6697);
they put one warning with a call trace into the kernel's log when it is first read. Newer ones tell
it to nobody without rights over the firmware, which a watcher should not have.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from agent.drivers import host_facts
from agent.model import SECOND_US, Value
from agent.settings import HostSettings

ROOT: Final = Path("/")
LEAST_STALE_US: Final = 2 * SECOND_US
POLLS: Final = 3  # a value may be missed twice

CLOCK: Final = "host.clock_synchronised"
DISK: Final = ("host.disk_free_percent", "host.disk_free_mb")
MODEM: Final = "uplink.signal_dbm"

_CPU_ZONES: Final = frozenset({"cpu-thermal", "cpu_thermal"})
_LONGEST: Final = 16_384  # bytes; /proc/meminfo has about 1,500


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what its text means."""

    path: Path
    meaning: Callable[[str], Value]

    def read(self) -> Value:
        """Give the value; raises OSError, and ValueError for a text that is none."""
        with self.path.open("rb") as file:
            return self.meaning(file.read(_LONGEST).decode("ascii", "replace"))


@lru_cache(maxsize=4)
def sources(root: Path = ROOT) -> Mapping[str, Source]:
    """Find what this computer has: signal to source. The same answer however often it is asked."""
    firmware = root / "sys/devices/platform/soc/soc:firmware/get_throttled"
    candidates = (
        ("host.temperature_c", _cpu_zone(root), host_facts.temperature_c),
        ("host.undervoltage", _voltage_alarm(root), host_facts.alarm),
        ("host.undervoltage", firmware, host_facts.is_undervoltage),
        ("host.throttled", firmware, host_facts.is_throttled),
        ("host.memory_available_mb", root / "proc/meminfo", host_facts.memory_available_mb),
    )
    found: dict[str, Source] = {}
    for signal, path, meaning in candidates:
        if path is not None and path.is_file():
            found.setdefault(signal, Source(path, meaning))
    return found


def staleness_us(settings: HostSettings, root: Path = ROOT) -> dict[str, int]:
    """Give the signals of this computer, and of its modem if it has one, with their staleness limits."""
    limit_us = max(LEAST_STALE_US, round(POLLS * settings.interval_s * SECOND_US))
    modem = [MODEM] if settings.modem_url else []
    return dict.fromkeys([*sources(root), *DISK, CLOCK, *modem], limit_us)


def _cpu_zone(root: Path) -> Path | None:
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        if _text(zone / "type") in _CPU_ZONES:
            return zone / "temp"
    return None


def _voltage_alarm(root: Path) -> Path | None:
    for sensor in sorted(root.glob("sys/class/hwmon/hwmon*")):
        if _text(sensor / "name") == "rpi_volt":
            return sensor / "in0_lcrit_alarm"
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
