"""What `elevator-agent doctor` says itself, in English and Chinese. A table; what checks say stands with them."""

from collections.abc import Mapping

DOCTOR_TEXTS: Mapping[str, tuple[str, str]] = {
    "doctor.short": (
        "What is wrong here, and what to do next.",
        "查明故障原因及下一步。",
    ),
    "doctor.help": (
        (
            "Look at everything the agent needs. "
            "Each finding says what was measured, what it means and one next step; failures come first.\n\n"
            "A running service is asked, and nothing it holds is touched. Otherwise lines and pins are opened here: "
            "listened to, then only read, never written.\n\n"
            "Exit code 1 for a warning or a failure, 2 for an unusable configuration."
        ),
        (
            "检查本终端所需的一切，从服务、接线到消息服务器和本机。"
            "每项给出实测、含义和一个下一步；故障在前。\n\n"
            "服务在运行则询问服务，不碰其占用的线路和引脚；未运行则自行打开：先听，再只读，从不写入。\n\n"
            "有警告或故障退出码 1，配置不可用退出码 2。"
        ),
    ),
    "doctor.examples": (
        (
            "sudo elevator-agent doctor\n"
            "elevator-agent doctor --json | jq .counts\nsudo elevator-agent doctor --scan"
        ),
        "",
    ),
    "option.doctor.scan": (
        "Try other speeds and addresses too; minutes, service off.",
        "另外搜索波特率、校验位和地址；需数分钟，须先停止服务。",
    ),
    "option.doctor.yes": (
        "With --scan: you have read the warning.",
        "配合 --scan：已阅读警告。",
    ),
    "option.doctor.endurance": (
        "The card's promised TB written, to estimate its life.",
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
