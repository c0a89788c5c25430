"""What `elevator-agent doctor` says itself, in English and Chinese. A table; what checks say stands with them."""

from collections.abc import Mapping

DOCTOR_TEXTS: Mapping[str, tuple[str, str]] = {
    "doctor.short": (
        "What is wrong here, and what to do next.",
        "查明故障原因及下一步。",
    ),
    "doctor.help": (
        (
            "Look at everything the agent needs: the service, configuration, serial ports, devices, contacts, "
            "stations, cameras, broker, clock, disk, this computer. Each finding says what was measured, what it "
            "means and one next step; failures come first.\n\n"
            "Where the service runs it is asked, and nothing that it holds is touched. Where it does not, lines and "
            "pins are opened here: listened to first, then only read, never written.\n\n"
            "--scan also searches serial lines and devices for another speed, parity or address. It takes minutes "
            "and needs the service stopped.\n\n"
            "Exit code 1 for a warning or a failure, 2 when the configuration cannot be used."
        ),
        (
            "检查本终端所需的一切：服务、配置、串口、设备、触点、分机、摄像机、\n\n"
            "消息服务器、时钟、磁盘、本机。每项给出实测、含义和一个下一步；故障在前。\n\n"
            "服务在运行则询问服务，不碰其占用的线路和引脚；\n\n"
            "未运行则自行打开：先听，再只读，从不写入。\n\n"
            "--scan 另外搜索其他波特率、校验位和地址；需数分钟，且须先停止服务。\n\n"
            "有警告或故障退出码 1，配置不可用退出码 2。"
        ),
    ),
    "doctor.examples": (
        (
            "elevator-agent doctor\nsudo elevator-agent doctor --lang zh\n"
            "elevator-agent doctor --json | jq .counts\nsudo elevator-agent doctor --scan"
        ),
        "",
    ),
    "option.doctor.scan": (
        "Also search for another speed, parity or address; only reads.",
        "另外搜索波特率、校验位和地址；只读。",
    ),
    "option.doctor.yes": (
        "With --scan: you have read the warning.",
        "配合 --scan：已阅读警告。",
    ),
    "option.doctor.endurance": (
        "What the card's maker promises, in TB written (TBW), to estimate its life.",
        "存储卡标称写入量（TBW）。",
    ),
    "doctor.failed": ("FAILED", "故障"),
    "doctor.warning": ("WARNING", "警告"),
    "doctor.unknown": ("UNKNOWN", "未知"),
    "doctor.fine": ("fine", "正常"),
    "doctor.next": ("Next: ", "下一步："),
    "doctor.summary": (
        "{failed} failed, {warning} warnings, {unknown} unknown, {fine} fine in {seconds:.1f} s",
        "故障 {failed}，警告 {warning}，未知 {unknown}，正常 {fine}，用时 {seconds:.1f} 秒",
    ),
    "doctor.looking": ("Looking at: {names}", "正在检查：{names}"),
}
