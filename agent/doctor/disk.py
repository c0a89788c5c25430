"""The disk that the journal is on: room, whether it takes writes, how much is written, and the journal itself. Pure.

How long a card lasts follows from what its maker promises (TBW) and what is written a day. Nobody can read the promise
off a card, so without it the tool says how long each terabyte lasts, and judges only the agent's own share.
"""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

AGENT_MB_A_DAY: Final = (
    40  # what the agent may write at 3,000 runs a day, by its own measure of quality
)
LEAST_WATCHED_S: Final = 3600  # writes of less time say nothing about a day
LEAST_YEARS: Final = 4  # as long as records have to be kept
_DAY_S: Final = 86_400
_MB: Final = 1_000_000
_TB: Final = 1_000_000_000_000

SPACE: Final = Check(
    "disk.space",
    Say("Disk", "磁盘"),
    {
        "enough": fine("there is room for the journal", "日志空间充足"),
        "disk_full": failed(
            "the disk is full: events wait in memory, and the last ones use the reserve",
            "磁盘已满：事件在内存中等待，最后的报警占用预留空间",
            "See what fills it: sudo du -xh / | sort -h | tail",
            "查看占用：sudo du -xh / | sort -h | tail",
        ),
        "disk_low": warning(
            "the disk is nearly full",
            "磁盘空间不足",
            "See what fills it: sudo du -xh / | sort -h | tail",
            "查看占用：sudo du -xh / | sort -h | tail",
        ),
        "no_folder": failed(
            "the journal's folder is not there",
            "日志目录不存在",
            "Correct outbox.path, or make the folder for the service's user",
            "改正 outbox.path，或为服务用户建立该目录",
        ),
        "not_told": unknown("the disk could not be asked", "无法查询磁盘"),
    },
)
MOUNT: Final = Check(
    "disk.mount",
    Say("Disk takes writes", "磁盘可写"),
    {
        "writable": fine("it takes writes", "可写"),
        "read_only": failed(
            "the disk is mounted read-only: after an error of the card, or on purpose",
            "磁盘为只读挂载：存储卡出错后，或有意设置",
            "See the kernel's log: dmesg | grep -i mmc; a card with errors is to be replaced",
            "查看内核日志：dmesg | grep -i mmc；出错的存储卡应更换",
        ),
        "no_permission": failed(
            "the service's user may not write into the journal's folder",
            "服务用户无权写日志目录",
            "Give it the folder: sudo chown {user} {folder}",
            "授予目录：sudo chown {user} {folder}",
        ),
    },
)
WEAR: Final = Check(
    "disk.wear",
    Say("Wear of the card", "存储卡磨损"),
    {
        "little": fine("at this pace the card lasts long enough", "按此速度，存储卡寿命足够"),
        "agent_writes_much": warning(
            "the agent writes more than it should at the busiest elevator",
            "本终端写入量超过最繁忙电梯应有的量",
            "See what happens so often: elevator-agent events --since 1d",
            "查看频繁事件：elevator-agent events --since 1d",
        ),
        "card_short_lived": warning(
            "at this pace the card does not last as long as records have to be kept",
            "按此速度，存储卡寿命短于记录保存年限",
            "Find who writes: sudo iotop -oa; keep the system's log in memory (Storage=volatile)",
            "查找写入者：sudo iotop -oa；系统日志可改存内存（Storage=volatile）",
        ),
        "not_judged": unknown(
            "nobody said what this card endures, so what is written to it cannot be judged",
            "未给出存储卡的标称写入量，无法判断",
            "Read TBW off its data sheet and ask again: elevator-agent doctor --endurance-tb TBW",
            "查数据手册中的 TBW 后重查：elevator-agent doctor --endurance-tb TBW",
        ),
        "too_early": unknown(
            "too little time has passed to tell what is written a day",
            "运行时间太短，无法估算每日写入量",
        ),
        "not_told": unknown(
            "the kernel does not say what is written to this disk", "内核未提供写入量"
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """The file system of the journal's folder; percent and MB an ordinary user can still write."""

    folder: str
    exists: bool = True
    free_percent: int | None = None
    free_mb: int | None = None
    low_percent: float = 5
    read_only: bool = False
    allowed: bool = True
    user: str = ""


def judge_space(facts: DiskFacts) -> Finding:
    """Say whether there is room."""
    percent = facts.free_percent
    if not facts.exists:
        cause = "no_folder"
    elif percent is None or facts.free_mb is None:
        cause = "not_told"
    elif percent <= 0:
        cause = "disk_full"
    else:
        cause = "disk_low" if percent < facts.low_percent else "enough"
    free = "-" if percent is None else f"{percent} %, {facts.free_mb} MB"
    return SPACE.found(cause, facts.folder, Say(f"{free} free", f"剩余 {free}"))


def judge_mount(facts: DiskFacts) -> Finding | None:
    """Say whether it takes writes; None where there is no folder."""
    if not facts.exists:
        return None
    cause = "read_only" if facts.read_only else "writable" if facts.allowed else "no_permission"
    values = {"user": facts.user or "elevator-agent", "folder": facts.folder}
    return MOUNT.found(cause, facts.folder, same(facts.folder), **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class WearFacts:
    """What was written: by the whole device since boot, and by the service since its start; bytes and seconds.

    None where nobody says. `endurance_tb`: what the card's maker promises, in TB, where the person told it.
    """

    device: str
    device_bytes: int | None = None
    device_s: float = 0
    agent_bytes: int | None = None
    agent_s: float = 0
    endurance_tb: float | None = None


def judge_wear(facts: WearFacts) -> Finding:
    """Say how long the card lasts at this pace."""
    device = _a_day(facts.device_bytes, facts.device_s)
    agent = _a_day(facts.agent_bytes, facts.agent_s)
    return WEAR.found(_wear_cause(facts, device, agent), facts.device, _wear(facts, device, agent))


def _a_day(count: int | None, seconds: float) -> float | None:
    return None if count is None or seconds < LEAST_WATCHED_S else count * _DAY_S / seconds


def _wear_cause(facts: WearFacts, device: float | None, agent: float | None) -> str:
    if device is None:
        return "not_told" if facts.device_bytes is None else "too_early"
    if agent is not None and agent > AGENT_MB_A_DAY * _MB:
        return "agent_writes_much"
    if facts.endurance_tb is None:
        return "not_judged"
    return "card_short_lived" if _years(facts.endurance_tb, device) < LEAST_YEARS else "little"


def _years(endurance_tb: float, a_day: float) -> float:
    return endurance_tb * _TB / max(a_day, 1) / 365


def _wear(facts: WearFacts, device: float | None, agent: float | None) -> Say:
    if device is None:
        return same("-")
    own = "-" if agent is None else f"{agent / _MB:.1f}"
    terabytes = facts.endurance_tb or 1
    years = min(_years(terabytes, device), 999)
    return Say(
        f"{device / _MB:.1f} MB a day, of the agent {own}; {terabytes:g} TB written last {years:.0f} years",
        f"每天 {device / _MB:.1f} MB（本终端 {own}）；每写入 {terabytes:g} TB 可用 {years:.0f} 年",
    )
