"""What `explain` knows of the installation it runs on: its limits, its signals, its platform. Prints nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.cli.site import checked_settings, folders_of
from agent.config import ConfigProblems, config_path
from agent.event_texts import limits_in_words
from agent.model import SECOND_US
from agent.monitor.limitations import Site, site_of
from agent.monitor.limits import Limits, limits_of
from agent.settings import MonitorSettings, Settings
from agent.wiring import Wiring, wiring_of

_LONGEST_S = 86_400  # a limit beyond a day is how the monitor says never


@dataclass(frozen=True)
class Here:
    """`limits` in words, by key of `[monitor]`; `longer` those that slow devices lengthen, with the configured value.

    `site` is None where there is no configuration, `usable` False where there is one that cannot be used.
    """

    file: Path
    limits: Mapping[str, str]
    longer: Mapping[str, str]
    site: Site | None = None
    platform: str | None = None
    usable: bool = True


def here(option: Path | None) -> Here:
    """Read this installation's configuration, or go on without.

    In a machine room a broken configuration must not keep anybody from reading; only one that was asked for by name must
    be right (raises ConfigProblems).
    """
    file = config_path(option)
    try:
        settings = checked_settings(option)
    except ConfigProblems:
        if option is not None:
            raise
        defaults = limits_in_words(MonitorSettings())
        return Here(file, defaults, {}, usable=not file.exists())
    return _configured(file, settings, wiring_of(settings, folders_of(option)))


def _configured(file: Path, settings: Settings, wiring: Wiring) -> Here:
    rated_mm_s = settings.elevator.rated_speed_mm_s
    alone = limits_of(settings.monitor, rated_speed_mm_s=rated_mm_s)
    wired = limits_of(settings.monitor, wiring.polls_us, rated_speed_mm_s=rated_mm_s)
    written = limits_in_words(settings.monitor)
    limits = {key: _seconds(wired, key) or word for key, word in written.items()}
    longer = {
        key: _seconds(alone, key) or word
        for key, word in written.items()
        if _seconds(wired, key) != _seconds(alone, key)
    }
    site = site_of(settings, wiring.signals, contact_doors=wiring.contact_doors)
    return Here(file, limits, longer, site, settings.platform.codes)


def _seconds(limits: Limits, key: str) -> str | None:
    """The limit the monitor works with, in seconds; None for what is no time, or never."""
    limit_us = getattr(limits, f"{key.removesuffix('_s')}_us", None) if key.endswith("_s") else None
    if limit_us is None or limit_us > _LONGEST_S * SECOND_US:
        return None
    return f"{limit_us / SECOND_US:g}"
