"""Who has a journal's lock, by the kernel's list, and with which configuration it runs.

Taking the lock to see would keep a starting service out.
"""

from pathlib import Path
from typing import Final

from agent.config import DEFAULT_PATH, VARIABLE

_LOCKED: Final = (
    5  # the field of device and inode in /proc/locks, behind that of the process (proc(5))
)


def lock_holder(root: Path, path: Path) -> int | None:
    """Give the process; None where nobody has it, or the kernel does not say."""
    try:
        lock = path.with_name(path.name + ".lock").stat()
        lines = (root / "proc/locks").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    place = f":{lock.st_ino}"
    for line in lines:
        fields = line.split()
        if len(fields) > _LOCKED and "FLOCK" in fields and fields[_LOCKED].endswith(place):
            return int(fields[_LOCKED - 1]) if fields[_LOCKED - 1].isdigit() else None
    return None


def runs_with(root: Path, pid: int, file: Path) -> bool:
    """Whether a process is an agent with this configuration, by its command line; false where the kernel does not say."""
    process = root / "proc" / str(pid)
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        folder = (process / "cwd").readlink()
    except OSError:
        return False
    if "run" not in words:
        return False
    named = _named(words) or _of_environment(process) or str(DEFAULT_PATH)
    return (folder / named).resolve() == file.resolve()


def _named(words: list[str]) -> str:
    """The file behind `--config`; empty without."""
    for at, word in enumerate(words):
        if word == "--config":
            return "".join(words[at + 1 : at + 2])
        if word.startswith("--config="):
            return word.removeprefix("--config=")
    return ""


def _of_environment(process: Path) -> str:
    try:
        pairs = (process / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    prefix = f"{VARIABLE}="
    return next((each.removeprefix(prefix) for each in pairs if each.startswith(prefix)), "")
