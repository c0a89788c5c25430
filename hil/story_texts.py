"""Everything the demonstration says, in English and Chinese. A table; nothing here decides or prints."""

from collections.abc import Mapping
from typing import Literal

from hil.demo_facts import Entry

Lang = Literal["en", "zh"]

TEXTS: Mapping[str, tuple[str, str]] = {
    # what happens now
    "caption.start": (
        ("Separate programs start: a simulated elevator, a broker ({broker}), the agent that watches, "
        "and a subscriber in the duty room's place."),
        "启动各独立程序：模拟电梯、消息服务器（{broker}）、监测程序，以及代表值班室的订阅程序。",
    ),
    "caption.ride": (
        ("A passenger gets in and rides up. The agent reads car and doors over RS-485, contacts over GPIO; "
        "it only reads."),
        "一名乘客进入轿厢上行。监测程序经 RS-485 读取轿厢与门，经 GPIO 读取触点；只读不写。",
    ),
    "caption.ride_again": (
        "Another passenger rides. Nothing is wrong, so nothing is raised.",
        "又一名乘客乘梯。一切正常，不产生报警。",
    ),
    "caption.entrap": (
        "Two people get in. On the way the drive will fail between two landings.",
        "两人进入轿厢。运行途中驱动将失效，轿厢停在两层之间。",
    ),
    "caption.rule": (
        "The car has stopped between two landings with people inside. After 15 s the agent calls that an entrapment.",
        "轿厢停在门区外，内有乘客。停满 15 秒，监测程序判定为困人。",
    ),
    "caption.raised": (
        "RAISED: passengers trapped. First into the journal on disk, then to the broker, then to the duty room.",
        "报警：困人。先写入本地日志，再发往消息服务器，值班室随即收到。",
    ),
    "caption.button": (
        "Somebody inside presses the alarm button: an alarm of its own, never suppressed.",
        "轿内有人按下报警按钮：独立报警，从不屏蔽。",
    ),
    "caption.outage": (
        "The broker goes away. The agent goes on watching and keeps what it owes in its journal.",
        "消息服务器中断。监测程序照常工作，待发事件留在日志中。",
    ),
    "caption.rescue": (
        "Rescue: the car is brought to a landing and everybody gets out. The all-clear is journaled, and owed.",
        "救援：轿厢移至平层，乘客全部撤出。解除已记入日志，待发送。",
    ),
    "caption.back": (
        "The broker is back. The agent finds it by itself and delivers what it owes; the alarm topics are emptied.",
        "消息服务器恢复。监测程序自行重连并补发，报警主题清空。",
    ),
    "caption.silent": (
        "The duty room's intercom falls silent. After three unanswered calls of 5 s that is an event naming the station.",
        "值班室对讲无应答。连续三次（每 5 秒一次）未应答即产生事件，并指明分机。",
    ),
    "caption.heard": (
        "The duty room answers again. Every call of the agent was a question only: nothing rang.",
        "值班室对讲恢复应答。监测仅作探询，从不振铃。",
    ),
    "caption.done": (
        "The story is over: every event was delivered, nothing stands raised. Now it is yours: try the keys below.",
        "演示结束：事件全部送达，无未解除报警。现在可用下方按键自行操作。",
    ),
    "caption.failed": (
        "The story did not end as it should: {missing}",
        "演示未达到预期：{missing}",
    ),
    "caption.free": (
        ("You are in control; the story has stopped. b and m switch off and on again; "
        "k kills the agent, which starts anew."),
        "已转为手动操作，演示停止。b、m 断开或恢复；k 强制结束监测程序并重新启动。",
    ),
    "caption.ending": ("Everything is being ended ...", "正在结束全部程序……"),
    # lines without a terminal
    "kind.story": ("story", "演示"),
    "kind.raised": ("RAISED", "发生"),
    "kind.cleared": ("CLEARED", "解除"),
    "kind.notice": ("notice", "通知"),
    "kind.acknowledged": ("acknowledged", "确认"),
    "kind.delivered": ("delivered", "送达"),
    "kind.link": ("link", "链路"),
    "kind.ok": ("ok", "通过"),
    "kind.MISSING": ("MISSING", "缺失"),
    "kind.outcome": ("outcome", "结果"),
    "line.journaled": ("{event} ({severity}) is in the journal", "{event}（{severity}）已入日志"),
    "line.after": (
        "{event} ({severity}) is in the journal, {after_s:.1f} s after its cause began",
        "{event}（{severity}）已入日志，距起因 {after_s:.1f} 秒",
    ),
    "line.delivered": (
        "{event} has reached the duty room, {late_s:.2f} s after it happened",
        "{event} 已到值班室，距发生 {late_s:.2f} 秒",
    ),
    "line.agent_up": ("the agent is connected to the broker", "监测程序已连接消息服务器"),
    "line.agent_down": ("the agent has lost the broker", "监测程序与消息服务器断开"),
    "event": ("#{seq} {title}: {transition}", "#{seq} {title}：{transition}"),
    "transition.raised": ("raised", "发生"),
    "transition.acknowledged": ("acknowledged", "确认"),
    "transition.cleared": ("cleared", "解除"),
    "transition.notice": ("notice", "通知"),
    "severity.info": ("info", "信息"),
    "severity.minor": ("minor", "一般"),
    "severity.major": ("major", "重要"),
    "severity.critical": ("critical", "紧急"),
    # the outcome
    "check.raised": (
        "{event} {after_s:.1f} s after its cause began, delivered {late_s:.2f} s later",
        "{event}，距起因 {after_s:.1f} 秒；{late_s:.2f} 秒后送达",
    ),
    "check.not_raised": ("{code} was never raised", "{code} 未产生报警"),
    "check.raise_not_delivered": ("{event} was never delivered", "{event} 未送达"),
    "check.cleared": (
        "{event}, delivered {late_s:.1f} s later: the broker was away",
        "{event}，{late_s:.1f} 秒后送达（期间消息服务器中断）",
    ),
    "check.heard": (
        "{event}, delivered {late_s:.2f} s later",
        "{event}，{late_s:.2f} 秒后送达",
    ),
    "check.not_cleared": ("{code} was never cleared", "{code} 未解除"),
    "check.clear_not_delivered": ("{event} was never delivered", "{event} 未送达"),
    "check.gap_free": (
        "every event from #1 to #{head} was delivered, none is missing, {twice} came twice",
        "#1 至 #{head} 全部送达，无缺号，重复 {twice} 条",
    ),
    "check.gap": (
        "of the events #1 to #{head} these were never delivered: {missing}",
        "#1 至 #{head} 中未送达：{missing}",
    ),
    "check.nothing_stands": (
        "nothing stands raised, and the alarm topics are empty",
        "无未解除报警，报警主题已清空",
    ),
    "check.still_stands": ("still raised: {names}", "未解除：{names}"),
    "check.beat": (
        "it did not come to this within {within_s:.0f} s: {caption}",
        "{within_s:.0f} 秒内未达到：{caption}",
    ),
    "outcome.fine": (
        "the entrapment was raised, delivered and cleared; nothing was lost",
        "困人已报警、送达并解除，无事件丢失",
    ),
    "outcome.failed": ("something is missing, see above", "有缺失，见上"),
    "outcome.broken": ("the demonstration broke: {error}", "演示中断：{error}"),
    "outcome.stopped": ("stopped before the end", "提前停止"),
    "outcome.log": ("the last lines of the agent's log:", "监测程序日志末尾："),
    # the screen
    "title": ("Elevator agent, live", "电梯监测演示"),
    "part.agent": ("agent", "监测"),
    "part.broker": ("broker", "服务器"),
    "part.modbus": ("Modbus", "Modbus"),
    "on": ("on", "通"),
    "off": ("OFF", "断"),
    "head.car": ("The car", "轿厢"),
    "head.signals": ("What the agent sees", "监测程序所见"),
    "head.quality": ("quality", "质量"),
    "head.age": ("age", "时效"),
    "head.standing": ("What stands raised", "未解除报警"),
    "head.delivered": ("Reached the duty room", "值班室已收到"),
    "delivery.done": ("delivered", "已送达"),
    "delivery.owed": ("OWED", "待发"),
    "standing.none": ("nothing", "无"),
    "standing.unknown": ("the agent does not answer", "监测程序无应答"),
    "delivered.sum": ("#1 to #{head}: {count} delivered, {owed} owed", "#1-#{head}：送达 {count}，待发 {owed}"),
    "car.riders": ("inside {aboard}, waiting {waiting}", "轿内 {aboard} 人，候梯 {waiting} 人"),
    "car.door": ("door {state}", "门：{state}"),
    "door.open": ("open", "开"),
    "door.closed": ("closed", "关"),
    "door.opening": ("opening", "正在开"),
    "door.closing": ("closing", "正在关"),
    "door.stopped": ("stopped", "停"),
    "door.fault": ("fault", "故障"),
    "key.e": ("entrap", "困人"),
    "key.r": ("release", "救援"),
    "key.a": ("alarm", "报警"),
    "key.b": ("broker", "服务器"),
    "key.m": ("Modbus", "Modbus"),
    "key.i": ("intercom", "对讲"),
    "key.k": ("crash", "杀进程"),
    "key.q": ("quit", "退出"),
}  # fmt: skip


class Words:
    """The texts in one language: `words("key", name=value)`."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """Fill in one text."""
        en, zh = TEXTS[key]
        return (zh if self.lang == "zh" else en).format(**values)

    def event(self, entry: Entry) -> str:
        """Name a transition: sequence, title, what happened."""
        title = entry.titles[self.lang]
        if entry.instance:
            title += f" [{entry.instance}]"
        transition = self(f"transition.{entry.transition}")
        return self("event", seq=entry.seq, title=title, transition=transition)
