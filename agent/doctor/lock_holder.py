"""Who has a journal's lock, by the kernel's list: taking it to see would keep a starting service out."""

from pathlib import Path
from typing import Final

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
