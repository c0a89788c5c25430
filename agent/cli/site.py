"""What the verbs need to know of an installation: its configuration, its profiles, its socket."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from agent.config import config_path, load
from agent.settings import DriverSettings, Settings

if TYPE_CHECKING:
    from agent.platforms import Platform


def settings_of(option: Path | None) -> Settings:
    """Read the configuration alone, without looking at profiles; raises ConfigProblems."""
    return load(config_path(option))


def settings_and_platform(option: Path | None) -> "tuple[Settings, Platform | None]":
    """Read the configuration and the number scheme it names, no profile; raises ConfigProblems."""
    from agent.platforms import default_folders, platform_of

    folders = default_folders(config_path(option))
    settings = load(config_path(option), platform_of=lambda name: platform_of(name, folders))
    codes = settings.platform.codes
    return settings, None if codes is None else platform_of(codes, folders)


def checked_settings(option: Path | None) -> Settings:
    """Read the configuration and everything it names; raises ConfigProblems."""
    from agent.drivers.profiles import profile_names
    from agent.platforms import default_folders, platform_of

    folders, platforms = folders_of(option), default_folders(config_path(option))
    return load(
        config_path(option),
        signals_of=lambda driver: signals_of(driver, folders),
        profiles=lambda: profile_names(folders),
        platform_of=lambda name: platform_of(name, platforms),
    )


def folders_of(option: Path | None) -> tuple[Path, ...]:
    """List the folders of this installation's profiles."""
    from agent.drivers.profiles import default_folders

    return default_folders(config_path(option))


def signals_of(driver: DriverSettings, folders: Iterable[Path]) -> list[str]:
    """Name a driver's signals."""
    from agent.drivers import table

    return sorted(table.signals_of(driver, folders))


def socket_of(option: Path | None) -> Path:
    """Find the running service's socket; raises ConfigProblems."""
    return Path(settings_of(option).control.path)


def recordings_of(settings: Settings) -> Path:
    """Find the folder of the service's recordings."""
    beside = Path(settings.outbox.path).parent / "recordings"
    return Path(settings.recorder.directory or beside)
