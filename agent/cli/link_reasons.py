"""Why a driver's link is down, in Chinese as well: drivers say it in English, with addresses in front. A table.

What is not in it stays as it was said: a wrong word would cost more than a foreign one.
"""

import re
from collections.abc import Mapping

from agent.cli.texts import Words

# What a sentence says, as the drivers write it, and the same in Chinese; `\1` is what they measured.
_ZH: Mapping[str, str] = {
    r"no answer in (\d+) ms: device off, wrong device_id, baudrate or parity, a broken wire, or timeout_ms too short; "
    r"check them": r"\1 毫秒内无应答：设备未上电，device_id、波特率或校验位不符，断线，或 timeout_ms 过短；请逐项检查",
    r"no answer in (\d+) ms: device off, wrong device_id, or timeout_ms too short; check them":
        r"\1 毫秒内无应答：设备未上电，device_id 不符，或 timeout_ms 过短；请逐项检查",
    r"the line was lost: adapter unplugged, or connection closed; plug it in":
        "线路丢失：转换器被拔出或连接已关闭；请插好",
    r"the line was lost: adapter unplugged; plug it in": "线路丢失：转换器被拔出；请插好",
    r"the line is never silent: a second master, noise, or a wrong baudrate; disconnect what else asks on it":
        "线路从不空闲：有第二主站、干扰或波特率不符；请断开其他询问者",
    r"another master asks on this line, and its answers look like ours; RTU has one master only: disconnect what else asks":
        "线路上有另一主站，其应答与本机的相似；RTU 只允许一个主站：请断开其他询问者",
    r"nobody on the line answers: no power there, a broken wire, or a wrong baudrate":
        "线路上无任何应答：对方无电、断线或波特率不符",
    r"the answers differ from poll to poll: noise on the line, or max_step of the profile too small; check them":
        "各次应答不一致：线路干扰，或档案的 max_step 过小；请检查",
    r"nothing passes on the line: the other master is off or not wired here, or asks less often than poll_interval_ms says; "
    r"check them": "线路上无报文：另一主站未上电、未接入，或询问间隔大于 poll_interval_ms；请检查",
    r"what passes makes no frame: wrong baudrate or parity, wires A and B swapped, or noise; check them in this order":
        "收到的字节不成报文：波特率或校验位不符、A/B 接反，或干扰；请依次检查",
    r"the other master asks and nobody answers: the module is off or not wired here":
        "另一主站在询问而无应答：模块未上电或未接入",
    r"the other master asks for registers in which the profile has nothing":
        "另一主站询问的寄存器不在档案中",
    r"not asked yet": "尚未询问",
    r"[Nn]o route to host": "无法到达主机",
    r"[Cc]onnection refused": "连接被拒绝",
    r"[Nn]etwork is unreachable": "网络不可达",
    r"[Pp]ermission denied": "无权限",
    r"[Nn]o such file or directory": "文件或设备不存在",
    r"[Dd]evice or resource busy": "设备被占用",
}  # fmt: skip


def link_reason(reason: str | None, words: Words) -> str:
    """Say why a link is down, as far as its words are known."""
    text = reason or ""
    if words.lang != "zh":
        return text
    for said, zh in _ZH.items():
        text = re.sub(said, zh, text)
    return text
