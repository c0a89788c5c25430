"""What Tab offers for a value: codes, drivers, profiles, number schemes, what stands; nothing where it cannot be read.

Each function has click's shape: the context, the parameter, what has been typed; and gives what begins like that.
"""

from collections.abc import Iterable
from pathlib import Path

import click

from agent.config_problem import ConfigProblems

_PATIENCE_S = 1.0  # somebody waits at the end of an unfinished line


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


def standing(ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Offer what stands in the running service, and is not taken up yet."""
    import msgspec

    from agent.cli.ask import NotRunningError, RefusedError, ask
    from agent.cli.site import socket_of
    from agent.cli.status import Status

    try:
        raw = ask(socket_of(_config(ctx)), "status", timeout_s=_PATIENCE_S)
        alarms = msgspec.json.decode(raw, type=Status).standing
    except (ConfigProblems, NotRunningError, RefusedError, msgspec.MsgspecError):
        return []
    free = [alarm for alarm in alarms if alarm.acknowledged is None]
    names = [a.code if a.instance is None else f"{a.code}/{a.instance}" for a in free]
    numbers = [str(alarm.seq) for alarm in free if alarm.seq is not None and typed[:1].isdigit()]
    return _beginning([*names, *numbers], typed)


def _config(ctx: click.Context) -> Path | None:
    return ctx.params.get("config")


def _beginning(names: Iterable[str], typed: str) -> list[str]:
    return [name for name in names if name.startswith(typed)]
