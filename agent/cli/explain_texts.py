"""What `elevator-agent explain` says, in English and Chinese. A table; nothing here decides or prints."""

from collections.abc import Mapping

EXPLAIN_TEXTS: Mapping[str, tuple[str, str]] = {
    "explain.short": ("What an event means and what to check.", "事件的含义与检查步骤。"),
    "explain.help": (
        ("Explain an event: what it means, exactly when it holds with the limits configured here, "
        "likely causes, what to check in a safe order, what clears and mutes it, which signals it "
        "needs and which are wired, and its numbers elsewhere. Needs no network and no service.\n\n"
        "CODE is an event's code or title, or a platform's number. Without CODE: all of them."),
        ("说明一个事件：含义、按本机配置的时限何时成立、可能原因、按安全顺序的检查步骤、"
        "如何解除与屏蔽、所需信号与接入情况、在其他体系中的编号。无需网络，无需服务运行。\n\n"
        "CODE 为事件代码、名称或平台编号。不给出时列出全部。"),
    ),
    "explain.examples": (
        ("elevator-agent explain\n"
        "elevator-agent explain trapped_passengers\n"
        "elevator-agent explain 93 --platform chongqing\n"
        "elevator-agent explain --platform jinhua\n"
        "elevator-agent explain overspeed --json"),
        "",
    ),
    "option.explain.platform": (
        "A number is this platform's; default: the configured one, else any.",
        "编号所属平台；默认为配置的平台，未配置时为任一平台。",
    ),
    "explain.defaults": (
        "Limits are the defaults: no configuration was found ({file}).",
        "时限为默认值：未找到配置（{file}）。",
    ),
    "explain.unusable": (
        "Limits are the defaults: {file} cannot be used; see: elevator-agent check",
        "时限为默认值：{file} 不可用，请执行：elevator-agent check",
    ),
    "explain.configured": ("Limits and signals are those of {file}.", "时限与信号取自 {file}。"),
    "explain.more": (
        "More about one: elevator-agent explain CODE",
        "详细说明：elevator-agent explain CODE",
    ),
    "explain.stop": (
        "⚑ Stop recommended: the elevator should not run until somebody has looked.",
        "⚑ 建议停梯：检查之前不宜运行。",
    ),
    "explain.holds": ("Holds", "何时成立"),
    "explain.longer": (
        "Here {name} is {effective} s instead of {configured} s: signals come from slow devices.",
        "此处 {name} 为 {effective} 秒而非 {configured} 秒：信号来自轮询较慢的设备。",
    ),
    "explain.causes": ("Likely causes", "可能原因"),
    "explain.checks": ("What to check, in this order", "按此顺序检查"),
    "explain.safety": (
        ("This program only watches. It makes nothing safe to touch: before you work on the elevator, "
        "follow its safety and lock-out procedure, whatever is shown here."),
        "本程序只监测，不提供任何安全防护：作业之前，无论此处显示什么，均须执行断电上锁与安全规程。",
    ),
    "explain.ends": ("Cleared", "何时解除"),
    "explain.muted": ("Muted", "何时屏蔽"),
    "explain.signals": ("Signals it needs", "所需信号"),
    "explain.wired": ("wired", "已接"),
    "explain.lacks": ("missing: {names}", "缺少：{names}"),
    "explain.unset": ("not configured: {name}", "未配置：{name}"),
    "explain.here": ("Here", "本机"),
    "explain.full": ("detected in full", "可完整检测"),
    "explain.partial": ("detected in part", "可部分检测"),
    "explain.none": ("not detected", "不能检测"),
    "explain.agent": ("Always detected: it is about the agent itself.", "始终可检测：与监测终端自身有关。"),
    "explain.codes": ("Numbers elsewhere", "其他体系中的编号"),
    "explain.no_code": ("no number", "无编号"),
    "explain.when": ("if {conditions}", "条件：{conditions}"),
    "explain.chosen": ("configured", "已配置"),
    "explain.number": (
        "{number} on platform {platform}: {meaning}",
        "平台 {platform} 的 {number}：{meaning}",
    ),
    "explain.no_event": (
        "No event of this program has this number.",
        "本程序没有对应此编号的事件。",
    ),
    "explain.source": ("Source: {source}", "依据：{source}"),
    "explain.notes": ("Worth knowing", "须知"),
    "explain.unknown": (
        'There is no event "{text}"{near}\n    All of them: elevator-agent explain',
        "没有事件“{text}”{near}\n    全部事件：elevator-agent explain",
    ),
    "explain.near": ("; did you mean {names}?", "；是否指 {names}？"),
    "explain.no_number": (
        "Platform {platform} has no {number}\n    Its numbers: elevator-agent explain --platform {platform}",
        "平台 {platform} 没有 {number}\n    其全部编号：elevator-agent explain --platform {platform}",
    ),
    "explain.which": (
        "{number} means different things:{choices}\n    Say which with --platform.",
        "{number} 含义不一：{choices}\n    请用 --platform 指明。",
    ),
    "explain.no_platform": (
        'There is no platform "{name}"{near}\n    Found: {names}',
        "没有平台“{name}”{near}\n    现有：{names}",
    ),
    "explain.broken_platform": ("A platform's file cannot be used:\n{problems}", "平台文件不可用：\n{problems}"),
}  # fmt: skip
