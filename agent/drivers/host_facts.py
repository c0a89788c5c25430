"""What the kernel's texts about this computer mean. Pure; knows no file.

Each function gives a signal's value; raises ValueError for a text that cannot be one.
Sources: the kernel's Documentation/ABI/testing/sysfs-class-thermal (millidegrees),
Documentation/hwmon/raspberrypi-hwmon.rst (under-voltage alarm), proc(5) (kB are 1024 bytes), and
Raspberry Pi's documentation of `vcgencmd get_throttled` (the bits).
"""

import re
from typing import Final

MB: Final = 1_000_000

_COLDEST_C, _HOTTEST_C = -55, 150
_SLOWED: Final = 0b1110  # frequency capped, throttled, soft temperature limit: each as of now
_UNDERVOLTAGE: Final = 0b1
_UNDERVOLTAGE_SINCE_BOOT: Final = 1 << 16
_AVAILABLE: Final = re.compile(r"^MemAvailable:\s+([0-9]{1,15}) kB$", re.MULTILINE | re.ASCII)


def temperature_c(text: str) -> float:
    """Read a thermal zone's `temp`: millidegrees Celsius; one decimal is kept."""
    celsius = int(text) / 1000
    if not _COLDEST_C <= celsius <= _HOTTEST_C:
        raise ValueError(f"{celsius} °C")
    return round(celsius, 1)


def alarm(text: str) -> bool:
    """Read a hwmon alarm: 1 while it stands, else 0."""
    if text.strip() not in {"0", "1"}:
        raise ValueError(f"neither 0 nor 1: {text[:20]!r}")
    return text.strip() == "1"


def is_throttled(text: str) -> bool:
    """Read the firmware's `get_throttled`, hexadecimal: whether the processor is slowed down now."""
    return bool(_firmware_bits(text) & _SLOWED)


def is_undervoltage(text: str) -> bool:
    """Read the firmware's `get_throttled`: whether the supply is too weak now."""
    return bool(_firmware_bits(text) & _UNDERVOLTAGE)


def was_undervoltage(text: str) -> bool:
    """Read the firmware's `get_throttled`: whether the supply was too weak at any time since the boot."""
    return bool(_firmware_bits(text) & _UNDERVOLTAGE_SINCE_BOOT)


def _firmware_bits(text: str) -> int:
    bits = int(text, 16)
    if not 0 <= bits < 1 << 32:
        raise ValueError(f"no 32 bits: {text[:20]!r}")
    return bits


def memory_available_mb(text: str) -> int:
    """Read /proc/meminfo: what programs can still have without swapping."""
    found = _AVAILABLE.search(text)
    if found is None:
        raise ValueError("no MemAvailable")
    return int(found[1]) * 1024 // MB


def disk_free(block_bytes: int, blocks: int, available: int) -> tuple[int, int]:
    """Give percent and MB that an ordinary user can still write, from what statvfs(3) says."""
    if blocks <= 0:
        raise ValueError("a file system without blocks")
    return available * 100 // blocks, available * block_bytes // MB
