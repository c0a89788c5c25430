"""Makes and removes the file of the control socket. Knows nothing of what is said over it."""

import contextlib
import os
import socket
import stat
from pathlib import Path

FOLDER_MODE = 0o750
SOCKET_MODE = 0o660  # the owner and its group; nobody else
BACKLOG = 16


class ControlUnavailableError(Exception):
    """The socket cannot be made; the text says why and what to do. Watching goes on without it."""


class ControlTakenError(ControlUnavailableError):
    """Another process answers on this socket: a second agent with the same configuration."""


def bind(path: Path) -> socket.socket:
    """Bind, but do not listen yet: nobody can connect before the mode is set.

    A socket that nobody listens on (after a crash) is replaced. Raises ControlUnavailableError.
    """
    try:
        return _bind(path)
    except OSError as wrong:
        raise ControlUnavailableError(
            f"The control socket {path} cannot be made: {wrong.strerror or wrong}. The command line "
            "will not reach this service. Check that its folder exists and is writable, or set "
            "control.path."
        ) from wrong


def _bind(path: Path) -> socket.socket:
    if not path.parent.is_dir():
        path.parent.mkdir(mode=FOLDER_MODE, parents=True)
        path.parent.chmod(FOLDER_MODE)  # whatever the umask
    _clear_the_way(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        made.bind(os.fspath(path))
        path.chmod(SOCKET_MODE)
    except OSError:
        made.close()
        raise
    return made


def _clear_the_way(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlUnavailableError(
            f"{path} exists and is not a socket, so it is left alone. Remove it, or set "
            "control.path to another name."
        )
    if _answers(path):
        raise ControlTakenError(
            f"Another process answers on {path}: is a second agent running with this configuration? "
            "Stop it, or give each its own control.path."
        )
    path.unlink()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return False
        except BlockingIOError:  # it listens, and its queue is full
            return True
    return True


def remove(path: Path, made: os.stat_result) -> None:
    """Remove the socket's file, if it is still the one that was made."""
    with contextlib.suppress(OSError):
        now = path.lstat()
        if (now.st_dev, now.st_ino) == (made.st_dev, made.st_ino):
            path.unlink()
