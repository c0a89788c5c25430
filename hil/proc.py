"""What a process has used so far, as the kernel tells it."""

from pathlib import Path


def cpu_s(pid: int) -> float:
    """User and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100  # USER_HZ


def status_kb(pid: int, key: str) -> int:
    """A line of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith(key))


def written_bytes(pid: int) -> int:
    """What the process has had written to its disks."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith("write_bytes"))
