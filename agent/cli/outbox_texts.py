"""What `elevator-agent outbox` says, in English and Chinese. A table."""

from collections.abc import Mapping

OUTBOX_TEXTS: Mapping[str, tuple[str, str]] = {
    "outbox.short": (
        "The journal: what is owed, how large, whether whole.",
        "事件日志：待发、大小、是否完整。",
    ),
    "outbox.help": (
        (
            "Show how the journal stands: events not delivered yet, size, how far back it goes. Asks the "
            "service; where none runs, reads the file.\n\n--verify follows the hash chain over every record, "
            "beside a running service or without, and names the first record that was changed, removed or "
            "inserted. Compare the head with the one in the platform's last `status`.\n\n"
            "Exit code 1 when the chain is broken or the journal cannot be used."
        ),
        (
            "显示事件日志：待发事件、大小、最早记录。\n\n"
            "优先询问服务；服务未运行则读取文件。\n\n"
            "--verify 沿哈希链检查每条记录，服务运行与否均可，\n\n"
            "并指出第一条被改动、删除或插入的记录。\n\n"
            "请与平台最后收到的 `status` 中的链头比较。\n\n"
            "链断开或日志不可用时退出码 1。"
        ),
    ),
    "outbox.examples": (
        (
            "elevator-agent outbox\nelevator-agent outbox --verify\n"
            "elevator-agent outbox --json | jq .owed"
        ),
        "",
    ),
    "option.outbox.verify": (
        "Follow the hash chain over every record.",
        "沿哈希链检查每条记录。",
    ),
    "outbox.offline": (
        "The service does not answer; this is what the file says.",
        "服务未应答；以下为文件内容。",
    ),
    "outbox.journal": ("Journal", "日志"),
    "outbox.file": ("{journal}, head {head}, {path}", "{journal}，最新序号 {head}，{path}"),
    "outbox.chain": ("Chain", "链头"),
    "outbox.critical": ("Critical", "紧急"),
    "outbox.rest": ("Others", "其他"),
    "outbox.nothing": ("nothing owed", "无待发"),
    "outbox.owed": (
        "{count} owed, the oldest #{seq} of {at}",
        "待发 {count}，最早 #{seq}，{at}",
    ),
    "outbox.pace": ("Pace", "速度"),
    "outbox.draining": ("{rate:g} a second, done in {age}", "每秒 {rate:g} 条，约需 {age}"),
    "outbox.stuck": (
        "nothing is being delivered: elevator-agent status",
        "未在发送：elevator-agent status",
    ),
    "outbox.unheard": (
        "{count} events arrived at the broker where nobody has subscribed to them",
        "{count} 条事件已送达服务器，但无人订阅",
    ),
    "outbox.aside": ("Set aside", "已搁置"),
    "outbox.aside_one": (
        "event {seq}, refused by the broker: {reason}",
        "事件 {seq}，被服务器拒绝：{reason}",
    ),
    "outbox.aside_more": ("… and {count} more", "…… 另有 {count} 条"),
    "outbox.waiting": (
        "{count} events wait in memory for the disk",
        "{count} 条事件在内存中等待写盘",
    ),
    "outbox.fault": ("FAULT: {fault}", "故障：{fault}"),
    "outbox.records": ("Records", "记录"),
    "outbox.since": ("since {at}, {dropped} dropped", "自 {at} 起，已丢弃 {dropped}"),
    "outbox.none": ("none", "无"),
    "outbox.size": ("Size", "大小"),
    "outbox.used": (
        "{used:.1f} of {most:.0f} MB, file {file:.1f} MB, log {log:.1f} MB",
        "{used:.1f} / {most:.0f} MB，文件 {file:.1f} MB，WAL {log:.1f} MB",
    ),
    "outbox.left": ("Reaches", "预计"),
    "outbox.days": (
        "its bound in {days} days at the pace so far",
        "按目前速度 {days} 天后达到上限",
    ),
    "outbox.ballast": ("Ballast", "预留"),
    "outbox.held": ("{mb:.0f} MB for the last alarms", "{mb:.0f} MB，供磁盘满时的报警"),
    "outbox.no_ballast": ("NONE: the disk is full", "无：磁盘已满"),
    "outbox.walked": ("{seq} of {head}", "{seq} / {head}"),
    "outbox.whole": (
        "The chain is whole: {rows} records, {ranges} summarised ranges, up to #{seq}.\nHead: {head}",
        "哈希链完整：{rows} 条记录，{ranges} 个汇总区间，至 #{seq}。\n链头：{head}",
    ),
    "outbox.chained_after": (
        "Records up to #{seq} were linked when the chain was introduced.",
        "#{seq} 及以前的记录在引入哈希链时才被链接。",
    ),
    "outbox.broken": (
        "The chain is BROKEN at #{seq}: that record, or one before it, is not what was written.",
        "哈希链在 #{seq} 处断开：该记录或其前一条与写入时不符。",
    ),
}
