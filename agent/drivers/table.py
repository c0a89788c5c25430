"""The one table of driver kinds. Each is imported when it is used, so that others cost no memory."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from agent.drivers.address import address_of, is_rtu
from agent.drivers.means import Means
from agent.drivers.port import Driver
from agent.drivers.profiles import (
    Profile,
    ProfileProblems,
    find_profile,
    load_profile,
    profile_names,
)
from agent.settings import (
    CardSettings,
    DriverSettings,
    GpioSettings,
    IntercomSettings,
    ModbusSettings,
)

Folders = Iterable[Path]


def build(settings: DriverSettings, means: Means) -> Driver:
    """Make the driver of a `[[drivers]]` table; raises ProfileProblems. Opens nothing."""
    make, _ = _KINDS[type(settings)]
    driver: Driver = make(settings, means)
    return driver


def signals_of(settings: DriverSettings, folders: Folders) -> Mapping[str, int]:
    """Give the signals a driver would have, with their staleness limits in microseconds.

    Raises ProfileProblems. Opens nothing and imports no vendor library.
    """
    _, signals = _KINDS[type(settings)]
    result: Mapping[str, int] = signals(settings, folders)
    return result


def paces_of(settings: DriverSettings, folders: Folders) -> Mapping[str, int]:
    """Give how often each signal is read, in microseconds, where a profile says so.

    Raises ProfileProblems.
    """
    if not isinstance(settings, ModbusSettings):
        return {}
    return profile_for(settings, folders).paces_us(settings.poll_interval_ms)


def profile_for(settings: ModbusSettings, folders: Folders) -> Profile:
    """Find and read a driver's profile; raises ProfileProblems, for a wrong `url` as well."""
    listed = tuple(folders)
    try:
        address_of(settings.url)
    except ValueError as error:
        raise ProfileProblems([str(error)]) from None
    path = find_profile(settings.profile, listed)
    if path is None:
        known = ", ".join(profile_names(listed)) or "none"
        text = f'no profile "{settings.profile}"; found: {known}; looked in: '
        raise ProfileProblems([text + ", ".join(str(folder) for folder in listed)])
    return load_profile(path)


def _modbus(settings: ModbusSettings, means: Means) -> Driver:
    profile = profile_for(settings, means.folders)
    if is_rtu(address_of(settings.url)):
        from agent.drivers.rtu import RtuDriver

        return RtuDriver(settings, profile, means.clock, tap=means.tap)
    from agent.drivers.modbus import ModbusDriver

    return ModbusDriver(settings, profile, means.clock, tap=means.tap)


def _modbus_signals(settings: ModbusSettings, folders: Folders) -> Mapping[str, int]:
    return profile_for(settings, folders).staleness_us(settings.poll_interval_ms)


def _gpio(settings: GpioSettings, means: Means) -> Driver:
    from agent.drivers.gpio import GpioDriver

    return GpioDriver(settings, means.clock)


def _gpio_signals(settings: GpioSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.gpio import staleness_us

    return staleness_us(settings)


def _intercom(settings: IntercomSettings, means: Means) -> Driver:
    from agent.drivers.intercom import IntercomDriver

    return IntercomDriver(settings, means.clock)


def _intercom_signals(settings: IntercomSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.intercom import staleness_us

    return staleness_us(settings)


def _card(settings: CardSettings, means: Means) -> Driver:
    from agent.drivers.card import CardDriver

    return CardDriver(settings, means.clock, means.tap)


def _card_signals(settings: CardSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.card_field import staleness_us

    return staleness_us(settings)


_KINDS: Mapping[type, tuple[Callable[..., Any], Callable[..., Any]]] = {
    ModbusSettings: (_modbus, _modbus_signals),
    GpioSettings: (_gpio, _gpio_signals),
    IntercomSettings: (_intercom, _intercom_signals),
    CardSettings: (_card, _card_signals),
}
