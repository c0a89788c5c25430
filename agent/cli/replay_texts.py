"""What the verbs `replay` and `record` say, in English and Chinese. A table."""

from collections.abc import Mapping

REPLAY_TEXTS: Mapping[str, tuple[str, str]] = {
    "replay.short": ("See a recording, and what the monitor says of it.", "查看录制文件及其判定结果。"),
    "replay.help": (
        ("Run a recording through the monitor, faster than real time, and show what the signals did "
        "and which events came of it. Needs no running service and no drivers.\n\n"
        "A long recording is shown around its gravest event; --from and --to choose another part. "
        "A support archive of `bundle` can be given as well."),
        ("快速回放录制文件，显示信号波形与由此产生的事件。无需服务运行，无需驱动。\n\n"
        "较长的录制只显示最严重事件前后；可用 --from、--to 另选时段。"
        "也可直接给出 `bundle` 生成的支持包。"),
    ),
    "replay.examples": (
        ("elevator-agent replay incident.jsonl.gz\n"
        "elevator-agent replay incident.jsonl.gz --from 16:00:10 --to 16:00:40\n"
        "elevator-agent replay incident.jsonl.gz --signals 'door.*,car.moving'\n"
        "elevator-agent replay incident.jsonl.gz --config ./agent.toml --json"),
        "",
    ),
    "option.replay.signals": (
        "Only these, with commas; * stands for anything. Default: what decided the events, then what changed.",
        "仅显示这些信号，逗号分隔，可用 *。",
    ),
    "option.replay.from": (
        "Begin here: a time of day such as 16:00:35, or 75s, 2m from the beginning.",
        "起点：时刻如 16:00:35，或自开头起 75s、2m。",
    ),
    "option.replay.to": ("End here, likewise.", "终点，写法相同。"),
    "option.replay.width": ("Columns; default the terminal's, else 80.", "列数；默认取终端宽度，否则 80。"),
    "option.replay.recording": (
        "Which recording of a support archive; default the newest.",
        "支持包中的哪条记录；默认最新的一条。",
    ),
    "replay.head": (
        "{elevator}  {day}  {first} {dash} {last}, a column is {column}",
        "{elevator}  {day}  {first} {dash} {last}，每列 {column}",
    ),
    "replay.part": ("part of a recording of {whole}", "录制全长 {whole}，此为其中一段"),
    "replay.more": (
        "{count} more signals changed; choose with --signals.",
        "另有 {count} 个信号有变化；可用 --signals 选择。",
    ),
    "replay.no_events": ("No events.", "无事件。"),
    "replay.no_signal": (
        "{name}: no such signal in this recording; there are: {names}",
        "{name}：录制中没有此信号；现有：{names}",
    ),
    "replay.instant": (
        "{value!r} is no instant: write a time of day (16:00:35) or a span from the beginning (75s, 2m).",
        "{value!r} 不是时间点：请写时刻（16:00:35）或自开头起的时长（75s、2m）。",
    ),
    "wave.low": ("false, closed", "否、关"),
    "wave.high": ("true, open", "是、开"),
    "wave.both": ("both within the column", "该列内两者皆有"),
    "wave.opening": ("opening", "正在开"),
    "wave.closing": ("closing", "正在关"),
    "wave.stopped": ("door stopped", "门停住"),
    "wave.fault": ("door fault", "门故障"),
    "wave.not_closed": ("not closed", "未关"),
    "wave.unknown": ("unknown", "未知"),
    "record.short": ("Recordings by hand: start, stop, save, list.", "手动录制：开始、停止、保存、列表。"),
    "record.help": (
        ("Record what the signals do, in the running service.\n\n"
        "start begins a recording (--minutes, default 10), stop ends it, save writes the last minutes that "
        "the service remembers, list shows all recordings, those of events included. A recording is a file "
        "that can be copied and replayed on any machine."),
        ("在运行中的服务内录制信号。\n\n"
        "start 开始（--minutes，默认 10），stop 停止。\n\n"
        "save 保存最近几分钟，list 列出全部录制（含事件录制）。\n\n录制文件可复制到任何机器回放。"),
    ),
    "record.examples": (
        ("elevator-agent record start --minutes 30\n"
        "elevator-agent record stop\n"
        "elevator-agent record save\n"
        "elevator-agent record list --json"),
        "",
    ),
    "option.record.minutes": (
        "start: how long at most, up to 1440; save: how far back.",
        "start：最长分钟数，至多 1440；save：回溯分钟数。",
    ),
    "record.no_minutes": (
        "--minutes is for start and save.",
        "--minutes 只用于 start 与 save。",
    ),
    "record.started": ("Recording until {to}: {path}", "录制至 {to}：{path}"),
    "record.written": ("Written: {path}", "已写入：{path}"),
    "record.under_way": ("under way until {to}", "录制中，至 {to}"),
    "record.none": ("No recordings in {directory}.", "{directory} 中没有录制文件。"),
    "record.in": (
        "In {directory}: {count} recordings, {mb} of {most} MB. In memory: the last {remembered}.",
        "{directory}：{count} 个录制，已用 {mb}/{most} MB。内存中：最近 {remembered}。",
    ),
    "record.older": ("… and {count} older ones", "…… 另有 {count} 个较早的"),
    "record.manual": ("by hand", "手动"),
    "column.recording": ("recording", "录制文件"),
    "column.why": ("why", "原因"),
    "column.size": ("size", "大小"),
}  # fmt: skip
