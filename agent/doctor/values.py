"""Whether what a device says can be true: the share of values outside the profile's ranges. Pure.

One value out of range is a sensor; half of them is a profile that reads the registers in another order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

MOST_NAMED: Final = 4

VALUES: Final = Check(
    "signal.values",
    Say("Values of the device", "设备数值"),
    {
        "plausible": fine("every value lies in its range", "所有数值均在范围内"),
        "wrong_byte_order": failed(
            "values are implausible as read and plausible with the bytes of each register swapped",
            "按现有方式读取不合理，交换寄存器高低字节后合理",
            "Set the device's or gateway's byte order to high byte first",
            "把设备或网关的字节序设为高字节在前",
        ),
        "wrong_word_order": failed(
            "long values are implausible as read and plausible with their two registers swapped",
            "32 位数值不合理，交换两个寄存器后合理",
            "Change word_order of these points in the profile (docs/profiles.md)",
            "在档案中修改这些点的 word_order（docs/profiles.md）",
        ),
        "wrong_profile": failed(
            "at least half of what can be judged is implausible: another byte order, model or profile",
            "至少一半数值不合理：字节序、型号或档案不符",
            "Compare the profile with the device's manual: elevator-agent bus --full",
            "对照设备手册核对档案：elevator-agent bus --full",
        ),
        "some_implausible": warning(
            "the device gives values that cannot be; they count as unknown",
            "设备给出不可能的数值；按未知处理",
            "See what it says: elevator-agent bus --full",
            "查看原始数据：elevator-agent bus --full",
        ),
        "nothing_read": unknown("nothing was read from this device", "未从该设备读到数值"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFacts:
    """What was read of one driver: how many signals had a value, and which of them were implausible.

    `better` names a reading of the same registers under which fewer are: `byte` or `word` swapped, or nothing.
    """

    driver: str
    good: int
    bad: Sequence[str] = ()
    better: str = ""


def judge_values(facts: ValueFacts) -> Finding:
    """Say whether the profile fits what the device says."""
    return VALUES.found(_cause(facts), facts.driver, _measured(facts))


def _cause(facts: ValueFacts) -> str:
    if not facts.bad:
        return "plausible" if facts.good else "nothing_read"
    if facts.better:
        return f"wrong_{facts.better}_order"
    return "wrong_profile" if len(facts.bad) >= facts.good else "some_implausible"


def _measured(facts: ValueFacts) -> Say:
    named = ", ".join(facts.bad[:MOST_NAMED]) or "-"
    more = f" +{len(facts.bad) - MOST_NAMED}" if len(facts.bad) > MOST_NAMED else ""
    count = facts.good + len(facts.bad)
    return Say(
        f"{len(facts.bad)} of {count} implausible: {named}{more}",
        f"{count} 个中 {len(facts.bad)} 个不合理：{named}{more}",
    )
