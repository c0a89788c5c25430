"""What `elevator-agent ack` says, in English and Chinese. A table."""

from collections.abc import Mapping

ACK_TEXTS: Mapping[str, tuple[str, str]] = {
    "ack.short": ("Take up an alarm that stands, on site.", "现场确认未解除的报警。"),
    "ack.help": (
        (
            "Take up an alarm that stands: by the number that `status` shows, or by its code. Who does it is "
            "asked for and goes into the journal, beside this system's user.\n\nThis counts as an "
            "acknowledgement on site: it also ends overtravel, overspeed, unintended movement and moving with "
            "doors open. Look at the elevator first. What still holds is raised again.\n\n"
            "Exit code 1 when it does not stand."
        ),
        (
            "确认未解除的报警：用 `status` 显示的序号或事件代码。\n\n"
            "确认人须填写，与本机用户一并写入日志。\n\n"
            "本命令视为现场确认：同时解除冲顶、蹲底、超速、轿厢意外移动与开门走梯。\n\n"
            "请先到现场查看；条件仍成立时会再次报警。\n\n"
            "所指事件未在报警时退出码 1。"
        ),
    ),
    "ack.examples": (
        (
            "elevator-agent ack 123 --by 'Li Wei'\n"
            "elevator-agent ack alarm_button --by 'Li Wei'\n"
            "elevator-agent ack intercom_silent/pit --by 'Li Wei' --json"
        ),
        (
            "elevator-agent ack 123 --by 李伟\n"
            "elevator-agent ack alarm_button --by 李伟\n"
            "elevator-agent ack intercom_silent/pit --by 李伟 --json"
        ),
    ),
    "option.ack.by": ("Who takes it up: a name people know.", "确认人姓名。"),
    "ack.who": ("Who takes it up", "确认人"),
    "ack.by_whom": ("Say who takes it up: --by NAME", "请注明确认人：--by 姓名"),
    "ack.no_name": (
        "{by!r} is no name: 1 to 64 printable characters.",
        "{by!r} 不是姓名：须为 1 至 64 个可见字符。",
    ),
    "ack.not_standing": (
        "{what} does not stand raised. What stands: {stands}",
        "{what} 未在报警。未解除的报警：{stands}",
    ),
    "ack.several": (
        "{what} stands several times; name one: {stands}",
        "{what} 有多项未解除，请指明其一：{stands}",
    ),
    "ack.nothing": ("nothing", "无"),
    "ack.done": (
        "{what} acknowledged by {by}, sequence {seq}.",
        "{what} 已由 {by} 确认，序号 {seq}。",
    ),
    "ack.waiting": (
        "{what} acknowledged by {by}; the journal does not have it yet.",
        "{what} 已由 {by} 确认，尚未写入日志。",
    ),
    "ack.already": (
        "{what} was acknowledged before, by {by} at {at}; nothing is changed.",
        "{what} 此前已由 {by} 于 {at} 确认，未作更改。",
    ),
    "status.acknowledged": ("ack {by}", "{by} 已确认"),
}
