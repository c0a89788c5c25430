"""Looks at the journal's disk and at the journal itself, which is only read. A disk that hangs holds up nobody."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from agent.doctor.disk import (
    DiskFacts,
    WearFacts,
    judge_mount,
    judge_space,
    judge_wear,
)
from agent.doctor.finding import Finding
from agent.doctor.journal import JournalFacts, judge_journal
from agent.doctor.lock_holder import runs_with
from agent.doctor.scene import Scene, may_write, runner_of, service_user
from agent.drivers.aside import Aside
from agent.drivers.host_facts import disk_free
from agent.outbox_fault import JournalFault
from agent.settings import OutboxSettings

SECTOR_BYTES: Final = (
    512  # the kernel's unit in `stat`, whatever the device's (Documentation/block/stat.rst)
)
_WRITTEN: Final = 6  # the field of sectors written there
_TIMEOUT_S: Final = 5.0


async def look_at_disk(scene: Scene) -> list[Finding]:
    """Look at room, mount, wear and journal."""
    path = Path((scene.settings.outbox if scene.settings else OutboxSettings()).path)
    return await Aside(lambda: _looked(scene, path)).call(_TIMEOUT_S)


def _looked(scene: Scene, journal: Path) -> list[Finding]:
    if scene.settings is None and not journal.parent.is_dir():  # the default's folder, not theirs
        return [judge_space(DiskFacts(folder=str(journal.parent)))]
    disk = _disk(scene, journal.parent)
    mount = judge_mount(disk)
    return [
        judge_space(disk),
        *([] if mount is None else [mount]),
        judge_wear(_wear(scene, journal.parent)),
        judge_journal(_journal(scene, journal)),
    ]


def _disk(scene: Scene, folder: Path) -> DiskFacts:
    user, uid, groups = service_user(runner_of(scene))
    low = scene.limits.disk_low_percent
    try:
        told, entry = os.statvfs(folder), folder.stat()
        percent, free_mb = disk_free(told.f_frsize, told.f_blocks, told.f_bavail)
    except FileNotFoundError:
        return DiskFacts(folder=str(folder), exists=False, low_percent=low)
    except (OSError, ValueError):
        return DiskFacts(folder=str(folder), low_percent=low)
    return DiskFacts(
        folder=str(folder),
        free_percent=percent,
        free_mb=free_mb,
        low_percent=low,
        read_only=bool(told.f_flag & os.ST_RDONLY),
        allowed=may_write(entry.st_mode, entry.st_uid, entry.st_gid, uid, groups),
        user=user,
    )


def _wear(scene: Scene, folder: Path) -> WearFacts:
    device = _device(scene.root, folder)
    service = scene.service
    return WearFacts(
        device="-" if device is None else device.name,
        device_bytes=None if device is None else _written(device),
        device_s=_up_s(scene.root),
        agent_bytes=None if service is None else service.own.written_bytes,
        agent_s=0 if service is None else service.status.uptime_s,
        endurance_tb=scene.endurance_tb,
    )


def _device(root: Path, folder: Path) -> Path | None:
    """Find the whole device that a folder is on, as the kernel lists it; None for what is no block device."""
    try:
        number = folder.stat().st_dev
        block = (root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return None
    return block.parent if (block / "partition").exists() else block


def _written(device: Path) -> int | None:
    try:
        return int((device / "stat").read_text(encoding="ascii").split()[_WRITTEN]) * SECTOR_BYTES
    except (OSError, ValueError, IndexError):
        return None


def _up_s(root: Path) -> float:
    try:
        return float((root / "proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _journal(scene: Scene, path: Path) -> JournalFacts:
    aside = _set_aside(path)
    service = scene.service
    if service is not None:
        told = service.journal
        return JournalFacts(
            path=str(path),
            running=True,
            head=told.head if told else 0,
            waiting=told.waiting if told else 0,
            fault=service.journal_fault or (told.fault if told else None) or "",
            ballast=None if told is None else told.ballast_bytes > 0,
            set_aside=aside,
        )
    ours = scene.holder is not None and runs_with(scene.root, scene.holder, Path(scene.file))
    return replace(_of_file(path, aside), holder=scene.holder, holder_is_ours=ours)


def _of_file(path: Path, aside: int) -> JournalFacts:
    from agent.outbox import reading
    from agent.outbox_summary import summary_of

    if not path.exists():
        return JournalFacts(path=str(path), exists=False, set_aside=aside)
    if not os.access(path, os.R_OK):
        return JournalFacts(path=str(path), readable=False, set_aside=aside)
    try:
        with reading(path) as db:
            summary = summary_of(db, path)
    except JournalFault as fault:
        return JournalFacts(path=str(path), fault=fault.reason, set_aside=aside)
    return JournalFacts(path=str(path), head=summary.head, set_aside=aside)


def _set_aside(path: Path) -> int:
    try:
        found = [each.name for each in path.parent.glob(f"{path.name}.corrupt-*")]
    except OSError:
        return 0
    return sum(not name.endswith(("-wal", "-shm")) for name in found)
