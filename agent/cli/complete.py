"""What Tab offers for a value: event codes, drivers, profiles, number schemes; nothing where they cannot be read.

Each function has click's shape: the context, the parameter, what has been typed; and gives what begins like that.
"""

from collections.abc import Iterable
from pathlib import Path

import click

from agent.config_problem import ConfigProblems


def codes(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Offer every event code."""
    from agent.monitor.catalog import CATALOG

    return _beginning(CATALOG, typed)


def profiles(ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Offer every profile that this installation can find."""
    from agent.cli.site import folders_of
    from agent.drivers.profiles import profile_names

    return _beginning(profile_names(folders_of(_config(ctx))), typed)


def platforms(ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Offer every number scheme that this installation can find."""
    from agent.config import config_path
    from agent.platforms import default_folders, platform_names

    return _beginning(platform_names(default_folders(config_path(_config(ctx)))), typed)


def drivers(ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Offer the drivers of the configuration."""
    from agent.cli.site import settings_of

    try:
        names = [driver.name for driver in settings_of(_config(ctx)).drivers]
    except ConfigProblems:
        return []
    return _beginning(names, typed)


def _config(ctx: click.Context) -> Path | None:
    return ctx.params.get("config")


def _beginning(names: Iterable[str], typed: str) -> list[str]:
    return [name for name in names if name.startswith(typed)]
