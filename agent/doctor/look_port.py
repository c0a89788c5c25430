"""Looks at a serial port without disturbing it: the files of the kernel and udev, and, where no service has it, one opening.

The port is opened for reading, exclusively, and closed at once; nothing is sent and nothing about it is changed.
"""

import errno
import fcntl
import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent.doctor.port import Holder, PortFacts
from agent.doctor.scene import Scene, may_write, service_user

_BY_ID: Final = "dev/serial/by-id"
_MOST_LISTED: Final = 8


def look_at_port(scene: Scene, path: str) -> PortFacts:
    """Look; may block where an adapter is stuck."""
    listed = _listed(scene.root)
    if not os.path.exists(path):  # noqa: PTH110 - of a link's target
        return PortFacts(
            path=path,
            exists=False,
            points_to=_link(Path(path)),
            listed=tuple(sorted(listed.values()))[:_MOST_LISTED],
        )
    target = os.path.realpath(path)
    entry = Path(target).stat()
    if not stat.S_ISCHR(entry.st_mode):
        return PortFacts(path=path, is_port=False, target=target)
    user, uid, groups = service_user()
    pid = 0 if scene.service is None else scene.service.own.pid
    error = None if scene.is_held else _tried(target)
    return PortFacts(
        path=path,
        target=target,
        by_id=listed.get(target, ""),
        user=user,
        group=_group(entry.st_gid),
        allowed=may_write(entry.st_mode, entry.st_uid, entry.st_gid, uid, groups),
        console=_is_console(scene.root, target),
        holders=tuple(_holders(scene.root, target, {pid, os.getpid()})),
        modem_manager=_is_adapter(target) and _runs(scene.root, "ModemManager"),
        ignored=_is_ignored(scene.root, entry.st_rdev),
        served=scene.is_held,
        open_error="" if error is None else error.strerror or str(error),
        taken=error is not None and error.errno in {errno.EAGAIN, errno.EBUSY},
        denied=error is not None and error.errno == errno.EACCES,
    )


def _listed(root: Path) -> dict[str, str]:
    """Give the lasting names there are, by the device behind each."""
    try:
        links = list((root / _BY_ID).iterdir())
    except OSError:
        return {}
    return {os.path.realpath(link): str(link) for link in links}


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _tried(target: str) -> OSError | None:
    """Open it as the service does, exclusively; give what keeps that from working."""
    try:
        fd = os.open(target, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as wrong:
        return wrong
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as wrong:
        return wrong
    finally:
        os.close(fd)
    return None


def _is_console(root: Path, target: str) -> bool:
    try:
        words = (root / "proc/cmdline").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return False
    named = [
        word.removeprefix("console=").partition(",")[0]
        for word in words
        if word.startswith("console=")
    ]
    return any(target == os.path.realpath(root / "dev" / name) for name in named)


def _is_adapter(target: str) -> bool:
    """Whether ModemManager would look at it: it leaves the computer's own ports alone."""
    return target.rpartition("/")[2].startswith(("ttyUSB", "ttyACM"))


def _processes(root: Path) -> Iterator[Path]:
    try:
        yield from (each for each in (root / "proc").iterdir() if each.name.isdigit())
    except OSError:
        return


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _runs(root: Path, name: str) -> bool:
    return any(_name(process) == name for process in _processes(root))


def _holders(root: Path, target: str, ours: set[int]) -> Iterator[Holder]:
    """Find who has it open; others' files can be seen by root only."""
    for process in _processes(root):
        if int(process.name) not in ours and _has_open(process, target):
            yield Holder(pid=int(process.name), name=_name(process))


def _has_open(process: Path, target: str) -> bool:
    """Whether a process has it open; of a virtual port, its other end's owner does not count: that is the adapter."""
    try:
        files = {_link(fd) for fd in (process / "fd").iterdir()}
    except OSError:
        return False
    return target in files and not (target.startswith("/dev/pts/") and "/dev/ptmx" in files)


def _link(fd: Path) -> str:
    try:
        return os.readlink(fd)  # noqa: PTH115 - of thousands
    except OSError:
        return ""


def _is_ignored(root: Path, device: int) -> bool:
    record = root / f"run/udev/data/c{os.major(device)}:{os.minor(device)}"
    try:
        return "ID_MM_PORT_IGNORE=1" in record.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
