"""What `elevator-agent bus` says, in English and Chinese. A table; nothing here decides or prints."""

from collections.abc import Mapping

BUS_TEXTS: Mapping[str, tuple[str, str]] = {
    "bus.short": ("What passes on the bus; learn an unknown map.", "总线报文；辨识未知寄存器。"),
    "bus.help": (
        ("Show the frames of the running service as they pass: time, driver, sent → or received ←, "
        "bytes, and what they say. Nothing is sent for it."),
        "显示服务的总线报文：时间、驱动、发送 → 或接收 ←、字节及其含义。\n\n不会因此发送任何报文。",
    ),
    "bus.examples": (
        ("elevator-agent bus\n"
        "elevator-agent bus --driver controller --address 0x10-0x22\n"
        "elevator-agent bus --errors --kept --full"),
        "",
    ),
    "option.bus.driver": ("Only this driver.", "仅此驱动。"),
    "option.bus.device": ("Only this device address.", "仅此从站地址。"),
    "option.bus.function": ("Only this function code.", "仅此功能码。"),
    "option.bus.address": (
        "Only frames about these registers or bits: 17, 0x10-0x22.",
        "仅涉及这些寄存器或位的报文：17、0x10-0x22。",
    ),
    "option.bus.errors": (
        "Only what is wrong or refused.", "仅错误或被拒绝的报文。",
    ),
    "option.bus.kept": (
        "Begin with the last frames that the service kept.", "先显示服务保留的最近报文。",
    ),
    "option.bus.full": (
        "Every byte and value, on several lines.", "多行显示全部字节与数值。",
    ),
    "option.bus.limit": ("End after so many frames.", "显示若干条后结束。"),
    "bus.missed": (
        "… {count} frame(s) missed: this side was too slow", "…… 漏掉 {count} 条：本端过慢",
    ),
    "bus.asks": ("{what} ?", "{what} ？"),
    "bus.function": ("function {n}", "功能码 {n}"),
    "bus.table.1": ("coil", "线圈"),
    "bus.table.2": ("discrete", "离散输入"),
    "bus.table.3": ("holding", "保持寄存器"),
    "bus.table.4": ("input", "输入寄存器"),
    "bus.refused": ("refused: {code} {what}", "拒绝：{code} {what}"),
    "bus.exception.1": ("illegal function", "功能码不支持"),
    "bus.exception.2": ("illegal address", "地址无效"),
    "bus.exception.3": ("illegal count", "数量无效"),
    "bus.exception.4": ("device failure", "设备故障"),
    "bus.exception.6": ("device busy", "设备忙"),
    "bus.exception.10": ("gateway path unavailable", "网关路径不可用"),
    "bus.exception.11": ("no answer behind the gateway", "网关后设备无应答"),
    "bus.wrong.empty": ("nothing came", "无应答"),
    "bus.wrong.short": ("INCOMPLETE", "不完整"),
    "bus.wrong.length": ("WRONG LENGTH", "长度不符"),
    "bus.wrong.crc": ("CRC WRONG", "校验错误"),
    "bus.wrong.noise": ("with other bytes around it", "前后夹杂其他字节"),
    "bus.wrong.protocol": ("NOT MODBUS TCP", "非 Modbus TCP"),
    "bus.wrong.echo": ("echo of the question", "问询的回显"),
    "bus.wrong.foreign": ("QUESTION OF ANOTHER MASTER", "另一主站的问询"),
    "bus.wrong.unasked": ("nobody asked for it", "非应答"),
    "bus.wrong.other": ("answer to another question", "与问询不符"),
}  # fmt: skip
