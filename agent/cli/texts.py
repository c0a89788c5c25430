"""Everything the command line says, in English and Chinese. A table; nothing here decides or prints."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal

from agent.cli.ack_texts import ACK_TEXTS
from agent.cli.bundle_texts import BUNDLE_TEXTS
from agent.cli.bus_texts import BUS_TEXTS
from agent.cli.completion_texts import COMPLETION_TEXTS
from agent.cli.doctor_texts import DOCTOR_TEXTS
from agent.cli.event_texts import EVENT_TEXTS
from agent.cli.explain_texts import EXPLAIN_TEXTS
from agent.cli.outbox_texts import OUTBOX_TEXTS
from agent.cli.profiles_texts import PROFILES_TEXTS
from agent.cli.replay_texts import REPLAY_TEXTS
from agent.cli.watch_texts import WATCH_TEXTS

Lang = Literal["en", "zh"]

TEXTS: Mapping[str, tuple[str, str]] = {
    # verbs: one line in the list, then the page
    "group.help": (
        ("Watches one elevator: what it sees, what it raised, what it delivered.\n\n"
        "Exit codes: 0 fine, 1 a check failed or a warning stands, 2 usage or configuration, "
        "3 the service is not running."),
        ("监测一台电梯：看到什么、报了什么、送出了什么。\n\n"
        "退出码：0 正常，1 检查未过或有警告，2 用法或配置错误，3 服务未运行。"),
    ),
    "group.verbs": ("Commands", "命令"),
    "page.usage": ("Usage: ", "用法："),
    "page.options": ("Options", "选项"),
    "page.some_options": ("[OPTIONS]", "[选项]"),
    "page.some_verb": ("COMMAND [ARGS]...", "命令 [参数]..."),
    "page.help": ("Show this page.", "显示本页。"),
    "run.short": ("Run the service (systemd does this).", "运行服务（由 systemd 启动）。"),
    "run.help": (
        ("Usage: elevator-agent run [--config FILE] [--record FILE]\n\n"
        "  Watch the elevator until stopped. systemd starts this.\n\n"
        "Options:\n"
        "  --config FILE  Configuration; default $ELEVATOR_AGENT_CONFIG, else\n"
        "                 /etc/elevator-agent/agent.toml.\n"
        "  --record FILE  Also write every change of a signal to FILE, for replay.\n"
        "  -h, --help     Show this page.\n\n"
        "Examples:\n"
        "  elevator-agent run\n"
        "  elevator-agent run --config ./agent.toml --record ./today.jsonl"),
        ("用法：elevator-agent run [--config 文件] [--record 文件]\n\n"
        "  监测电梯直到被停止。通常由 systemd 启动；手动运行用于测试。\n\n"
        "选项：\n"
        "  --config 文件  配置；默认 $ELEVATOR_AGENT_CONFIG，否则\n"
        "                 /etc/elevator-agent/agent.toml。\n"
        "  --record 文件  同时把每次信号变化写入文件，供回放。\n"
        "  -h, --help     显示本页。\n\n"
        "示例：\n"
        "  elevator-agent run\n"
        "  elevator-agent run --config ./agent.toml --record ./today.jsonl"),
    ),
    "check.short": ("Check the configuration; what can be detected.", "检查配置及可检测的事件。"),
    "check.help": (
        ("Check the configuration: every mistake at once, else which events can be detected with "
        "the wired signals.\n\nExit code 2 for a mistake, 1 for a warning."),
        "检查配置：一次列出全部错误；否则列出现有信号可检测的事件。\n\n有错误退出码 2，有警告 1。",
    ),
    "check.examples": (
        "elevator-agent check\nelevator-agent check --config ./agent.toml --json",
        "elevator-agent check\nelevator-agent check --config ./agent.toml --json",
    ),
    "status.short": ("One screen: how the running service is.", "一屏显示服务当前状态。"),
    "status.help": (
        ("Show on one screen how the running service is and which alarms stand.\n\n"
        "Exit code 1 when it is degraded or an alarm stands."),
        "一屏显示服务状态与未解除的报警。\n\n降级运行或有报警时退出码 1。",
    ),
    "status.examples": ("elevator-agent status\nelevator-agent status --json", ""),
    "signals.short": ("What every signal is right now.", "各信号的当前值。"),
    "signals.help": (
        "Show every wired signal: value, quality, age and the driver that gives it.",
        "显示全部已接信号：值、质量、时效与来源驱动。",
    ),
    "signals.examples": ("elevator-agent signals\nelevator-agent signals --json", ""),
    **EVENT_TEXTS,
    **ACK_TEXTS,
    **REPLAY_TEXTS,
    **OUTBOX_TEXTS,
    **BUNDLE_TEXTS,
    **BUS_TEXTS,
    **DOCTOR_TEXTS,
    **PROFILES_TEXTS,
    **EXPLAIN_TEXTS,
    **COMPLETION_TEXTS,
    **WATCH_TEXTS,
    "version.short": ("The version of this program.", "本程序的版本。"),
    "version.help": ("Show the version of this program and of Python.", "显示本程序与 Python 的版本。"),
    "version.examples": ("elevator-agent version", ""),
    # options
    "option.config": (
        "Another configuration than this installation's.",
        "另用此配置文件，而非本机安装的配置。",
    ),
    "option.json": ("Print JSON.", "输出 JSON。"),
    "option.lang": ("Language; default from the locale.", "语言；默认取自系统区域设置。"),
    "option.version": ("Show the version.", "显示版本。"),
    "examples": ("Examples", "示例"),
    # a command line that cannot be obeyed
    "wrong.line": ("Error: {what}", "错误：{what}"),
    "wrong.more": ("How it is called: {path} --help", "用法说明：{path} --help"),
    "wrong.option": ("there is no option {name}.{near}", "没有选项 {name}。{near}"),
    "wrong.verb": ("there is no command {name}.{near}", "没有命令 {name}。{near}"),
    "wrong.near": (" Did you mean {name}?", "是否指 {name}？"),
    "wrong.no_verb": ("which command?", "缺少命令。"),
    "wrong.missing": ("{name} is missing.", "缺少 {name}。"),
    "wrong.parameter": ("{name}: {what}", "{name}：{what}"),
    "wrong.choice": ("one of {choices}.", "只能是 {choices}。"),
    "wrong.range": ("a number from {least} to {most}.", "应为 {least} 到 {most} 的数。"),
    "wrong.least": ("a number, at least {least}.", "应为不小于 {least} 的数。"),
    "wrong.extra": ("too many arguments: {name}", "多余的参数：{name}"),
    "wrong.value": ("{name} needs a value.", "{name} 需要一个值。"),
    "wrong.no_value": ("{name} takes no value.", "{name} 不带值。"),
    # errors
    "error.duration": (
        "{value!r} is no duration; write a number and s, m, h or d, such as 30m.",
        "{value!r} 不是时长；请写数字加 s、m、h 或 d，例如 30m。",
    ),
    "error.not_running": (
        ("The service is not running: nobody answers on {path} ({reason}).\n"
        "    Start it: sudo systemctl start elevator-agent    "
        "See why it stopped: journalctl -u elevator-agent -n 50"),
        ("服务未运行：{path} 无应答（{reason}）。\n"
        "    启动：sudo systemctl start elevator-agent    "
        "查看原因：journalctl -u elevator-agent -n 50"),
    ),
    "error.forbidden": (
        ("This user may not ask the service on {path} ({reason}).\n"
        "    Join the socket's group and log in again: sudo usermod -aG elevator-agent $USER"),
        ("当前用户无权访问 {path}（{reason}）。\n"
        "    请加入该套接字所属组后重新登录：sudo usermod -aG elevator-agent $USER"),
    ),
    "error.no_answer": (
        ("The service on {path} did not answer: {reason}.\n"
        "    It may just be stopping, or stuck: journalctl -u elevator-agent -n 50"),
        ("{path} 上的服务没有应答：{reason}。\n"
        "    可能正在停止或卡住：journalctl -u elevator-agent -n 50"),
    ),
    "error.not_understood": (
        ("The service's answer cannot be understood: {reason}.\n"
        "    Is the service of another version? Restart it: sudo systemctl restart elevator-agent"),
        ("无法理解服务的应答：{reason}。\n"
        "    服务版本是否不同？请重启：sudo systemctl restart elevator-agent"),
    ),
    "error.problems": (
        "{count} problem(s) in the configuration.",
        "配置中有 {count} 处问题。",
    ),
    "error.recording": ("{file}: {found}. {allowed}", "{file}：{found}。{allowed}"),
    "error.recording_line": (
        "{file}, line {line}: {found}. {allowed}",
        "{file} 第 {line} 行：{found}。{allowed}",
    ),
    "error.output": ("standard output: {reason}", "标准输出：{reason}"),
    # check
    "check.valid": ("{file} is valid.", "{file} 有效。"),
    "check.drivers": ("Drivers and their signals", "驱动与信号"),
    "check.events": ("Events that can be detected with these signals", "现有信号可检测的事件"),
    "check.full": ("full", "完整"),
    "check.partial": ("partial", "部分"),
    "check.none": ("none", "不能"),
    "check.missing": ("missing: {names}", "缺少：{names}"),
    "check.explain": (
        "What an event means: elevator-agent explain CODE",
        "事件的含义：elevator-agent explain CODE",
    ),
    "check.warning": ("Warning: {text}", "警告：{text}"),
    "warning.no_drivers": (
        "no driver is configured, so nothing is watched. Add a [[drivers]] table.",
        "未配置驱动，无法监测。请添加 [[drivers]] 表。",
    ),
    "warning.zone_gap": (
        ("car.moving is not wired and longest_zone_gap_s is left at {value:g} s. Measure the longest ride "
        "between two landings and set it."),
        "未接 car.moving，且 longest_zone_gap_s 仍为默认 {value:g} 秒。请测量相邻层站间最长运行时间并设置。",
    ),
    "warning.rescue_code": (
        "elevator.rescue_code is empty: alarms will not carry it.",
        "elevator.rescue_code 为空：报警中将没有救援识别码。",
    ),
    "warning.alarm_button": (
        "alarm.button is not wired: passengers' alarms are not seen.",
        "未接 alarm.button：收不到乘客报警。",
    ),
    "warning.credential": (
        "the password {name!r} is a systemd credential; only the service can read it, so it is not checked.",
        "密码 {name!r} 是 systemd 凭据，仅服务可读，未作检查。",
    ),
    "warning.credential_key": (
        "the key {name!r} is a systemd credential; only the service can read it, so certificate and key are not checked.",
        "私钥 {name!r} 是 systemd 凭据，仅服务可读，证书与私钥未作检查。",
    ),
    # status
    "status.online": ("online", "正常"),
    "status.degraded": ("degraded", "降级"),
    "status.version": (
        "version {version}, up {up}, boot {boot}, clock {clock}",
        "版本 {version}，已运行 {up}，启动 {boot}，时钟{clock}",
    ),
    "status.synchronised": ("synchronised", "已同步"),
    "status.unsynchronised": ("not synchronised", "未同步"),
    "status.corrected": ("set late, times corrected", "校准较晚，时间已更正"),
    "time.unsynchronised": ("time unknown", "时间未知"),
    "time.corrected": ("time corrected", "时间已更正"),
    "status.links": ("Links", "链路"),
    "status.up": ("up", "通"),
    "status.down": ("DOWN", "断"),
    "status.since": ("for {age}", "已 {age}"),
    "status.round_trip": ("p95 {ms} ms", "p95 {ms} ms"),
    "status.mqtt": ("MQTT", "MQTT"),
    "status.connected": ("connected", "已连接"),
    "status.unheard": ("{count} events without a subscriber", "{count} 条事件无人订阅"),
    "status.set_aside": ("{count} events refused and set aside", "{count} 条事件被拒而搁置"),
    "status.disconnected": ("NOT CONNECTED", "未连接"),
    "status.outbox": ("Outbox", "待发"),
    "status.owed": (
        "{critical} critical and {rest} other events owed, {waiting} waiting, head {head}, journal {journal}",
        "紧急 {critical}、其他 {rest}，未落盘 {waiting}，最新序号 {head}，日志 {journal}",
    ),
    "status.fault": ("FAULT: {fault}", "故障：{fault}"),
    "status.standing": ("Standing alarms", "未解除报警"),
    "status.nothing": ("none", "无"),
    "status.more": ("… and {count} more", "…… 另有 {count} 项"),
    "status.unjournaled": ("not journaled", "未落盘"),
    # signals and events
    "column.signal": ("signal", "信号"),
    "column.value": ("value", "值"),
    "column.quality": ("quality", "质量"),
    "column.age": ("age", "时效"),
    "column.driver": ("driver", "驱动"),
    "severity.info": ("info", "信息"),
    "severity.minor": ("minor", "一般"),
    "severity.major": ("major", "重要"),
    "severity.critical": ("critical", "紧急"),
    "transition.raised": ("raised", "发生"),
    "transition.acknowledged": ("acknowledged", "确认"),
    "transition.cleared": ("cleared", "解除"),
    "transition.notice": ("notice", "通知"),
}  # fmt: skip


class Words:
    """The texts in one language: `words("key", name=value)`."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """Fill in one text; an empty Chinese one reads like the English."""
        en, zh = TEXTS[key]
        text = zh if self.lang == "zh" and zh else en
        return text.format(**values) if values else text

    def known(self, key: str, word: str) -> str:
        """Translate a word of the service, or leave one it may know and we do not."""
        return self(f"{key}.{word}") if f"{key}.{word}" in TEXTS else word


def words_for(arguments: Sequence[str], environment: Mapping[str, str]) -> Words:
    """Choose the language: `--lang` among the arguments, else the locale's."""
    return Words(_asked(arguments) or _of_locale(environment))


def _asked(arguments: Sequence[str]) -> Lang | None:
    for argument, following in itertools.zip_longest(arguments, arguments[1:], fillvalue=""):
        value = following if argument == "--lang" else argument.removeprefix("--lang=")
        if value in ("en", "zh") and argument.startswith("--lang"):
            return "zh" if value == "zh" else "en"
    return None


def _of_locale(environment: Mapping[str, str]) -> Lang:
    names = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((name for name in names if name), "")
    return "zh" if chosen.lower().startswith("zh") else "en"
