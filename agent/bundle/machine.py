"""The machine around the service: what system it is, and what the service has logged. Reads only."""

import os
import platform
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from agent.bundle.piece import MissingError, Piece

UNIT = "elevator-agent.service"
LOG_BYTES_MAX = 4 << 20
_FILES = (
    "/etc/os-release",
    "/proc/device-tree/model",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/mounts",
)
_TIMEOUT_S = 30


def system() -> Piece:
    """The kernel, the board, memory, mounts, and every installed package with its version."""
    uname = " ".join(platform.uname())
    parts = [f"uname: {uname}", f"python: {sys.version}", *(_file(path) for path in _FILES)]
    packages = sorted(f"{each.name} {each.version}" for each in distributions())
    parts.append("packages:\n" + "\n".join(packages))
    return Piece("system.txt", "\n\n".join(parts).encode())


def _file(path: str) -> str:
    try:
        held = Path(path).read_text(errors="replace").replace("\0", "").strip()
    except OSError as wrong:
        held = f"({wrong.strerror})"
    return f"{path}:\n{held}"


def logs(days: int) -> Piece:
    """The unit's lines of the system journal, the newest of them; raises MissingError."""
    command = ["journalctl", "-u", UNIT, f"--since=-{days}d", "--no-pager", "-o", "short-iso", "-r"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except FileNotFoundError:
        raise MissingError("there is no journalctl on this machine") from None
    except subprocess.TimeoutExpired:
        raise MissingError(f"journalctl gave no answer within {_TIMEOUT_S} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise MissingError(f"journalctl: {said[:500]}")
    return Piece("log.txt", done.stdout[:LOG_BYTES_MAX])
