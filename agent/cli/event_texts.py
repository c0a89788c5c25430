"""What `elevator-agent events` says, in English and Chinese. A table; nothing here decides or prints."""

from collections.abc import Mapping

EVENT_TEXTS: Mapping[str, tuple[str, str]] = {
    "events.short": ("The journal's latest events; one with its waveform.", "最近事件；单个事件及波形。"),
    "events.help": (
        ("Show events of the journal, oldest first; with --follow, new ones as they happen.\n\n"
        "With SEQ, the number at the beginning of a line: that event whole, what became of it, and what the "
        "signals did around it, where a recording was kept."),
        ("按时间显示日志事件；--follow 持续显示新事件。\n\n"
        "给出 SEQ（行首编号）：显示该事件全部内容、后续处理，以及有录制时的信号波形。"),
    ),
    "events.examples": (
        ("elevator-agent events --since 2h\n"
        "elevator-agent events 123\n"
        "elevator-agent events --follow --severity major\n"
        "elevator-agent events --code trapped_passengers --limit 5 --waveform"),
        "",
    ),
    "option.follow": ("Go on with new events until Ctrl-C.", "持续显示新事件，Ctrl-C 结束。"),
    "option.since": ("Only this far back: 90s, 30m, 2h, 7d.", "时间范围：90s、30m、2h、7d。"),
    "option.severity": ("info, minor, major or critical, and above.", "该级别及以上：info、minor、major、critical。"),
    "option.code": ("Only this event code.", "仅此事件代码。"),
    "option.limit": ("At most so many, the newest (default 50).", "最多条数，取最新（默认 50）。"),
    "option.waveform": (
        "Below each event with a recording, what its signals did.",
        "有录制的事件下方显示其信号波形。",
    ),
    "events.alone": (
        "An event's number stands alone: leave {options} away.",
        "给出事件编号时不能再用 {options}。",
    ),
    "events.none": (
        "The journal has no event {seq}. The latest: elevator-agent events",
        "日志中没有事件 {seq}。最近事件：elevator-agent events",
    ),
    "events.whole": (
        "One event whole, with its waveform: elevator-agent events NUMBER",
        "单个事件的全部内容与波形：elevator-agent events 编号",
    ),
    "event.since": ("since {time}", "自 {time}"),
    "event.evidence": ("Decided by", "依据"),
    "event.unknown": ("Unknown", "未知"),
    "event.mode": ("Mode", "模式"),
    "event.visit": ("during a maintenance visit", "维保期间"),
    "event.drill": ("during a drill", "演练期间"),
    "event.stop": ("stop recommended", "建议停梯"),
    "event.notes": ("Noted", "备注"),
    "event.rule": ("Rule", "规则"),
    "event.raise": ("Raised as", "发生编号"),
    "event.duration": ("Lasted", "持续"),
    "event.recording": ("Recording", "录制文件"),
    "event.acknowledged": ("Acknowledged", "确认"),
    "event.cleared": ("Cleared", "解除"),
    "event.by": ("{time} by {by} ({seq})", "{time} 由 {by}（{seq}）"),
    "event.ended": ("{time} ({seq})", "{time}（{seq}）"),
    "event.nobody": ("not yet", "尚未"),
    "event.last_known": ("last known", "最后已知"),
    "event.no_recording": (
        ("No waveform: no recording was made of it. Only major and critical events are recorded, while the disk "
        "takes recordings."),
        "无波形：此事件没有录制。仅在磁盘可写时录制重要与紧急事件。",
    ),
    "event.not_whole": (
        "No waveform yet: {path} is still being written. Ask again in a few minutes.",
        "暂无波形：{path} 正在写入，请几分钟后再试。",
    ),
    "event.not_here": (
        ("No waveform: {path} is not there. Old recordings make room for new ones; a support archive or a copy "
        "may still hold it: elevator-agent replay FILE"),
        "无波形：{path} 不存在。旧录制会被新录制替换；支持包或副本中可能仍有：elevator-agent replay 文件",
    ),
    "event.unreadable": (
        "No waveform: {path}: {reason}. As the service's user or with sudo it can be read.",
        "无波形：{path}：{reason}。请以服务用户或 sudo 读取。",
    ),
    "event.elsewhen": (
        "The recording does not reach to this event by its own clock; it is shown as it is.",
        "按录制自身时钟未包含此事件；按原样显示。",
    ),
}  # fmt: skip
