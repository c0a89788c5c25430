"""The one table of driver kinds. Each is imported when it is used, so that others cost no memory."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from agent.drivers.address import address_of, is_rtu
from agent.drivers.means import Means
from agent.drivers.port import Driver
from agent.drivers.profile_rules import MODBUS
from agent.drivers.profiles import (
    Profile,
    ProfileProblems,
    WrongKindError,
    find_profile,
    load_profile,
    profile_names,
)
from agent.settings import (
    CameraSettings,
    CardSettings,
    DriverSettings,
    GpioInput,
    GpioSettings,
    HostSettings,
    IntercomSettings,
    ModbusSettings,
    SerialSettings,
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
    if not isinstance(settings, (ModbusSettings, SerialSettings)):
        return {}
    return profile_for(settings, folders).paces_us(settings.poll_interval_ms)


def has_contact_doors(settings: DriverSettings, folders: Folders) -> bool:
    """Whether a driver's profile tells of a door only that it is closed or not closed.

    Raises ProfileProblems.
    """
    if not isinstance(settings, (ModbusSettings, SerialSettings)):
        return False
    points = profile_for(settings, folders).points
    return any("not_closed" in (point.values or {}).values() for point in points)


def profile_for(settings: ModbusSettings | SerialSettings, folders: Folders) -> Profile:
    """Find and read a driver's profile.

    Raises ProfileProblems, for a wrong `url` as well, WrongKindError and NotGivenError.
    """
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
    profile = load_profile(path)
    kind = "modbus" if profile.framing == MODBUS else "serial"
    if isinstance(settings, SerialSettings) is not (kind == "serial"):
        raise WrongKindError(profile, kind)
    return profile.without(settings.without) if settings.without else profile


def _modbus(settings: ModbusSettings, means: Means) -> Driver:
    profile = profile_for(settings, means.folders)
    if is_rtu(address_of(settings.url)):
        from agent.drivers.rtu import RtuDriver

        return RtuDriver(settings, profile, means.clock, tap=means.tap)
    from agent.drivers.modbus import ModbusDriver

    return ModbusDriver(settings, profile, means.clock, tap=means.tap)


def _serial(settings: SerialSettings, means: Means) -> Driver:
    profile = profile_for(settings, means.folders)
    if settings.mode == "listen":
        from agent.drivers.serial_listener import ListenDriver

        return ListenDriver(settings, profile, means.clock, means.tap)
    from agent.drivers.serial_driver import SerialDriver

    return SerialDriver(settings, profile, means.clock, means.tap)


def _profile_signals(
    settings: ModbusSettings | SerialSettings, folders: Folders
) -> Mapping[str, int]:
    return profile_for(settings, folders).staleness_us(settings.poll_interval_ms)


def _gpio(settings: GpioSettings, means: Means) -> Driver:
    from agent.drivers.gpio import GpioDriver

    return GpioDriver(settings, means.clock)


def _gpio_signals(settings: GpioSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.gpio import staleness_us

    return staleness_us(settings)


def _intercom(settings: IntercomSettings, means: Means) -> Driver:
    if settings.probe == "contact":
        return _gpio(_contact(settings), means)
    from agent.drivers.intercom import intercom_driver

    return intercom_driver(settings, means)


def _intercom_signals(settings: IntercomSettings, folders: Folders) -> Mapping[str, int]:
    if settings.probe == "contact":
        return _gpio_signals(_contact(settings), folders)
    from agent.drivers.intercom import staleness_us

    return staleness_us(settings)


def _contact(settings: IntercomSettings) -> GpioSettings:
    """Give the station's contact as an input; it has a pin, or its configuration is refused."""
    pin = 0 if settings.pin is None else settings.pin
    one = GpioInput(pin=pin, active=settings.active, debounce_ms=settings.debounce_ms)
    return GpioSettings(name=settings.name, inputs={f"intercom.{settings.station}": one})


def _camera(settings: CameraSettings, means: Means) -> Driver:
    from agent.drivers.camera import camera_driver

    return camera_driver(settings, means)


def _camera_signals(settings: CameraSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.camera import staleness_us

    return staleness_us(settings)


def _card(settings: CardSettings, means: Means) -> Driver:
    if settings.model == "wiegand26":
        from agent.drivers.card_pins import WiegandDriver
        from agent.drivers.gpio import pulled_up

        return WiegandDriver(settings, means.clock, pulled_up)
    from agent.drivers.card import CardDriver

    return CardDriver(settings, means.clock, means.tap)


def _card_signals(settings: CardSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.card_field import staleness_us

    return staleness_us(settings)


def _host(settings: HostSettings, means: Means) -> Driver:
    from agent.drivers.host import HostDriver

    return HostDriver(settings, means)


def _host_signals(settings: HostSettings, _folders: Folders) -> Mapping[str, int]:
    from agent.drivers.host_files import staleness_us

    return staleness_us(settings)


_KINDS: Mapping[type, tuple[Callable[..., Any], Callable[..., Any]]] = {
    ModbusSettings: (_modbus, _profile_signals),
    SerialSettings: (_serial, _profile_signals),
    GpioSettings: (_gpio, _gpio_signals),
    IntercomSettings: (_intercom, _intercom_signals),
    CameraSettings: (_camera, _camera_signals),
    CardSettings: (_card, _card_signals),
    HostSettings: (_host, _host_signals),
}
