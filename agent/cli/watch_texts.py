"""What `elevator-agent watch` says, in English and Chinese. A table."""

from collections.abc import Mapping

WATCH_TEXTS: Mapping[str, tuple[str, str]] = {
    "watch.short": ("The car, live: picture, signals, what is raised.", "实时画面：轿厢、信号、未解除报警。"),
    "watch.help": (
        (
            "Watch the car live: a picture of shaft, car and doors, the signals with quality and age, what "
            "stands raised, what is owed upstream, the links. Only what changes is sent to the terminal, at "
            "most twice a second.\n\n"
            "Keys: q quit, p pause, s signals, e events, l language, ? help.\n\n"
            "Where there is no terminal (a pipe, TERM=dumb) one line is printed for each change, with --json "
            "one object. When the service stops it waits for it.\n\n"
            "With --once: exit code 1 when it is degraded or something stands raised, 3 when it is not running."
        ),
        (
            "实时显示井道、轿厢与门的画面，各信号的质量与时效，未解除报警、待发事件与链路。"
            "只发送变化的内容，每秒至多两次。\n\n"
            "按键：q 退出，p 暂停，s 信号，e 事件，l 语言，? 帮助。\n\n"
            "无终端时（管道、TERM=dumb）每次变化输出一行，--json 则每次输出一个对象。服务停止时等待其恢复。\n\n"
            "--once：降级运行或有报警时退出码 1，服务未运行时 3。"
        ),
    ),
    "watch.examples": (
        "elevator-agent watch\nelevator-agent watch --once\nelevator-agent watch --json | tee changes.jsonl",
        "",
    ),
    "option.watch.once": ("Show it once and end.", "只显示一次。"),
    "watch.refused": ("The service refuses to be watched: {reason}", "服务拒绝观看：{reason}"),
    "watch.waiting": (
        "Waiting for it, asking every half second; nothing seen for {age}.",
        "正在等待其恢复，每半秒询问一次；已 {age} 无数据。",
    ),
    "watch.connecting": ("Asking the service …", "正在询问服务……"),
    "watch.comma": (", ", "，"),
    "watch.small": ("too small", "窗口过小"),
    # the title
    "watch.paused": ("PAUSED", "已暂停"),
    "watch.paused_critical": ("PAUSED, CRITICAL RAISED", "已暂停，有紧急报警"),
    "watch.unsynchronised": ("clock not synchronised", "时钟未同步"),
    # the car
    "watch.car": ("Car", "轿厢"),
    "watch.landing": ("landing {floor}", "层站 {floor}"),
    "watch.landing_label": ("landing {floor} ({label})", "层站 {floor}（{label}）"),
    "watch.lost": ("landing unknown", "层站未知"),
    "watch.last": ("landing unknown, last {floor}", "层站未知，最后 {floor}"),
    "watch.in_zone": ("in the door zone", "在门区"),
    "watch.outside": ("OUTSIDE THE DOOR ZONE", "不在门区"),
    "watch.zone_unknown": ("door zone unknown", "门区未知"),
    "watch.stopped": ("stopped", "停止"),
    "watch.moving": ("moving", "运行"),
    "watch.moving_up": ("moving up", "上行"),
    "watch.moving_down": ("moving down", "下行"),
    "watch.moving_unknown": ("movement unknown", "运行状态未知"),
    "watch.speed": ("{value} mm/s", "{value} mm/s"),
    "watch.doors": ("Doors", "门"),
    "watch.door.front": ("front {state}", "前门{state}"),
    "watch.door.rear": ("rear {state}", "后门{state}"),
    "watch.state.open": ("open", "开"),
    "watch.state.closed": ("closed", "关"),
    "watch.state.opening": ("opening", "正在开"),
    "watch.state.closing": ("closing", "正在关"),
    "watch.state.stopped": ("stopped half-way", "停在中途"),
    "watch.state.not_closed": ("not closed", "未关"),
    "watch.state.fault": ("FAULT", "故障"),
    "watch.state.unknown": ("unknown", "未知"),
    "watch.unlocked": ("LANDING DOOR UNLOCKED", "层门未锁"),
    "watch.inside": ("Inside", "轿内"),
    "watch.occupied": ("person in the car", "有人"),
    "watch.nobody": ("nobody seen", "未见有人"),
    "watch.occupied_unknown": ("occupancy unknown", "是否有人未知"),
    "watch.load": ("load {value} %", "载荷 {value}%"),
    "watch.load_unknown": ("load unknown", "载荷未知"),
    "watch.call": ("call pending", "有内选"),
    "watch.alarm": ("ALARM BUTTON PRESSED", "报警按钮按下"),
    "watch.alarm_unknown": ("alarm button unknown", "报警按钮未知"),
    "watch.mode": ("Mode", "模式"),
    "watch.mode.unknown": ("unknown", "未知"),
    "watch.mode.normal": ("normal", "正常"),
    "watch.mode.inspection": ("inspection", "检修"),
    "watch.mode.rescue": ("rescue (emergency electric)", "紧急电动运行"),
    "watch.mode.fire_recall": ("fire recall", "火灾召回"),
    "watch.mode.firefighter": ("firefighter", "消防员运行"),
    "watch.mode.emergency_power": ("emergency power", "应急电源"),
    "watch.mode.earthquake": ("earthquake", "地震运行"),
    "watch.mode.attendant": ("attendant", "司机操作"),
    "watch.mode.independent": ("independent", "独立运行"),
    "watch.mode.vip": ("VIP", "贵宾服务"),
    "watch.mode.homing": ("homing", "返平层"),
    "watch.mode.learning": ("learning", "井道自学习"),
    "watch.mode.out_of_service": ("out of service", "停用"),
    "watch.visit": ("maintenance visit", "维保人员在场"),
    # what stands, what is owed
    "watch.raised": ("Raised", "报警"),
    "watch.none": ("nothing", "无"),
    "watch.critical": ("{count} ({critical} critical)", "{count}，其中紧急 {critical}"),
    "watch.acknowledged": ("ack", "已确认"),
    "watch.owed": ("Owed", "待发"),
    "watch.owed_counts": ("{critical} critical, {rest} other", "紧急 {critical}，其他 {rest}"),
    "watch.not_on_disk": ("{waiting} not on the disk", "未落盘 {waiting}"),
    "watch.links": ("Links", "链路"),
    "watch.signals": ("Signals", "信号"),
    "watch.quality.good": ("good", "正常"),
    "watch.quality.bad": ("BAD", "异常"),
    "watch.quality.no_answer": ("NO ANSWER", "无应答"),
    "watch.fresh": ("< 2 s", "< 2 s"),
    "watch.events": ("The journal's newest events", "日志最新事件"),
    "watch.no_events": ("none yet", "暂无"),
    # keys and their help
    "watch.key.q": ("quit", "退出"),
    "watch.key.p": ("pause", "暂停"),
    "watch.key.s": ("signals", "信号"),
    "watch.key.e": ("events", "事件"),
    "watch.key.l": ("中文", "English"),
    "watch.key.?": ("help", "帮助"),
    "watch.page": (
        (
            "Keys\n"
            "  q  quit                p  pause, and go on\n"
            "  s  signals, and back   e  events, and back\n"
            "  l  中文                ?  this page, and back\n"
            "  arrows, j, k, page keys: leaf through a page\n"
            "\n"
            "The picture\n"
            "  ||  closed        |    |  open       |??|  unknown\n"
            "  |<>|  opening     |><|  closing      |..|  not closed\n"
            "  |  |  half-way    |!!|  fault\n"
            "  o  person in the car     ?  unknown if there is one\n"
            "  *  alarm button pressed  ^^ vv  moves up, down\n"
            "  ??  beside the car: landing unknown, last one drawn\n"
            "  Between two landings: outside the door zone.\n"
            "  Landings are named as displayed, else 0 is the lowest.\n"
            "\n"
            "Quality: good; BAD: implausible; NO ANSWER.\n"
            "Age: of the last good reading."
        ),
        (
            "按键\n"
            "  q  退出                p  暂停、继续\n"
            "  s  信号，再按返回      e  事件，再按返回\n"
            "  l  English             ?  本页，再按返回\n"
            "  方向键、j、k、翻页键：翻看\n"
            "\n"
            "画面\n"
            "  ||  关            |    |  开         |??|  未知\n"
            "  |<>|  正在开      |><|  正在关       |..|  未关\n"
            "  |  |  停在中途    |!!|  故障\n"
            "  o  轿内有人              ?  是否有人未知\n"
            "  *  报警按钮按下          ^^ vv  上行、下行\n"
            "  ??  轿厢旁：层站未知，画在最后所见处\n"
            "  两层之间：不在门区。\n"
            "  层站按楼层显示命名，否则 0 为最低层。\n"
            "\n"
            "质量：正常；异常：不合理；无应答。\n"
            "时效：距最后有效读数。"
        ),
    ),
    # a line for each change
    "watch.change.signal": ("{name} = {value}", "{name} = {value}"),
    "watch.change.signal_lost": ("{name} = ? ({quality})", "{name} = ?（{quality}）"),
    "watch.change.raised": ("RAISED {severity}: {title}", "发生 {severity}：{title}"),
    "watch.change.cleared": ("cleared: {title}", "解除：{title}"),
    "watch.change.link_up": ("link {name}: up", "链路 {name}：通"),
    "watch.change.link_down": ("link {name}: DOWN {reason}", "链路 {name}：断 {reason}"),
    "watch.change.mqtt_up": ("MQTT: connected", "MQTT：已连接"),
    "watch.change.mqtt_down": ("MQTT: NOT CONNECTED {reason}", "MQTT：未连接 {reason}"),
    "watch.change.owed": ("owed: {critical} critical, {rest} other", "待发：紧急 {critical}，其他 {rest}"),
    "watch.change.state": ("the service is {state} {reason}", "服务：{state} {reason}"),
}  # fmt: skip
