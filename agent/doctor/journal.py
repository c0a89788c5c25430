"""The journal: whether events are kept, and what lies beside it. Pure."""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

JOURNAL: Final = Check(
    "journal.state",
    Say("Journal", "事件日志"),
    {
        "usable": fine("it can be read, and takes events", "可读可写"),
        "readable": fine("it can be read", "可读"),
        "journal_failed": failed(
            "the journal cannot be used; events wait in memory and are lost at a power cut",
            "日志无法使用；事件在内存中等待，断电即丢失",
            "Do what the figures say; then: elevator-agent outbox --verify",
            "按所示原因处理，再运行 elevator-agent outbox --verify",
        ),
        "held_elsewhere": failed(
            "another agent has this journal open, and does not answer on this configuration's socket: only one can run",
            "另一个终端程序占用此日志，且不在本配置的套接字上应答：只能运行一个",
            "Look at it, then stop one of the two: ps -p {holder} -o args",
            "查看后停止其一：ps -p {holder} -o args",
        ),
        "held_by_service": unknown(
            "the agent of this configuration has it open and could not be asked",
            "本配置的终端程序占用此日志，无法询问",
            "Restart it: sudo systemctl restart elevator-agent",
            "重启：sudo systemctl restart elevator-agent",
        ),
        "no_ballast": warning(
            "the reserve for the last alarms is used up: the disk was or is full",
            "最后报警的预留空间已用完：磁盘曾经或已经写满",
            "Make room on the disk; the reserve comes back by itself",
            "清理磁盘；预留空间会自动恢复",
        ),
        "set_aside": warning(
            "a damaged journal lies beside the new one; what could be saved was taken over",
            "旁边有一份损坏的旧日志；可恢复的内容已转入新日志",
            "Keep the file for the maker; a second one means a dying card: replace it",
            "保留该文件备查；若再次出现，说明存储卡将坏，应更换",
        ),
        "no_journal": unknown(
            "there is none yet: the service has never run here",
            "尚无日志：服务从未在此运行",
        ),
        "not_told": unknown("this user may not read it", "当前用户无权读取"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFacts:
    """The journal: `fault` is why it cannot be used, `ballast` whether the reserve is held, None where not known.

    `running`: the service itself says so. `holder` is the process that has it open while no service answers here, and
    `holder_is_ours` whether that is the agent of this configuration.
    `set_aside` counts damaged ones lying beside it.
    """

    path: str
    exists: bool = True
    readable: bool = True
    running: bool = False
    head: int = 0
    waiting: int = 0
    fault: str = ""
    ballast: bool | None = None
    set_aside: int = 0
    holder: int | None = None
    holder_is_ours: bool = False


def judge_journal(facts: JournalFacts) -> Finding:
    """Say whether events are kept."""
    measured = Say(
        f"head {facts.head}, {facts.waiting} wait for the disk, {facts.set_aside} set aside",
        f"最新序号 {facts.head}，{facts.waiting} 条待写盘，隔离 {facts.set_aside} 份",
    )
    if facts.fault:
        measured = same(facts.fault)
    return JOURNAL.found(_journal_cause(facts), facts.path, measured, holder=facts.holder)


def _journal_cause(facts: JournalFacts) -> str:
    if facts.fault:
        return "journal_failed"
    if not facts.exists:
        return "no_journal"
    if facts.holder is not None:
        return "held_by_service" if facts.holder_is_ours else "held_elsewhere"
    if not facts.readable:
        return "not_told"
    if facts.running and facts.ballast is False:
        return "no_ballast"
    if facts.set_aside:
        return "set_aside"
    return "usable" if facts.running else "readable"
