"""Which driver gives which signal, and how often: what a configuration says before anything is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from agent.drivers.table import has_contact_doors, paces_of, signals_of
from agent.model import SECOND_US
from agent.settings import (
    CameraSettings,
    CardSettings,
    DriverSettings,
    GpioSettings,
    HostSettings,
    IntercomSettings,
    ModbusSettings,
    SerialSettings,
    Settings,
)


@dataclass(frozen=True)
class Wiring:
    """`drivers` maps each driver to its signals, `intervals_us` to its poll interval (0: edges wake it).

    `probing` are the drivers that ask a station whether it is there, which a silence is measured by.
    `paces_us` are the signals that have an interval of their own. `contact_doors`: a profile knows of a door no more than a
    contact would.
    """

    drivers: Mapping[str, Sequence[str]]
    intervals_us: Mapping[str, int]
    probing: frozenset[str] = frozenset()
    paces_us: Mapping[str, int] = field(default_factory=dict[str, int])
    contact_doors: bool = False

    @cached_property
    def driver_of(self) -> Mapping[str, str]:
        """Signal → driver."""
        return {signal: name for name, signals in self.drivers.items() for signal in signals}

    @cached_property
    def polls_us(self) -> Mapping[str, tuple[str, int]]:
        """Signal → (driver, how often it is read in microseconds)."""
        return {
            signal: (name, self.paces_us.get(signal, self.intervals_us[name]))
            for signal, name in self.driver_of.items()
        }

    @cached_property
    def intervals_of(self) -> Mapping[str, int]:
        """Signal of a probed station → how often it is asked, in microseconds."""
        return {
            signal: every_us
            for signal, (driver, every_us) in self.polls_us.items()
            if driver in self.probing
        }

    @property
    def signals(self) -> tuple[str, ...]:
        """Every wired signal."""
        return tuple(self.driver_of)


def wiring_of(settings: Settings, folders: Sequence[Path]) -> Wiring:
    """The wiring of a configuration; raises what reading its profiles raises."""
    return Wiring(
        {driver.name: tuple(signals_of(driver, folders)) for driver in settings.drivers},
        {driver.name: interval_us(driver) for driver in settings.drivers},
        frozenset(
            d.name for d in settings.drivers if isinstance(d, (IntercomSettings, CameraSettings))
        ),
        {s: us for d in settings.drivers for s, us in paces_of(d, folders).items()},
        contact_doors=any(has_contact_doors(driver, folders) for driver in settings.drivers),
    )


def interval_us(driver: DriverSettings) -> int:
    """How often a driver looks, in microseconds; 0 where edges wake it."""
    match driver:
        case ModbusSettings() | SerialSettings():
            return driver.poll_interval_ms * 1000
        case IntercomSettings() | CameraSettings() | HostSettings():
            return round(driver.interval_s * SECOND_US)
        case GpioSettings() | CardSettings():
            return 0
