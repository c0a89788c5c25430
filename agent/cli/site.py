"""What the verbs need to know of an installation: its configuration, its profiles, its socket."""

from collections.abc import Iterable
from pathlib import Path

from agent.config import config_path, load
from agent.settings import DriverSettings, Settings


def settings_of(option: Path | None) -> Settings:
    """Read the configuration alone, without looking at profiles; raises ConfigProblems."""
    return load(config_path(option))


def checked_settings(option: Path | None) -> Settings:
    """Read the configuration and everything it names; raises ConfigProblems."""
    from agent.drivers.profiles import profile_names

    folders = folders_of(option)
    return load(
        config_path(option),
        signals_of=lambda driver: signals_of(driver, folders),
        profiles=lambda: profile_names(folders),
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
