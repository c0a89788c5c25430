"""What `elevator-agent profiles` says, in English and Chinese. A table; nothing here decides or prints."""

from collections.abc import Mapping

PROFILES_TEXTS: Mapping[str, tuple[str, str]] = {
    "profiles.short": ("Controller profiles there are; one whole.", "可用的控制器档案；查看其一。"),
    "profiles.help": (
        ("List the controller profiles that a configuration can name: what device, where the file "
        "is, and how much of it was verified on a device. With NAME: that one whole, with the "
        "source of each fact.\n\nExit code 1 when a profile's file is broken."),
        ("列出配置中可引用的控制器档案：适用设备、文件位置、已核实的程度。\n\n"
        "给出 NAME 时显示该档案全文及每项依据。\n\n有档案文件损坏时退出码 1。"),
    ),
    "profiles.examples": (
        ("elevator-agent profiles\n"
        "elevator-agent profiles gb24476-generic\n"
        "elevator-agent profiles car-top-sensor --json"),
        "",
    ),
    "profiles.counts": (
        "{signals} signals, {verified} verified, {uncertain} uncertain",
        "{signals} 个信号，已核实 {verified}，存疑 {uncertain}",
    ),
    "profiles.hides": ("hides {file}", "遮盖 {file}"),
    "profiles.broken": ("BROKEN", "损坏"),
    "profiles.none": (
        "No profile was found; looked in: {folders}",
        "没有找到档案；查找位置：{folders}",
    ),
    "profiles.unknown": (
        'There is no profile "{name}"{near}\n    Found: {names}\n    Looked in: {folders}',
        "没有档案“{name}”{near}\n    现有：{names}\n    查找位置：{folders}",
    ),
    "profiles.near": ('; did you mean "{name}"?', "；是否指“{name}”？"),
    "profiles.count_broken": (
        "{count} profile file(s) cannot be used.\n    Correct what is named above, or delete the file.",
        "{count} 个档案文件不可用。\n    请按上述提示改正，或删除该文件。",
    ),
    "profiles.source": ("Source", "依据"),
    "profiles.verified": ("Verified on a device", "已在设备上核实"),
    "profiles.uncertain": ("Uncertain: look at these on site", "存疑：请在现场核对"),
    "profiles.nothing": ("nothing", "无"),
    "profiles.asks": ("What is asked", "读取范围"),
    "profiles.span": ("{table} {first} to {last}", "{table} {first} 至 {last}"),
    "profiles.valid": (
        "values count only while {where} is {equals}", "仅当 {where} 为 {equals} 时各值有效",
    ),
    "profiles.every": ("every {s:g} s", "每 {s:g} 秒"),
    "profiles.limits": (
        "at most {registers} registers or {bits} bits a request; answers within {answer_ms} ms",
        "每次最多 {registers} 个寄存器或 {bits} 个位；{answer_ms} 毫秒内应答",
    ),
    "profiles.points": ("Signals", "信号"),
}  # fmt: skip
