"""The wired contacts: whether each was ever seen to change, and whether one is wired the wrong way round. Pure.

A contact that nobody has seen change is not proven to be wired at all. One that rests in the state that means alarm is
most likely a normally closed contact configured as a normally open one, or the reverse.
"""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning
from agent.model import Value

# What a signal is while nothing is wrong: by the meaning of its name, contract section 1.
RESTS: Final[dict[str, Value]] = {
    "alarm.button": False,
    "alarm.end_key": False,
    "overtravel.top": False,
    "overtravel.bottom": False,
    "overspeed.tripped": False,
    "safety_gear.tripped": False,
    "ucm.tripped": False,
    "run_time_limit.tripped": False,
    "position.lost": False,
    "controller.fault": False,
    "power.battery_fault": False,
    "pit.water": False,
    "power.mains": True,
}

CHATTER_HZ: Final = 1.0  # changes a second, over all the time it was watched
CHATTER_LEAST: Final = 30  # changes before that means anything

TOGGLED: Final = Check(
    "input.toggled",
    Say("Contact seen to change", "触点曾有变化"),
    {
        "seen": fine("it was seen to change since it was installed", "安装以来见过变化"),
        "never": warning(
            "nobody has seen it change since it was installed: it may not be wired at all",
            "安装以来从未见其变化：可能并未接好",
            "Operate it once by hand, then: elevator-agent doctor",
            "手动操作一次，再运行 elevator-agent doctor",
        ),
        "chatters": warning(
            "it changes more often than any contact should, without an end: a loose terminal, or a worn contact",
            "不断变化，远超任何触点应有的频率：端子松动或触点磨损",
            "Tighten its terminals and look at the contact; then: elevator-agent doctor",
            "紧固端子并检查触点，再运行 elevator-agent doctor",
        ),
        "not_watched": unknown(
            "no service remembers whether it ever changed",
            "没有服务记录其是否变化过",
        ),
    },
)
SENSE: Final = Check(
    "input.sense",
    Say("Sense of the contact", "触点极性"),
    {
        "plausible": fine("it rests in the state that means nothing is wrong", "静止状态表示正常"),
        "inverted": failed(
            "it has stood in the state that means trouble ever since it is watched: most likely a normally "
            "closed contact configured as normally open, or the reverse",
            "自监测以来一直处于异常状态：多半把常闭触点配置成了常开，或相反",
            'Look at the contact; if it is at rest, change active = "{other}" of pin {pin}',
            '查看触点；若处于静止状态，把引脚 {pin} 的 active 改为 "{other}"',
        ),
        "stuck": failed(
            "it has stood in the state that means trouble longer than anybody presses a button",
            "处于异常状态的时间超过任何人按下按钮的时间",
            "Look at the contact: a jammed button, a wire that touches another, or water",
            "检查触点：按钮卡住、导线短接或进水",
        ),
        "contradictory": failed(
            "the signals contradict each other: one of two contacts is wired wrongly or broken",
            "信号互相矛盾：其中一个触点接错或损坏",
            "See which: elevator-agent explain sensor_contradiction",
            "查看是哪个：elevator-agent explain sensor_contradiction",
        ),
        "active_now": warning(
            "it stands in the state that means trouble at this moment; nobody watched how long already",
            "此刻处于异常状态；无人记录已持续多久",
            "Look at the contact; start the service and ask again in an hour",
            "检查触点；启动服务，一小时后再查",
        ),
        "no_value": unknown("the pin gives no value; see gpio.pin", "引脚无数值；见 gpio.pin 项"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """One contact. `value` is None where it is unknown.

    `watched_s`: how long it has been watched since it was wired so, over restarts; None where nobody does. `changes`:
    how often it was seen to change in that time, `changed_ago_s` when last. `stood_s`: how long it has had its value
    since the service started. `stuck_s` is the limit for a button, from the configuration.
    """

    signal: str
    pin: int
    active: str = "low"
    value: Value | None = None
    watched_s: float | None = None
    changes: int = 0
    changed_ago_s: float | None = None
    stood_s: float | None = None
    stuck_s: float = 600
    contradicts: bool = False


def judge_toggled(facts: InputFacts) -> Finding:
    """Say whether it was ever seen to change."""
    if facts.watched_s is None:
        return TOGGLED.found("not_watched", facts.signal, _pin(facts))
    if facts.changes >= CHATTER_LEAST and facts.changes > CHATTER_HZ * facts.watched_s:
        return TOGGLED.found("chatters", facts.signal, _watched(facts))
    cause = "seen" if facts.changes else "never"
    return TOGGLED.found(cause, facts.signal, _watched(facts))


def judge_sense(facts: InputFacts) -> Finding:
    """Say whether it is likely wired the wrong way round."""
    other = "high" if facts.active == "low" else "low"
    return SENSE.found(_cause(facts), facts.signal, _stands(facts), other=other, pin=facts.pin)


def _cause(facts: InputFacts) -> str:
    if facts.contradicts:
        return "contradictory"
    if facts.value is None:
        return "no_value"
    if RESTS.get(facts.signal, facts.value) == facts.value:
        return "plausible"
    if facts.stood_s is None:
        return "active_now"
    if facts.stood_s < facts.stuck_s:
        return "plausible"
    return "stuck" if facts.changes else "inverted"


def _watched(facts: InputFacts) -> Say:
    watched = span(facts.watched_s or 0)
    if not facts.changes or facts.changed_ago_s is None:
        return Say(
            f"pin {facts.pin}: {facts.changes} changes in {watched.en}",
            f"引脚 {facts.pin}：{watched.zh}内变化 {facts.changes} 次",
        )
    ago = span(facts.changed_ago_s)
    return Say(
        f"pin {facts.pin}: last changed {ago.en} ago, watched for {watched.en}",
        f"引脚 {facts.pin}：{ago.zh}前变化过，已监测 {watched.zh}",
    )


def _pin(facts: InputFacts) -> Say:
    return Say(f"pin {facts.pin}", f"引脚 {facts.pin}")


def _stands(facts: InputFacts) -> Say:
    value = "-" if facts.value is None else str(facts.value).lower()
    if facts.stood_s is None:
        return Say(
            f'pin {facts.pin}, active = "{facts.active}": {value} now',
            f'引脚 {facts.pin}，active = "{facts.active}"：此刻为 {value}',
        )
    stood = span(facts.stood_s)
    return Say(
        f'pin {facts.pin}, active = "{facts.active}": {value} for {stood.en}',
        f'引脚 {facts.pin}，active = "{facts.active}"：{value} 已 {stood.zh}',
    )


def span(seconds: float) -> Say:
    """Write a span of time in its largest unit that is not below two of it."""
    for size, en, zh in ((86_400, "d", " 天"), (3_600, "h", " 小时"), (60, "min", " 分钟")):
        if seconds >= 2 * size:
            return Say(f"{int(seconds // size)} {en}", f"{int(seconds // size)}{zh}")
    return Say(f"{int(seconds)} s", f"{int(seconds)} 秒")
